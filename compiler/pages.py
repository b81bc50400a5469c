"""The page of a code: what it means, a wrong and a right example; read from `explain/<number>.md` when asked for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sess.compiler.diagnostics import Code, CompilerBug

FOLDER = Path(__file__).parent / "explain"
SPEC = "spec.sess"
CHECK = ("sess", "check", SPEC)

_FENCE = re.compile(r"```(\w+)(?: (\S+))?\n(.*?)```\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    """Files by name, `spec.sess` and what it names, and the words of the command that reads it."""

    files: Mapping[str, str]
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it stands, and its two examples."""

    code: Code
    text: str
    wrong: Example
    right: Example


def page(code: Code) -> Page:
    """Return the page of a code."""
    text = (FOLDER / f"{code.number}.md").read_text(encoding="utf-8")
    about, wrong, right = _parts(code, text)
    return Page(code, about, _example(wrong), _example(right))


def shown(code: Code) -> str:
    """Return the page of a code for people, as Markdown: the code with its meaning first."""
    written = (FOLDER / f"{code.number}.md").read_text(encoding="utf-8")
    body = written.partition("\n")[2].strip()
    return f"# {code.severity.value}[{code.number}] {code.name}\n\n**{code.summary}**\n\n{body}"


def _parts(code: Code, text: str) -> tuple[str, str, str]:
    """Return what stands under the title, under `## Wrong` and under `## Right`."""
    title, _, body = text.partition("\n")
    parts = re.split(r"^## (?:Wrong|Right)$", body, flags=re.MULTILINE)
    if title != f"# {code.number} {code.name}" or len(parts) != 3:
        raise CompilerBug(f"the page of {code.number} is no title, text, `## Wrong` and `## Right`")
    return parts[0].strip(), parts[1], parts[2]


def _example(text: str) -> Example:
    files: dict[str, str] = {}
    command: tuple[str, ...] = CHECK
    for language, name, body in _blocks(text):
        if language == "console":
            command = tuple(shlex.split(body.removeprefix("$ ")))
        else:
            files[name or SPEC] = body
    return Example(files, command)


def _blocks(text: str) -> Iterator[tuple[str, str, str]]:
    for found in _FENCE.finditer(text):
        yield found[1], found[2] or "", found[3]
