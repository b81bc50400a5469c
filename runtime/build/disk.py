"""The disk that a build writes on: asked for room before each stage, and named when it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sess.compiler.failures import Failure, RunFailed
from sess.compiler.quantity import in_bytes


class Disk:
    """The disk below a folder of stages; `root` is that folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._asked = ""

    def ask(self, stage: str, needed: int) -> None:
        """Raise RunFailed if less is free than a stage is going to write, about."""
        self._asked = f"`{stage}` writes about {in_bytes(needed)}"
        if needed > shutil.disk_usage(self._root).free:
            raise RunFailed(f"there is no room for the build: {self._room()}", "make room, or choose another -o")

    @contextmanager
    def refusals(self) -> Iterator[Disk]:
        """Give the disk; raise RunFailed for what the system refuses below the folder, as a full disk does."""
        try:
            yield self
        except Failure:
            raise
        except Exception as error:
            # TensorFlow has exceptions of its own for what is an OSError elsewhere, and tells no more than the path.
            if not isinstance(error, OSError) and str(self._root) not in str(error):
                raise
            raise RunFailed(
                f"a file can't be written or read: {str(error).splitlines()[0]} ({self._room()})",
                "the artifact is as it was; make room or mend the disk, and the same command goes on where it stopped",
            ) from error

    def _room(self) -> str:
        free = f"{in_bytes(shutil.disk_usage(self._root).free)} are free in `{self._root.parent}`"
        return f"{self._asked}, {free}" if self._asked else free
