"""Put a finished directory in its place in one step: it appears whole or not at all."""

from __future__ import annotations

import ctypes
import os
import shutil
from contextlib import suppress
from pathlib import Path

from sess.compiler.failures import RunFailed
from sess.runtime.build.durable import settle, settle_names

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def put_in_place(fresh: Path, target: Path, aside: Path) -> None:
    """Rename a directory to its place once all of it is on the disk; an older one goes aside, and then away.

    OSError leaves the older one in its place; after RunFailed the new one is there, and a power cut may take it back.
    """
    settle(fresh)
    if target.exists():
        shutil.rmtree(aside, ignore_errors=True)
        _swap(fresh, target, aside)
    else:
        fresh.rename(target)
    confirm(target)
    shutil.rmtree(aside, ignore_errors=True)  # what a kill leaves of it goes when the next build begins


def confirm(target: Path) -> None:
    """Have the disk keep the name of an artifact that is in its place; RunFailed if it doesn't."""
    try:
        settle_names(target.parent)
    except OSError as error:
        raise RunFailed(
            f"the artifact is at `{target}`, and the disk doesn't say that it stays there: {error.strerror}",
            "mend the disk; then the same command asks it again",
        ) from error


def _swap(fresh: Path, target: Path, aside: Path) -> None:
    """Put one directory in the place of another, which goes aside."""
    if _exchange(fresh, target):
        with suppress(OSError):  # what stays where the fresh one was goes when the next is made
            fresh.rename(aside)
        return
    target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        aside.rename(target)
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names by Linux' renameat2; False where the system or its file system can't."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)
    return done == 0
