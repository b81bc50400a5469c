"""Defaults that depend on other settings are written out in the plans."""

from __future__ import annotations

from pathlib import Path

import pytest

from sess.compiler.block import Chosen
from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.plans import Program, Take

GOLDEN = Path(__file__).parents[1] / "golden"
BESIDE_A_BASELINE = """
spec beside
schema "shop.pbtxt"
head buys = features(tag(SEQUENCE)) >> mean >> binary(purchased)
head top  = popular(item_id)
data { train = "train/*.parquet" split = by_session }
"""


def _program(case: str, **overrides: str) -> Program:
    given = {key.replace("__", "."): value for key, value in overrides.items()}
    program = check_spec(GOLDEN / case / "spec.sess", CheckOptions(given)).program
    assert program is not None
    return program


def test_training_stops_early_on_the_first_metric_where_there_is_a_valid_split() -> None:
    early = Chosen("early", {"metric": "recall@10", "patience": 3, "head": None})
    assert _program("two_heads_and_an_import").train.stop == early


def test_training_stops_early_on_no_metric_of_a_baseline(tmp_path: Path) -> None:
    (tmp_path / "shop.pbtxt").write_bytes((GOLDEN.parents[1] / "specs" / "shop.pbtxt").read_bytes())
    (tmp_path / "spec.sess").write_text(BESIDE_A_BASELINE)
    program = check_spec(tmp_path / "spec.sess").program
    assert program is not None and program.train.stop is None
    program = check_spec(tmp_path / "spec.sess", CheckOptions({"evaluate.metrics": "[recall@5, auc]"})).program
    assert program is not None and program.train.stop == Chosen("early", {"metric": "auc", "patience": 3, "head": None})


def test_training_without_a_valid_split_runs_to_its_end() -> None:
    assert _program("shortest").train.stop is None


def test_what_serving_excludes_evaluating_excludes() -> None:
    assert _program("context_broadcast").evaluate.exclude == ("seen",)


@pytest.mark.parametrize(
    ("column", "take"), [("purchased", Take.MAX), ("bought_id", Take.LAST), ("device", Take.FIRST)]
)
def test_a_session_column_takes_one_event(column: str, take: Take) -> None:
    columns = {each.name: each for each in _program("two_heads_and_an_import").workflow.columns}
    assert columns[column].take is take


def test_a_domain_has_one_way_to_codes() -> None:
    workflow = _program("two_heads_and_an_import").workflow
    (domain,) = workflow.domains
    assert (domain.name, domain.columns, domain.is_item) == ("products", ("item_id", "bought_id"), True)
    operations = [column.ops for column in workflow.columns if column.domain == "products"]
    assert operations == [(domain.categorify,), (domain.categorify,)]
    assert domain.categorify.params == {"min_count": 2, "max_size": None, "buckets": None}


def test_what_a_head_predicts_keeps_its_scale() -> None:
    columns = {each.name: each for each in _program("two_heads_and_an_import").workflow.columns}
    assert [each.name for each in columns["purchased"].ops] == ["fill"]


def test_a_number_that_is_read_is_filled_and_standardised() -> None:
    columns = {each.name: each for each in _program("context_broadcast").workflow.columns}
    assert [each.name for each in columns["price"].ops] == ["fill", "standardize"]


def test_a_table_that_nobody_declared_is_of_automatic_width() -> None:
    tables = {table.name: table for table in _program("context_broadcast").model.tables}
    assert tables["category"].dim is None
    assert tables["items"].dim == 64
