"""What the preparation tells: counts of what was read, built and left out; nothing goes in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sess.compiler.block import JsonValue
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Role, WorkflowPlan
from sess.runtime.prepare.catalogue import Catalogue
from sess.runtime.prepare.history import History
from sess.runtime.prepare.prepared import Array, Sessions
from sess.runtime.prepare.source import Source
from sess.runtime.prepare.split import Cut
from sess.runtime.prepare.taken import count_varying
from sess.runtime.progress import Progress
from sess.runtime.steps.bags import Bags
from sess.runtime.vocabulary import Vocabulary


@dataclass(slots=True)
class SourceCount:
    """What was read of a source: rows left out by reason, times put in by column, and sessions with differing values.

    It grows by one part of the source after the other.
    """

    files: int
    repeated: int
    dropped: Counter[str]
    events: int = 0
    sessions: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    varying: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, source: Source) -> SourceCount:
        """Return what is known before any part is read."""
        return cls(source.files, source.repeated, Counter(source.dropped))

    def add(self, plan: WorkflowPlan, history: History) -> None:
        """Count a part."""
        self.events += len(history.events)
        self.sessions += history.count
        self.dropped.update(history.dropped)
        self.filled.update(history.filled)
        self.varying.update(count_varying(plan, history))

    def json(self, plan: WorkflowPlan) -> dict[str, JsonValue]:
        """Return the counts for `facts.json`."""
        return {
            "files": self.files,
            "events": self.events,
            "sessions": self.sessions,
            "repeated_events": self.repeated,
            "dropped": {reason: count for reason, count in self.dropped.items() if count},
            "filled_times": {each.name: self.filled[each.name] for each in plan.columns if self.filled[each.name]},
        }


@dataclass(slots=True)
class SplitCount:
    """What a split holds; it grows by one part after the other, first by its sessions, then by their codes."""

    sessions: int = 0
    steps: int = 0
    too_short: int = 0
    longest: int = 0
    unknown_targets: Counter[str] = field(default_factory=Counter)
    unseen: Counter[str] = field(default_factory=Counter)

    def add(self, plan: WorkflowPlan, name: str, cut: Cut) -> None:
        """Count the sessions of a part."""
        self.sessions += len(cut.sessions)
        self.steps += int(cut.lengths.sum())
        self.too_short += int((cut.lengths < least_steps(plan, name)).sum())
        self.longest = max(self.longest, int(cut.lengths.max(initial=0)))

    def add_codes(
        self, plan: WorkflowPlan, name: str, sessions: Sessions, vocabularies: Mapping[str, Vocabulary]
    ) -> None:
        """Count what of a part has no code of its own."""
        self.unknown_targets.update(_unknown_targets(plan, name, sessions, vocabularies))
        for domain in plan.domains:
            self.unseen[domain.name] += _unseen(domain.columns, sessions, vocabularies[domain.name].reserved)

    def json(self) -> dict[str, JsonValue]:
        """Return the counts for `facts.json`."""
        return {
            "sessions": self.sessions,
            "steps": self.steps,
            "too_short": self.too_short,
            "unknown_targets": dict(self.unknown_targets),
        }


def check_splits(plan: WorkflowPlan, splits: Mapping[str, SplitCount]) -> None:
    """Raise RunFailed for a split that nothing can be trained or evaluated on."""
    for name, count in splits.items():
        least, longest = least_steps(plan, name), count.longest
        if longest >= least:
            continue
        use = "train on" if name == "train" else "evaluate"
        has = f"the longest of its {count.sessions:,} sessions has {longest}"
        if count.sessions < 2:
            has = f"its only session has {longest}" if longest else "it has no session"
        split = plan.data.split.name if plan.data.split is not None else None
        helps = f"`{split}` left it so: choose another split" if split else f"look at the files of `{name}`"
        raise RunFailed(f"there is nothing to {use} in `{name}`: sessions of {least} steps are needed, {has}", helps)


def facts_of(
    plan: WorkflowPlan,
    sources: Mapping[str, SourceCount],
    splits: Mapping[str, SplitCount],
    vocabularies: Mapping[str, Vocabulary],
    catalogue: Catalogue | None,
) -> dict[str, JsonValue]:
    """Return the counts."""
    varying = Counter[str]()
    for source in sources.values():
        varying.update({each.name: source.varying[each.name] for each in plan.columns if source.varying[each.name]})
    domains: dict[str, JsonValue] = {
        domain.name: {
            "ids": len(vocabularies[domain.name].values),
            "without_training": int((vocabularies[domain.name].counts == 0).sum()),
            "unseen_steps": sum(split.unseen[domain.name] for split in _apart(plan, splits)),
        }
        for domain in plan.domains
    }
    facts: dict[str, JsonValue] = {
        "sources": {name: source.json(plan) for name, source in sources.items()},
        "splits": {name: split.json() for name, split in splits.items()},
        "varying": dict(varying),
        "vocabularies": domains,
    }
    if catalogue is not None:
        facts["catalogue"] = {
            "items": len(catalogue.ids),
            "repeated": catalogue.repeated,
            "without_id": catalogue.without_id,
            "titles": catalogue.titles is not None,
        }
    return facts


def say(facts: Mapping[str, JsonValue], progress: Progress) -> None:
    """Print the counts that a user must know."""
    for name, source in _each(facts, "sources"):
        files = f"{source['files']} file" + ("s" if source["files"] != 1 else "")
        progress.say(f"`{name}`: {source['events']:,} events in {source['sessions']:,} sessions, {files}")
        if source["repeated_events"]:
            progress.say(
                f"`{name}`: {source['repeated_events']:,} events repeat another in every column; they are kept"
            )
        for reason, count in source["dropped"].items():
            progress.say(f"`{name}`: left out {count:,} {reason}")
        for column, count in source["filled_times"].items():
            progress.say(f"`{name}`: {count:,} steps have no time (`{column}`) and get that of the step beside them")
    for name, split in _each(facts, "splits"):
        short = f", {split['too_short']:,} of them too short" if split["too_short"] else ""
        progress.say(f"split `{name}`: {split['sessions']:,} sessions, {split['steps']:,} steps{short}")
        for column, count in split["unknown_targets"].items():
            if count:
                progress.say(f"split `{name}`: {count:,} targets of `{column}` are null or not in the vocabulary")
    for column, count in _varying(facts).items():
        progress.say(f"`{column}` differs within {count:,} sessions")
    if facts.get("items_without_row"):
        progress.say(f"catalogue: {facts['items_without_row']:,} items have no row in it, and so no features")
    missing = facts.get("pretrained")
    for table, count in missing.items() if isinstance(missing, dict) else ():
        if count:
            progress.say(f"table `{table}`: {count:,} ids have no pretrained vector and begin by `init`")
    for name, domain in _each(facts, "vocabularies"):
        new = f", {domain['without_training']:,} of them never in training" if domain["without_training"] else ""
        lost = f"; {domain['unseen_steps']:,} values are not in it" if domain["unseen_steps"] else ""
        progress.say(f"domain `{name}`: {domain['ids']:,} ids{new}{lost}")


def least_steps(plan: WorkflowPlan, split: str) -> int:
    """Return how many steps a session needs: to train on, or to have something before the step that is asked for."""
    if split == "train":
        return max(1, plan.data.min_length)
    return 2 if any(column.is_target and column.role is Role.STEP for column in plan.columns) else 1


def _unknown_targets(
    plan: WorkflowPlan, split: str, sessions: Sessions, vocabularies: Mapping[str, Vocabulary]
) -> dict[str, int]:
    """Return how many targets have no id's code: all steps in training, the last ones elsewhere."""
    found: dict[str, int] = {}
    for column in plan.columns:
        if not column.is_target or column.domain is None:
            continue
        codes: Array
        if column.name in sessions.session:
            codes = sessions.session[column.name]
        else:
            codes = sessions.steps[column.name]
            codes = codes if split == "train" else codes[sessions.offsets[1:] - 1]
        found[column.name] = int((codes < vocabularies[column.domain].reserved).sum())
    return found


def _apart(plan: WorkflowPlan, splits: Mapping[str, SplitCount]) -> tuple[SplitCount, ...]:
    """Return the splits without those whose steps another holds too."""
    if plan.data.split is not None and plan.data.split.name == "leave_one_out":
        return (splits["test"],)
    return tuple(splits.values())


def _unseen(columns: tuple[str, ...], sessions: Sessions, reserved: int) -> int:
    """Return how many values are neither null nor in the vocabulary."""
    total = 0
    for name in columns:
        codes = sessions.steps.get(name, sessions.session.get(name))
        if codes is not None:
            flat = codes.values if isinstance(codes, Bags) else codes
            total += int(((flat > 1) & (flat < reserved)).sum())
    return total


def _each(facts: Mapping[str, JsonValue], key: str) -> list[tuple[str, dict[str, Any]]]:
    part = facts[key]
    assert isinstance(part, dict)
    return [(name, value) for name, value in part.items() if isinstance(value, dict)]


def _varying(facts: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    part = facts["varying"]
    assert isinstance(part, dict)
    return part
