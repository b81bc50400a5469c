"""Data files that can't be read, left out where a build allows for some: which, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from sess.compiler.backend import DataFault, Fault
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Rows, WorkflowPlan
from sess.runtime.prepare.events import file_columns
from sess.runtime.prepare.explode import row_columns
from sess.runtime.prepare.files import Unreadable, find_files, look_up, read_columns
from sess.runtime.prepare.footers import shown


@dataclass(frozen=True, slots=True)
class Shards:
    """A plan that names only files that can be read; `skipped` are the others by key and path, with the reason."""

    workflow: WorkflowPlan
    skipped: Mapping[str, Mapping[str, str]]


def readable(plan: WorkflowPlan, base: Path, share: float) -> Shards:
    """Return the files without those that can't be read; RunFailed if they are more than a share of their key's.

    Each file is read whole to know that, one after the other.
    """
    data = plan.data
    skipped: dict[str, dict[str, str]] = {}
    columns = row_columns(plan) if data.rows is Rows.SESSIONS else file_columns(plan)
    for key, patterns in (("train", data.train), ("valid", data.valid), ("test", data.test)):
        paths = tuple(dict.fromkeys(path for pattern in patterns for path in find_files(pattern, base)))
        bad: dict[str, Unreadable] = {}
        for path in paths:
            try:
                read_columns(path, columns)
            except Unreadable as failure:
                bad[path] = failure
        if len(bad) > share * len(paths) or (bad and len(bad) == len(paths)):
            first, most = next(iter(bad.values())), f"{100 * share:.6g} %"
            raise RunFailed(
                f"{len(bad)} of {len(paths)} files of `{key}` can't be read, more than {most}: {first.message}",
                "write these files again, or allow for more with `--skip-bad-shards`",
            )
        if bad:
            kept = {key: tuple(path for path in paths if path not in bad)}
            plan = replace(plan, data=replace(plan.data, **kept))  # type: ignore[arg-type] # one of three equal fields
            skipped[key] = {shown(path, base): failure.reason for path, failure in bad.items()}
    return Shards(plan, skipped)


def enough(plan: WorkflowPlan, base: Path, faults: Sequence[DataFault]) -> str | None:
    """Return the percentage that leaves out the files of the first fault's key that can't be read; None if none does.

    A catalogue is read whole or not at all.
    """
    key = faults[0].key
    patterns = {"train": plan.data.train, "valid": plan.data.valid, "test": plan.data.test}.get(key, ())
    among = len({path for pattern in patterns for path in look_up(pattern, base)})
    bad = sum(fault.key == key and fault.fault is Fault.UNREADABLE for fault in faults)
    return f"{ceil(100 * bad / among)}%" if bad < among else None
