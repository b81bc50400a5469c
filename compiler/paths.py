"""Paths that a spec names: each is relative to the file in which it is written, and is brought to the spec's folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from sess.compiler.source import Source
from sess.compiler.tree import Expression, Literal


def at_home(expression: Expression, home: Source) -> Expression:
    """Return a path as the spec's own file would write it; anything else, lists too, as it is."""
    if isinstance(expression, Literal) and isinstance(expression.value, str):
        return replace(expression, value=_moved(expression.value, expression.span.source, home))
    return expression


def _moved(path: str, source: Source, home: Source) -> str:
    """Return a path of one file as another would write it; those of the command line are at home already."""
    is_fixed = "://" in path or Path(path).is_absolute() or not path.strip()
    if is_fixed or source == home or source.name.startswith("--"):
        return path
    return os.path.relpath(Path(source.name).parent / path, Path(home.name).parent)
