"""A private copy of an artifact, of links where the file system has them: what is served can't be written over."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sess.compiler.failures import Misused


def stage(artifact: Path, folder: Path) -> Path:
    """Return the copy; Misused if there is no such folder."""
    if not artifact.is_dir():
        raise Misused(f"there is no artifact at `{artifact}`", "make one with `sess compile SPEC -o DIR`")
    shutil.copytree(artifact, folder, copy_function=linked, symlinks=True)
    return folder


def linked(source: str, target: str) -> None:
    """Link a file, or copy it where that can't be."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)
