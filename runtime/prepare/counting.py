"""What all parts of all sources add up to before anything is prepared: vocabularies, statistics, counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from sess.compiler.plans import WorkflowPlan
from sess.runtime.prepare.blocks import Blocks
from sess.runtime.prepare.catalogue import Catalogue
from sess.runtime.prepare.derive import fixed_values, values_of
from sess.runtime.prepare.facts import SourceCount, SplitCount
from sess.runtime.prepare.groups import part_of
from sess.runtime.prepare.items import values_in
from sess.runtime.prepare.parts import Part, Parts
from sess.runtime.prepare.sessions import rows_of
from sess.runtime.prepare.split import Cut
from sess.runtime.prepare.vocabularies import Tally, fit_vocabulary
from sess.runtime.prepare.worked import fitted_columns
from sess.runtime.vocabulary import Vocabulary

ROW = pa.table({"\0row": [0]})  # for a workflow without statistics; no column of a schema is so called


class Counts:
    """Sums over parts: of sources and splits by name, of domains, and the training rows with statistics by group."""

    def __init__(self, plan: WorkflowPlan, scratch: Path) -> None:
        self._plan, self._scratch = plan, scratch
        self._columns = {column.name: column for column in plan.columns}
        self._tallies = {domain.name: Tally() for domain in plan.domains if domain.categorify.name != "hash"}
        self.sources: dict[str, SourceCount] = {}
        self.splits: dict[str, SplitCount] = {}
        self.training: dict[str, Blocks] = {}

    def add(self, name: str, parts: Parts) -> None:
        """Add all parts of a source."""
        self.sources[name] = SourceCount.of(parts.source)
        for part in parts:
            self.sources[name].add(self._plan, part.history)
            for split, cut in part.cuts.items():
                self.splits.setdefault(split, SplitCount()).add(self._plan, split, cut)
            self._meet(part)
            if "train" in part.cuts:
                self._train(part.cuts["train"], part.taken["train"])

    def vocabularies(self, catalogue: Catalogue | None) -> dict[str, Vocabulary]:
        """Return the vocabularies; the counts of the catalogue's domain are clicks on its items."""
        found: dict[str, Vocabulary] = {}
        for domain in self._plan.domains:
            tally = self._tallies.get(domain.name, Tally())
            for name in domain.columns:
                if values := fixed_values(self._columns[name]):
                    tally.meet(pa.chunked_array([pa.array(values, pa.int64())]))
            if domain.is_item and catalogue is not None:
                tally.meet(pa.chunked_array([catalogue.ids]))
            for column in values_in(domain.name, self._plan, catalogue):
                tally.meet(column)
                if not domain.columns:
                    tally.count(column)
            vocabulary = fit_vocabulary(domain, tally)
            if domain.is_item and catalogue is not None and catalogue.titles is not None:
                titles = tuple(catalogue.titles.get(value) for value in np.asarray(vocabulary.values).tolist())
                vocabulary = Vocabulary(vocabulary.values, vocabulary.counts, vocabulary.reserved, titles)
            found[domain.name] = vocabulary
        return found

    def _meet(self, part: Part) -> None:
        """Take all values of all domains, of whatever split."""
        for domain in self._plan.domains:
            if domain.name in self._tallies:
                for name in domain.columns:
                    values = values_of(self._columns[name], part.history.values(name))
                    self._tallies[domain.name].meet(values)

    def _train(self, cut: Cut, taken: pa.Table) -> None:
        """Count values of the training split, and keep the rows that statistics are taken of."""
        steps = pa.array(cut.history.steps[cut.places])
        item = self._plan.data.item
        for domain in self._plan.domains:
            if domain.name in self._tallies:
                for name in (item,) if domain.is_item and item in domain.columns else domain.columns:
                    values = values_of(self._columns[name], _trained(name, cut, steps, taken))
                    self._tallies[domain.name].count(values)
        owner = np.repeat(np.arange(len(cut.sessions)), cut.lengths)
        self._keep(self._plan.group, partial(rows_of, cut, cut.places, taken, owner))
        for group, other in cut.history.others.items():
            places = pa.array(other.rows(cut))
            self._keep(group, partial(_taken, other.events, places))

    def _keep(self, group: str, rows: Callable[[list[str]], pa.Table]) -> None:
        names = fitted_columns(part_of(self._plan, group))
        if group not in self.training:
            self.training[group] = Blocks(self._scratch / f"training.{len(self.training)}")
            if not names:
                self.training[group].add(ROW)
        if names:
            self.training[group].add(rows(names))


def _taken(events: pa.Table, places: pa.Array, names: list[str]) -> pa.Table:
    return events.select(names).take(places)


def _trained(name: str, train: Cut, steps: pa.Array, taken: pa.Table) -> pa.ChunkedArray:
    """Return a column's values in the training split, whose steps stand at these places."""
    if name in taken.column_names:
        return taken.column(name)
    group = next((each for each in train.history.others.values() if each.has(name)), None)
    if group is None:
        return train.history.events.column(name).take(steps)
    return group.events.column(name).take(pa.array(group.rows(train)))
