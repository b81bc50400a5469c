"""Click streams from schema files: the shop's own and those of real data sets."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sess.compiler.diagnostics import Reporter
from sess.compiler.schema import Schema
from sess.compiler.schema_reader import read_schema
from sess.compiler.source import Source
from sess.runtime.synth.stream import Order
from sess.runtime.synth.write import synthesize

ROOT = Path(__file__).parents[3]
EVENTS = {
    "beauty": "events.parquet",
    "lastfm": "events.parquet",
    "ml100k": "events.parquet",
    "yoochoose100k": "train.parquet",
    "diginetica": "train.parquet",
}


def read(path: Path) -> Schema:
    schema = read_schema(Source(path.name, path.read_text(encoding="utf-8")), Reporter())
    assert schema is not None
    return schema


def test_the_shops_schema_gives_a_shop(tmp_path: Path, shop: Schema) -> None:
    path = ROOT / "specs" / "shop.pbtxt"
    assert read(path).columns == shop.columns
    synthesize(read(path), path.read_bytes(), tmp_path / "shop", 1000, 1, 0.0, Order.PLANTED, None)
    assert (tmp_path / "shop" / "schema.pbtxt").read_bytes() == path.read_bytes()


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_real_schema_gives_columns_as_in_the_real_file(name: str, shared: Path, tmp_path: Path) -> None:
    path = shared / "data" / name / "schema.pbtxt"
    synthesize(read(path), path.read_bytes(), tmp_path / name, 1000)
    made = pq.read_schema(next((tmp_path / name / "train").iterdir()))
    real = pq.read_schema(path.parent / EVENTS[name]).remove_metadata()
    assert made.names == real.names
    assert [str(kind) for kind in made.types] == [str(kind) for kind in real.types]
