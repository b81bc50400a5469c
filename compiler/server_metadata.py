"""The tensors of a model that a live server has (KServe v2, `GET /v2/models/<name>`), to compare a spec with."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from sess.compiler.failures import Misused, RunFailed
from sess.compiler.plans import ServingPlan, TensorPlan

PATIENCE = 10.0  # seconds
_MOST_BYTES = 4 << 20
_CODES = {"string": "BYTES", "float16": "FP16", "float32": "FP32", "float64": "FP64"}


def served_tensors(url: str, serving: ServingPlan) -> tuple[tuple[TensorPlan, ...], tuple[TensorPlan, ...]]:
    """Return the request and the answers of the model of this name.

    A server doesn't tell which inputs are optional, nor symbols of shapes: those are taken from the new plan.
    """
    found = _get(url, serving.name)
    request = _tensors(found.get("inputs", ()), serving.request)
    # Vectors are served by models of their own, which this one's metadata can't tell of.
    vectors = tuple(tensor for tensor in serving.answers if tensor.name.endswith(".vector"))
    return request, (*_tensors(found.get("outputs", ()), serving.answers), *vectors)


def _get(url: str, name: str) -> Mapping[str, Any]:
    address = f"{url.rstrip('/')}/v2/models/{quote(name, safe='')}"
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            found = json.loads(answer.read(_MOST_BYTES))
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise Misused(f"`{url}` serves no model `{name}`", "compare specs of one name") from None
        raise RunFailed(f"`{url}` answers {error.code} to a question about `{name}`") from None
    except (OSError, ValueError) as error:
        raise RunFailed(
            f"`{url}` doesn't answer: {getattr(error, 'reason', error)}", "is `sess serve` running?"
        ) from None
    if not isinstance(found, dict):
        raise RunFailed(f"`{url}` answers something that is no metadata of a model")
    return found


def _tensors(found: Sequence[Mapping[str, Any]], new: Sequence[TensorPlan]) -> tuple[TensorPlan, ...]:
    known = {tensor.name: tensor for tensor in new}
    tensors = []
    for each in found:
        name, code = str(each.get("name")), str(each.get("datatype"))
        same = known.get(name)
        dtype = same.dtype if same is not None and code_of(same.dtype) == code else code.lower()
        shape = same.shape if same is not None else tuple(str(size) for size in each.get("shape", ()))
        tensors.append(TensorPlan(name, dtype, shape, same.is_optional if same else False, None, None))
    return tuple(tensors)


def code_of(dtype: str) -> str:
    """Return what KServe calls a dtype; a datetime travels as whole microseconds."""
    return "INT64" if dtype.startswith("datetime") else _CODES.get(dtype, dtype.upper())
