"""Vocabularies: the user's own ids in the order of their codes, with how often training met each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class VocabularySize:
    """How many codes a domain has: `reserved` for padding, null and unseen, `total` with the ids."""

    reserved: int
    total: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A domain's ids by code less `reserved`: an array of numbers, or a list of text.

    `counts` are of the training split; `titles` are None where the catalogue has none, or isn't given.
    """

    values: NDArray[Any] | list[str]  # int64, or float64 where a column of floats is categorical
    counts: NDArray[np.int64]
    reserved: int
    titles: Sequence[str | None] | None = None

    @property
    def size(self) -> int:
        """The number of codes, the reserved ones included."""
        return self.reserved + len(self.values)

    def save(self, path: Path) -> None:
        """Write code, id, count, and title if there are titles."""
        codes = np.arange(self.reserved, self.size, dtype=np.int32)
        ids = pa.array(self.values, pa.string()) if isinstance(self.values, list) else pa.array(self.values)
        columns = {"code": pa.array(codes), "id": ids, "count": pa.array(self.counts)}
        if self.titles is not None:
            columns["title"] = pa.array(self.titles, pa.string())
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)

    @classmethod
    def load(cls, path: Path, reserved: int) -> Vocabulary:
        """Return what `save` wrote."""
        table = pq.read_table(path)
        ids = table.column("id")
        values = ids.to_pylist() if pa.types.is_string(ids.type) else ids.to_numpy()
        titles = tuple(table.column("title").to_pylist()) if "title" in table.column_names else None
        return cls(values, table.column("count").to_numpy(), reserved, titles)


def file_of(domain: str) -> str:
    """Return where a domain's vocabulary stands; a name can't reach out of its folder."""
    return f"{folder_of(domain)}.parquet"


def folder_of(domain: str) -> str:
    """Return where a step of a repository has the arrays of a domain's vocabulary."""
    safe = quote(domain, safe=" ")
    return f"vocabulary/{'%2E' + safe[1:] if safe.startswith('.') else safe}"
