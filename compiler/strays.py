"""What stands in a text and is no token: what is said of it, and what it is read as, so that the rest can be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sess.compiler import codes
from sess.compiler.diagnostics import Code, Diagnostic, Edit, Fix
from sess.compiler.source import Source, Span


@dataclass(frozen=True, slots=True)
class Stray:
    """A finding, and the kind and text of the token that its place is read as; None leaves a hole there."""

    finding: Diagnostic
    kind: str | None
    text: str | None = None
    """None: as it is written."""
    read: Span | None = None
    """What is read as the token, where the finding points at more."""


BROKEN = "BROKEN"

_STRING = re.compile(r'"(?:[^"\\\n\r]|\\[^\n\r])*("?)')
_NUMBER = re.compile(r"\.?[0-9][A-Za-z0-9_.]*")
_CUTOFF = re.compile(r"[A-Za-z_][A-Za-z0-9_]*@[A-Za-z0-9_.]*")
_OTHER_QUOTES = re.compile(r"""'([^'"\\\n\r]*)'|[‘’]([^‘’"\\\n\r]*)[’‘]|[“”„]([^“”„"\\\n\r]*)[”“]|`([^`"\\\n\r]*)`""")
_PATH = re.compile(r"""[^\s"#(){}\[\],=]*[/\\][^\s"#(){}\[\],=]*|[\w.-]*\.(?:pbtxt|json|sess|parquet|csv|npy)\b""")
_COMMENT = re.compile(r"//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)")
_CUT_OFF = re.compile(r"(?:([A-Za-z_][A-Za-z0-9_]*)[ \t]+)?@([0-9]*)")
_OTHER_SIGNS = re.compile(r"->|=>|\|>|\|\|?|>|:=|==|:|;")
_DEFINED = re.compile(r"^[ \t]*(?:columns|sequence|domain|table|let|encoder|head|param)[ \t]+\w+[ \t]*\Z", re.MULTILINE)
_TYPE = re.compile(r":[ \t]*\w+(?:\[[^\]\n]*\])?(?=[ \t]*=)")
_MAPPING = re.compile(r"=\s*(\{[ \t\n]*(?:\w+|\"\w+\")[ \t]*)\Z")
_LONGEST_MAPPING = 400  # characters up to its first `:`
_JUNK = re.compile(r"[^\s\w\"#()\[\]{},=+\-&]+|.", re.DOTALL)

# Signs of other languages, and ours for the same thing; `;` separates what needs no separator.
_SIGNS = {
    **dict.fromkeys(("->", "=>", "|>", "|", "||", ">"), ("PIPE", ">>")),
    **dict.fromkeys((":=", "==", ":"), ("EQUAL", "=")),
}
_MEANS = {
    "PIPE": "blocks are joined by `>>`",
    "EQUAL": "a name or key and its value are joined by `=`",
    "PLUS": "selections of columns are joined by `+`, and have in common what `&` leaves",
}
_SELECTING = ("columns ", "sequence ", "domain ")


def stray(source: Source, at: int) -> Stray:
    """Return what is said of the place of a text where no token begins."""
    return next(found for each in _KINDS if (found := each(source, at)) is not None)


def _string(source: Source, at: int) -> Stray | None:
    found = _STRING.match(source.text, at)
    if found is None:
        return None
    span = Span(source, at, found.end())
    if not found[1]:
        end = at + len(source.line(source.position(at).line)) - source.position(at).column + 1
        message = "the string is not closed on its line"
        return _broken(codes.OPEN_STRING, message, Span(source, at, end), 'end it with `"`')
    if "\\" in found[0]:
        helps = r"write `\\` for a backslash, `\"` for a quote"
        return _broken(codes.BAD_STRING, f"{found[0]} has an escape that JSON does not know", span, helps)
    return _broken(codes.BAD_STRING, "a control character stands in the string", span)


