"""The laws of the language, over every block that they concern: a new block is covered by being in the registry."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import pytest

from sess.compiler.block import Entry, Kind
from sess.compiler.registry import registry
from sess.compiler.signature import parameters
from sess.testing.laws import LAWS, hold, subjects_of
from sess.testing.subject import Subject
from sess.testing.trial import KINDS

GIVEN = {  # what a block can't do without
    "n": "8", "units": "16", "widths": "[16]", "dim": "16", "rate": "0.3", "layers": "2", "prob": "0.3",
    "pipe": "norm >> mlp([16])",
}  # fmt: skip
HEADS = {  # whose target is a column of some kind
    "categorical": ["categorical(item_id, tied=items, bias=true)", "categorical(category, temperature=0.5)"],
    "binary": ["binary(purchased)", "binary(price)"],
    "regression": ["regression(price)", "regression(purchased)"],
}
LEAVES = {  # steps made of columns, one way to write each
    "features": "features(clicks)",
    "embed": "embed(item_id + category)",
    "numeric": "numeric(price + hour)",
    "vectors": "vectors(look)",
    "time_gap": "time_gap(buckets=8)",
    "cyclic": "cyclic(hour, period=24)",
    "soft_one_hot": "soft_one_hot(price + hour, buckets=4, dim=3)",
    "at": "at(items >> mlp([8]), item_id)",
    "position": "position(embed(item_id))",
    "concat": "concat(embed(item_id), numeric(price))",
    "broadcast": "broadcast(embed(device), to=clicks)",
    "add": "add(numeric(price), numeric(hour))",
    "multiply": "multiply(numeric(price), numeric(hour))",
    "gate": "gate(embed(item_id), numeric(price) >> project(16))",
    "latent_cross": "latent_cross(embed(item_id), features(context) >> project(16))",
}
BAGS = tuple(f"embed(colours, combiner={word})" for word in ("mean", "sum", "sqrtn", "max"))


def call(name: str, kind: Kind, /, **extra: str) -> str:
    """Return a block with what it needs, as it is written in a spec."""
    entry = registry().find(name, kind)
    assert entry is not None
    needed = [each.name for each in parameters(entry.Params) if each.is_required and each.name not in extra]
    assert set(needed) <= set(GIVEN), f"say in GIVEN what `{name}` is tried with: {', '.join(set(needed) - set(GIVEN))}"
    words = {**{each: GIVEN[each] for each in needed}, **extra}
    return f"{name}({', '.join(f'{key}={value}' for key, value in words.items())})"


def calls(entry: Entry[Any]) -> list[str]:
    """Return the ways to write an entry that its laws are tried on: its defaults, and every word that it knows.

    With dropout in the latter, where its default is none: what is left on in serving would change nothing else.
    """
    if entry.kind is Kind.HEAD:
        return HEADS[entry.name]
    if entry.kind is Kind.BASELINE:
        return [call(entry.name, entry.kind, target="item_id")]
    if entry.name in LEAVES and entry.kind in (Kind.FEATURES, Kind.SHAPE):
        others = (
            BAGS if entry.name == "embed" else [f"{LEAVES[entry.name][:-1]}, {n}={word})" for n, word in words(entry)]
        )
        return [LEAVES[entry.name], *others]
    given = {"item": "item_id", "dim": "16"} if entry.kind is Kind.TABLE else {}
    found = [call(entry.name, entry.kind, **given)]
    noise = {each.name: "0.3" for each in parameters(entry.Params) if each.name == "dropout" and each.default == 0}
    for name, word in words(entry) or [*noise.items()]:
        drawn = {"n": "0"} if word == "in_batch" else {}
        found.append(call(entry.name, entry.kind, **{**given, **drawn, **noise, name: word}))
    return [*found, call(entry.name, entry.kind, **given, trainable="false")] if entry.kind is Kind.TABLE else found


def words(entry: Entry[Any]) -> list[tuple[str, str]]:
    """Return the words beside the defaults that stand for choices, each with its parameter; a single head is one."""
    known = parameters(entry.Params)
    choices = [(each, get_args(each.hint)) for each in known if get_origin(each.hint) is Literal]
    found = [(each.name, word) for each, of_it in choices for word in of_it if word != each.default]
    return [*found, *((each.name, "1") for each in known if each.name == "heads")]


def subjects() -> dict[str, Subject]:
    """Return every block of the registry, in every spec that it is tried in; with other words than its own in one."""
    return {
        f"{entry.kind} {call} in {subject.place}": subject
        for entry in registry()
        if entry.kind in KINDS
        for i, call in enumerate(calls(entry))
        for subject in subjects_of(call, entry.kind)[: 1 if i and call != BAGS[0] else None]
    }


SUBJECTS = subjects()
TRIED = [(name, law) for name, subject in SUBJECTS.items() for law, each in LAWS.items() if each.concerns(subject)]


@pytest.mark.parametrize(("name", "law"), TRIED)
def test_a_law_holds(name: str, law: str) -> None:
    hold(law, SUBJECTS[name])


def test_every_block_of_a_graph_is_tried() -> None:
    tried = " ".join(SUBJECTS)
    assert [name for name in registry().names(*KINDS) if name not in tried] == []
