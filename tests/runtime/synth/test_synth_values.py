"""The columns of a click stream: dtypes, what belongs to what, and ids that are no codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pytest

from sess.compiler.failures import Misused
from sess.compiler.schema import Column, Dtype, Schema

Make = Callable[..., Column]
Table = Callable[..., pa.Table]


def values_by(table: pa.Table, key: str, value: str) -> Iterable[set[object]]:
    """Return the different values that go with each key."""
    found: dict[object, set[object]] = {}
    for name, held in zip(table[key].to_pylist(), table[value].to_pylist(), strict=True):
        found.setdefault(name, set()).add(held)
    return found.values()


def test_columns_and_dtypes_are_the_schemas(clicks: pa.Table, shop: Schema) -> None:
    assert clicks.schema.names == list(shop.names)
    assert [str(kind) for kind in clicks.schema.types] == [
        "string", "int64", "int64", "string", "float", "float", "string", "string", "int64", "int64",
    ]  # fmt: skip


@pytest.mark.parametrize("trait", ["category", "price"])
def test_a_trait_belongs_to_the_item(clicks: pa.Table, trait: str) -> None:
    assert {len(held) for held in values_by(clicks, "item_id", trait)} == {1}
    assert len(clicks[trait].unique()) > 5


@pytest.mark.parametrize("fact", ["device", "country", "purchased", "bought_id"])
def test_context_and_outcome_hold_for_the_whole_visit(clicks: pa.Table, fact: str) -> None:
    assert {len(held) for held in values_by(clicks, "session_id", fact)} == {1}
    assert len(clicks[fact].unique()) > 1


def test_the_hour_follows_from_the_timestamp(clicks: pa.Table) -> None:
    expected = np.asarray(clicks["timestamp"]) % 86_400 / 3600.0
    assert np.array_equal(np.asarray(clicks["hour"]), expected.astype(np.float32))


def test_who_buys_buys_an_item_of_the_visit_and_nobody_else_does(clicks: pa.Table) -> None:
    seen: dict[str, set[int]] = {}
    for visit, item in zip(clicks["session_id"].to_pylist(), clicks["item_id"].to_pylist(), strict=True):
        seen.setdefault(visit, set()).add(item)
    rows = zip(*(clicks[name].to_pylist() for name in ("session_id", "purchased", "bought_id")), strict=True)
    for visit, purchased, bought in rows:
        assert (bought in seen[visit]) if purchased else (bought is None)


def test_prices_of_a_category_lie_nearer_than_prices_of_all(clicks: pa.Table) -> None:
    logs, category = np.log(np.asarray(clicks["price"])), np.asarray(clicks["category"])
    within = np.mean([logs[category == name].var() for name in np.unique(category)])
    assert within < 0.9 * logs.var()


def test_item_ids_are_neither_codes_nor_within_32_bits(clicks: pa.Table) -> None:
    ids = np.unique(np.asarray(clicks["item_id"]))
    assert ids.min() > 1_000_000 and (ids > 1 << 32).any() and (ids < 1 << 32).any()
    assert ids.max() < 1 << 53  # a column with nulls may be read as float64
    assert (np.diff(ids) > 1).mean() > 0.9


@pytest.mark.parametrize("dtype", [Dtype.STRING, Dtype.INT16, Dtype.UINT32, Dtype.FLOAT64, Dtype.UINT64])
def test_item_ids_come_in_the_dtype_of_their_column(
    dtype: Dtype, keys: tuple[Column, ...], column: Make, table: Table
) -> None:
    written = table(*keys[:2], column("sku", dtype, "item", "id", "sequence"), items=50)
    assert str(written["sku"].type) == {"float64": "double"}.get(dtype.value, dtype.value)
    assert len(written["sku"].unique()) == 50


def test_ids_stay_inside_the_domain(keys: tuple[Column, ...], column: Make, table: Table) -> None:
    item = column("item_id", Dtype.INT64, "item", "id", "sequence", domain="items", domain_max=60)
    ids = np.asarray(table(*keys[:2], item, items=60)["item_id"])
    assert ids.min() >= 1 and ids.max() <= 60


def test_more_items_than_the_dtype_holds_are_refused(keys: tuple[Column, ...], column: Make, table: Table) -> None:
    with pytest.raises(Misused, match="200 items don't fit `item_id`, which holds 127 ids"):
        table(*keys[:2], column("item_id", Dtype.INT8, "item", "id"), items=200)


def test_more_sessions_than_the_dtype_holds_are_refused(keys: tuple[Column, ...], column: Make, table: Table) -> None:
    with pytest.raises(Misused, match="`visit` is int8 and has no room for"):
        table(column("visit", Dtype.INT8, "session", "id"), *keys[1:])


def test_another_column_leaves_the_others_as_they_are(
    keys: tuple[Column, ...], column: Make, table: Table, shop: Schema
) -> None:
    with_one_more = table(*shop.columns, column("city", Dtype.STRING, "categorical", "context"))
    assert table(*shop.columns).equals(with_one_more.drop_columns(["city"]))


@pytest.mark.parametrize(("dtype", "first"), [(Dtype.FLOAT64, 1.7e9), (Dtype.INT32, 1.7e9), (Dtype.DATETIME, 1.7e15)])
def test_time_comes_in_the_unit_of_its_dtype(
    dtype: Dtype, first: float, keys: tuple[Column, ...], column: Make, table: Table
) -> None:
    written = table(keys[0], column("at", dtype, "time"), keys[2])["at"]
    assert float(written.cast("int64")[0].as_py()) == pytest.approx(first, rel=0.01)


def test_facts_of_a_user_hold_for_all_visits(keys: tuple[Column, ...], column: Make, table: Table) -> None:
    user = column("user_id", Dtype.INT64, "user", "id")
    written = table(*keys, user, column("gender", Dtype.STRING, "user", "categorical", "context"))
    assert {len(held) for held in values_by(written, "user_id", "gender")} == {1}
    assert max(len(held) for held in values_by(written, "user_id", "session_id")) > 1


def test_ratings_are_one_to_five_and_a_matter_of_taste(keys: tuple[Column, ...], column: Make, table: Table) -> None:
    written = table(*keys, column("rating", Dtype.FLOAT32, "sequence", "continuous"))
    assert set(written["rating"].to_pylist()) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert max(len(held) for held in values_by(written, "item_id", "rating")) > 1


def test_lists_of_a_click_are_bags_and_vectors_of_the_item(
    keys: tuple[Column, ...], column: Make, table: Table
) -> None:
    genres = column("genres", Dtype.STRING, "categorical", "sequence", is_list=True)
    vector = column("picture", Dtype.FLOAT32, "embedding", "sequence", is_list=True, length=4)
    written = table(*keys, genres, vector)
    assert {len(bag) for bag in written["genres"].to_pylist()} == {1, 2, 3}
    assert all(len(bag) == len(set(bag)) for bag in written["genres"].to_pylist())
    assert {len(entry) for entry in written["picture"].to_pylist()} == {4}


def test_a_list_of_items_makes_a_row_a_session(column: Make, table: Table) -> None:
    written = table(
        column("session_id", Dtype.INT64, "session", "id"),
        column("item_id", Dtype.INT64, "item", "id", "sequence", is_list=True),
        column("category", Dtype.STRING, "categorical", "sequence", is_list=True),
        column("device", Dtype.STRING, "categorical", "context"),
        column("at", Dtype.INT64, "time", is_list=True),
        rows=500,
    )
    lengths = [len(items) for items in written["item_id"].to_pylist()]
    assert written.num_rows == 500 == len(written["session_id"].unique())
    assert lengths == [len(entry) for entry in written["category"].to_pylist()]
    assert lengths == [len(entry) for entry in written["at"].to_pylist()]
    assert max(lengths) > 10 and str(written["device"].type) == "string"


@pytest.mark.parametrize("tags", [(), ("target", "categorical"), ("sequence",), ("user",)], ids="-".join)
def test_a_list_column_of_any_tag_is_a_list_of_a_click(
    tags: tuple[str, ...], keys: tuple[Column, ...], column: Make, table: Table
) -> None:
    written = table(*keys, column("extra", Dtype.INT32, *tags, is_list=True), rows=400)["extra"]
    assert str(written.type) == "list<element: int32>"


@pytest.mark.parametrize("dtype", list(Dtype))
@pytest.mark.parametrize(
    "tags", [(), ("context", "categorical"), ("sequence",), ("target",), ("sequence", "target")], ids="-".join
)
def test_a_column_of_any_dtype_and_tag_gets_values(
    dtype: Dtype, tags: tuple[str, ...], keys: tuple[Column, ...], column: Make, table: Table
) -> None:
    written = table(*keys, column("extra", dtype, *tags), rows=400)["extra"]
    assert str(written.type) == {
        "float16": "halffloat", "float32": "float", "float64": "double", "datetime64[us]": "timestamp[us]",
    }.get(dtype.value, dtype.value)  # fmt: skip
    assert len(set(written.to_pylist())) > 1
