"""Copies of an artifact that someone changed, with or without a manifest that agrees."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from sess.runtime.artifact import MANIFEST
from sess.runtime.build.digest import of_files


def forged(artifact: Path, to: Path, change: Callable[[Path], object]) -> Path:
    """Return a changed copy whose manifest agrees with it: who can write an artifact can write that too."""
    shutil.copytree(artifact, to)
    change(to)
    manifest = json.loads((to / MANIFEST).read_text())
    manifest["files"] = of_files(to, leave_out=(MANIFEST, "events"))
    (to / MANIFEST).write_text(json.dumps(manifest))
    return to


def damaged(artifact: Path, to: Path, change: Callable[[Path], object]) -> Path:
    """Return a changed copy with the manifest of the original."""
    shutil.copytree(artifact, to)
    change(to)
    return to
