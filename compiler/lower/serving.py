"""Serving: the settings of the `serve` section beside the signature."""

from __future__ import annotations

from sess.compiler.graph import CheckedGraph
from sess.compiler.lower.signature import answers, request
from sess.compiler.lower.usage import Usage
from sess.compiler.plans import ServingPlan


def lower_serving(checked: CheckedGraph, usage: Usage) -> ServingPlan:
    """Return what is served and how."""
    serve = checked.built.serve
    return ServingPlan(
        name=checked.built.facts.resolved.name.text,
        top_k=serve.top_k,
        exclude=serve.exclude,
        accept=serve.accept,
        index=serve.index,
        platform=f"{serve.platform.name} {serve.platform.params['version']}",
        backend=str(serve.platform.params["backend"]),
        device=str(serve.platform.params["device"]),
        batch_max=int(str(serve.batch.params["max"])),
        delay=int(str(serve.batch.params["delay"])),
        on_empty=serve.on_empty,
        on_unknown=serve.on_unknown,
        request=request(checked, usage),
        answers=answers(checked),
    )
