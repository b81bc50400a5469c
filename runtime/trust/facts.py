"""The files that the facts of a step name: they lie beside the facts, or nothing that was checked is what is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sess.compiler.block import JsonValue
from sess.compiler.failures import RunFailed

FILES = ("file", "step", "vectors", "bias")  # the facts that name files


def check_facts(path: Path) -> None:
    """Raise RunFailed if a `serving.json` names a file elsewhere."""
    try:
        facts: JsonValue = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise RunFailed(f"`{path}` is no JSON", "compile it again") from None
    for name in _files(facts):
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or "\0" in name:
            raise RunFailed(f"`{path}` names the file `{name[:80]}`, which is outside the artifact", "compile it again")


def _files(facts: JsonValue) -> Iterator[str]:
    if isinstance(facts, dict):
        for key, value in facts.items():
            if key in FILES and isinstance(value, str):
                yield value
            yield from _files(value)
    elif isinstance(facts, list):
        for value in facts:
            yield from _files(value)
