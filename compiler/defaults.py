"""Defaults written out: what a default chooses has all of its own parameters."""

from __future__ import annotations

from typing import Any, get_args

from sess.compiler.block import Chosen
from sess.compiler.codec import encode
from sess.compiler.registry import Registry
from sess.compiler.signature import Hint, kind_of, members, parameters, plain


def complete(default: Any, hint: Hint, registry: Registry) -> Any:  # any default of a field
    """Return a default with the parameters of a Chosen all written out."""
    if isinstance(default, tuple):
        inner = get_args(plain(members(hint)[0]))
        return tuple(complete(item, inner[0] if inner else Any, registry) for item in default)
    if not isinstance(default, Chosen):
        return default
    kind = next((found for member in members(hint) if (found := kind_of(member)) is not None), None)
    entry = registry.find(default.name, kind) if kind else None
    if entry is None:
        return default
    written = {
        each.name: encode(default.params.get(each.name, complete(each.default, each.hint, registry)))
        for each in parameters(entry.Params)
        if each.name in default.params or not each.is_required
    }
    return Chosen(default.name, written)
