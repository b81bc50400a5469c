"""`prepare`: the user's files to prepared sessions, vocabularies and a fitted workflow."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, Role, Rows, WorkflowPlan
from sess.runtime.prepare.catalogue import Catalogue, read_catalogue
from sess.runtime.prepare.derive import fixed_values, values_of, with_derived
from sess.runtime.prepare.events import read_events
from sess.runtime.prepare.explode import read_sessions
from sess.runtime.prepare.facts import check_cuts, facts_of, say
from sess.runtime.prepare.groups import GroupWork, part_of
from sess.runtime.prepare.history import History, history_of
from sess.runtime.prepare.items import item_columns, values_in
from sess.runtime.prepare.moments import MICROSECONDS
from sess.runtime.prepare.prepared import ITEMS, PRETRAINED, Array, Prepared, Sessions
from sess.runtime.prepare.pretrained import count_missing, read_pretrained
from sess.runtime.prepare.split import Cut, divide, whole
from sess.runtime.prepare.taken import take_values
from sess.runtime.prepare.times import with_every_time
from sess.runtime.prepare.values import numbers, raw_values, to_raw
from sess.runtime.prepare.vocabularies import fit_vocabulary
from sess.runtime.progress import Progress
from sess.runtime.quiet import quietly
from sess.runtime.steps.transform import seconds
from sess.runtime.vocabulary import Vocabulary

LATEST = 2**61  # microseconds, 73,000 years: so that differences of two fit in 64 bits
MADE = ("sessions", "vocabulary", "nvtabular", "schema", PRETRAINED, ITEMS)


def prepare(plan: WorkflowPlan, base: Path, out: Path, progress: Progress) -> Prepared:
    """Prepare the data of a plan whose paths are relative to `base`; write everything into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    for name in MADE:
        shutil.rmtree(out / name, ignore_errors=True)
    with progress.track("prepare", 5) as task:
        histories = {
            name: with_every_time(plan, history).changed(lambda table: with_derived(plan, table))
            for name, history in _read(plan, base).items()
        }
        catalogue = read_catalogue(plan, _column(plan, plan.data.item), base)
        task.advance(1, "read")
        cuts = _cuts(plan, histories)
        check_cuts(plan, cuts)
        taken = {name: take_values(plan, cut) for name, cut in cuts.items()}
        task.advance(1, "sessions built")
        vocabularies = _vocabularies(plan, histories, cuts["train"], taken["train"], catalogue)
        pretrained = {each.table: read_pretrained(each, vocabularies[each.domain], base) for each in plan.pretrained}
        task.advance(1, "vocabularies")
        prepared = _work(plan, cuts, taken, vocabularies, out)
        task.advance(1, "columns prepared")
        facts = facts_of(plan, histories, cuts, prepared, vocabularies, catalogue)
        items: dict[str, Array] = {}
        if plan.catalogue and catalogue is not None:
            items, without_row = item_columns(plan, catalogue, vocabularies)
            facts["items_without_row"] = without_row
        if pretrained:
            reserved = {each.table: vocabularies[each.domain].reserved for each in plan.pretrained}
            facts["pretrained"] = dict(count_missing(pretrained, reserved))
        result = Prepared(
            prepared["train"], prepared.get("valid"), prepared.get("test"), vocabularies, facts, pretrained,
            items,
        )  # fmt: skip
        result.save(out)
        task.advance(1, "saved")
    say(facts, progress)
    return result


def _read(plan: WorkflowPlan, base: Path) -> dict[str, History]:
    """Return the history of every source by the name under which `data` gives it."""
    data = plan.data
    if not data.train:
        raise RunFailed("`data` names no training files", 'add `data { train = "train/*.parquet" }`')
    sources = {"train": data.train, "valid": data.valid, "test": data.test}
    if data.rows is Rows.SESSIONS:
        return {name: read_sessions(plan, paths, base) for name, paths in sources.items() if paths}
    return {name: history_of(plan, read_events(plan, paths, base)) for name, paths in sources.items() if paths}


