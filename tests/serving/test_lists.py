"""Bags and vectors as a server takes them: asked by hand over both protocols, and refused by tensor and rule."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tritonclient.grpc import service_pb2 as messages

import sess
from sess.compiler.backend import QueryOptions
from sess.compiler.driver import compile_spec
from sess.compiler.failures import Misused
from sess.runtime.recommend import Recommender
from sess.runtime.serve.gateway.wire import to_bytes
from sess.runtime.serve.query import query
from tests.serving.conftest import built
from tests.serving.gateway.conftest import Gateway, serve, stop

pytestmark = pytest.mark.triton

SCHEMA = """
feature { name: "visit" type: INT annotation { tag: "session" tag: "id" } }
feature { name: "time" type: INT annotation { tag: "time" } }
feature { name: "item" type: INT annotation { tag: "item_id" tag: "sequence" tag: "categorical" } }
feature { name: "colours" type: BYTES value_count { min: 0 max: 4 } annotation { tag: "sequence" tag: "categorical" } }
feature { name: "look" type: FLOAT value_count { min: 3 max: 3 } annotation { tag: "sequence" tag: "embedding" } }
feature { name: "tastes" type: INT value_count { min: 0 max: 4 } annotation { tag: "context" tag: "categorical" } }
feature { name: "profile" type: FLOAT value_count { min: 2 max: 2 } annotation { tag: "context" tag: "embedding" } }
feature {
  name: "member" type: INT
  annotation {
    tag: "context" tag: "categorical"
    extra_metadata {
      [type.googleapis.com/google.protobuf.Struct] { fields { key: "dtype_item_size" value { number_value: 8 } } }
    }
  }
}
"""
SPEC = """
spec shop
schema "schema.pbtxt"
let steps = concat(features(item + look), embed(colours, combiner=sum))
let who   = concat(vectors(profile), embed(tastes, combiner=sqrtn), embed(member))
encoder query = concat(steps, broadcast(who, to=item)) >> mlp([16]) >> gru(units=16)
head    click = query >> categorical(item)
data { train = "train.parquet" }
train { objective = next }
serve { top_k = 5 }
"""
Document = dict[str, dict[str, Any]]  # tensors of a request by name
Change = Callable[[Document], object]


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artifact whose sessions have lists of every kind; its weights are drawn, not trained."""
    base, draw, rows = tmp_path_factory.mktemp("lists"), np.random.default_rng(3), 400
    visit = np.sort(draw.integers(0, 60, rows))
    colours = [draw.choice(np.array(["red", "bläu", ""], object), draw.integers(0, 4)).tolist() for _ in range(rows)]
    table = {
        "visit": visit,
        "time": np.arange(rows),
        "item": draw.integers(1, 30, rows),
        "colours": pa.array(colours, pa.list_(pa.string())),
        "look": pa.array(draw.normal(size=(rows, 3)).tolist(), pa.list_(pa.float32(), 3)),
        "tastes": pa.array([list(range(key % 5)) for key in visit.tolist()], pa.list_(pa.int64())),
        "profile": pa.array([[key / 60, 1.0] for key in visit.tolist()], pa.list_(pa.float64())),
        "member": visit % 2 == 0,
    }
    pq.write_table(pa.table(table), base / "train.parquet")
    (base / "schema.pbtxt").write_text(SCHEMA)
    (base / "shop.sess").write_text(SPEC)
    program = compile_spec(base / "shop.sess").program
    assert program is not None
    return built(base, program, "artifact", seed=2, spec=SPEC, schema=SCHEMA)


