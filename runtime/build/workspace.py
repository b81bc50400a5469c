"""The folder beside an artifact where its stages keep their results, under a lock, so that builds resume."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sess.compiler.backend import Stage
from sess.compiler.block import JsonValue
from sess.compiler.failures import Misused, RunFailed
from sess.runtime.build.durable import settle, settle_names

DONE = "stage.json"
STARTED = "started.json"
LOCK = "lock"
OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # whatever directory is asked for
SCRATCH = "scratch"  # where a stage keeps what it needs no longer than it runs


@dataclass(frozen=True, slots=True)
class Workspace:
    """`.<name>.work` beside the artifact: one folder a stage, each with the key that it was made for."""

    root: Path

    @property
    def aside(self) -> Path:
        """Where an artifact goes whose place another takes."""
        return self.root / "old"

    def sweep(self) -> None:
        """Remove what a killed build was about to replace or remove."""
        shutil.rmtree(self.aside, ignore_errors=True)
        for half_written in self.root.glob("*/*.new"):
            half_written.unlink()
        for scratch in self.root.glob(f"*/{SCRATCH}"):
            shutil.rmtree(scratch, ignore_errors=True)

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
        """Mark the stage as done and keep what it returned, once all that it wrote is on the disk."""
        folder = self.folder(stage)
        temporary = folder / f"{DONE}.new"
        temporary.write_text(json.dumps({"key": key, "result": result}))
        settle(folder)
        temporary.replace(folder / DONE)
        settle_names(folder)

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
    """Lock, sweep and return the workspace of an artifact; Misused if it is busy, or the target is something else."""
    try:
        str(out).encode()
        is_other = out.exists() and not (out.is_dir() and (not any(out.iterdir()) or (out / "manifest.json").is_file()))
    except UnicodeEncodeError:
        raise Misused(f"`{out}` is not UTF-8", "choose another -o") from None
    except OSError as error:
        raise Misused(f"`{out}` can't be used: {error.strerror}", "choose another -o") from None
    if is_other:
        raise Misused(f"`{out}` exists and is not an artifact of sess", "choose another -o, or remove it yourself")
    workspace = Workspace(_root(out))
    with _opened(workspace) as lock:
        _take(lock, out)
        _sign(lock)
        workspace.sweep()
        yield workspace


def _opened(workspace: Workspace) -> TextIO:
    """Return the open lock of a workspace that is made if there is none."""
    try:
        workspace.root.mkdir(parents=True, exist_ok=True)
        return (workspace.root / LOCK).open("a+")
    except OSError as error:
        message = f"`{workspace.root}` can't be made: {error.strerror}"
        raise (RunFailed if error.errno in OF_THE_DISK else Misused)(message) from None


def _sign(lock: TextIO) -> None:
    """Write down which process has the lock; a disk that has no room for that lets nobody read it."""
    with suppress(OSError):
        os.ftruncate(lock.fileno(), 0)
        os.write(lock.fileno(), str(os.getpid()).encode())


def refuse_if_busy(out: Path) -> None:
    """Raise Misused if another build of the directory is running; nothing is written."""
    try:
        with (_root(out) / LOCK).open() as lock:
            _take(lock, out)
    except OSError:
        return  # no build has been here; whether one can be is asked when it begins


def _take(lock: TextIO, out: Path) -> None:
    """Lock the file until it is closed; Misused if another process has."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise Misused(
            f"another build of `{out}` is running: process {lock.read() or 'unknown'}",
            "wait for it, or choose another -o",
        ) from None
    except OSError as error:
        raise Misused(f"`{_root(out)}` can't be locked: {error.strerror}", "choose a -o on another disk") from None


def _root(out: Path) -> Path:
    return out.parent / f".{out.name}.work"
