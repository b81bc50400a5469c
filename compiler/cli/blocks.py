"""`sess blocks`: every word of the language from the registry, with its signature."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from sess.compiler.failures import Misused

if TYPE_CHECKING:
    from sess.compiler.report.pages import Page
    from sess.compiler.report.paint import Paint


def _known(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Return the blocks that a shell can complete."""
    from sess.compiler.registry import registry

    return sorted({entry.name for entry in registry() if entry.name.startswith(begun)})


@click.command("blocks")
@click.argument("name", required=False, metavar="[NAME]", shell_complete=_known)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or programs.")
def command(name: str | None, form: str) -> int:
    """List every block by kind with its signature, or show one: type rule, arguments, costs, source."""
    from sess.compiler.registry import registry
    from sess.compiler.report.pages import page_of
    from sess.compiler.report.paint import Paint
    from sess.compiler.similar import did_you_mean

    pages = [page_of(entry) for entry in registry() if name in (None, entry.name)]
    if not pages:
        helps = did_you_mean(str(name), dict.fromkeys(entry.name for entry in registry()))
        raise Misused(f"there is no block `{name}`", *helps)
    if form == "json":
        from sess.compiler.codec import encode

        sys.stdout.write(
            json.dumps({"format_version": 1, "blocks": encode(pages)}, indent=2, ensure_ascii=False) + "\n"
        )
        return 0
    paint = Paint.of(sys.stdout)
    text = _list(pages, paint) if name is None else "\n".join(_page(page, paint) for page in pages)
    sys.stdout.write(text)
    return 0


def _list(pages: list[Page], paint: Paint) -> str:
    """Return a line a word: its signature, and what it is."""
    lines: list[str] = []
    kind = ""
    for page in pages:
        if page.kind != kind:
            lines += ["", paint.bold(page.kind)] if kind else [paint.bold(page.kind)]
            kind = page.kind
        lines.append(
            f"  {page.signature}"
            if len(page.signature) > 56
            else f"  {page.signature:<56}  {paint.faint(page.summary)}"
        )
        if len(page.signature) > 56:
            lines.append(f"  {'':<56}  {paint.faint(page.summary)}")
    return "\n".join(lines) + "\n"


def _page(page: Page, paint: Paint) -> str:
    lines = [paint.bold(page.signature), f"  {page.summary}", *(f"  {line}" for line in page.about.splitlines()), ""]
    if page.rules:
        width = max(len(given) for given, _ in page.rules)
        lines += [paint.bold("types"), *(f"  {given:<{width}} → {gives}" for given, gives in page.rules), ""]
    elif page.returns:
        lines += [paint.bold("types"), f"  {page.returns}", ""]
    if page.arguments:
        width = max(len(each.name) for each in page.arguments)
        lines.append(paint.bold("arguments"))
        for each in page.arguments:
            default = "required" if each.default is None else f"default {each.default}"
            lines.append(f"  {each.name:<{width}}  {each.wants}, {default}")
        lines.append("")
    lines += (
        [paint.bold("costs"), *(f"  {cost}, by the defaults and `keep = last(50)`" for cost in page.costs), ""]
        if page.costs
        else []
    )
    lines += [paint.bold("source"), f"  {page.source}", ""] if page.source else []
    lines.append(paint.faint(f"{page.kind}, {page.file}"))
    return "\n".join(lines) + "\n"
