"""A disk that refuses the n-th call of a process, by a library that is loaded before the C library."""

from __future__ import annotations

import errno
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("refuse.cpp")


def built_library(folder: Path) -> Path:
    """Compile the library."""
    library = folder / "refuse.so"
    subprocess.run(["g++", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def refusing(library: Path, below: Path, n: int, mark: Path, error: int = errno.ENOSPC) -> dict[str, str]:
    """Return the environment of a process whose n-th call below a folder fails; `mark` appears when one did."""
    return {
        "LD_PRELOAD": str(library), "REFUSE_BELOW": str(below), "REFUSE_AT": str(n), "REFUSE_MARK": str(mark),
        "REFUSE_ERROR": str(error),
    }  # fmt: skip