@pytest.fixture(scope="module")
def server(lists: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server of it."""
    found = serve(lists, tmp_path_factory.mktemp("control") / "lists.sock", "--no-spare", "--drain", "0")
    yield found
    stop(found)


SESSIONS = [
    {
        "item": [3, 4],
        "colours": [["red", "bläu"], []],
        "look": [[0.1, 0.2, 0.3], [1.0, 2.0, 3.0]],
        "tastes": [1, 2],
        "profile": [0.5, 1.0],
        "member": 1,
    },
    {"item": [7], "colours": [["red"]], "look": [[0.0, 0.0, 1.0]], "tastes": [], "profile": [0.1, 1.0], "member": 0},
    {"item": [], "colours": [], "look": [], "tastes": [4], "profile": [0.1, 1.0], "member": 1},
]


def good() -> Document:
    """Return a request of two sessions, of two steps and of one."""

    def tensor(datatype: str, data: list[Any], *shape: int) -> dict[str, Any]:
        return {"datatype": datatype, "shape": list(shape or (len(data),)), "data": data}

    return {
        "item__values": tensor("INT64", [3, 4, 7]),
        "item__offsets": tensor("INT32", [0, 2, 3]),
        "colours__values__values": tensor("BYTES", ["red", "bläu", "red"]),
        "colours__values__offsets": tensor("INT32", [0, 2, 2, 3]),
        "colours__offsets": tensor("INT32", [0, 2, 3]),
        "look__values": tensor("FP64", [0.1, 0.2, 0.3, 1.0, 2.0, 3.0, 0.0, 0.0, 1.0], 3, 3),
        "look__offsets": tensor("INT32", [0, 2, 3]),
        "tastes__values": tensor("INT64", [1, 2]),
        "tastes__offsets": tensor("INT32", [0, 2, 2]),
        "profile": tensor("FP64", [0.5, 1.0, 0.1, 1.0], 2, 2),
        "member": tensor("INT8", [1, 0]),
    }


def data(name: str, *values: Any, shape: list[int] | None = None) -> Change:
    """Return a change of one tensor's values, and its shape."""
    return lambda found: found[name].update(data=list(values), shape=shape or [len(values)])


def without(name: str) -> Change:
    """Return the removal of a tensor."""
    return lambda found: found.pop(name)


def bag(length: int, *, sessions: int) -> Change:
    """Return a change to sessions of one step, the first of which has a list of this length, the others none."""

    def change(found: Document) -> None:
        each = {"item__values": [3] * sessions, "item__offsets": [*range(sessions + 1)]}
        each |= {"colours__values__values": ["red"] * length, "colours__values__offsets": [0, *[length] * sessions]}
        each |= {"colours__offsets": [*range(sessions + 1)], "look__offsets": [*range(sessions + 1)]}
        each |= {"tastes__values": [], "tastes__offsets": [0] * (sessions + 1)}
        for name, values in each.items():
            found[name].update(data=values, shape=[len(values)])
        found["look__values"].update(data=[0.5] * 3 * sessions, shape=[sessions, 3])
        found["profile"].update(data=[0.5] * 2 * sessions, shape=[sessions, 2])
        found["member"].update(data=[1] * sessions, shape=[sessions])

    return change


NAN, INFINITE = float("nan"), float("inf")
CASES: dict[str, tuple[Change, str]] = {
    "inner offsets are missing": (without("colours__values__offsets"), "`colours__values__offsets` is missing"),
    "inner values are missing": (without("colours__values__values"), "`colours__values__values` is missing"),
    "outer offsets are missing": (without("colours__offsets"), "`colours__offsets` is missing"),
    "offsets of a bag are missing": (without("tastes__offsets"), "`tastes__offsets` is missing"),
    "values of a bag are missing": (without("tastes__values"), "`tastes__values` is missing"),
    "a vector is missing": (without("look__values"), "`look__values` is missing"),
    "inner offsets decrease": (data("colours__values__offsets", 0, 3, 2, 3), "`colours__values__offsets` must not dec"),
    "inner offsets begin behind 0": (
        data("colours__values__offsets", 1, 2, 2, 3), "`colours__values__offsets` must start at 0",
    ),
    "inner offsets are negative": (data("colours__values__offsets", 0, -1, 2, 3), "`colours__values__offsets` must"),
    "inner offsets end too late": (data("colours__values__offsets", 0, 2, 2, 9), "`colours__values__offsets` must end"),
    "inner offsets end too early": (
        data("colours__values__offsets", 0, 2, 2, 2), "`colours__values__offsets` must end at the length of",
    ),
    "inner offsets are empty": (data("colours__values__offsets"), "`colours__values__offsets` is empty"),
    "there are fewer lists than steps": (
        data("colours__values__offsets", 0, 2, 3), "`colours__offsets` must end at the number of lists in",
    ),
    "there are more lists than steps": (
        data("colours__values__offsets", 0, 2, 2, 2, 3), "`colours__offsets` must end at the number of lists in",
    ),
    "steps of the bags differ": (data("colours__offsets", 0, 1, 3), "`colours__offsets` differs from `item__offsets`"),
    "offsets of a bag end too late": (data("tastes__offsets", 0, 2, 7), "`tastes__offsets` must end at"),
    "offsets of a bag decrease": (data("tastes__offsets", 0, 3, 2), "`tastes__offsets` must not decrease"),
    "bags of fewer sessions": (data("tastes__offsets", 0, 2), "`tastes__offsets` has 1 sessions, "),
    "vectors are too wide": (
        data("look__values", *[0.0] * 12, shape=[3, 4]), "`look__values` has vectors of 4 numbers, they must have 3",
    ),
    "vectors are flat": (data("look__values", *[0.0] * 9), "`look__values` has rank 1, it must have rank 2"),
    "vectors of fewer steps": (data("look__values", *[0.0] * 6, shape=[2, 3]), "`look__offsets` must end at"),
    "a number of a vector is NaN": (data("look__values", *[0.0] * 8, NAN, shape=[3, 3]), "`look__values` is not fin"),
    "a number of a vector is infinite": (data("profile", 1.0, 1.0, INFINITE, 1.0, shape=[2, 2]), "`profile` is not"),
    "a vector of a session is narrow": (
        data("profile", 1.0, 1.0, shape=[2, 1]), "`profile` has vectors of 1 numbers, they must have 2",
    ),
    "vectors of fewer sessions": (data("profile", 1.0, 1.0, shape=[1, 2]), "`profile` has 1 sessions, "),
    "a list is too long": (bag(1001, sessions=1), "list 0 has 1,001 values, a list may have 1,000"),
    "lists are too wide": (
        bag(400, sessions=3000), "take 1,200,000 places, a request may take 1,048,576",
    ),
    "a vector's shape overflows": (data("profile", shape=[1 << 61, 2]), "`profile` has shape"),
    "a vector's shape is negative": (data("profile", shape=[-1, 2]), "`profile` has shape"),
}  # fmt: skip


def send(server: Gateway, found: Document, protocol: str) -> tuple[bool, Any]:
    """Return whether a request was answered, and the answer or the words of the refusal."""
    if protocol == "http":
        status, answer = server.post({"inputs": [{"name": name, **tensor} for name, tensor in found.items()]})
        assert status in (200, 400, 413), answer
        if status != 200:
            return False, answer["error"]
        return True, {each["name"]: each["data"] for each in answer["outputs"]}["click.ids"]
    dtypes = {"INT64": "int64", "INT32": "int32", "INT8": "int8", "FP64": "float64", "BYTES": object}
    message = messages.ModelInferRequest(model_name="shop")
    for name, tensor in found.items():
        message.inputs.add(name=name, datatype=tensor["datatype"], shape=tensor["shape"])
        message.raw_input_contents.append(to_bytes(np.array(tensor["data"], dtypes[tensor["datatype"]])))
    code, answer = server.infer(message)
    assert code in ("OK", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"), answer
    if code != "OK":
        return False, answer
    place = [output.name for output in answer.outputs].index("click.ids")
    return True, np.frombuffer(answer.raw_output_contents[place], np.int64).tolist()


@pytest.mark.parametrize("protocol", ["http", "grpc"])
@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_named_and_the_next_request_is_answered(case: str, protocol: str, server: Gateway) -> None:
    change, words = CASES[case]
    wrong = copy.deepcopy(good())
    change(wrong)
    was_answered, said = send(server, wrong, protocol)
    assert not was_answered
    assert words in said
    assert send(server, good(), protocol) == send(server, good(), protocol)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_an_empty_bag_is_data(protocol: str, server: Gateway) -> None:
    found = good()
    found["colours__values__values"].update(data=[], shape=[0])
    found["colours__values__offsets"].update(data=[0, 0, 0, 0])
    found["tastes__values"].update(data=[], shape=[0])
    found["tastes__offsets"].update(data=[0, 0, 0])
    was_answered, ids = send(server, found, protocol)
    assert was_answered
    assert len(ids) == 10


def test_vectors_may_be_written_one_by_one(server: Gateway) -> None:
    nested = good()
    nested["profile"]["data"] = [[0.5, 1.0], [0.1, 1.0]]
    assert send(server, nested, "http") == send(server, good(), "http")
    for rows in ([[0.5, 1.0], [0.1]], [[0.5, 1.0], 0.1], [[0.5, 1.0]], [[[0.5], 1.0], [0.1, 1.0]]):
        nested["profile"]["data"] = rows
        was_answered, said = send(server, nested, "http")
        assert not was_answered
        assert "`profile`" in said


def test_a_number_that_a_narrow_type_lacks_is_refused(server: Gateway) -> None:
    found = good()
    found["member"]["data"] = [257, 0]
    assert send(server, found, "http") == (False, "`member`: value 0 is out of the range of INT8")


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_the_client_gets_what_the_artifact_answers(protocol: str, server: Gateway, lists: Path) -> None:
    wanted = Recommender.load(lists).recommend(SESSIONS, k=4)
    with sess.Client(f"{protocol}://127.0.0.1:{server.http if protocol == 'http' else server.grpc}") as client:
        found = client.recommend(SESSIONS, k=4)
        assert [[each.id for each in one] for one in found] == [[each.id for each in one] for one in wanted]
        for words, row in (
            ("a vector of 2 numbers, the model reads 3", {"look": [[0.0, 0.0], [0.0, 0.0]]}),
            ("has 'red' where the model reads a list", {"colours": ["red", "red"]}),
            ("has 5 where the model reads a list", {"tastes": 5}),
        ):
            with pytest.raises(sess.BadRequest, match=words):
                client.recommend([{**SESSIONS[0], **row}])


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_query_spells_lists_with_bars(protocol: str, server: Gateway, lists: Path) -> None:
    address = f"{protocol}://127.0.0.1:{server.http if protocol == 'http' else server.grpc}"
    columns = {"colours": "red|bläu,", "look": "0.1|0.2|0.3,1|2|3", "tastes": "1,2", "profile": "0.5|1", "member": "1"}
    wanted = Recommender.load(lists).recommend(SESSIONS[:1], k=3)[0]
    for target in (address, str(lists)):
        found = query(QueryOptions(target, ("3", "4"), 3, columns=columns))["click"]
        assert [each.id for each in found] == [each.id for each in wanted]
        with pytest.raises(Misused, match="`profile` has a vector of 3 numbers, the model reads 2"):
            query(QueryOptions(target, ("3", "4"), 3, columns={**columns, "profile": "1|2|3"}))
        with pytest.raises(Misused, match="and `profile` and `member` too") as lacking:
            query(QueryOptions(target, ("3", "4"), 3))
        assert "one value of `colours` and `look` and `profile` is a list `a|b|c`" in lacking.value.help


def test_an_answer_depends_on_every_list(server: Gateway) -> None:
    with sess.Client(f"http://127.0.0.1:{server.http}") as client:
        before = client.vectors(SESSIONS[:1], "query")[0]
        for name, values in (
            ("colours", [["bläu"], []]),
            ("look", [[0.1, 0.2, 0.4], [1.0, 2.0, 3.0]]),
            ("tastes", [1]),
            ("profile", [0.6, 1.0]),
            ("member", 0),
        ):
            after = client.vectors([{**SESSIONS[0], name: values}], "query")[0]
            assert np.abs(np.subtract(after, before)).max() > 1e-4, name
