"""Vectors that the user brings, in the order of the codes of a domain; a row of NaN stands for an id without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sess.compiler.failures import RunFailed
from sess.compiler.plans import PretrainedPlan
from sess.runtime.prepare.files import find_files
from sess.runtime.prepare.vocabularies import comparable
from sess.runtime.vocabulary import Vocabulary

Vectors = NDArray[np.float32]


def read_pretrained(plan: PretrainedPlan, vocabulary: Vocabulary, base: Path) -> Vectors:
    """Return (V, D) vectors by code; RunFailed names the file and what is wrong with it."""
    ids, vectors = _arrays(plan, base) if plan.ids is not None else _table(plan, base)
    if vectors.ndim != 2 or vectors.shape[1] != plan.dim:
        width = vectors.shape[1] if vectors.ndim == 2 else f"of shape {list(vectors.shape)}"
        raise RunFailed(f"the vectors of `{plan.path}` are {width} wide, the table `{plan.table}` is {plan.dim}",
                        f"write `dim={width}`" if vectors.ndim == 2 else "one vector a row")  # fmt: skip
    if len(ids) != len(vectors):
        raise RunFailed(f"`{plan.ids}` has {len(ids):,} ids, and `{plan.path}` has {len(vectors):,} vectors")
    if not np.isfinite(vectors).all():
        raise RunFailed(f"row {int(np.argmin(np.isfinite(vectors).all(axis=1)))} of `{plan.path}` isn't finite")
    places = _places(plan, ids, vocabulary)
    is_known = places >= 0
    if len(np.unique(places[is_known])) < is_known.sum():
        counts = np.bincount(places[is_known])
        again = np.asarray(vocabulary.values)[int(np.argmax(counts > 1))]
        raise RunFailed(f"`{plan.ids or plan.path}` has the id {again!r} more than once", "one vector an id")
    if not is_known.any():
        raise RunFailed(
            f"no id of `{plan.ids or plan.path}` is in the domain `{plan.domain}`", "are they ids of the same items?"
        )
    found: Vectors = np.full((vocabulary.size, plan.dim), np.nan, np.float32)
    found[vocabulary.reserved + places[is_known]] = vectors[is_known]
    return found


def count_missing(vectors: Mapping[str, Vectors], reserved: Mapping[str, int]) -> dict[str, int]:
    """Return how many ids of each table have no vector."""
    return {table: int(np.isnan(found[reserved[table] :, 0]).sum()) for table, found in vectors.items()}


def _places(plan: PretrainedPlan, ids: pa.Array, vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Return the place of each id in the vocabulary, -1 for those that it lacks."""
    known = pa.array(vocabulary.values)
    found = comparable(ids)
    if pa.types.is_string(found.type) != pa.types.is_string(known.type):
        kind = "text" if pa.types.is_string(found.type) else f"`{ids.type}`"
        raise RunFailed(f"the ids of `{plan.ids or plan.path}` are {kind}, those of `{plan.domain}` are not")
    places = pc.index_in(found.cast(known.type), value_set=known)
    return np.asarray(pc.fill_null(places, -1).to_numpy(zero_copy_only=False), np.int64)


def _arrays(plan: PretrainedPlan, base: Path) -> tuple[pa.Array, Vectors]:
    loaded = []
    for path in (plan.ids or "", plan.path):
        try:
            with fsspec.open(find_files(path, base)[0], "rb") as stream:
                loaded.append(np.load(stream, allow_pickle=False))
        except (ValueError, OSError) as error:
            raise RunFailed(f"`{path}` can't be read as an array: {error}", "write it with `numpy.save`") from error
    ids, vectors = loaded
    return pa.array(ids.tolist() if ids.dtype.kind in "US" else ids), vectors.astype(np.float32)


def _table(plan: PretrainedPlan, base: Path) -> tuple[pa.Array, Vectors]:
    """Return the id column and the one list column of a parquet file."""
    try:
        with fsspec.open(find_files(plan.path, base)[0], "rb") as stream:
            table = pq.read_table(stream)
    except (pa.ArrowException, OSError) as error:
        raise RunFailed(f"`{plan.path}` can't be read as parquet: {error}", "write the file again") from error
    lists = [name for name in table.column_names if pa.types.is_nested(table.schema.field(name).type)]
    others = [name for name in table.column_names if name not in lists]
    named = [name for name in others if name in plan.columns] or others
    if len(lists) != 1 or len(named) != 1:
        raise RunFailed(
            f"`{plan.path}` has the columns {', '.join(f'`{name}`' for name in table.column_names)}",
            "it needs a column of ids and one list column of vectors",
        )
    column = table.column(lists[0]).combine_chunks()
    lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False)
    odd = np.flatnonzero(lengths != plan.dim)
    if len(odd):
        raise RunFailed(
            f"row {odd[0]} of `{plan.path}` has {lengths[odd[0]]} numbers, the table `{plan.table}` is {plan.dim} wide"
        )
    flat = pc.list_flatten(column).to_numpy(zero_copy_only=False).astype(np.float32)
    return table.column(named[0]).combine_chunks(), flat.reshape(-1, plan.dim)
