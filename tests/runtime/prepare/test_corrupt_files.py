"""A damaged parquet file ends in the name of the file, its row group and its column, and never in a crash."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.failures import RunFailed
from sess.runtime.prepare.files import read_columns
from sess.runtime.prepare.footers import inspect
from tests.runtime.prepare.conftest import plan_of, prepare_spec, write_small

TABLE = pa.table(
    {
        "session": np.arange(400) // 4,
        "time": np.arange(400),
        "item": np.arange(400) % 37,
        "shelf": [f"shelf {i % 5}" for i in range(400)],
    }
)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = write_small(tmp_path / "data", {"train1.parquet": TABLE})
    pq.write_table(TABLE, shard(path), row_group_size=100, write_page_checksum=True)
    return path


def shard(spec: Path) -> Path:
    return spec.with_name("train2.parquet")


def damage(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize(("group", "column"), [(0, "session"), (1, "item"), (3, "shelf")])
def test_a_bad_page_is_named_by_file_row_group_and_column(spec: Path, group: int, column: str) -> None:
    metadata = pq.ParquetFile(shard(spec)).metadata.row_group(group)
    chunk = next(metadata.column(i) for i in range(4) if metadata.column(i).path_in_schema == column)
    begin = chunk.dictionary_page_offset or chunk.data_page_offset
    damage(shard(spec), begin + chunk.total_compressed_size - 2)
    place = rf"train2.parquet` can't be read as parquet \(row group {group} of 4, column `{column}`\)"
    with pytest.raises(RunFailed, match=place) as raised:
        prepare_spec(spec, spec.parent / "out")
    assert raised.value.exit_code == 4 and not (spec.parent / "out" / "sessions").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"PAR1", b"no parquet at all" * 9, "footer cut", "wrong magic", "name that is not UTF-8"],
    ids=["empty", "magic alone", "text", "footer cut", "wrong magic", "hostile name"],
)
def test_a_broken_footer_is_found_before_any_row_is_read(spec: Path, content: bytes | str) -> None:
    whole = shard(spec).read_bytes()
    if content == "footer cut":
        content = whole[:-20]
    elif content == "wrong magic":
        content = whole[:-4] + b"PAR2"
    elif isinstance(content, str):
        content = whole.replace(b"shelf", b"she\xfff")
    shard(spec).write_bytes(content)
    (fault,) = inspect(plan_of(spec), spec.parent)[:1]
    assert "train2.parquet" in fault.message
    with pytest.raises(RunFailed, match=r"train2.parquet"):
        prepare_spec(spec, spec.parent / "out")


@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
def test_random_damage_is_an_error_that_names_the_file_or_changes_values_alone(spec: Path, compression: str) -> None:
    columns = [column for column in plan_of(spec).columns if not column.sources]
    draw = random.Random(compression)
    messages = []
    for _ in range(80):
        pq.write_table(TABLE, shard(spec), row_group_size=100, compression=compression)
        for _ in range(draw.choice([1, 4, 40])):
            damage(shard(spec), draw.randrange(shard(spec).stat().st_size))
        try:
            read_columns(str(shard(spec)), columns)
        except RunFailed as failure:
            messages.append(failure.message)
    assert messages and all("train2.parquet`" in message for message in messages)
