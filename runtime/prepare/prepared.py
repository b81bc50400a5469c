"""Prepared sessions: flat arrays with offsets, in memory and on disk; what training, evaluation and export read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sess.compiler.block import JsonValue
from sess.runtime.prepare.columns import ColumnsWriter, Late, arrow_of, offsets_of, open_columns
from sess.runtime.prepare.values import from_raw
from sess.runtime.vocabulary import Vocabulary, file_of

Array = NDArray[Any]  # codes int32, numbers float32, or the user's values in their dtype

SPLITS = ("train", "valid", "test")
SESSIONS = "sessions"
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
    each session, as `own` has. The raw ones are the user's own values: None is a null, NaN a null float. Lists are
    Bags, vectors an array (S, L). `own` has the user's `key` of each session, and `ended`, when its last step was, in
    microseconds, where the data has a time. What is on the disk is read when it is asked for.
    """

    offsets: NDArray[np.int64]
    steps: Mapping[str, Any]  # arrays, or Bags
    session: Mapping[str, Any]
    raw_steps: Mapping[str, Any]
    raw_session: Mapping[str, Any]
    own: Mapping[str, Any]
    others: Mapping[str, OtherSteps] = field(default_factory=dict)

    @property
    def keys(self) -> Array:
        """The user's ids of the sessions, (S,)."""
        keys: Array = self.own["key"]
        return keys

    @property
    def ended(self) -> NDArray[np.int64] | None:
        """When each session's last step was, in microseconds; None where the data has no time."""
        return self.own.get("ended")

    def raw_of(self, column: str) -> tuple[Array, NDArray[np.int64]]:
        """Return the user's values of a step column, of whatever group, and what divides them into sessions."""
        others = ((other.raw_steps, other.offsets) for other in self.others.values())
        groups = ((self.raw_steps, self.offsets), *others)
        return next((raw[column], offsets) for raw, offsets in groups if column in raw)

    def save(self, folder: Path) -> None:
        """Write the columns of steps and of sessions, and those of each other group's steps."""
        writer = SessionsWriter(folder)
        writer.add(self)
        writer.close()

    @classmethod
    def load(cls, folder: Path) -> Sessions:
        """Return what was written."""
        (steps, raw_steps), (rows, raw_rows) = open_columns(folder / "steps"), open_columns(folder / "rows")
        others = {}
        for group in _part(rows, "lengths"):
            codes, raw = open_columns(folder / f"{GROUP}{group}")
            others[group] = OtherSteps(
                offsets_of(rows[f"lengths:{group}"]), _part(codes, "codes"), _part(raw, "raw"), steps[f"before:{group}"]
            )
        own = (_part(rows, "own"), _part(raw_rows, "own"))
        return cls(
            offsets_of(rows["own:length"]),
            _part(steps, "codes"),
            _part(rows, "codes"),
            _part(raw_steps, "raw"),
            _part(raw_rows, "raw"),
            Late({name: partial(part.get, name) for part in own for name in part}),
            others,
        )


class SessionsWriter:
    """Writes a split to a folder, some sessions after the other; the same sessions give the same bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: dict[str, ColumnsWriter] = {}

    def add(self, sessions: Sessions) -> None:
        """Write sessions behind those before."""
        others = sessions.others
        before = {group: other.before for group, other in others.items()}
        self._add("steps", {"codes": sessions.steps, "before": before}, {"raw": arrow_of(sessions.raw_steps)})
        own = {"length": np.diff(sessions.offsets)}
        own |= {} if sessions.ended is None else {"ended": sessions.ended}
        lengths = {group: np.diff(other.offsets) for group, other in others.items()}
        keys = {"key": from_raw(sessions.keys)}
        numbers = {"own": own, "codes": sessions.session, "lengths": lengths}
        self._add("rows", numbers, {"own": keys, "raw": arrow_of(sessions.raw_session)})
        for group, other in others.items():
            self._add(f"{GROUP}{group}", {"codes": other.steps}, {"raw": arrow_of(other.raw_steps)})

    def close(self) -> None:
        """End all files."""
        for part in self._parts.values():
            part.close()

    def _add(self, name: str, numbers: Mapping[str, Mapping[str, Any]], own: Mapping[str, Mapping[str, Any]]) -> None:
        if name not in self._parts:
            self._parts[name] = ColumnsWriter(self._folder / name)
        self._parts[name].add(_labelled(numbers), _labelled(own))


def _labelled(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{group}:{name}": values for group, named in groups.items() for name, values in named.items()}


def _part(columns: Late, group: str) -> Late:
    """Return the columns of a group by their own names."""
    begin = f"{group}:"
    found = {name.removeprefix(begin): each for name, each in columns.sources.items() if name.startswith(begin)}
    return type(columns)(found)


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
                sessions.save(folder / SESSIONS / name)
        save_facts(folder, self.vocabularies, self.facts, self.pretrained, self.items)

    @classmethod
    def load(cls, folder: Path) -> Prepared:
        """Return what was written into a folder; the domains are those of `workflow.json`."""
        workflow = json.loads((folder / WORKFLOW).read_text(encoding="utf-8"))
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        vocabularies = {
            name: Vocabulary.load(folder / domain["file"], domain["reserved"])
            for name, domain in workflow["domains"].items()
        }
        train, valid, test = (
            Sessions.load(folder / SESSIONS / name) if (folder / SESSIONS / name).is_dir() else None for name in SPLITS
        )
        assert train is not None
        pretrained = {path.stem: np.load(path) for path in sorted((folder / PRETRAINED).glob("*.npy"))}
        listed = folder / ITEMS / "columns.json"
        names = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else []
        items = {name: np.load(folder / ITEMS / f"{i}.npy") for i, name in enumerate(names)}
        return cls(train, valid, test, vocabularies, facts, pretrained, items)


def save_facts(
    folder: Path,
    vocabularies: Mapping[str, Vocabulary],
    facts: Mapping[str, JsonValue],
    pretrained: Mapping[str, Array],
    items: Mapping[str, Array],
) -> None:
    """Write what is prepared beside the sessions; the same values give the same bytes."""
    for domain, vocabulary in vocabularies.items():
        vocabulary.save(folder / file_of(domain))
    for table, vectors in pretrained.items():
        (folder / PRETRAINED).mkdir(exist_ok=True)
        np.save(folder / PRETRAINED / f"{table}.npy", vectors)
    if items:
        (folder / ITEMS).mkdir()
        for i, values in enumerate(items.values()):
            np.save(folder / ITEMS / f"{i}.npy", values)
        (folder / ITEMS / "columns.json").write_text(json.dumps(list(items), ensure_ascii=False) + "\n")
    text = json.dumps(dict(facts), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / FACTS).write_text(text + "\n", encoding="utf-8")
