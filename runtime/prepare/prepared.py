"""Prepared sessions: flat arrays with offsets, in memory and on disk; what training, evaluation and export read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sess.compiler.block import JsonValue
from sess.runtime.prepare.values import from_raw, to_raw
from sess.runtime.vocabulary import Vocabulary, file_of

Array = NDArray[Any]  # codes int32, numbers float32, or the user's values in their dtype

SPLITS = ("train", "valid", "test")
FACTS = "facts.json"
WORKFLOW = "workflow.json"
PRETRAINED, ITEMS = "pretrained", "items"
GROUP = "steps."


@dataclass(frozen=True, slots=True)
class OtherSteps:
    """The steps of a group beside the predicted one, divided by `offsets` (S+1,) into the same sessions.

    `before` has for each predicted step how many of its session's steps here came before its time.
    """

    offsets: NDArray[np.int64]
    steps: Mapping[str, Any]  # arrays, or Bags
    raw_steps: Mapping[str, Any]
    before: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sessions:
    """All sessions of a split, whole: `keep` cuts when batches are made.

    `offsets` (S+1,) divide the flat arrays of `steps` and `raw_steps`; `session` and `raw_session` have a value for
    each session, as `keys` has. The raw ones are the user's own values: None is a null, NaN a null float. Lists are
    Bags, vectors an array (S, L). `ended` is
    when each session's last step was, in microseconds; None where the data has no time.
    """

    offsets: NDArray[np.int64]
    steps: Mapping[str, Any]  # arrays, or Bags
    session: Mapping[str, Any]
    raw_steps: Mapping[str, Any]
    raw_session: Mapping[str, Any]
    keys: Array
    ended: NDArray[np.int64] | None = None
    others: Mapping[str, OtherSteps] = field(default_factory=dict)

    def raw_of(self, column: str) -> tuple[Array, NDArray[np.int64]]:
        """Return the user's values of a step column, of whatever group, and what divides them into sessions."""
        others = ((other.raw_steps, other.offsets) for other in self.others.values())
        groups = ((self.raw_steps, self.offsets), *others)
        return next((raw[column], offsets) for raw, offsets in groups if column in raw)

    def save(self, folder: Path) -> None:
        """Write two parquet files, one row a step and one row a session, and one of the steps of each other group."""
        folder.mkdir(parents=True, exist_ok=True)
        before = {group: other.before for group, other in self.others.items()}
        _write(folder / "steps.parquet", {"codes": self.steps, "raw": self.raw_steps, "before": before})
        own = {"length": np.diff(self.offsets), "key": self.keys}
        own |= {} if self.ended is None else {"ended": self.ended}
        lengths = {group: np.diff(other.offsets) for group, other in self.others.items()}
        groups = {"own": own, "codes": self.session, "raw": self.raw_session, "lengths": lengths}
        _write(folder / "sessions.parquet", groups)
        for group, other in self.others.items():
            _write(folder / f"{GROUP}{group}.parquet", {"codes": other.steps, "raw": other.raw_steps})

    @classmethod
    def load(cls, folder: Path) -> Sessions:
        """Return what `save` wrote."""
        steps, rows = _read(folder / "steps.parquet"), _read(folder / "sessions.parquet")
        others = {
            group: _other(folder / f"{GROUP}{group}.parquet", lengths, steps["before"][group])
            for group, lengths in rows.get("lengths", {}).items()
        }
        return cls(
            _offsets(rows["own"]["length"]),
            steps.get("codes", {}),
            rows.get("codes", {}),
            steps.get("raw", {}),
            rows.get("raw", {}),
            rows["own"]["key"],
            rows["own"].get("ended"),
            others,
        )


def _other(path: Path, lengths: Array, before: Array) -> OtherSteps:
    steps = _read(path)
    return OtherSteps(_offsets(lengths), steps.get("codes", {}), steps.get("raw", {}), before)


def _offsets(lengths: Array) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The splits, the vocabularies by domain, and the counts that the user is told."""

    train: Sessions
    valid: Sessions | None
    test: Sessions | None
    vocabularies: Mapping[str, Vocabulary]
    facts: Mapping[str, JsonValue]
    pretrained: Mapping[str, Array] = field(default_factory=dict)
    """Vectors (V, D) by table, rows of NaN for ids without one."""
    items: Mapping[str, Array] = field(default_factory=dict)
    """What the catalogue says of every item, (V, …) by column."""

    def save(self, folder: Path) -> None:
        """Write the splits, the vocabularies and the facts; the same values give the same bytes."""
        for name in SPLITS:
            sessions: Sessions | None = getattr(self, name)
            if sessions is not None:
                sessions.save(folder / "sessions" / name)
        for domain, vocabulary in self.vocabularies.items():
            vocabulary.save(folder / file_of(domain))
        for table, vectors in self.pretrained.items():
            (folder / PRETRAINED).mkdir(exist_ok=True)
            np.save(folder / PRETRAINED / f"{table}.npy", vectors)
        if self.items:
            (folder / ITEMS).mkdir()
        for i, values in enumerate(self.items.values()):
            np.save(folder / ITEMS / f"{i}.npy", values)
        if self.items:
            (folder / ITEMS / "columns.json").write_text(json.dumps(list(self.items), ensure_ascii=False) + "\n")
        facts = json.dumps(dict(self.facts), indent=2, ensure_ascii=False, allow_nan=False)
        (folder / FACTS).write_text(facts + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Prepared:
        """Return what `save` wrote; the domains are those of `workflow.json`."""
        workflow = json.loads((folder / WORKFLOW).read_text(encoding="utf-8"))
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        vocabularies = {
            name: Vocabulary.load(folder / domain["file"], domain["reserved"])
            for name, domain in workflow["domains"].items()
        }
        train, valid, test = (
            Sessions.load(folder / "sessions" / name) if (folder / "sessions" / name).is_dir() else None
            for name in SPLITS
        )
        assert train is not None
        pretrained = {path.stem: np.load(path) for path in sorted((folder / PRETRAINED).glob("*.npy"))}
        listed = folder / ITEMS / "columns.json"
        names = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else []
        items = {name: np.load(folder / ITEMS / f"{i}.npy") for i, name in enumerate(names)}
        return cls(train, valid, test, vocabularies, facts, pretrained, items)


def _write(path: Path, groups: Mapping[str, Mapping[str, Any]]) -> None:
    columns = {f"{group}:{name}": from_raw(values) for group, named in groups.items() for name, values in named.items()}
    pq.write_table(pa.table(columns), path)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    table = pq.read_table(path)
    for label in table.column_names:
        group, _, name = label.partition(":")
        found.setdefault(group, {})[name] = to_raw(table.column(label))
    return found
