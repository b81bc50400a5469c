"""What a killed server leaves behind: shared memory and scratch folders, named after the process that owns them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
PREFIX = "sess-triton-"
_OWNED = re.compile(rf"{PREFIX}(\d+)-")


def owned_prefix() -> str:
    """Return what the names of this process' shared memory and scratch folders begin with."""
    return f"{PREFIX}{os.getpid()}-"


def sweep(prefix: str) -> None:
    """Remove the shared memory whose names begin so."""
    for path in SHARED_MEMORY.glob(f"{prefix}*"):
        path.unlink(missing_ok=True)


def sweep_the_dead() -> None:
    """Remove what supervisors left that live no more."""
    for root in (SHARED_MEMORY, Path(tempfile.gettempdir())):
        for path in root.glob(f"{PREFIX}*"):
            owner = _OWNED.match(path.name)
            if owner is None or _is_alive(int(owner[1])):
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
