"""What the preparation tells: counts of what was read, built and left out; nothing goes in silence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sess.compiler.block import JsonValue
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Role, WorkflowPlan
from sess.runtime.prepare.catalogue import Catalogue
from sess.runtime.prepare.history import History
from sess.runtime.prepare.prepared import Array, Sessions
from sess.runtime.prepare.split import Cut
from sess.runtime.prepare.taken import count_varying
from sess.runtime.progress import Progress
from sess.runtime.steps.bags import Bags
from sess.runtime.vocabulary import Vocabulary


def check_cuts(plan: WorkflowPlan, cuts: Mapping[str, Cut]) -> None:
    """Raise RunFailed for a split that nothing can be trained or evaluated on."""
    for name, cut in cuts.items():
        least = _least(plan, name)
        if (cut.lengths >= least).any():
            continue
        longest = int(cut.lengths.max(initial=0))
        use = "train on" if name == "train" else "evaluate"
        has = f"the longest of its {len(cut.sessions):,} sessions has {longest}"
        if len(cut.sessions) < 2:
            has = f"its only session has {longest}" if longest else "it has no session"
        split = plan.data.split.name if plan.data.split is not None else None
        helps = f"`{split}` left it so: choose another split" if split else f"look at the files of `{name}`"
        raise RunFailed(f"there is nothing to {use} in `{name}`: sessions of {least} steps are needed, {has}", helps)


def facts_of(
    plan: WorkflowPlan,
    histories: Mapping[str, History],
    cuts: Mapping[str, Cut],
    prepared: Mapping[str, Sessions],
    vocabularies: Mapping[str, Vocabulary],
    catalogue: Catalogue | None,
) -> dict[str, JsonValue]:
    """Return the counts."""
    sources: dict[str, JsonValue] = {
        name: {
            "files": history.files,
            "events": len(history.events),
            "sessions": history.count,
            "repeated_events": history.repeated,
            "dropped": dict(history.dropped),
            "filled_times": dict(history.filled),
        }
        for name, history in histories.items()
    }
    splits: dict[str, JsonValue] = {
        name: {
            "sessions": len(cut.sessions),
            "steps": int(cut.lengths.sum()),
            "too_short": int((cut.lengths < _least(plan, name)).sum()),
            "unknown_targets": _unknown_targets(plan, name, prepared[name], vocabularies),
        }
        for name, cut in cuts.items()
    }
    varying: dict[str, int] = {}
    for history in histories.values():
        everyone = Cut(history, np.arange(history.count), history.offsets[1:])
        for column, sessions in count_varying(plan, everyone).items():
            varying[column] = varying.get(column, 0) + sessions
    domains: dict[str, JsonValue] = {
        domain.name: {
            "ids": len(vocabularies[domain.name].values),
            "without_training": int((vocabularies[domain.name].counts == 0).sum()),
            "unseen_steps": _unseen(domain.columns, _apart(plan, prepared), vocabularies[domain.name].reserved),
        }
        for domain in plan.domains
    }
    facts: dict[str, JsonValue] = {
        "sources": sources,
        "splits": splits,
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


def _least(plan: WorkflowPlan, split: str) -> int:
    """Return how many steps a session needs: to train on, or to have something before the step that is asked for."""
    if split == "train":
        return max(1, plan.data.min_length)
    return 2 if any(column.is_target and column.role is Role.STEP for column in plan.columns) else 1


def _unknown_targets(
    plan: WorkflowPlan, split: str, sessions: Sessions, vocabularies: Mapping[str, Vocabulary]
) -> dict[str, JsonValue]:
    """Return how many targets have no id's code: all steps in training, the last ones elsewhere."""
    found: dict[str, JsonValue] = {}
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


def _apart(plan: WorkflowPlan, prepared: Mapping[str, Sessions]) -> tuple[Sessions, ...]:
    """Return the splits without those whose steps another holds too."""
    if plan.data.split is not None and plan.data.split.name == "leave_one_out":
        return (prepared["test"],)
    return tuple(prepared.values())


def _unseen(columns: tuple[str, ...], splits: Iterable[Sessions], reserved: int) -> int:
    """Return how many values are neither null nor in the vocabulary."""
    total = 0
    for sessions in splits:
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