def _number(source: Source, at: int) -> Stray | None:
    found = _NUMBER.match(source.text, at)
    if found is None:
        return None
    word, span = found[0], Span(source, at, found.end())
    if word.strip("0123456789") == ".":
        whole, _, part = word.partition(".")
        fix = Fix("write the digit", (Edit(span, f"{whole or 0}.{part or 0}"),))
        helps = "write digits on both sides of the point, like `0.5`"
        return _broken(codes.BAD_NUMBER, f"`{word}` is no number", span, helps, fix)
    unit = word.lstrip("0123456789_")
    if unit.isalpha():
        helps = "names begin with a letter, and times end with one of `us`, `ms`, `s`, `m`, `h`, `d` and `w`"
        return _broken(codes.BAD_NUMBER, f"`{word}` is neither a number nor a duration", span, helps)
    return _broken(codes.BAD_NUMBER, f"`{word}` is no number", span, "numbers are written like `64`, `1_000` or `1e-3`")


def _cutoff(source: Source, at: int) -> Stray | None:
    found = _CUTOFF.match(source.text, at)
    if found is None:
        return None
    message = f"`{found[0]}` has no whole number behind `@`"
    helps = "write a metric with its cutoff, like `ndcg@10`"
    return _broken(codes.BAD_NUMBER, message, Span(source, at, found.end()), helps)


def _other_quotes(source: Source, at: int) -> Stray | None:
    found = _OTHER_QUOTES.match(source.text, at)
    if found is None:
        return None
    inner = next(each for each in found.groups() if each is not None)
    span = Span(source, at, found.end())
    fix = Fix("use double quotes", (Edit(span, f'"{inner}"'),))
    return _broken(codes.STRAY_CHARACTER, f"{found[0]} is no string", span, "strings stand in double quotes", fix)


def _other_sign(source: Source, at: int) -> Stray | None:
    found = _OTHER_SIGNS.match(source.text, at)
    if found is None:
        return None
    sign, span = found[0], Span(source, at, found.end())
    message = f"`{sign}` has no meaning here"
    if sign == ";" and _is_in_brackets(source, at):
        fix = Fix("write `,`", (Edit(span, ","),))
        helps = ("arguments and items are separated by `,`",)
        return Stray(Diagnostic(codes.STRAY_CHARACTER, message, span, help=helps, fixes=(fix,)), "COMMA")
    if sign not in _SIGNS:
        fix = Fix("leave it out", (Edit(span, ""),))
        helps = ("statements and entries need nothing between them",)
        return Stray(Diagnostic(codes.STRAY_CHARACTER, message, span, help=helps, fixes=(fix,)), None)
    is_union = sign[0] == "|" and source.line(source.position(at).line).lstrip().startswith(_SELECTING)
    kind, ours = ("PLUS", "+") if is_union else _SIGNS[sign]
    is_apart = source.text[at - 1 : at].isspace() or kind != "EQUAL"
    fix = Fix(f"write `{ours}`", (Edit(span, ours if is_apart else f" {ours}"),), is_safe=sign[0] not in "|>")
    return Stray(
        Diagnostic(codes.STRAY_CHARACTER, message, span, help=(_MEANS[kind],), fixes=(fix,)), None if is_union else kind
    )


def _declared_type(source: Source, at: int) -> Stray | None:
    """Return the type of a definition, such as `param x: int = 1`."""
    found = _TYPE.match(source.text, at)
    if found is None or not _DEFINED.search(source.text, source.line_starts[source.position(at).line - 1], at):
        return None
    span = Span(source, at, found.end())
    fix = Fix("leave it out", (Edit(span, ""),))
    helps = ("what a definition is follows from its value",)
    return Stray(
        Diagnostic(codes.STRAY_CHARACTER, f"`{found[0]}` has no meaning here", span, help=helps, fixes=(fix,)), ""
    )


def _mapping(source: Source, at: int) -> Stray | None:
    """Return a value in braces, such as `optimizer = {lr: 0.1}`."""
    begin = _MAPPING.search(source.text, max(0, at - _LONGEST_MAPPING), at) if source.text[at] == ":" else None
    end = _closing(source.text, at) if begin is not None else None
    if begin is None or end is None:
        return None
    span = Span(source, begin.start(1), end + 1)
    first = begin[1].strip(' \t\n{"')
    helps = (f"a value with parts is a call: `name({first}=…)`",)
    finding = Diagnostic(codes.STRAY_CHARACTER, "`{ }` holds entries of a section, and no value", span, help=helps)
    return Stray(finding, BROKEN, read=Span(source, at, end))


