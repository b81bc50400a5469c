"""Rows of many files in parts on disk: each part has the sessions of a range of ids, so that parts are in order.

The ranges are guessed from a sample of the ids. Where they begin decides how large the parts are, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from math import ceil, inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sess.compiler.plans import ColumnPlan
from sess.runtime.prepare.files import CSV, UNREADABLE, longest, open_parquet, read_pieces
from sess.runtime.prepare.whence import require_finite

if TYPE_CHECKING:
    from sess.runtime.prepare.forms import Form

MOST_PARTS = 512  # files that are open at once
SAMPLED = 256  # ids of a part that are looked at, about
EMPTY = "files without rows"
SHORTEST = 2  # bytes of a row of csv


def bounds_of(paths: Sequence[str], columns: Sequence[ColumnPlan], key: ColumnPlan, most: int) -> pa.Array | None:
    """Return the first ids of all parts but the first; None where one part is enough.

    A part has about `most` rows, or of lists as many values.
    """
    rows, values = _size(paths, [column.name for column in columns])
    if values <= most:
        return None
    width = values / rows if isfinite(values) else 1.0
    total, sampled, step = 0, [], max(1, int(most / width / SAMPLED))
    for path in paths:
        for piece in read_pieces(path, [key]):
            sampled.append(piece.column(0).combine_chunks()[(-total) % step :: step])
            total += len(piece)
    count = min(MOST_PARTS, ceil(total * width / most))
    ids = pa.concat_arrays(sampled).drop_null()
    if count < 2 or not len(ids):
        return None
    ids = ids.take(pc.array_sort_indices(ids))
    places = np.linspace(0, len(ids), count, endpoint=False)[1:].astype(np.int64)
    return pc.unique(ids.take(pa.array(places)))


def spill(paths: Sequence[str], form: Form, bounds: pa.Array, folder: Path) -> tuple[dict[str, int], int]:
    """Write the cleaned rows of all files in parts; return what was left out, and how many rows there were."""
    assert form.key is not None
    folder.mkdir(parents=True)
    dropped = Counter({EMPTY: 0})
    count = 0
    with ExitStack() as files:
        writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
        for path in paths:
            before = 0
            for piece in read_pieces(path, form.columns):
                for column in form.columns:
                    require_finite(piece.column(column.name), column, path, before)
                before += len(piece)
                cleaned, lost = form.clean(piece)
                dropped.update(lost)
                for part, rows in _divided(cleaned, cleaned.column(form.key.name), bounds):
                    if part not in writers:
                        sink = files.enter_context(pa.OSFile(str(folder / f"{part:04}.arrow"), "wb"))
                        writers[part] = files.enter_context(pa.ipc.new_stream(sink, rows.schema))
                    writers[part].write_table(rows)
            dropped[EMPTY] += not before
            count += before
    return dict(dropped), count


def open_part(path: Path) -> pa.Table:
    """Return the rows of a part."""
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
        return reader.read_all()


def save_part(rows: pa.Table, path: Path) -> None:
    """Write a part in the place of another."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, rows.schema) as writer:
        writer.write_table(rows)


def _size(paths: Sequence[str], names: Sequence[str]) -> tuple[float, float]:
    """Return how many rows there are, and values of the longest column: of csv at most, where nothing says it."""
    rows, values = 0.0, 0.0
    for path in paths:
        if not path.endswith(CSV):
            with suppress(*UNREADABLE), open_parquet(path) as file:  # which is said when it is read
                rows += file.metadata.num_rows
                values += longest(file.metadata, names)
        else:
            is_near = "://" not in path and not path.endswith(".gz")
            most = Path(path).stat().st_size / SHORTEST if is_near else inf
            rows, values = rows + most, values + most
    return rows, values


def _divided(rows: pa.Table, keys: pa.ChunkedArray, bounds: pa.Array) -> Sequence[tuple[int, pa.Table]]:
    """Return the rows of each part that has any."""
    parts = _parts_of(keys, bounds)
    sizes = np.bincount(parts, minlength=len(bounds) + 1)
    begins = np.cumsum(sizes) - sizes
    ordered = rows.take(pa.array(np.argsort(parts, kind="stable")))
    return [(part, ordered.slice(begins[part], sizes[part])) for part in np.flatnonzero(sizes).tolist()]


def _parts_of(keys: pa.ChunkedArray, bounds: pa.Array) -> NDArray[np.int64]:
    """Return how many of the rising bounds are at most each key, by halving."""
    low, high = np.zeros(len(keys), np.int64), np.full(len(keys), len(bounds), np.int64)
    for _ in range(len(bounds).bit_length()):
        middle = (low + high) // 2
        is_open = low < high
        bound = bounds.take(pa.array(np.minimum(middle, len(bounds) - 1)))
        is_above = pc.fill_null(pc.greater_equal(keys, bound), False).to_numpy() & is_open
        low, high = np.where(is_above, middle + 1, low), np.where(is_open & ~is_above, middle, high)
    return low
