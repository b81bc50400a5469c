"""A look at data: its files, its columns and its sessions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sess.compiler.failures import RunFailed
from sess.compiler.starter.profile import Files, Profile, SessionProfile
from sess.runtime.look.files import sort_files
from sess.runtime.look.profile import absolute, profile_sessions, profile_table, read_some, typical_length
from sess.runtime.prepare.catalogue import TITLES
from sess.runtime.prepare.files import UNREADABLE, column_names, look_up


def look(data: Path, out: Path, key_of: Callable[[Profile], tuple[str, bool]]) -> tuple[Profile, SessionProfile]:
    """Return what the training rows tell; `key_of` says by which column sessions are told apart, or is it a list.

    Raises Misused if there are no files, RunFailed if one can't be read.
    """
    files = sort_files(data, out)
    table, total = read_some(files.train, out)
    profile = profile_table(table, _with_titles(files, table.column_names, out), total)
    key, is_list = key_of(profile)
    if is_list:
        return profile, SessionProfile(table.num_rows, frozenset(), typical_length(table, key))
    return profile, profile_sessions(table, key)


def _with_titles(files: Files, columns: list[str], out: Path) -> Files:
    """Return the files with their catalogue only if it has a column of the events and titles to show."""
    if files.catalogue is None:
        return files
    try:
        found = {name for path in look_up(absolute(files.catalogue, out), out) for name in column_names(path)}
    except (RunFailed, *UNREADABLE):
        found = set()
    has_titles = not found.isdisjoint(TITLES) and not found.isdisjoint(columns)
    return files if has_titles else Files(files.train, files.valid, files.test)
