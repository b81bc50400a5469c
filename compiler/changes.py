"""What changed between two programs, and for whom: running clients, those who read answers, or whoever trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from sess.compiler.block import Chosen
from sess.compiler.plans import ColumnPlan, Program, Role, TensorPlan


class Impact(StrEnum):
    """Whom a change concerns; the first that fits is the worst."""

    WIRE = "WIRE"
    """A client that works today gets an error, or can't read the answer."""
    RETRAIN = "RETRAIN"
    """The weights don't fit, or would have come out otherwise."""
    BEHAVIOUR = "BEHAVIOUR"
    """The same weights answer something else."""
    SAFE = "SAFE"
    """Nobody needs to do anything."""


BREAKING = (Impact.WIRE, Impact.RETRAIN, Impact.BEHAVIOUR)


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `rule` is a stable name of its kind; `subject` what it is about, `place` where the new spec says it.

    A place is a definition's name, or a section and its key.
    """

    impact: Impact
    rule: str
    subject: str
    message: str
    before: str | None = None
    after: str | None = None
    place: tuple[str, ...] = ()


def changes(before: Program, after: Program) -> tuple[Change, ...]:
    """Return what changed, the worst first."""
    found = [
        *_names(before, after),
        *wire_changes(before.serving.request, after.serving.request, before.serving.answers, after.serving.answers),
        *_serving(before, after),
        *_preparation(before, after),
        *_model(before, after),
        *_settings(before, after),
    ]
    order = list(Impact)
    return tuple(sorted(found, key=lambda change: order.index(change.impact)))


def wire_changes(
    request: tuple[TensorPlan, ...], new_request: tuple[TensorPlan, ...],
    answers: tuple[TensorPlan, ...], new_answers: tuple[TensorPlan, ...],
) -> Iterator[Change]:  # fmt: skip
    """Yield what changed in the tensors of request and answer."""
    old, new = {each.name: each for each in request}, {each.name: each for each in new_request}
    for name in [name for name in old if name not in new]:
        message = f"the input `{name}` is gone, and a request that has it is refused"
        yield Change(Impact.WIRE, "input-removed", name, message, _tensor(old[name]), None)
    for name, tensor in new.items():
        if name not in old:
            impact = Impact.SAFE if tensor.is_optional else Impact.WIRE
            word = "may have" if tensor.is_optional else "must have"
            yield Change(impact, "input-added", name, f"a request {word} the input `{name}`", None, _tensor(tensor),
                         (tensor.column or name,))  # fmt: skip
        elif _tensor(old[name]) != _tensor(tensor):
            message = f"the input `{name}` is another tensor"
            place = (tensor.column or name,)
            yield Change(Impact.WIRE, "input-changed", name, message, _tensor(old[name]), _tensor(tensor), place)
        elif old[name].is_optional is not tensor.is_optional:
            impact = Impact.SAFE if tensor.is_optional else Impact.WIRE
            yield Change(
                impact,
                "input-required",
                name,
                f"the input `{name}` is {'optional' if tensor.is_optional else 'required'}",
            )
    given, gives = {each.name: each for each in answers}, {each.name: each for each in new_answers}
    for name, tensor in given.items():
        head = name.partition(".")[0]
        if name not in gives:
            yield Change(Impact.WIRE, "output-removed", name, f"the output `{name}` is gone", _tensor(tensor), None)
        elif _tensor(tensor) != _tensor(gives[name]):
            yield Change(Impact.WIRE, "output-changed", name, f"the output `{name}` is another tensor", _tensor(tensor),
                         _tensor(gives[name]), (head,))  # fmt: skip
    for name in [name for name in gives if name not in given]:
        yield Change(Impact.SAFE, "output-added", name, f"the output `{name}` is added", None, _tensor(gives[name]),
                     (name.partition(".")[0],))  # fmt: skip


def _names(before: Program, after: Program) -> Iterator[Change]:
    if before.name != after.name:
        message = f"the model is called `{after.name}`, and requests to `{before.name}` find nothing"
        yield Change(Impact.WIRE, "name-changed", after.name, message, before.name, after.name)


def _serving(before: Program, after: Program) -> Iterator[Change]:
    old, new = before.serving, after.serving
    if new.top_k < old.top_k:
        message = f"`top_k` is {new.top_k}, and a request for {old.top_k} items is refused"
        yield Change(Impact.WIRE, "top-k-lowered", "top_k", message, str(old.top_k), str(new.top_k), ("serve", "top_k"))
    elif new.top_k > old.top_k:
        message = f"`top_k` is {new.top_k}, and so many items are in an answer to a request without `k`"
        yield Change(
            Impact.BEHAVIOUR, "top-k-raised", "top_k", message, str(old.top_k), str(new.top_k), ("serve", "top_k")
        )
    for key in ("on_empty", "on_unknown"):
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            impact = Impact.WIRE if now == "error" else Impact.BEHAVIOUR
            yield _key(impact, "serve", key, was, now)
    for key in ("exclude", "index", "platform", "backend", "device"):
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            yield _key(
                Impact.BEHAVIOUR, "serve", "platform" if key in ("backend", "device") else key, _text(was), _text(now)
            )
    for key in ("batch_max", "delay"):
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            yield _key(Impact.SAFE, "serve", "batch", f"{key} {was}", f"{key} {now}")


def _preparation(before: Program, after: Program) -> Iterator[Change]:
    for each in fields(after.workflow.data):
        was, now = getattr(before.workflow.data, each.name), getattr(after.workflow.data, each.name)
        if was != now and each.name != "seed":
            key = "rows" if each.name in ("session", "time", "unit", "idle", "dedupe") else each.name
            yield _key(Impact.RETRAIN, "data", key, _text(was), _text(now), f"`{each.name}`")
    old = {column.name: column for column in before.workflow.columns}
    for column in after.workflow.columns:
        was = old.get(column.name)
        if was is None or (was.ops, was.domain, was.take) == (column.ops, column.domain, column.take):
            continue
        if column.ops or was.ops:
            yield Change(Impact.RETRAIN, "preparation-changed", column.name, f"`{column.name}` is prepared otherwise",
                         _prepared(was), _prepared(column), ("prepare", column.name))  # fmt: skip


def _prepared(column: ColumnPlan) -> str:
    words = [*map(_text, column.ops), *([f"take({column.take.value})"] if column.role is Role.SESSION else [])]
    return " >> ".join(words) + (f" in {column.domain}" if column.domain else "")


def _model(before: Program, after: Program) -> Iterator[Change]:
    for what, old, new in (
        ("table", _by_name(before.model.tables, "name"), _by_name(after.model.tables, "name")),
        ("block", _by_name(before.model.nodes, "id"), _by_name(after.model.nodes, "id")),
        ("head", _by_name(before.model.heads, "name"), _by_name(after.model.heads, "name")),
    ):
        for name in [name for name in old if name not in new]:
            yield Change(
                Impact.RETRAIN, f"{what}-removed", name, f"the {what} `{name}` is gone", _node(old[name]), None
            )
        for name, node in new.items():
            place = (name.partition(".")[0],)
            if name not in old:
                yield Change(
                    Impact.RETRAIN, f"{what}-added", name, f"the {what} `{name}` is added", None, _node(node), place
                )
            elif old[name] != node:
                was, now = _node(old[name]), _node(node)
                message = (
                    f"the {what} `{name}` is another one" if was != now else f"the {what} `{name}` reads something else"
                )
                yield Change(Impact.RETRAIN, f"{what}-changed", name, message, was, now, place)


def _settings(before: Program, after: Program) -> Iterator[Change]:
    if before.model.objective != after.model.objective:
        was, now = _text(before.model.objective), _text(after.model.objective)
        yield _key(Impact.RETRAIN, "train", "objective", was, now)
    for section, old, new, impact in (
        ("train", before.train, after.train, Impact.RETRAIN),
        ("evaluate", before.evaluate, after.evaluate, Impact.SAFE),
    ):
        for each in fields(new):
            was, now = getattr(old, each.name), getattr(new, each.name)
            if was != now:
                yield _key(impact, section, each.name, _text(was), _text(now))


def _key(impact: Impact, section: str, key: str, was: str, now: str, name: str = "") -> Change:
    message = f"{name or f'`{key}`'} of `{section}` is {now}, and was {was}"
    return Change(impact, f"{section}-{key.replace('_', '-')}-changed", key, message, was, now, (section, key))


def _by_name(plans: tuple[Any, ...], key: str) -> Mapping[str, Any]:
    return {getattr(plan, key): plan for plan in plans}


def _node(plan: Any) -> str:  # a plan of a table, block or head
    block = getattr(plan, "block", None)
    return (
        _text(block) if block is not None else f"{plan.dim or 'auto'} wide, {_text(Chosen('embedding', plan.params))}"
    )


def _tensor(tensor: TensorPlan) -> str:
    return f"{tensor.dtype} ({', '.join(tensor.shape)})"


def _text(value: Any) -> str:  # any value of a plan
    from sess.compiler.codec import encode
    from sess.compiler.draw.captions import value as written

    if isinstance(value, Chosen):
        return written(
            {"name": value.name, "params": {key: each for key, each in value.params.items() if each is not None}}
        )
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    if hasattr(value, "cutoff"):
        return str(value)
    return written(encode(value))
