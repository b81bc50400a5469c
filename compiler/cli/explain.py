"""`sess explain`: what a code means, with a wrong and a right example."""

from __future__ import annotations

import json
import os
import sys

import click

from sess.compiler.codes import ALL
from sess.compiler.diagnostics import Code
from sess.compiler.failures import Misused
from sess.compiler.pages import Page, page, shown
from sess.compiler.similar import closest, did_you_mean


def _known(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Return the codes and names that a shell can complete."""
    return [word for word in _words() if word.lower().startswith(begun.lower())]


@click.command("explain")
@click.argument("code", metavar="CODE", shell_complete=_known)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def command(code: str, form: str) -> int:
    """Say what a code such as S301, or its name, means, with a wrong and a right example."""
    found = named(code)
    if form == "json":
        sys.stdout.write(_json(page(found)))
    elif sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        _print(found)
    else:
        sys.stdout.write(f"{shown(found)}\n")
    return 0


def named(word: str) -> Code:
    """Return the code of a number or name, in any case of letters; Misused with the nearest ones if there is none."""
    wanted = word.strip().strip("[]`").lower().replace("_", "-")
    by_word = {text.lower(): code for code in ALL for text in (code.number, code.name)}
    if wanted in by_word:
        return by_word[wanted]
    near = closest(wanted.upper() if wanted[:1] == "s" and wanted[1:].isdigit() else wanted, _words())
    helps = did_you_mean(wanted, _words()) if near else ("`sess rules` lists every code",)
    raise Misused(f"there is no code `{word}`", helps[0])


def _words() -> list[str]:
    return [text for code in ALL for text in (code.number, code.name)]


def _json(found: Page) -> str:
    code = found.code
    examples = {
        name: {"files": dict(example.files), "command": " ".join(example.command)}
        for name, example in (("wrong", found.wrong), ("right", found.right))
    }
    value = {
        "code": code.number, "name": code.name, "severity": code.severity.value, "summary": code.summary,
        "text": found.text, **examples,
    }  # fmt: skip
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _print(found: Code) -> None:
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    theme = Theme({"markdown.code": "bold cyan", "markdown.h1": "bold", "markdown.h2": "bold magenta"})
    Console(theme=theme, highlight=False).print(Markdown(shown(found), code_theme="ansi_dark"))
