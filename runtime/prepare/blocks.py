"""Rows of the training split, gathered in blocks of one size, so that statistics don't depend on how rows came."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from sess.runtime.prepare.spill import open_part, save_part

BLOCK = 1 << 18  # rows


class Blocks:
    """Tables of equal columns as blocks of `BLOCK` rows, the last one shorter; all but the last lie on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._saved = 0
        self._waiting: list[pa.Table] = []

    def add(self, rows: pa.Table) -> None:
        """Take rows behind those before."""
        self._waiting.append(rows)
        while sum(map(len, self._waiting)) > BLOCK:
            table = pa.concat_tables(self._waiting)
            self._folder.mkdir(parents=True, exist_ok=True)
            save_part(table.slice(0, BLOCK), self._place(self._saved))
            self._saved += 1
            self._waiting = [table.slice(BLOCK)]

    def __len__(self) -> int:
        return self._saved + 1

    def __getitem__(self, number: int) -> pa.Table:
        """Return the rows of a block."""
        if number == self._saved:
            return pa.concat_tables(self._waiting)
        return open_part(self._place(number))

    def _place(self, number: int) -> Path:
        return self._folder / f"{number}.arrow"
