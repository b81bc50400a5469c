"""A spec that checks, compiles and serves, for a schema and the files beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sess.compiler.diagnostics import Reporter
from sess.compiler.format import format_source
from sess.compiler.parse import RESERVED
from sess.compiler.source import Source
from sess.compiler.starter.profile import Files

WIDTH = 64
KEEPS = (5, 10, 20, 50, 100)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a first spec needs to know.

    `session` and `time` are None where a row is a session; `unit` is None where the time needs none said. `steps` and
    `context` say whether there is more of a step than its item, and anything of a session. `columns` are all names.
    """

    name: str
    schema: str
    item: str
    session: str | None
    time: str | None
    unit: str | None
    steps: bool
    context: bool
    files: Files
    keep: int
    is_of_users: bool
    columns: Collection[str]


def keep_for(typical: int) -> int:
    """Return how many steps to keep for sessions of a typical length."""
    return next((each for each in KEEPS if each >= typical), KEEPS[-1])


def identifier(text: str, taken: Collection[str] = ()) -> str:
    """Return a name for a definition: letters of the text, no word of the language, none that is taken."""
    found = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower() or "model"
    found = f"m_{found}" if found[0].isdigit() else found
    while found in RESERVED or found in taken:
        found += "_"
    return found


def spec_text(plan: Plan) -> str:
    """Return the spec's text in its one form."""
    text = "\n".join([*_head(plan), *_graph(plan), *_data(plan), *_sections(plan)]) + "\n"
    formatted = format_source(Source(f"{plan.name}.sess", text), Reporter())
    assert formatted is not None, text
    return formatted


def _head(plan: Plan) -> Iterator[str]:
    yield "# Which item comes next? Written by `sess init`; every line is yours to change."
    yield f"spec {plan.name}"
    yield ""
    yield f"schema {json.dumps(plan.schema)}"
    yield ""


def _graph(plan: Plan) -> Iterator[str]:
    item, items, steps, context, x, query, head = (
        identifier(name, plan.columns) for name in ("item", "items", "steps", "context", "x", "query", "click")
    )
    yield f"columns {item} = tag(ITEM_ID)"
    if plan.steps:
        yield f"columns {steps} = tag(SEQUENCE)"
    if plan.context:
        yield f"columns {context} = tag(CONTEXT)"
    yield ""
    yield f"table {items} = embedding({item}, dim={WIDTH})"
    yield ""
    of_step = f"features({steps if plan.steps else item})"
    if plan.context:
        whole = f"concat({of_step}, broadcast(features({context}), to={steps if plan.steps else item}))"
        yield f"let {x} = {whole} >> mlp([{WIDTH}])"
    elif plan.steps:
        yield f"let {x} = {of_step} >> mlp([{WIDTH}])"
    else:
        x = of_step
    yield f"encoder {query} = {x} >> sasrec(layers=2, heads=2, dropout=0.2)"
    yield f"head {head} = {query} >> categorical({item}, tied={items})"
    yield ""


def _data(plan: Plan) -> Iterator[str]:
    files = plan.files
    yield "data {"
    for key in ("train", "valid", "test", "catalogue"):
        value = getattr(files, key)
        if value is not None:
            yield f"  {key} = {json.dumps(value)}"
    if plan.session is not None and plan.time is not None:
        unit = f", unit={plan.unit}" if plan.unit not in (None, "s") else ""
        yield f"  rows = events(session={_column(plan.session)}, time={_column(plan.time)}{unit})"
    else:
        yield "  rows = sessions"
    yield f"  keep = last({plan.keep})"
    if files.valid is None and files.test is None:
        yield f"  split = {'leave_one_out()' if plan.is_of_users else 'by_session(valid=0.1, test=0.1)'}"
    yield "}"


def _sections(plan: Plan) -> Iterator[str]:
    yield "train {"
    yield "  objective = next"
    yield "  epochs = 10"
    yield "}"
    yield "evaluate { baselines = [popular, last_item_knn] }"
    yield f"serve {{ top_k = 20 {'exclude = [seen] ' if plan.is_of_users else ''}}}"


def _column(name: str) -> str:
    plain = _NAME.fullmatch(name) and name not in RESERVED
    return name if plain else f"column({json.dumps(name, ensure_ascii=False)})"
