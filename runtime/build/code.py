"""The digest of the code that a stage runs: its files, all of ours that they import, and templates beside them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from sess.compiler.registry import GROUP
from sess.runtime.build.digest import of_file, of_value

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "sess"
OTHERS = (".jinja", ".proto")  # what an artifact is made from beside code


def of_code(*places: str, root: Path = ROOT) -> str:
    """Return the digest of our code that these files, or all files of these folders, need."""
    return of_value({file.relative_to(root).as_posix(): of_file(file) for file in needed(*places, root=root)})


def of_plug_ins() -> str:
    """Return the digest of the files in which other wheels define blocks."""
    modules = {each.module for each in entry_points(group=GROUP)}
    places = {module: find_spec(module) for module in sorted(modules)}
    files = {name: Path(spec.origin) for name, spec in places.items() if spec is not None and spec.origin is not None}
    return of_value({name: of_file(file) for name, file in files.items()})


def needed(*places: str, root: Path = ROOT) -> tuple[Path, ...]:
    """Return the files that these need, themselves and what is no code beside them, in order."""
    found: set[Path] = set()
    waiting = [file for place in places for file in _files(root / place)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imported(file, root)
    folders = {file.parent for file in found}
    others = {each for folder in folders for suffix in OTHERS for each in folder.glob(f"*{suffix}")}
    return tuple(sorted(found | others))


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


@cache
def _imported(file: Path, root: Path) -> tuple[Path, ...]:
    """Return the files of ours that a file imports, at its top or inside its functions."""
    tree = ast.parse(file.read_bytes())
    modules = [module for node in ast.walk(tree) for module in _modules(node, file, root)]
    found = (each for module in modules for each in (module.with_suffix(".py"), module / "__init__.py"))
    return tuple(sorted({each for each in found if each.is_file()}))


def _modules(node: ast.AST, file: Path, root: Path) -> Iterator[Path]:
    """Give the places of the modules that a statement may import, without a suffix."""
    match node:
        case ast.Import():
            yield from (_place(alias.name, root) for alias in node.names if alias.name.startswith(f"{PACKAGE}."))
        case ast.ImportFrom(level=0, module=str(name)) if name.startswith(f"{PACKAGE}."):
            yield _place(name, root)
            yield from (_place(name, root) / alias.name for alias in node.names)
        case ast.ImportFrom(level=level) if level:
            folder = file.parents[level - 1] / (node.module or "").replace(".", "/")
            yield folder
            yield from (folder / alias.name for alias in node.names)


def _place(module: str, root: Path) -> Path:
    return root.joinpath(*module.split(".")[1:])
