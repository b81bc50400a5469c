"""`prepare`: the user's files to prepared sessions, vocabularies and a fitted workflow.

The rows of a source are gone through part by part: once to count, and once to prepare and write what was counted for.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, Role, WorkflowPlan
from sess.runtime.build.workspace import SCRATCH
from sess.runtime.prepare.catalogue import read_catalogue
from sess.runtime.prepare.counting import Counts
from sess.runtime.prepare.facts import check_splits, facts_of, say
from sess.runtime.prepare.groups import GroupWork, part_of
from sess.runtime.prepare.items import item_columns
from sess.runtime.prepare.parts import Part, Parts
from sess.runtime.prepare.prepared import (
    ITEMS,
    PRETRAINED,
    SESSIONS,
    Array,
    Prepared,
    Sessions,
    SessionsWriter,
    save_facts,
)
from sess.runtime.prepare.pretrained import count_missing, read_pretrained
from sess.runtime.prepare.sessions import rows_of, sessions_of
from sess.runtime.prepare.source import ROWS, open_source
from sess.runtime.prepare.worked import read_columns
from sess.runtime.progress import Progress
from sess.runtime.quiet import quietly
from sess.runtime.vocabulary import Vocabulary

MADE = (SESSIONS, "vocabulary", "nvtabular", "schema", PRETRAINED, ITEMS, SCRATCH)


def prepare(plan: WorkflowPlan, base: Path, out: Path, progress: Progress, rows: int = ROWS) -> Prepared:
    """Prepare the data of a plan whose paths are relative to `base`; write everything into `out`.

    About so many `rows` are in memory at once, which changes nothing but how much memory that is.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in MADE:
        shutil.rmtree(out / name, ignore_errors=True)
    with progress.track("prepare", 5) as task, _scratch(out / SCRATCH) as scratch:
        sources = {
            name: Parts(plan, name, open_source(plan, patterns, base, scratch / name, rows))
            for name, patterns in _patterns(plan).items()
        }
        catalogue = read_catalogue(plan, _column(plan, plan.data.item), base)
        task.advance(1, "read")
        counts = Counts(plan, scratch)
        for name, parts in sources.items():
            counts.add(name, parts)
        check_splits(plan, counts.splits)
        task.advance(1, "sessions built")
        vocabularies = counts.vocabularies(catalogue)
        pretrained = {each.table: read_pretrained(each, vocabularies[each.domain], base) for each in plan.pretrained}
        task.advance(1, "vocabularies")
        _work(plan, sources, counts, vocabularies, scratch, out)
        task.advance(1, "columns prepared")
        facts = facts_of(plan, counts.sources, counts.splits, vocabularies, catalogue)
        items: dict[str, Array] = {}
        if plan.catalogue and catalogue is not None:
            items, without_row = item_columns(plan, catalogue, vocabularies)
            facts["items_without_row"] = without_row
        if pretrained:
            reserved = {each.table: vocabularies[each.domain].reserved for each in plan.pretrained}
            facts["pretrained"] = dict(count_missing(pretrained, reserved))
        save_facts(out, vocabularies, facts, pretrained, items)
        task.advance(1, "saved")
    say(facts, progress)
    return Prepared.load(out)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """Give a folder that goes when the context ends; what a kill leaves of it goes when the next build begins."""
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _patterns(plan: WorkflowPlan) -> dict[str, tuple[str, ...]]:
    """Return the patterns of every source by the name under which `data` gives it."""
    data = plan.data
    if not data.train:
        raise RunFailed("`data` names no training files", 'add `data { train = "train/*.parquet" }`')
    named = {"train": data.train, "valid": data.valid, "test": data.test}
    return {name: tuple(patterns) for name, patterns in named.items() if patterns}


def _work(
    plan: WorkflowPlan,
    sources: Mapping[str, Parts],
    counts: Counts,
    vocabularies: Mapping[str, Vocabulary],
    scratch: Path,
    out: Path,
) -> None:
    """Fit the workflow on the training split, prepare every split with it, and write it down."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Merlin warns of every framework that isn't there
        quietly("nvtabular")  # which imports TensorFlow, too: only for data that can be used
        from sess.runtime.prepare.declare import write_workflow
        from sess.runtime.prepare.schema import write_schema
        from sess.runtime.prepare.workflow import ColumnWork  # imports TensorFlow through Merlin

    part = part_of(plan, plan.group)
    works = {plan.group: ColumnWork(part, vocabularies, counts.training[plan.group], scratch)}
    for group, rows in counts.training.items():
        other = part_of(plan, group)
        if group not in works and any(column.ops for column in other.columns):
            works[group] = ColumnWork(other, vocabularies, rows, scratch)
    groups = GroupWork(plan, works)
    writers = {name: SessionsWriter(out / SESSIONS / name) for name in counts.splits}
    for parts in sources.values():
        for each in parts:
            for name, sessions in _prepared(plan, each, groups):
                counts.splits[name].add_codes(plan, name, sessions, vocabularies)
                writers[name].add(sessions)
    for writer in writers.values():
        writer.close()
    write_workflow(plan, vocabularies, groups, out)
    write_schema(plan, vocabularies, out / "schema" / "prepared.pbtxt")
    groups.save(out / "nvtabular")


def _prepared(plan: WorkflowPlan, part: Part, groups: GroupWork) -> Iterator[tuple[str, Sessions]]:
    """Give what each split has of a part, splits without any of it left out."""
    work = groups.works[plan.group]
    names = [column.name for column in read_columns(part_of(plan, plan.group))]
    is_mixed = _mixes_levels(plan)
    steps: dict[str, Array] | None = None
    for name, cut in part.cuts.items():
        if not len(cut.sessions):
            continue
        taken = part.taken[name]
        if is_mixed:
            owner = np.repeat(np.arange(len(cut.sessions)), cut.lengths)
            own = work.transform(rows_of(cut, cut.places, taken, owner, names))
        else:
            if steps is None:
                steps = work.transform(part.history.events.take(pa.array(part.history.steps)))
            own = {column: values[cut.places] for column, values in steps.items()}
        session = work.transform(rows_of(cut, cut.begins, taken, np.arange(len(cut.sessions)), names))
        yield name, replace(sessions_of(plan, cut, taken, own, session), others=groups.others(cut))


def _mixes_levels(plan: WorkflowPlan) -> bool:
    """Whether a step's column is computed from what its session takes, so that it differs from split to split."""
    roles = {column.name: column.role for column in plan.columns}
    return any(
        column.role is Role.STEP and any(roles[source] is Role.SESSION for source in column.sources)
        for column in plan.columns
    )


def _column(plan: WorkflowPlan, name: str) -> ColumnPlan:
    return next(column for column in plan.columns if column.name == name)
