"""Schemas written in Python and streams made from them, for the tests of `sess synth`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.schema import Column, Dtype, Schema
from sess.compiler.source import Source, Span
from sess.runtime.synth.write import Summary, synthesize

SOURCE = Source("test.pbtxt", "")


def make_column(name: str, dtype: Dtype, *tags: str, is_list: bool = False, **facts: Any) -> Column:  # any field
    """Return a column without a place in a file."""
    return Column(name, dtype, frozenset(tags), is_list, Span(SOURCE, 0, 0), **facts)


SESSION = make_column("session_id", Dtype.STRING, "session", "id")
TIME = make_column("timestamp", Dtype.INT64, "time")
ITEM = make_column("item_id", Dtype.INT64, "item", "id", "sequence", "categorical")
SHOP = (
    SESSION,
    TIME,
    ITEM,
    make_column("category", Dtype.STRING, "categorical", "sequence"),
    make_column("price", Dtype.FLOAT32, "continuous", "sequence"),
    make_column("hour", Dtype.FLOAT32, "continuous", "sequence"),
    make_column("device", Dtype.STRING, "categorical", "context"),
    make_column("country", Dtype.STRING, "categorical", "context"),
    make_column("purchased", Dtype.INT64, "target", "binary_classification"),
    make_column("bought_id", Dtype.INT64, "target", "categorical"),
)


@pytest.fixture
def column() -> Callable[..., Column]:
    """Give the maker of columns."""
    return make_column


@pytest.fixture
def shop() -> Schema:
    """Give the columns of `specs/shop.pbtxt`."""
    return Schema(SOURCE, SHOP)


@pytest.fixture
def keys() -> tuple[Column, ...]:
    """Give a session, a time and an item: the least that a stream needs."""
    return SESSION, TIME, ITEM


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Summary]:
    """Give a function that writes the stream of some columns to `tmp_path / "data"`."""

    def run(*columns: Column, rows: int = 2000, **arguments: Any) -> Summary:  # those of synthesize
        return synthesize(Schema(SOURCE, columns), b"the schema", tmp_path / "data", rows, **arguments)

    return run


@pytest.fixture
def table(write: Callable[..., Summary], tmp_path: Path) -> Callable[..., pa.Table]:
    """Give a function that writes a stream and reads all of it back."""

    def run(*columns: Column, rows: int = 2000, **arguments: Any) -> pa.Table:  # those of synthesize
        write(*columns, rows=rows, **arguments)
        return pa.concat_tables([pq.read_table(path) for path in sorted((tmp_path / "data").glob("*/*.parquet"))])

    return run


@pytest.fixture
def clicks(shop: Schema, table: Callable[..., pa.Table]) -> pa.Table:
    """Give 5000 clicks of the shop, train and valid."""
    return table(*shop.columns, rows=5000)
