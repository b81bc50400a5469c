"""Put a finished directory in its place in one step: it appears whole or not at all."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def put_in_place(fresh: Path, target: Path) -> None:
    """Rename a directory to its place; an older one there is exchanged atomically and then removed."""
    if not target.exists():
        fresh.rename(target)
        return
    if not _exchange(fresh, target):
        aside = target.with_name(f".{target.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        target.rename(aside)
        fresh.rename(target)
        fresh = aside
    shutil.rmtree(fresh)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names by Linux' renameat2; False where the system or its file system can't."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return done == 0