def _closing(text: str, at: int) -> int | None:
    """Return where the brace closes that is open at an offset; None if it doesn't."""
    depth = 1
    for found in re.finditer(r"[{}]", text[at:]):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return at + found.start()
    return None


def _comment(source: Source, at: int) -> Stray | None:
    """Return a comment of another language: the rest of its line, or all of it, says nothing."""
    found = _COMMENT.match(source.text, at)
    if found is None:
        return None
    sign, span = found[0][:2], Span(source, at, found.end())
    fixes = (Fix("write `#`", (Edit(Span(source, at, at + 2), "#"),)),) if sign == "//" else ()
    helps = ("a comment begins with `#` and ends with its line",)
    return Stray(Diagnostic(codes.STRAY_CHARACTER, f"`{sign}` begins no comment", span, help=helps, fixes=fixes), "")


def _lone_cutoff(source: Source, at: int) -> Stray | None:
    """Return a cutoff that stands apart from its metric, such as `ndcg @10`."""
    found = _CUT_OFF.match(source.text, at)
    if found is None:
        return None
    span, word = Span(source, at, found.end()), f"{found[1] or ''}@{found[2]}"
    if not (found[1] and found[2]):
        helps = "`@` joins a metric and its cutoff, like `ndcg@10`"
        return _broken(codes.BAD_NUMBER, f"`{span.text}` is no metric", span, helps)
    fix = Fix(f"write `{word}`", (Edit(span, word),))
    message = f"`@{found[2]}` stands apart from `{found[1]}`"
    helped = ("a metric and its cutoff are one word",)
    return Stray(Diagnostic(codes.BAD_NUMBER, message, span, help=helped, fixes=(fix,)), "METRIC", word)


def _is_in_brackets(source: Source, at: int) -> bool:
    """Whether more brackets open than close on the line before an offset."""
    before = source.text[source.line_starts[source.position(at).line - 1] : at]
    return sum(map(before.count, "([")) > sum(map(before.count, ")]"))


def _path(source: Source, at: int) -> Stray | None:
    """Return a path without quotes."""
    found = _PATH.match(source.text, at)
    if found is None:
        return None
    span = Span(source, at, found.end())
    fix = Fix("put it in quotes", (Edit(span, f'"{found[0]}"'),))
    return _broken(codes.STRAY_CHARACTER, f"`{found[0]}` is no name", span, "paths stand in double quotes", fix)


def begins_path(source: Source, at: int) -> bool:
    """Whether a path without quotes goes on here, whose first word is a token."""
    return _PATH.match(source.text, at) is not None and not source.text.startswith("//", at)


def _junk(source: Source, at: int) -> Stray | None:
    found = _JUNK.match(source.text, at)
    assert found is not None
    text, span = found[0], Span(source, at, found.end())
    if len(text) == 1 and (text.isspace() or not text.isprintable()):
        shown = f"the invisible character U+{ord(text):04X}"
        fix = Fix("leave it out", (Edit(span, " " if text.isspace() else ""),))
        return Stray(Diagnostic(codes.STRAY_CHARACTER, f"{shown} has no meaning here", span, fixes=(fix,)), "")
    helps: tuple[str, ...] = ("strings stand in double quotes",) if text[0] in "'‘’“”„`" else ()
    if text[0] in "*/%^<!":
        helps = ("there is no arithmetic: write the value itself, or name it by a `param`",)
    return Stray(Diagnostic(codes.STRAY_CHARACTER, f"`{text}` has no meaning here", span, help=helps), None)


_KINDS: tuple[Callable[[Source, int], Stray | None], ...] = (
    _comment, _string, _number, _cutoff, _lone_cutoff, _other_quotes, _declared_type, _mapping, _other_sign, _path,
    _junk,
)  # fmt: skip


def _broken(code: Code, message: str, span: Span, help: str = "", *fixes: Fix) -> Stray:
    return Stray(Diagnostic(code, message, span, help=(help,) if help else (), fixes=fixes), BROKEN)
