"""Writes a click stream as parquet files beside a copy of its schema: whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sess.compiler.failures import Misused
from sess.compiler.schema import Column, Schema
from sess.runtime.synth.catalogue import Ints, default_items, stock
from sess.runtime.synth.ids import room
from sess.runtime.synth.roles import Cast, Layout, cast_columns
from sess.runtime.synth.stream import CUT, DAY, DAYS, OPENING, VALID_DAYS, Order, generate, lengths_for, lengths_of
from sess.runtime.synth.values import Scene, values_of

RECORD = "synth.json"
MAKER = "sess synth"
FEWEST_ROWS = 100
WEEK = 7


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written; `files` are relative to the directory."""

    rows: int
    sessions: int
    items: int
    train_rows: int
    valid_rows: int
    files: tuple[str, ...]


def synthesize(
    schema: Schema,
    schema_text: bytes,
    out: Path,
    rows: int,
    seed: int = 1,
    noise: float = 0.25,
    order: Order = Order.PLANTED,
    items: int | None = None,
) -> Summary:
    """Write `train/`, `valid/`, the schema's bytes and a record; the same arguments give the same bytes."""
    out = out.resolve()
    cast = cast_columns(schema)
    size = _require(cast, rows, seed, noise, items)
    _require_free(out)
    fixed = cast.item.length if cast.layout is Layout.SESSIONS else None
    length = lengths_for(rows, seed, fixed) if cast.layout is Layout.SESSIONS else lengths_of(rows, seed)
    catalogue = stock(size, seed)
    scene = Scene(cast, catalogue, generate(catalogue, length, seed, noise, order), seed)
    beside = out.parent / f".{out.name}.partial"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        summary = _write_all(beside, scene, schema_text)
        arguments = {"rows": rows, "seed": seed, "noise": noise, "order": order.value, "items": size}
        _write_record(beside, arguments, summary)
        _put(beside, out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return summary


def _require(cast: Cast, rows: int, seed: int, noise: float, items: int | None) -> int:
    if rows < FEWEST_ROWS:
        raise Misused(f"{rows} rows are too few for a stream", f"ask for {FEWEST_ROWS} or more")
    if not 0.0 <= noise <= 1.0:
        raise Misused(f"noise is {noise:g}, but it is a share of clicks", "use a number from 0 to 1")
    if seed < 0:
        raise Misused(f"the seed is {seed}", "use 0 or more")
    most = room(cast.item)
    if items is None:
        return max(2, min(default_items(rows), most))
    if items < 2:
        raise Misused(f"{items} items are too few for a stream", "ask for 2 or more")
    if items > most:
        raise Misused(f"{items} items don't fit `{cast.item.name}`, which holds {most} ids", f"ask for {most} or fewer")
    return items


def _require_free(out: Path) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir():
        raise Misused(f"`{out.name}` is a file, not a directory", "name another directory")
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
    if found != _recorded(out):
        raise Misused(
            f"`{out.name}` holds files that `{MAKER}` didn't write", "name another directory, or empty this one"
        )


def _recorded(out: Path) -> set[str]:
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        return {*record["files"], RECORD} if record["made_by"] == MAKER else set()
    except (OSError, ValueError, TypeError, KeyError):
        return set()


def _write_all(directory: Path, scene: Scene, schema_text: bytes) -> Summary:
    counts = _write_tables(directory, scene)
    (directory / "schema.pbtxt").write_bytes(schema_text)
    return Summary(
        rows=sum(counts.values()),
        sessions=len(scene.stream.length),
        items=len(np.unique(scene.stream.item)),
        train_rows=sum(count for name, count in counts.items() if name.startswith("train/")),
        valid_rows=sum(count for name, count in counts.items() if name.startswith("valid/")),
        files=(*sorted(counts), "schema.pbtxt"),
    )


def _write_tables(directory: Path, scene: Scene) -> dict[str, int]:
    table, time = _events(scene) if scene.cast.layout is Layout.EVENTS else _sessions(scene)
    counts: dict[str, int] = {}
    for name, rows in _parts(time):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.slice(rows.start, rows.stop - rows.start), path)
        counts[name] = rows.stop - rows.start
    return counts


def _parts(time: Ints) -> Iterator[tuple[str, range]]:
    """Yield a file for each week of train and one for what is held out, named by their first day."""
    days = [*range(0, DAYS - VALID_DAYS, WEEK), DAYS - VALID_DAYS]
    edges = [int(np.searchsorted(time, OPENING + day * DAY)) for day in days]
    for day, start, stop in zip(days, [0, *edges[1:]], [*edges[1:], len(time)], strict=True):
        folder = "valid" if OPENING + day * DAY >= CUT else "train"
        if start < stop:
            yield (
                f"{folder}/{np.datetime64(OPENING + day * DAY, 's').astype('datetime64[D]')}.parquet",
                range(start, stop),
            )


def _events(scene: Scene) -> tuple[pa.Table, Ints]:
    stream = scene.stream
    at = np.lexsort((stream.visit, stream.time))  # visits interleave, as in a log
    return _table(scene, lambda column, values: values.take(pa.array(at))), stream.time[at]


def _sessions(scene: Scene) -> tuple[pa.Table, Ints]:
    stream = scene.stream
    at = np.argsort(stream.time[stream.first], kind="stable")
    ends = pa.array(np.append(stream.first, len(stream.item)), pa.int32())

    def gather(column: Column, values: pa.Array) -> pa.Array:
        is_step = scene.cast.is_step(column)
        rows = pa.ListArray.from_arrays(ends, values) if is_step else values.take(pa.array(stream.first))
        return rows.take(pa.array(at))

    return _table(scene, gather), stream.time[stream.first][at]


def _table(scene: Scene, gather: Callable[[Column, pa.Array], pa.Array]) -> pa.Table:
    return pa.table({column.name: gather(column, values_of(column, role, scene)) for column, role in scene.cast.roles})


def _write_record(directory: Path, arguments: dict[str, int | float | str], summary: Summary) -> None:
    digests = {name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in summary.files}
    counts = {"rows": summary.rows, "sessions": summary.sessions, "items": summary.items}
    record = {"made_by": MAKER, "arguments": arguments, "counts": counts, "files": digests}
    (directory / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _put(beside: Path, out: Path) -> None:
    if not out.exists():
        beside.rename(out)
        return
    old = out.parent / f".{out.name}.old"
    shutil.rmtree(old, ignore_errors=True)
    out.rename(old)
    beside.rename(out)
    shutil.rmtree(old)
