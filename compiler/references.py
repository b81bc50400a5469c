"""What a spec is compared with: a spec, a compiled directory, a commit (`git:main`), each read into a program."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sess.compiler.codec import decode
from sess.compiler.diagnostics import Reporter
from sess.compiler.driver import Checked, CheckOptions, check_spec
from sess.compiler.failures import Misused
from sess.compiler.parse import parse
from sess.compiler.plans import Program
from sess.compiler.source import Source
from sess.compiler.tree import ImportStatement, SchemaStatement

GIT = "git:"


@dataclass(frozen=True, slots=True)
class Reference:
    """A program and the name it goes by; `checked` is None where there is no spec to point into."""

    name: str
    program: Program
    checked: Checked | None = None


def read_reference(written: str, spec: Path | None = None, options: CheckOptions | None = None) -> Reference:
    """Return the program; Misused if it can't be read or has errors. `git:REF` needs `spec`, or is `git:REF:PATH`."""
    if written.startswith(GIT):
        return _of_commit(written, spec, options)
    path = Path(written)
    if path.is_dir():
        return _of_artifact(path)
    return _sound(written, check_spec(path, options))


def _sound(name: str, checked: Checked) -> Reference:
    program = checked.program
    if program is None:
        errors = sum(each.code.severity == "error" for each in checked.diagnostics)
        raise Misused(f"`{name}` has {errors} error{'s' if errors > 1 else ''}, so there is nothing to compare",
                      f"see `sess check {name}`")  # fmt: skip
    return Reference(name, program, checked)


def _of_artifact(path: Path) -> Reference:
    try:
        graph = json.loads((path / "graph.json").read_text(encoding="utf-8"))
        return Reference(str(path), decode(Program, graph["program"]))
    except OSError as error:
        raise Misused(f"`{path}` is no compiled directory: {(error.strerror or str(error)).lower()}") from None
    except (KeyError, TypeError, ValueError):
        raise Misused(f"`{path / 'graph.json'}` isn't one that this version of sess wrote", "compile again") from None


def _of_commit(written: str, spec: Path | None, options: CheckOptions | None) -> Reference:
    """Read a spec and what it names as they were in a commit, in a folder of their own."""
    commit, _, inside = written.removeprefix(GIT).partition(":")
    path = Path(inside) if inside else spec
    if path is None:
        raise Misused(f"`{written}` names no spec", f"write `{GIT}{commit}:path/to/file.sess`")
    if not commit or commit.startswith("-"):
        raise Misused(f"`{written}` names no commit", "write `git:main`")
    folder = path.resolve().parent
    root = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    relative = path.resolve().relative_to(root)
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        (base / ".git").mkdir()  # the root of the project, that imports stay inside
        _copy(root, commit, relative, base)
        # The findings of a spec in a scratch folder would name paths that nobody has.
        return Reference(written, _sound(written, check_spec(base / relative, options)).program)


def _copy(root: Path, commit: str, relative: Path, base: Path) -> None:
    """Write a spec of a commit, and all that it names, below a folder."""
    content = _git(root, "show", f"{commit}:{relative.as_posix()}")
    target = base / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    for named in _named(content.decode("utf-8-sig", errors="replace")):
        inner = (base / relative.parent / named).resolve()
        if inner.is_relative_to(base.resolve()) and not inner.exists():
            below = inner.relative_to(base.resolve())
            if below.suffix == ".sess":
                _copy(root, commit, below, base)
            else:
                inner.parent.mkdir(parents=True, exist_ok=True)
                inner.write_bytes(_git(root, "show", f"{commit}:{below.as_posix()}"))


def _named(text: str) -> Iterator[str]:
    for statement in parse(Source("", text), Reporter()).statements:
        if isinstance(statement, (ImportStatement, SchemaStatement)):
            yield str(statement.path.value)


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError:
        raise Misused("git is not installed", "install git, or compare with a file") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Misused(f"git can't give `{arguments[-1]}`: {said[-1].removeprefix('fatal: ') if said else 'it failed'}")
    return done.stdout
