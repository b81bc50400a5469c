"""Which files of a folder are for training, validation, test, and which is the catalogue: by their names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sess.compiler.failures import Misused
from sess.compiler.starter.profile import Files

ENDINGS = (".parquet", ".pq", ".csv", ".csv.gz")
PARTS = {"train": ("train", "training"), "valid": ("valid", "validation", "val", "dev"), "test": ("test", "testing")}
CATALOGUE = ("items", "item", "products", "product", "catalogue", "catalog", "movies", "articles")


def sort_files(data: Path, out: Path) -> Files:
    """Return patterns for a file, a folder or a glob, relative to `out`; Misused where there is nothing to read."""
    if not data.is_dir():
        found = [data] if data.is_file() else sorted(data.parent.glob(data.name)) if data.parent.is_dir() else []
        if not any(each.is_file() and each.name.endswith(ENDINGS) for each in found):
            raise Misused(f"`{data}` is no parquet or csv file and no folder of them")
        return Files(_relative(data, out))
    patterns = {part: _pattern(data, words) for part, words in PARTS.items()}
    catalogue = _pattern(data, CATALOGUE)
    train = patterns["train"]
    if train is None:
        taken = {path for pattern in (*patterns.values(), catalogue) if pattern for path in data.glob(pattern)}
        train = _rest(data, taken)
    valid, test = patterns["valid"], patterns["test"]
    return Files(
        _relative(data / train, out),
        valid=_relative(data / valid, out) if valid else None,
        test=_relative(data / test, out) if test else None,
        catalogue=_relative(data / catalogue, out) if catalogue else None,
    )


def _pattern(folder: Path, words: Sequence[str]) -> str | None:
    """Return the pattern of the files that a word names: a subfolder of it, one file, or numbered ones."""
    for word in words:
        if (folder / word).is_dir():
            ending = _ending(folder / word)
            if ending:
                return f"{word}/*{ending}"
        for ending in ENDINGS:
            if (folder / f"{word}{ending}").is_file():
                return f"{word}{ending}"
            if any(folder.glob(f"{word}[-_.0-9]*{ending}")):
                return f"{word}[-_.0-9]*{ending}"
    return None


def _rest(folder: Path, taken: set[Path]) -> str:
    rest = sorted(path for path in folder.iterdir() if path.name.endswith(ENDINGS) and path not in taken)
    if len(rest) == 1:
        return rest[0].name
    ending = _ending(folder)
    if not rest or ending is None:
        raise Misused(f"`{folder}` holds no parquet or csv files", "name a file, a folder of files, or a glob")
    if len(rest) < len([path for path in folder.iterdir() if path.name.endswith(ending)]):
        names = ", ".join(f"`{path.name}`" for path in rest[:4])
        raise Misused(
            f"which files of `{folder}` are events isn't clear: {names}", "name the file, or a glob in quotes"
        )
    return f"*{ending}"


def _ending(folder: Path) -> str | None:
    names = [path.name for path in folder.iterdir() if path.is_file()]
    return next((ending for ending in ENDINGS if any(name.endswith(ending) for name in names)), None)


def _relative(path: Path, out: Path) -> str:
    return Path(os.path.relpath(path.absolute(), out.absolute())).as_posix()
