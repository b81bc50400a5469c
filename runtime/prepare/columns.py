"""Columns on disk: numbers as bare arrays that are mapped when read, the user's own values as parquet.

Both are written piece by piece. A column is read when it is first asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sess.runtime.prepare.values import from_raw, to_raw
from sess.runtime.steps.bags import Bags

Array = NDArray[Any]  # of whatever dtype the column has
Arrow: TypeAlias = pa.Array | pa.ChunkedArray

LISTED, OWN = "columns.json", "own.parquet"
GROUP_ROWS = 1 << 17  # rows of a row group of parquet, however many a piece has, so that pieces leave no trace


class Late(Mapping[str, Any]):
    """Values by name, each made when it is first asked for, and kept."""

    def __init__(self, sources: Mapping[str, Callable[[], Any]]) -> None:
        self.sources = sources
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Return the values of a name."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sources)

    def __len__(self) -> int:
        return len(self.sources)

    def _make(self, name: str) -> Any:
        return self.sources[name]()


class Own(Late):
    """The user's own values by name: the sources give arrow columns, and `to_raw` makes what is given of them."""

    @classmethod
    def of(cls, columns: Mapping[str, Arrow]) -> Own:
        """Return the values of columns that are in memory."""
        return cls({name: partial(_itself, values) for name, values in columns.items()})

    def _make(self, name: str) -> Any:
        return to_raw(self.sources[name]())


def arrow_of(named: Mapping[str, Any]) -> dict[str, Arrow]:
    """Return the arrow columns of the user's own values."""
    if isinstance(named, Own):
        return {name: source() for name, source in named.sources.items()}
    return {name: from_raw(values) for name, values in named.items()}


def _itself(values: Arrow) -> Arrow:
    return values


class ColumnsWriter:
    """Writes the columns of a folder, piece by piece; every piece has the same."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._files = ExitStack()
        self._numbers: dict[str, _Numbers] = {}
        self._own: _Own | None = None
        self._names: list[str] = []

    def add(self, numbers: Mapping[str, Any], own: Mapping[str, Arrow]) -> None:
        """Write a piece: arrays or Bags of numbers, and the user's own values."""
        for name, values in numbers.items():
            if name not in self._numbers:
                path = self._folder / f"{len(self._numbers)}.bin"
                self._numbers[name] = _Numbers(path, self._files)
            self._numbers[name].add(values)
        if own:
            if self._own is None:
                self._own, self._names = _Own(self._folder / OWN, self._files), list(own)
            # A dot in a column's name would be taken for a place inside it.
            self._own.add(pa.table(list(own.values()), [str(i) for i in range(len(own))]))

    def close(self) -> None:
        """Write what waits, and which columns there are."""
        if self._own is not None:
            self._own.finish()
        self._files.close()
        listed = {"numbers": {name: each.said for name, each in self._numbers.items()}, "own": self._names}
        (self._folder / LISTED).write_text(json.dumps(listed, ensure_ascii=False) + "\n", encoding="utf-8")


class _Numbers:
    """A file of numbers that grows; of Bags another one beside it, with the lengths."""

    def __init__(self, path: Path, files: ExitStack) -> None:
        self._path, self._opened = path, files
        self._file: BinaryIO = files.enter_context(path.open("wb"))
        self._lengths: _Numbers | None = None
        self._dtype: np.dtype[Any] | None = None
        self._shape: list[int] = []

    def add(self, values: Array | Bags) -> None:
        """Append values."""
        if isinstance(values, Bags):
            if self._lengths is None:
                self._lengths = _Numbers(self._path.with_suffix(".lengths.bin"), self._opened)
            self._lengths.add(np.diff(values.offsets))
            values = values.values
        if self._dtype is None:
            self._dtype, self._shape = values.dtype, [0, *values.shape[1:]]
        self._shape[0] += len(values)
        self._file.write(np.ascontiguousarray(values, self._dtype).data)

    @property
    def said(self) -> dict[str, Any]:
        """What is needed to read them."""
        assert self._dtype is not None
        said = {"file": self._path.name, "dtype": self._dtype.str, "shape": self._shape}
        return said if self._lengths is None else said | {"lengths": self._lengths.said}


class _Own:
    """A parquet file that grows by whole row groups."""

    def __init__(self, path: Path, files: ExitStack) -> None:
        self._path, self._files = path, files
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []

    def add(self, piece: pa.Table) -> None:
        """Append rows."""
        if self._writer is None:
            self._writer = self._files.enter_context(pq.ParquetWriter(self._path, piece.schema))
        self._waiting.append(piece)
        while sum(map(len, self._waiting)) > GROUP_ROWS:
            table = pa.concat_tables(self._waiting)
            self._writer.write_table(table.slice(0, GROUP_ROWS), GROUP_ROWS)
            self._waiting = [table.slice(GROUP_ROWS)]

    def finish(self) -> None:
        """Write what waits."""
        if self._writer is not None:
            self._writer.write_table(pa.concat_tables(self._waiting), GROUP_ROWS)


def open_columns(folder: Path) -> tuple[Late, Own]:
    """Return the numbers and the user's own values of a folder by name."""
    listed = json.loads((folder / LISTED).read_text(encoding="utf-8"))
    numbers = {name: partial(_read_numbers, folder, said) for name, said in listed["numbers"].items()}
    own = {name: partial(_read_own, folder / OWN, i) for i, name in enumerate(listed["own"])}
    return Late(numbers), Own(own)


def _read_own(path: Path, number: int) -> pa.ChunkedArray:
    return pq.read_table(path, columns=[str(number)]).column(0)


def _read_numbers(folder: Path, said: Mapping[str, Any]) -> Array | Bags:
    path, dtype, shape = folder / said["file"], np.dtype(said["dtype"]), tuple(said["shape"])
    values: Array = np.zeros(shape, dtype)
    if values.size:  # nothing can't be mapped
        values = np.asarray(np.memmap(path, dtype, mode="r", shape=shape))
    if "lengths" not in said:
        return values
    return Bags(values, offsets_of(_read_numbers(folder, said["lengths"])))


def offsets_of(lengths: Any) -> NDArray[np.int64]:  # an array
    """Return where each of things of these lengths begins, and the last ends: (S+1,)."""
    offsets: NDArray[np.int64] = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return offsets
