"""What a killed server leaves behind: shared memory and scratch folders, named after the process that owns them.

Triton's python backend makes an empty folder more, under a name that says nothing, and removes it if it ends by itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
ENVIRONMENTS = Path("/tmp")  # where the backend makes its folder, whatever TMPDIR says
ENVIRONMENT = "python_env_"
NOTE = "environment"  # a link in a scratch folder
PREFIX = "sess-triton-"
_OWNED = re.compile(rf"{PREFIX}(\d+)-")


def owned_prefix() -> str:
    """Return what the names of this process' shared memory and scratch folders begin with."""
    return f"{PREFIX}{os.getpid()}-"


def environments() -> frozenset[Path]:
    """Return the folders of all python backends of this machine."""
    return frozenset(ENVIRONMENTS.glob(f"{ENVIRONMENT}*"))


def note(scratch: Path, before: frozenset[Path]) -> bool:
    """Note in a scratch folder the one environment that came since; return False if none did yet.

    Where several came nobody knows whose they are: none is noted, and none will be removed.
    """
    came = environments() - before
    if len(came) == 1:
        (scratch / NOTE).symlink_to(next(iter(came)))
    return bool(came)


def remove(scratch: Path) -> None:
    """Remove a scratch folder, and the environment that is noted there."""
    with contextlib.suppress(OSError):  # none is noted, it is gone, or something is in it
        noted = (scratch / NOTE).readlink()
        if noted.parent == ENVIRONMENTS and noted.name.startswith(ENVIRONMENT):
            noted.rmdir()
    shutil.rmtree(scratch, ignore_errors=True)


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
                remove(path)
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