def _cuts(plan: WorkflowPlan, histories: Mapping[str, History]) -> dict[str, Cut]:
    if plan.data.split is not None:
        return divide(histories["train"], plan.data, plan.data.split)
    return {name: whole(history) for name, history in histories.items()}


def _vocabularies(
    plan: WorkflowPlan,
    histories: Mapping[str, History],
    train: Cut,
    taken: pa.Table,
    catalogue: Catalogue | None,
) -> dict[str, Vocabulary]:
    """Return the vocabularies; the counts of the catalogue's domain are clicks on its items."""
    steps = train.history.events.take(pa.array(train.history.steps[train.places]))
    found: dict[str, Vocabulary] = {}
    for domain in plan.domains:
        columns = {name: _column(plan, name) for name in domain.columns}
        everywhere = [
            values_of(column, history.values(name))
            for history in histories.values()
            for name, column in columns.items()
        ]
        fixed = [values for column in columns.values() if (values := fixed_values(column))]
        everywhere += [pa.chunked_array([pa.array(values, pa.int64())]) for values in fixed]
        if domain.is_item and catalogue is not None:
            everywhere.append(pa.chunked_array([catalogue.ids]))
        of_items = list(values_in(domain.name, plan, catalogue))
        everywhere += of_items
        names = (plan.data.item,) if domain.is_item and plan.data.item in domain.columns else domain.columns
        counted = [values_of(columns[name], _trained(name, train, steps, taken)) for name in names]
        vocabulary = fit_vocabulary(domain, everywhere, counted if domain.columns else of_items)
        if domain.is_item and catalogue is not None and catalogue.titles is not None:
            titles = tuple(catalogue.titles.get(value) for value in np.asarray(vocabulary.values).tolist())
            vocabulary = Vocabulary(vocabulary.values, vocabulary.counts, vocabulary.reserved, titles)
        found[domain.name] = vocabulary
    return found


def _trained(name: str, train: Cut, steps: pa.Table, taken: pa.Table) -> pa.ChunkedArray:
    """Return a column's values in the training split."""
    if name in taken.column_names:
        return taken.column(name)
    group = next((each for each in train.history.others.values() if each.has(name)), None)
    return steps.column(name) if group is None else group.events.column(name).take(pa.array(group.rows(train)))


def _work(
    plan: WorkflowPlan,
    cuts: Mapping[str, Cut],
    taken: Mapping[str, pa.Table],
    vocabularies: Mapping[str, Vocabulary],
    out: Path,
) -> dict[str, Sessions]:
    """Fit the workflow on the training split, prepare every split with it, and write it down."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Merlin warns of every framework that isn't there
        quietly("nvtabular")  # which imports TensorFlow, too: only for data that can be used
        from sess.runtime.prepare.declare import write_workflow
        from sess.runtime.prepare.schema import write_schema
        from sess.runtime.prepare.workflow import ColumnWork, read_columns  # imports TensorFlow through Merlin

    part = part_of(plan, plan.group)
    names = [column.name for column in read_columns(part)]
    is_mixed = _mixes_levels(plan)
    train = cuts["train"]
    with tempfile.TemporaryDirectory(prefix="sess-prepare-") as scratch:
        rows = np.repeat(np.arange(len(train.sessions)), train.lengths)
        work = ColumnWork(part, vocabularies, rows_of(train, train.places, taken["train"], rows, names), Path(scratch))
        works = {plan.group: work}
        for group, history in train.history.others.items():
            other = part_of(plan, group)
            if any(column.ops for column in other.columns):
                events = history.events.take(pa.array(history.rows(train)))
                works[group] = ColumnWork(other, vocabularies, events, Path(scratch))
        groups = GroupWork(plan, works)
        steps: dict[int, dict[str, Array]] = {}
        found: dict[str, Sessions] = {}
        for name, cut in cuts.items():
            if is_mixed:
                rows = np.repeat(np.arange(len(cut.sessions)), cut.lengths)
                own = work.transform(rows_of(cut, cut.places, taken[name], rows, names))
            else:
                if id(cut.history) not in steps:
                    steps[id(cut.history)] = work.transform(cut.history.events.take(pa.array(cut.history.steps)))
                own = {column: values[cut.places] for column, values in steps[id(cut.history)].items()}
            rows = np.arange(len(cut.sessions))
            session = work.transform(rows_of(cut, cut.begins, taken[name], rows, names))
            prepared = sessions_of(plan, cut, taken[name], own, session)
            found[name] = replace(prepared, others=groups.others(cut))
        write_workflow(plan, vocabularies, groups, out)
        write_schema(plan, vocabularies, out / "schema" / "prepared.pbtxt")
        groups.save(out / "nvtabular")
    return found


def rows_of(cut: Cut, places: Array, taken: pa.Table, rows: Array, names: list[str]) -> pa.Table:
    """Return flat rows of the workflow's columns: a step each, with the values that its session takes."""
    history = cut.history
    steps = pa.array(history.steps[places])
    chosen = pa.array(rows)
    return pa.table(
        {
            name: taken.column(name).take(chosen)
            if name in taken.column_names
            else history.events.column(name).take(steps)
            for name in names
        }
    )


