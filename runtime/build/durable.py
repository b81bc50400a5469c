"""What was written stays: files and folders flushed to the disk, so that a power cut after it takes nothing back."""

from __future__ import annotations

import os
from pathlib import Path


def settle(path: Path) -> None:
    """Flush a file, or a folder with everything below it; OSError if the disk doesn't take it."""
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            _flush(os.path.join(folder, name))  # noqa: PTH118 - what os.walk gives
        _flush(folder)
    if path.is_file():
        _flush(path)


def settle_names(folder: Path) -> None:
    """Flush which names a folder holds, after a rename in it."""
    _flush(folder)


def _flush(path: str | Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
