"""What every pass may read beside its input: the schemas, the registry and the reporter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sess.compiler.diagnostics import Reporter
from sess.compiler.registry import Registry
from sess.compiler.schema import Schema
from sess.compiler.tree import Expression, Spec, Word


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of one compilation."""

    reporter: Reporter
    registry: Registry
    schema: Schema
    catalogue: Schema | None
    is_compiling: bool
    memory: int = 64 << 30
    """The bytes that a machine has for training; what needs more warns."""


@dataclass(frozen=True, slots=True)
class Override:
    """One `--set key=value`: `section.key` or the name of a param."""

    key: Word
    value: Expression


@dataclass(frozen=True, slots=True)
class Inputs:
    """The parsed spec, the files it imports in order, and the overrides of the command line."""

    spec: Spec
    imports: tuple[Spec, ...]
    overrides: Mapping[str, Override]
