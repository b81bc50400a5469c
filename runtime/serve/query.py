"""`query`: one session to a server or to an artifact in process, from the words of a command line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sess.compiler.backend import QueryOptions, Recommendation
from sess.compiler.failures import Misused
from sess.compiler.plans import TensorPlan
from sess.compiler.ragged import VALUES
from sess.compiler.types import Level
from sess.runtime.client.request import apart
from sess.runtime.serve.answers import recommendations
from sess.runtime.serve.client import Client
from sess.runtime.serve.gateway.metadata import BAGS, ITEM, MODEL
from sess.runtime.serve.golden import texts
from sess.runtime.serve.tensors import (
    array_of,
    bag_columns,
    is_nested,
    numpy_dtype,
    session_columns,
    step_columns,
    tensors_of,
)

SCHEMES = {"http": False, "grpc": True}
INNER = ("__prepare", "__model")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model is asked with: its tensors, and the column that `--session` gives."""

    request: tuple[TensorPlan, ...]
    item: str


def query(options: QueryOptions) -> Mapping[str, tuple[Recommendation, ...]]:
    """Return the recommendations of every head, or of the one that is asked for."""
    found = _ask_server(options) if "://" in options.target else _ask_artifact(options)
    if options.head is None:
        return found
    if options.head not in found:
        raise Misused(f"there is no head `{options.head}`; there are {', '.join(f'`{name}`' for name in found)}")
    return {options.head: found[options.head]}


def _ask_artifact(options: QueryOptions) -> dict[str, tuple[Recommendation, ...]]:
    from sess.runtime.quiet import quietly

    quietly("tensorflow")  # only this way needs it
    from sess.runtime.recommend import Recommender

    recommender = Recommender.load(Path(options.target))
    program = recommender.program
    signature = Signature(program.serving.request, program.workflow.data.item)
    row = _row(options, signature)
    allow, deny = _lists(options, signature)
    return recommender.answer([row], options.k, allow=allow, deny=deny)[0]


def _ask_server(options: QueryOptions) -> dict[str, tuple[Recommendation, ...]]:
    url = urlsplit(options.target)
    if url.scheme not in SCHEMES or not url.netloc:
        raise Misused(f"`{options.target}` is no address of a server", "use http://HOST:PORT or grpc://HOST:PORT")
    with Client(url.netloc, is_grpc=options.is_grpc or SCHEMES[url.scheme]) as client:
        model = url.path.rstrip("/").rpartition("/")[2] or _only_model(client)
        signature = _signature(client, model)
        row = _row(options, signature)
        allow, deny = _lists(options, signature)
        raw = client.infer(model, tensors_of([row], signature.request, k=options.k, allow=allow, deny=deny))
        return recommendations({name: texts(values) for name, values in raw.items()}, 0, {})


def _only_model(client: Client) -> str:
    """Return the model that the server names, or of a Triton the one ensemble that isn't an encoder's."""
    said = _said(client, MODEL)
    if said is not None:
        return said
    names = [name for name in client.models() if "." not in name and not name.endswith(INNER)]
    if len(names) == 1:
        return names[0]
    raise Misused(
        f"`{client.address}` serves {', '.join(f'`{name}`' for name in names) or 'nothing'}",
        "end the address with the model's name: http://HOST:PORT/NAME",
    )


def _said(client: Client, key: str) -> str | None:
    """Return what a gateway's extensions say; None of a Triton."""
    return next((each.removeprefix(key) for each in client.extensions() if each.startswith(key)), None)


def _signature(client: Client, model: str) -> Signature:
    """Return a served model's signature from its metadata."""
    tensors: list[TensorPlan] = []
    said = _said(client, BAGS)
    bags = json.loads(said if said is not None else client.parameters(model).get("bags") or "[]")
    for tensor in client.metadata(model)["inputs"]:
        name = tensor["name"]
        column, _ = apart(name)
        is_own = name in ("k", "allow", "deny")
        size = tuple(str(each) for each in tensor["shape"][1:])
        shape = ("N" if column != name or is_own else "B", *size)
        level = Level.SESSION if column in bags or column == name else Level.STEP
        tensors.append(TensorPlan(name, _dtype(tensor["datatype"]), shape, is_own, None if is_own else column, level))
    request = tuple(tensors)
    item = _said(client, ITEM) or client.parameters(model).get("item") or next(iter(step_columns(request)), "")
    return Signature(request, item)


