"""The tables of the language reference, from the registry: blocks and options, section keys, codes.

`python -m sess.compiler.report.reference` writes them into compiler/LANGUAGE.md, between their marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sess.compiler import codes
from sess.compiler.block import EXPRESSION_KINDS
from sess.compiler.registry import registry
from sess.compiler.report.pages import page_of
from sess.compiler.sections import KEYS
from sess.compiler.signature import describe, parameters, value_text

PAGE = Path(__file__).parents[1] / "LANGUAGE.md"
_PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(page: str) -> str:
    """Return a page with its generated parts as the registry has them."""
    parts = {"blocks": _words(are_blocks=True), "options": _words(are_blocks=False), "keys": _keys(), "codes": _codes()}
    made = {name: "".join(f"{line}\n" for line in lines) for name, lines in parts.items()}
    return _PART.sub(lambda found: f"{found[1]}\n{made[found[2]]}\n{found[3]}", page)


def _words(*, are_blocks: bool) -> Iterator[str]:
    kind = ""
    for entry in registry():
        if (entry.kind in EXPRESSION_KINDS) is not are_blocks:
            continue
        page = page_of(entry)
        if page.kind != kind:
            yield from ([""] if kind else [])
            yield from (f"**{page.kind}**", "", "| signature | is |", "|---|---|")
            kind = page.kind
        yield _row(f"`{page.signature}`", page.summary)


def _keys() -> Iterator[str]:
    yield from ("| section | key | wants | default |", "|---|---|---|---|")
    for section, keys in KEYS.items():
        for each in parameters(keys):
            yield _row(section.value, f"`{each.name}`", describe(each.hint), f"`{value_text(each.default)}`")


def _codes() -> Iterator[str]:
    yield from ("| code | name | is |", "|---|---|---|")
    for each in codes.ALL:
        yield _row(each.number, each.name, f"{each.summary} ({each.severity.value})")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
