"""The registry: every word a spec can use, known by the names of files, and imported when a spec says it."""

from __future__ import annotations

import importlib
import inspect
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
from sess.compiler.failures import Misused

GROUP = "sess.blocks"

# A block's file is called like the block, so its name is known before it is imported; an option file has a whole kind.
_BLOCKS: Mapping[Kind, str] = {
    Kind.TABLE: "tables",
    Kind.FEATURES: "features",
    Kind.SHAPE: "shape",
    Kind.DENSE: "dense",
    Kind.ENCODER: "encoders",
    Kind.OBJECTIVE: "objectives",
    Kind.HEAD: "heads",
    Kind.LOSS: "losses",
    Kind.BASELINE: "baselines",
}
_OPTIONS: Mapping[Kind, str] = {
    Kind.OPTIMIZER: "optimizers",
    Kind.SCHEDULE: "schedules",
    Kind.STOP: "stops",
    Kind.ROWS: "rows",
    Kind.KEEP: "keeps",
    Kind.SPLIT: "splits",
    Kind.PREPARE: "prepares",
    Kind.METRIC: "metrics",
    Kind.INDEX: "indexes",
    Kind.PLATFORM: "platforms",
    Kind.BATCH: "batches",
}


class NameClash(Misused):
    """Two origins give the same word of one kind."""

    def __init__(self, word: str, origin: str, other: str) -> None:
        super().__init__(
            f"`{word}` is given by {origin} and by {other}",
            f"give one of them another name, or uninstall the wheel of {other}",
        )


class Registry:
    """Entries by kind and name; the order is by kind, then name."""

    def __init__(self) -> None:
        self._words: dict[Kind, dict[str, str]] = {}  # the module that has a word, by kind and word
        self._loaded: dict[Kind, dict[str, Entry[Any]]] = {}
        self._foreign: dict[Kind, dict[str, Entry[Any]]] = {}
        for entry in _foreign_entries():
            self._add_foreign(entry)

    def find(self, name: str, *kinds: Kind) -> Entry[Any] | None:
        """Return the entry of the first of these kinds that has the name; None if there is none."""
        for kind in kinds:
            if name in self._names(kind):
                return self._load(kind, name)
        return None

    def names(self, *kinds: Kind) -> tuple[str, ...]:
        """Return the names of these kinds, by kind, then name; blocks are not imported for it."""
        return tuple(name for kind in Kind if kind in kinds for name in sorted(self._names(kind)))

    def __iter__(self) -> Iterator[Entry[Any]]:
        for kind in Kind:
            for name in sorted(self._names(kind)):
                yield self._load(kind, name)

    def _names(self, kind: Kind) -> Mapping[str, object]:
        if kind not in self._words:
            own = _own_words(kind)
            for name, entry in self._foreign.get(kind, {}).items():
                if name in own:
                    raise NameClash(name, own[name], type(entry).__module__)
                own[name] = type(entry).__module__
            self._words[kind] = own
            self._loaded[kind] = dict(self._foreign.get(kind, {}))
        return self._words[kind]

    def _load(self, kind: Kind, name: str) -> Entry[Any]:
        loaded = self._loaded[kind]
        if name not in loaded:
            for entry in entries_of(importlib.import_module(self._words[kind][name])):
                loaded.setdefault(entry.name, entry)
            if name not in loaded:
                raise TypeError(
                    f"{self._words[kind][name]} has no {kind.value} `{name}`: file and block share one name"
                )
        return loaded[name]

    def _add_foreign(self, entry: Entry[Any]) -> None:
        others = self._foreign.setdefault(entry.kind, {})
        if entry.name in others:
            raise NameClash(entry.name, type(others[entry.name]).__module__, type(entry).__module__)
        others[entry.name] = entry


@cache
def registry() -> Registry:
    """Return the words of our own folders and of the entry points `sess.blocks`."""
    return Registry()


def entries_of(module: ModuleType) -> Iterator[Entry[Any]]:
    """Give an entry for every word that a module defines, with its parameters' dataclass found."""
    for _, cls in inspect.getmembers(module, inspect.isclass):
        if cls.__module__ != module.__name__ or not issubclass(cls, Entry) or "name" not in vars(cls):
            continue
        if "Params" not in vars(cls):
            cls.Params = _params_of(cls)
        yield cls()


def _own_words(kind: Kind) -> dict[str, str]:
    if kind in _BLOCKS:
        package = f"{sess.compiler.blocks.__name__}.{_BLOCKS[kind]}"
        files = (
            file for folder in sess.compiler.blocks.__path__ for file in (Path(folder) / _BLOCKS[kind]).glob("*.py")
        )
        return {file.stem: f"{package}.{file.stem}" for file in sorted(files) if not file.stem.startswith("_")}
    module = importlib.import_module(f"{sess.compiler.options.__name__}.{_OPTIONS[kind]}")
    return {entry.name: module.__name__ for entry in entries_of(module)}


def _foreign_entries() -> Iterator[Entry[Any]]:
    """Give what other wheels' modules under `sess.blocks` define, by the names of their entry points."""
    if not _is_any_named():
        return
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            found = [*entries_of(importlib.import_module(point.module))]
        except Exception as error:  # whatever anyone's module raises
            wheel = point.dist.name if point.dist else point.name
            raise Misused(
                f"the blocks of `{wheel}` can't be loaded: {type(error).__name__}: {error}",
                f"mend the module `{point.module}`, or uninstall the wheel `{wheel}`",
            ) from error
        yield from found


def _is_any_named() -> bool:
    """Whether any installed wheel has the group; looking costs a tenth of importing `importlib.metadata`."""
    return any(
        f"[{GROUP}]".encode() in named.read_bytes()
        for folder in sys.path
        for kind in ("dist-info", "egg-info")
        for named in Path(folder).glob(f"*.{kind}/entry_points.txt")
    )


def _params_of(cls: type[Entry[Any]]) -> type[Any]:
    """Return the dataclass between the brackets of `class Gru(Encoder[GruParams])`."""
    for base in getattr(cls, "__orig_bases__", ()):
        for argument in typing.get_args(base):
            if inspect.isclass(argument):
                return argument
    raise TypeError(f"{cls.__qualname__} names no dataclass of parameters")