def _dtype(datatype: str) -> str:
    if datatype in ("BYTES", "BOOL"):
        return {"BYTES": "string", "BOOL": "bool"}[datatype]
    return f"float{datatype[2:]}" if datatype.startswith("FP") else datatype.lower()


def _row(options: QueryOptions, signature: Signature) -> dict[str, Any]:
    """Return the session as values by column; one value for a step column stands at every step."""
    request = signature.request
    dtypes = {tensor.name: tensor.dtype for tensor in request}
    barred = _barred(request)
    row: dict[str, Any] = {}
    given = dict(options.columns)
    wanted = [column for column in step_columns(request) if column != signature.item and options.session]
    others = (*bag_columns(request), *session_columns(request))
    lacking = [column for column in (*wanted, *others) if column not in given]
    if lacking:
        listed = " ".join(f"--context {column}=…" for column in lacking)
        steps = [f"`{column}`" for column in lacking if column in wanted]
        note = f"; {' and '.join(steps)} of every step: one value, or one a step" if steps else ""
        lists = [f"`{column}`" for column in lacking if column in barred]
        note += f"; one value of {' and '.join(lists)} is a list `a|b|c`" if lists else ""
        raise Misused(f"the model reads {' and '.join(f'`{each}`' for each in lacking)} too", f"add `{listed}`{note}")
    for column in step_columns(request):
        inner = column + VALUES
        dtype = dtypes[inner + VALUES if is_nested(column, request) else inner]
        if column == signature.item:
            row[column] = [_value(column, text, dtype) for text in options.session]
            continue
        words = given.pop(column, "").split(",") if column in given else []
        read = _list if column in barred else _value
        values = [read(column, word.strip(), dtype) for word in words] if options.session else []
        if len(values) not in (1, len(options.session)) and options.session:
            raise Misused(f"`{column}` has {len(values)} values, the session has {len(options.session)} steps")
        row[column] = values * len(options.session) if len(values) == 1 else values
    for column in bag_columns(request):
        text = given.pop(column)
        row[column] = [_value(column, word.strip(), dtypes[column + VALUES]) for word in text.split(",") if text]
    for column in session_columns(request):
        read = _list if column in barred else _value
        row[column] = read(column, given.pop(column), dtypes[column])
    if given:
        known = ", ".join(f"`{name}`" for name in _columns(request))
        raise Misused(f"the model doesn't read `{next(iter(given))}`; it reads {known}")
    return row


def _barred(request: Sequence[TensorPlan]) -> set[str]:
    """Return the columns of which one value is a list, spelled `a|b|c`: bags of every step, and vectors."""
    vectors = {tensor.column for tensor in request if tensor.column and len(tensor.shape) > 1}
    return vectors | {column for column in step_columns(request) if is_nested(column, request)}


def _columns(request: Sequence[TensorPlan]) -> tuple[str, ...]:
    return (*step_columns(request), *bag_columns(request), *session_columns(request))


def _lists(options: QueryOptions, signature: Signature) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return the ids of `allow` and `deny` in the item's dtype."""
    dtypes = {tensor.name: tensor.dtype for tensor in signature.request}
    for name, words in (("allow", options.allow), ("deny", options.deny), ("k", options.k)):
        if words and name not in dtypes:
            raise Misused(f"the model doesn't accept `{name}`", f"add it to `accept` of `serve`: accept = [{name}]")
    allow = [_value("allow", word, dtypes["allow"]) for word in options.allow]
    return allow, [_value("deny", word, dtypes["deny"]) for word in options.deny]


def _list(column: str, text: str, dtype: str) -> list[Any]:
    """Return the values of one step's list, or of a vector: `a|b|c`."""
    return [_value(column, word.strip(), dtype) for word in text.split("|") if text]


def _value(column: str, text: str, dtype: str) -> Any:  # of the column's dtype
    """Return a value of a column's dtype from a word; Misused if it can't be one."""
    kind = numpy_dtype(dtype).kind
    if kind == "O":
        return text
    if kind == "b" and text.lower() in ("true", "false", "0", "1"):
        return text.lower() in ("true", "1")
    try:
        value = float(text) if kind == "f" else int(text)
        return array_of([value], numpy_dtype(dtype), column)[0].item()
    except (ValueError, OverflowError):
        raise Misused(f"`{text}` is no {dtype}, which `{column}` holds") from None
