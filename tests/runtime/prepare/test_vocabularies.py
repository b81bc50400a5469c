"""Ids of any kind come back from their codes, and codes are in the order of training's counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sess.compiler.block import Chosen
from sess.compiler.failures import RunFailed
from sess.compiler.plans import DomainPlan
from sess.runtime.prepare.vocabularies import Tally, fit_vocabulary
from sess.runtime.steps.transform import Codes
from tests.runtime.prepare.conftest import Prepare

ROWS = {"session": [1, 1, 1, 2, 2, 2], "time": range(6)}


def domain(dtype: str, **params: int) -> DomainPlan:
    return DomainPlan("ids", ("a", "b"), dtype, True, Chosen("categorify", params))


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1))
def test_whole_numbers_come_back_from_their_codes(values: list[int | None]) -> None:
    known = [value for value in values if value is not None]
    column = pa.chunked_array([pa.array(values, pa.int64())])
    if not known:
        with pytest.raises(RunFailed, match="null in every row"):
            fit_vocabulary(domain("int64"), Tally([column], [column]))
        return
    vocabulary = fit_vocabulary(domain("int64"), Tally([column], [column]))
    codes = Codes.of(vocabulary.reserved, 0, vocabulary.values)
    encoded = codes.encode(np.array(values, object))
    assert [code == 1 for code in encoded] == [value is None for value in values]
    assert [vocabulary.values[code - vocabulary.reserved] for code in encoded[encoded > 1]] == known


@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))), min_size=1))
def test_text_comes_back_from_its_codes(values: list[str | None]) -> None:
    known = [value for value in values if value is not None]
    column = pa.chunked_array([pa.array(values, pa.string())])
    if not known:
        return
    vocabulary = fit_vocabulary(domain("string"), Tally([column], [column]))
    codes = Codes.of(vocabulary.reserved, 0, vocabulary.values)
    encoded = codes.encode(np.array(values, object))
    as_bytes = np.array([None if value is None else value.encode() for value in values], object)
    assert codes.encode(as_bytes).tolist() == encoded.tolist()
    assert [vocabulary.values[code - vocabulary.reserved] for code in encoded[encoded > 1]] == known


def test_the_most_frequent_comes_first_and_ties_go_to_the_lower_id(small: Prepare) -> None:
    prepared = small({**ROWS, "item": [9, 5, 7, 7, 5, 3]})
    vocabulary = prepared.vocabularies["item"]
    assert vocabulary.values.tolist() == [5, 7, 3, 9]  # type: ignore[union-attr]
    assert vocabulary.counts.tolist() == [2, 2, 1, 1]
    assert prepared.train.steps["item"].tolist() == [6, 3, 4, 4, 3, 5]
    assert (vocabulary.reserved, vocabulary.size) == (3, 7)


def test_columns_of_a_domain_share_codes_even_where_they_are_null(small: Prepare) -> None:
    big = 2**60
    bought = pa.array([big + 1, big + 1, big + 1, None, None, None], pa.int64())
    table = {**ROWS, "item": [big, big + 1, big + 2] * 2, "bought": bought}
    prepared = small(table, definitions="domain products = item + bought")
    (vocabulary,) = prepared.vocabularies.values()
    codes = {value: code + 3 for code, value in enumerate(vocabulary.values)}
    assert prepared.train.session["bought"].tolist() == [codes[big + 1], 1]
    assert prepared.train.steps["item"].tolist() == [codes[big], codes[big + 1], codes[big + 2]] * 2
    assert vocabulary.counts.tolist() == [2, 2, 2]  # clicks, not purchases
    assert prepared.train.raw_session["bought"].tolist() == [big + 1, None]


def test_rare_ids_are_unseen_and_counted(small: Prepare) -> None:
    prepared = small({**ROWS, "item": [1, 2, 1, 3, 1, 2]}, overrides="  item = categorify(min_count=2)")
    assert prepared.vocabularies["item"].values.tolist() == [1, 2]  # type: ignore[union-attr]
    assert prepared.train.steps["item"].tolist() == [3, 4, 3, 2, 3, 4]
    assert prepared.facts["splits"]["train"]["unknown_targets"] == {"item": 1}  # type: ignore[index, call-overload]


def test_a_greatest_size_counts_the_reserved_codes(small: Prepare) -> None:
    prepared = small({**ROWS, "item": [1, 2, 1, 3, 1, 2]}, overrides="  item = categorify(max_size=5)")
    assert prepared.vocabularies["item"].size == 5


def test_one_rare_value_always_falls_into_one_bucket(small: Prepare) -> None:
    shelves = ["rare", "often", "rare too", "often", "rare", None]
    table = {**ROWS, "item": [1] * 6, "shelf": shelves}
    prepared = small(
        table, overrides="  shelf = categorify(min_count=3, buckets=1000)\n  item = categorify(min_count=7, buckets=8)"
    )
    codes = prepared.train.steps["shelf"].tolist()
    assert codes[0] == codes[4] != codes[2]
    assert all(2 <= code < 1002 for code in codes[:5])
    assert codes[5] == 1
    assert prepared.vocabularies["shelf"].reserved == 1002
    assert set(prepared.train.steps["item"].tolist()) <= set(range(2, 10))
    assert len(set(prepared.train.steps["item"].tolist())) == 1


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_items_of_the_catalogue_have_codes_and_titles(small: Prepare, tmp_path: Path, kind: str) -> None:
    items = pa.table({"item": pa.array([9, 1, None, 2, 9], pa.int64()), "name": ["neun", "one", "none", None, "nine"]})
    files = {"train.parquet": pa.table({**{k: list(v) for k, v in ROWS.items()}, "item": [1, 2, 1, 1, 1, 2]})}
    if kind == "parquet":
        files["items.parquet"] = items
        named = "items.parquet"
    else:
        named = str(tmp_path / "items.csv")
        csv.write_csv(items, named)
    prepared = small(files, data=f'  catalogue = "{named}"')
    vocabulary = prepared.vocabularies["item"]
    assert vocabulary.values.tolist() == [1, 2, 9]  # type: ignore[union-attr]
    assert vocabulary.titles == ("one", None, "neun")  # of two titles of one id the first in their order
    assert prepared.facts["catalogue"] == {"items": 3, "repeated": 1, "without_id": 1, "titles": True}
