"""The registry: every word a spec can use, found by scanning folders and the entry points of other wheels."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import sess.compiler.blocks
import sess.compiler.options
from sess.compiler.block import Entry, Kind

GROUP = "sess.blocks"


class NameClash(Exception):
    """Two origins give the same word of one kind."""


class Registry:
    """Entries by kind and name; the order is by kind, then name."""

    def __init__(self, entries: Mapping[tuple[Kind, str], Entry[Any]]) -> None:
        self._entries = dict(sorted(entries.items(), key=lambda pair: (list(Kind).index(pair[0][0]), pair[0][1])))

    def find(self, name: str, *kinds: Kind) -> Entry[Any] | None:
        """Return the entry of the first of these kinds that has the name; None if there is none."""
        return next((self._entries[kind, name] for kind in kinds if (kind, name) in self._entries), None)

    def names(self, *kinds: Kind) -> tuple[str, ...]:
        """Return the names of these kinds."""
        return tuple(name for kind, name in self._entries if kind in kinds)

    def __iter__(self) -> Iterator[Entry[Any]]:
        return iter(self._entries.values())


@cache
def registry() -> Registry:
    """Return every entry of our own folders and of the entry points `sess.blocks`."""
    found: dict[tuple[Kind, str], Entry[Any]] = {}
    for module in _own_modules():
        _add(found, module)
    for module in _foreign_modules():
        _add(found, module)
    return Registry(found)


def _own_modules() -> Iterator[ModuleType]:
    for package in (sess.compiler.blocks, sess.compiler.options):
        names = sorted(
            info.name for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".") if not info.ispkg
        )
        yield from map(importlib.import_module, names)


def _foreign_modules() -> Iterator[ModuleType]:
    """Give the modules that other wheels name under `sess.blocks`, by the names of their entry points."""
    if not _is_any_named():
        return
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        yield importlib.import_module(point.module)


def _is_any_named() -> bool:
    """Whether any installed wheel has the group; looking costs a tenth of importing `importlib.metadata`."""
    return any(
        f"[{GROUP}]".encode() in named.read_bytes()
        for folder in sys.path
        for kind in ("dist-info", "egg-info")
        for named in Path(folder).glob(f"*.{kind}/entry_points.txt")
    )


def _add(found: dict[tuple[Kind, str], Entry[Any]], module: ModuleType) -> None:
    for _, cls in inspect.getmembers(module, inspect.isclass):
        if cls.__module__ != module.__name__ or not issubclass(cls, Entry) or "name" not in vars(cls):
            continue
        if "Params" not in vars(cls):
            cls.Params = _params_of(cls)
        known = found.get((cls.kind, cls.name))
        if known is not None:
            raise NameClash(f"`{cls.name}` is given by {type(known).__module__} and by {cls.__module__}")
        found[cls.kind, cls.name] = cls()


def _params_of(cls: type[Entry[Any]]) -> type[Any]:
    """Return the dataclass between the brackets of `class Gru(Encoder[GruParams])`."""
    for base in getattr(cls, "__orig_bases__", ()):
        for argument in typing.get_args(base):
            if inspect.isclass(argument):
                return argument
    raise TypeError(f"{cls.__qualname__} names no dataclass of parameters")