def sessions_of(
    plan: WorkflowPlan, cut: Cut, taken: pa.Table, steps: Mapping[str, Array], session: Mapping[str, Array]
) -> Sessions:
    """Return a split: prepared values of what the model reads or predicts, raw ones of what requests name."""
    events = cut.history.events
    flat = pa.array(cut.history.steps[cut.places])
    prepared_steps: dict[str, Array] = {}
    raw_steps: dict[str, Array] = {}
    for column in plan.columns:
        if column.role is Role.KEY or column.name in taken.column_names or column.name not in events.column_names:
            continue
        if column.role is Role.STEP and column.group != plan.group:
            continue
        is_item = column.name == plan.data.item
        is_read = column.is_input or column.is_target
        if (is_read or is_item or column.is_source) and not column.sources:
            raw_steps[column.name] = raw_values(column, events.column(column.name).take(flat))
        if column.name in steps and (is_read or is_item):
            prepared_steps[column.name] = steps[column.name]
        elif is_read and column.unit is not None:
            prepared_steps[column.name] = seconds(to_raw(events.column(column.name).take(flat)), column.unit)
        elif is_read and column.width is not None:
            prepared_steps[column.name] = raw_steps[column.name].astype(np.float32)
        elif is_read:
            prepared_steps[column.name] = numbers(events.column(column.name).take(flat))
    prepared = {
        name: session[name] for name in taken.column_names if name in session
    }  # fmt: skip
    raw = {
        column.name: to_raw(values_of(column, values)) if column.sources else raw_values(column, values)
        for column in plan.columns
        if column.name in taken.column_names and (values := taken.column(column.name)) is not None
    }
    prepared |= {
        column.name: raw[column.name].astype(np.float32)
        for column in plan.columns
        if column.width is not None and column.is_input and column.name in raw
    }
    keys = to_raw(cut.history.keys.take(pa.array(cut.sessions)))
    return Sessions(cut.offsets, prepared_steps, prepared, raw_steps, raw, keys, _ended(plan, cut))


def _ended(plan: WorkflowPlan, cut: Cut) -> NDArray[np.int64] | None:
    """Return when each session's last step was, in microseconds; None where the events have no time."""
    data, events = plan.data, cut.history.events
    if data.time is None or data.time not in events.column_names:
        return None
    time = events.column(data.time).take(pa.array(cut.history.steps[cut.ends - 1]))
    if pa.types.is_timestamp(time.type):
        ended = time.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
        return np.asarray(np.clip(ended, -LATEST, LATEST))
    return np.asarray(time.to_numpy().astype(np.float64) * MICROSECONDS[data.unit]).astype(np.int64)


def _mixes_levels(plan: WorkflowPlan) -> bool:
    """Whether a step's column is computed from what its session takes, so that it differs from split to split."""
    roles = {column.name: column.role for column in plan.columns}
    return any(
        column.role is Role.STEP and any(roles[source] is Role.SESSION for source in column.sources)
        for column in plan.columns
    )


def _column(plan: WorkflowPlan, name: str) -> ColumnPlan:
    return next(column for column in plan.columns if column.name == name)
