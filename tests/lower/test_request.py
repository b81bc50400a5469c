"""The request holds the raw columns that the model reads, and nothing else."""

from __future__ import annotations

from pathlib import Path

from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.plans import Program

GOLDEN = Path(__file__).parents[1] / "golden"


def _program(case: str, text: str | None = None) -> Program:
    program = check_spec(GOLDEN / case / "spec.sess", CheckOptions(text=text)).program
    assert program is not None
    return program


def test_a_step_column_is_ragged_and_a_session_column_is_plain() -> None:
    request = {tensor.name: tensor for tensor in _program("context_broadcast").serving.request}
    assert request["item_id__values"].dtype == "int64"
    assert request["item_id__offsets"].shape == ("B+1",)
    assert request["device"].shape == ("B",)


def test_keys_times_and_labels_are_not_asked_for() -> None:
    names = {tensor.column for tensor in _program("context_broadcast").serving.request}
    assert names & {"session_id", "timestamp", "purchased", "bought_id"} == set()


def test_only_what_accept_names_is_optional() -> None:
    assert [tensor.name for tensor in _program("two_heads_and_an_import").serving.request if tensor.is_optional] == [
        "k"
    ]


def test_the_item_is_asked_for_where_seen_items_are_excluded() -> None:
    path = GOLDEN / "shortest" / "spec.sess"
    text = path.read_text(encoding="utf-8").replace("features(item)", "features(category)")
    without = _program("shortest", text).serving.request
    excluding = _program("shortest", f"{text}\nserve {{ exclude = [seen] }}").serving.request
    added = {tensor.name for tensor in excluding} - {tensor.name for tensor in without}
    assert added == {"item_id__values", "item_id__offsets"}


def test_every_head_answers_in_its_own_way() -> None:
    answers = {tensor.name: tensor.dtype for tensor in _program("two_heads_and_an_import").serving.answers}
    assert answers == {
        "buys.score": "float32",
        "bought.ids": "int64",
        "bought.scores": "float32",
        "click.ids": "int64",
        "click.scores": "float32",
        "query.vector": "float32",
    }
