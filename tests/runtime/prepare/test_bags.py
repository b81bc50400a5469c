"""Lists that aren't the steps: bags of categories and vectors, of every step and of the session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sess.compiler.driver import compile_spec
from sess.compiler.failures import RunFailed
from sess.runtime.prepare.fitted import fitted_transform
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.steps.bags import Bags
from tests.runtime.prepare.conftest import Prepare, prepare_spec, write_small

LISTS = ("colours", "tastes")
NESTED = ("colours", "look")


def gallery(rows: int = 300) -> pa.Table:
    draw = np.random.default_rng(6)
    session = np.sort(draw.integers(0, 40, rows))
    colours = [
        draw.choice(np.array(["red", "blue", "", "ä"], object), draw.integers(0, 4)).tolist() for _ in range(rows)
    ]
    colours[7], colours[8] = None, ["red", None]
    tastes = [list(range(key % 5)) for key in session.tolist()]
    look = draw.normal(size=(rows, 3)).astype(np.float32).tolist()
    look[3] = None
    profile = [[float(key), 1.0] for key in session.tolist()]
    return pa.table(
        {
            "session": session,
            "time": np.arange(rows),
            "item": draw.integers(1, 30, rows),
            "colours": pa.array(colours, pa.list_(pa.string())),
            "tastes": pa.array(tastes, pa.list_(pa.int64())),
            "look": pa.array(look, pa.list_(pa.float32())),
            "profile": pa.array(profile, pa.list_(pa.float32())),
        }
    )


def test_lists_of_steps_and_sessions_are_kept_as_they_are(small: Prepare) -> None:
    table = gallery()
    prepared = small({"train.parquet": table}, lists=LISTS).train
    wanted = [list(values or ()) for values in table.column("colours").to_pylist()]
    assert prepared.raw_steps["colours"].lists() == wanted
    assert prepared.raw_session["tastes"].lists() == [list(range(key % 5)) for key in prepared.keys.tolist()]
    assert prepared.steps["look"].shape == (300, 3)
    assert prepared.steps["look"][3].tolist() == [0, 0, 0]
    assert prepared.session["profile"][:, 0].tolist() == prepared.keys.tolist()


def test_what_is_served_gives_the_codes_of_the_prepared_lists(tmp_path: Path) -> None:
    spec = write_small(tmp_path / "data", {"train.parquet": gallery()}, lists=LISTS)
    prepared = prepare_spec(spec, tmp_path / "out").train
    served = fitted_transform(tmp_path / "out")
    for name, done, raw in (
        ("colours", prepared.steps, prepared.raw_steps),
        ("tastes", prepared.session, prepared.raw_session),
    ):
        assert isinstance(done[name], Bags)
        np.testing.assert_array_equal(served.apply(name, raw[name].values), done[name].values)
        assert len(np.unique(done[name].values)) > 3


def test_a_bag_shares_the_vocabulary_of_its_domain(tmp_path: Path) -> None:
    table = gallery().drop(["colours", "look", "profile"])
    spec = write_small(
        tmp_path / "data", {"train.parquet": table}, lists=LISTS, definitions="domain things = item + tastes"
    )
    prepared = prepare_spec(spec, tmp_path / "out")
    values = prepared.vocabularies["things"].values
    codes = prepared.train.session["tastes"]
    ids = [values[code - 3] for code in codes.values.tolist()]
    assert ids == prepared.train.raw_session["tastes"].values.tolist()


def test_lists_survive_being_saved(small: Prepare, tmp_path: Path) -> None:
    made = small({"train.parquet": gallery()}, lists=LISTS)
    loaded = Prepared.load(tmp_path / "prepared")
    assert loaded.train.steps["colours"].lists() == made.train.steps["colours"].lists()
    assert loaded.train.raw_session["tastes"].lists() == made.train.raw_session["tastes"].lists()
    np.testing.assert_array_equal(loaded.train.steps["look"], made.train.steps["look"])


def test_shuffled_rows_with_lists_give_the_same_sessions(tmp_path: Path) -> None:
    table = gallery()
    table = table.set_column(1, "time", pa.array(np.zeros(len(table), np.int64)))  # every event ties
    found = []
    for name, rows in (("one", table), ("two", table.take(np.random.default_rng(1).permutation(len(table))))):
        spec = write_small(tmp_path / name, {"train.parquet": rows}, lists=LISTS)
        found.append(prepare_spec(spec, tmp_path / name / "out").train)
    assert found[0].raw_steps["colours"].lists() == found[1].raw_steps["colours"].lists()
    np.testing.assert_array_equal(found[0].steps["item"], found[1].steps["item"])


def test_a_vector_of_another_length_is_named(small: Prepare) -> None:
    table = gallery()
    look = table.column("look").to_pylist()
    look[5] = [1.0, 2.0]
    table = table.set_column(5, "look", pa.array(look, pa.list_(pa.float32())))
    with pytest.raises(
        RunFailed,
        match=r"`look` of `.*train.parquet` is a list of 2 numbers \(list 5 of 300\), the schema says lists of 3",
    ):
        small({"train.parquet": table}, lists=LISTS)


def test_a_request_holds_lists_by_the_ragged_convention(tmp_path: Path) -> None:
    program = compile_spec(write_small(tmp_path, {"train.parquet": gallery()}, lists=LISTS)).program
    assert program is not None
    shapes = {tensor.name: tensor.shape for tensor in program.serving.request if not tensor.is_optional}
    assert shapes == {
        "item__values": ("N",),
        "item__offsets": ("B+1",),
        "colours__values__values": ("N(colours)",),
        "colours__values__offsets": ("N+1",),
        "colours__offsets": ("B+1",),
        "tastes__values": ("N(tastes)",),
        "tastes__offsets": ("B+1",),
        "look__values": ("N", "3"),
        "look__offsets": ("B+1",),
        "profile": ("B", "2"),
    }


def test_a_bag_beside_the_steps_of_a_session_row_is_one_list_a_session(small: Prepare) -> None:
    table = pa.table(
        {"session": [1, 2], "item": [[1, 2, 3], [2, 3]], "tastes": pa.array([[7, 8], None], pa.list_(pa.int64()))}
    )
    prepared = small({"train.parquet": table}, rows="sessions", lists=("item", "tastes")).train
    assert prepared.raw_session["tastes"].lists() == [[7, 8], []]
    assert prepared.raw_steps["item"].tolist() == [1, 2, 3, 2, 3]


def test_lists_of_a_padded_batch_end_in_padding() -> None:
    bags = Bags(np.array([5, 6, 7], np.int32), np.array([0, 2, 2, 3]))
    found = bags.padded(np.array([[0, 1], [2, 0]]), np.array([[True, True], [True, False]]))
    assert found.tolist() == [[[5, 6], [0, 0]], [[7, 0], [0, 0]]]
    assert bags[np.array([2, 0])].lists() == [[7], [5, 6]]
    assert bags[1:].lists() == [[], [7]]


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.large_list(pa.float64())])
def test_a_missing_vector_and_a_missing_number_are_zeros(kind: pa.DataType, small: Prepare) -> None:
    table = gallery()
    look: list[object] = [[1.0, 2.0, 3.0] for _ in range(len(table))]
    look[2], look[4] = None, [float("nan"), None, 4.0]
    prepared = small({"train.parquet": table.set_column(5, "look", pa.array(look, kind))}, lists=LISTS).train
    assert prepared.steps["look"][[0, 2, 4]].tolist() == [[1, 2, 3], [0, 0, 0], [0, 0, 4]]


def test_an_infinite_number_of_a_vector_is_named(small: Prepare) -> None:
    table = gallery()
    look = table.column("look").to_pylist()
    look[9] = [0.0, float("inf"), 1.0]
    table = table.set_column(5, "look", pa.array(look, pa.list_(pa.float32())))
    with pytest.raises(RunFailed, match=r"`look` of `.*` has an infinite number \(list 9 of 300\)"):
        small({"train.parquet": table}, lists=LISTS)


def visits() -> pa.Table:
    """Return sessions whose steps have lists: a row has a list of lists."""
    return pa.table(
        {
            "session": [1, 2, 3],
            "item": [[1, 2, 3], [2, 3], [4]],
            "colours": [[["red"], [], None], [["blue", "red"], [None]], [["red"]]],
            "look": [[[1.0, 2.0, 3.0], None, [0.0, 0.0, 1.0]], [[4.0, 5.0, 6.0]] * 2, [[7.0, 8.0, 9.0]]],
            "tastes": [[7, 8], None, []],
        }
    )


def test_a_list_of_lists_of_a_session_row_is_a_list_a_step(small: Prepare) -> None:
    prepared = small({"train.parquet": visits()}, rows="sessions", lists=("item", "tastes"), nested=NESTED).train
    assert prepared.raw_steps["colours"].lists() == [["red"], [], [], ["blue", "red"], [None], ["red"]]
    assert prepared.steps["look"][:3].tolist() == [[1, 2, 3], [0, 0, 0], [0, 0, 1]]
    assert prepared.raw_session["tastes"].lists() == [[7, 8], [], []]
    assert isinstance(prepared.steps["colours"], Bags)
    assert prepared.offsets.tolist() == [0, 3, 5, 6]


def test_rows_of_one_session_are_ordered_by_their_lists_of_lists(tmp_path: Path) -> None:
    table = visits().drop(["tastes"]).set_column(0, "session", pa.array([1, 1, 1]))
    found = []
    for name, rows in (("one", table), ("two", table.take([2, 0, 1]))):
        files = {"train.parquet": rows}
        spec = write_small(tmp_path / name, files, rows="sessions", lists=("item",), nested=NESTED)
        found.append(prepare_spec(spec, tmp_path / name / "out").train.raw_steps["colours"].lists())
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        (
            "colours", [["red", "blue", "red"], ["red"] * 2, ["red"]],
            "is lists (`list<item: string>`), the schema says lists of lists of `string`",
        ),
        (
            "item", [[[1], [2], [3]], [[2], [3]], [[4]]],
            "is lists of lists (`list<item: list<item: int64>>`), the schema says lists of `int64`",
        ),
        (
            "look", [[[1.0, 2.0]] * 3, [[1.0, 2.0]] * 2, [[1.0, 2.0]]],
            "is a list of 2 numbers (list 0 of 6), the schema says lists of 3",
        ),
    ],
    ids=["flat", "too deep", "narrow"],
)  # fmt: skip
def test_lists_of_another_depth_are_named(column: str, values: list[object], said: str, small: Prepare) -> None:
    table = visits()
    table = table.set_column(table.column_names.index(column), column, pa.array(values))
    with pytest.raises(RunFailed) as failed:
        small({"train.parquet": table}, rows="sessions", lists=("item", "tastes"), nested=NESTED)
    assert failed.value.message.replace("element", "item").endswith(said)


def test_fewer_lists_than_steps_are_named(small: Prepare) -> None:
    colours = pa.array([[["red"]], [["red"]] * 2, [["red"]]])
    table = visits().set_column(2, "colours", colours)
    with pytest.raises(RunFailed, match="a row has 3 steps of `item` and 1 of `colours`"):
        small({"train.parquet": table}, rows="sessions", lists=("item", "tastes"), nested=NESTED)


def test_a_session_row_of_lists_of_lists_is_asked_for_like_events_with_lists(tmp_path: Path) -> None:
    files = {"train.parquet": visits()}
    spec = write_small(tmp_path, files, rows="sessions", lists=("item", "tastes"), nested=NESTED)
    program = compile_spec(spec).program
    assert program is not None
    shapes = {tensor.name: tensor.shape for tensor in program.serving.request if not tensor.is_optional}
    assert shapes["colours__values__offsets"] == ("N+1",)
    assert shapes["look__values"] == ("N", "3")
    assert shapes["item__values"] == ("N",)
