"""A private copy of an artifact, which nothing that is written into its folder changes; links to it for each Triton."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from sess.compiler.failures import Misused, RunFailed
from sess.runtime.artifact import LOGS, read_manifest


def stage(artifact: Path, folder: Path, is_over: threading.Event) -> Path:
    """Return a copy of an artifact, logs left out; Misused if there is none or it can't be read, RunFailed once over.

    It shares no file with the original: a link would change with a file that is written over in place.
    """
    read_manifest(artifact)  # before a folder that is something else is copied
    try:
        copy = _until(is_over)
        shutil.copytree(artifact, folder, copy_function=copy, symlinks=True, ignore=_logs_of(artifact))
    except shutil.Error as error:
        source, _, why = error.args[0][0]
        raise Misused(f"`{source}` can't be read: {_reason(why)}") from None
    except OSError as error:
        raise Misused(f"`{error.filename or artifact}` can't be read: {error.strerror}") from None
    return folder


def link(repository: Path, folder: Path) -> Path:
    """Return a folder of links to the files of a repository; of copies where there can't be links."""
    shutil.copytree(repository, folder, copy_function=_linked, symlinks=True)
    return folder


def _linked(source: str, target: str) -> None:
    """Link a file, or copy it where that can't be."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copyfile(source, target, follow_symlinks=False)


def _until(is_over: threading.Event) -> Callable[[str, str], None]:
    """Return what copies a file until a server ends."""

    def copy(source: str, target: str) -> None:
        if is_over.is_set():
            raise RunFailed("the server is ending")
        _copied(source, target)

    return copy


def _copied(source: str, target: str) -> None:
    if not (Path(source).is_file() or Path(source).is_symlink()):
        raise OSError(errno.EINVAL, "it is neither file nor folder", source)
    shutil.copyfile(source, target, follow_symlinks=False)


def _logs_of(artifact: Path) -> Callable[[str, list[str]], list[str]]:
    return lambda folder, names: [name for name in names if name == LOGS and Path(folder) == artifact]


def _reason(why: str) -> str:
    """Return the words of an error that `shutil` keeps as text: `[Errno 13] Permission denied: 'file'`."""
    return why.partition("] ")[2].partition(":")[0].lower() or why
