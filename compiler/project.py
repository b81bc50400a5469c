"""The files of a spec: the project root that bounds them, and reading them with a finding where that fails."""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sess.compiler import codes
from sess.compiler.diagnostics import Reporter
from sess.compiler.source import Source, Span

_MARKS = ("sess.toml", "pyproject.toml", ".git")
_MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Project:
    """The folder that a spec's schemas and imports stay inside.

    `overlay` are texts that an editor holds and hasn't saved, by their files' real paths.
    """

    root: Path
    overlay: Mapping[Path, str] = field(default_factory=dict)

    @staticmethod
    def of(spec: Path, overlay: Mapping[Path, str] | None = None) -> Project:
        """Return the nearest folder upwards with a mark of a project, else the spec's own."""
        folder = spec.resolve().parent
        for each in (folder, *folder.parents):
            if any((each / mark).exists() for mark in _MARKS):
                return Project(each, overlay or {})
        return Project(folder, overlay or {})

    def read(self, written: str, beside: Path, at: Span, what: str, reporter: Reporter) -> tuple[Source, bytes] | None:
        """Return a file named in a spec, its path relative to that spec's; None if it can't be read (reported)."""
        path = beside.parent / written
        if "\0" in written or not path.resolve().is_relative_to(self.root):
            message = f"the {what} `{written}` lies outside of the project"
            reporter.error(
                codes.UNREADABLE_FILE, message, at, help="move it below the folder of `sess.toml` or the spec"
            )
            return None
        unsaved = self.overlay.get(path.resolve()) if self.overlay else None
        if unsaved is not None:
            return Source(os.path.normpath(path), unsaved), unsaved.encode()
        return read_file(path, written, at, what, reporter)


def read_file(path: Path, written: str, at: Span, what: str, reporter: Reporter) -> tuple[Source, bytes] | None:
    """Return the text and bytes of a file; None if it can't be read (reported)."""
    try:
        if not path.is_file():
            reason = "is a folder" if path.is_dir() else "doesn't exist"
            reporter.error(codes.UNREADABLE_FILE, f"the {what} `{written}` {reason}", at)
            return None
        if path.stat().st_size > _MOST_BYTES:
            message = f"the {what} `{written}` has {path.stat().st_size:,} bytes, more than {_MOST_BYTES:,}"
            reporter.error(codes.UNREADABLE_FILE, message, at)
            return None
        content = path.read_bytes()
        has_mark = content.startswith(codecs.BOM_UTF8)
        return Source(os.path.normpath(path), content.decode("utf-8-sig"), has_mark), content
    except UnicodeDecodeError as error:
        message = f"the {what} `{written}` isn't UTF-8: byte {error.start} is 0x{content[error.start]:02x}"
        reporter.error(codes.UNREADABLE_FILE, message, at)
    except OSError as error:
        reason = error.strerror or str(error)
        reporter.error(codes.UNREADABLE_FILE, f"the {what} `{written}` can't be read: {reason.lower()}", at)
    return None
