"""The folder beside an artifact where its stages keep their results, under a lock, so that builds resume."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sess.compiler.backend import Stage
from sess.compiler.block import JsonValue
from sess.compiler.failures import Misused, RunFailed

DONE = "stage.json"
STARTED = "started.json"


@dataclass(frozen=True, slots=True)
class Workspace:
    """`.<name>.work` beside the artifact: one folder a stage, each with the key that it was made for."""

    root: Path

    def folder(self, stage: Stage) -> Path:
        """Return the stage's folder, which may not exist."""
        return self.root / stage.value

    def is_done(self, stage: Stage, key: str) -> bool:
        """Whether the stage was finished for this key."""
        return self._key(stage, DONE) == key

    def is_started(self, stage: Stage, key: str) -> bool:
        """Whether the stage was begun for this key; what it left can be resumed."""
        return self._key(stage, STARTED) == key

    def begin(self, stage: Stage, key: str) -> Path:
        """Return the stage's folder: what an interrupted run of the same key left, else empty."""
        folder = self.folder(stage)
        if not self.is_started(stage, key):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            (folder / STARTED).write_text(json.dumps({"key": key}))
        (folder / DONE).unlink(missing_ok=True)
        return folder

    def finish(self, stage: Stage, key: str, result: JsonValue) -> None:
        """Mark the stage as done and keep what it returned."""
        folder = self.folder(stage)
        temporary = folder / f"{DONE}.new"
        temporary.write_text(json.dumps({"key": key, "result": result}))
        temporary.replace(folder / DONE)

    def result(self, stage: Stage) -> JsonValue:
        """Return what a finished stage returned."""
        content: dict[str, JsonValue] = json.loads((self.folder(stage) / DONE).read_text())
        return content["result"]

    def _key(self, stage: Stage, name: str) -> str | None:
        try:
            content = json.loads((self.folder(stage) / name).read_text())
        except (OSError, ValueError):
            return None
        return content.get("key") if isinstance(content, dict) else None


@contextmanager
def open_workspace(out: Path) -> Iterator[Workspace]:
    """Lock and return the workspace of an artifact; Misused if the target holds something else, RunFailed if busy."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "manifest.json").is_file())):
        raise Misused(f"`{out}` exists and is not an artifact of sess", "choose another -o, or remove it yourself")
    root = out.parent / f".{out.name}.work"
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misused(f"`{root}` can't be made: {error.strerror}") from None
    with (root / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise RunFailed(
                f"another build of `{out}` is running: process {lock.read() or 'unknown'}",
                "wait for it, or choose another -o",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield Workspace(root)
