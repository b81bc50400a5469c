"""Specs made from the grammar: trees by hypothesis, written down with every freedom that the language gives.

`spec_texts()` gives texts that parse. What stands between two words is drawn too: blanks, line breaks, comments, a
comma that may be left out, parentheses that change nothing. The names mean nothing, so the texts seldom check.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from hypothesis import strategies as st

from sess.compiler.parse import RESERVED

T = TypeVar("T")


class Draw(Protocol):
    """How a composite strategy draws from another."""

    def __call__(self, strategy: st.SearchStrategy[T]) -> T: ...


KINDS = ("columns", "sequence", "domain", "table", "let", "encoder", "head")
SECTIONS = ("data", "prepare", "train", "evaluate", "serve")

names = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,12}\Z").filter(lambda name: name not in RESERVED)
labels = names | st.sampled_from(RESERVED)
_digits = st.from_regex(r"\A[0-9]{1,4}(_[0-9]{1,3}){0,2}\Z")
numbers = st.one_of(
    _digits,
    st.builds("{}.{}".format, _digits, _digits),
    st.builds("{}e{}{}".format, _digits, st.sampled_from(["", "+", "-"]), st.sampled_from(["1", "07", "12"])),
)
durations = st.builds("{}{}".format, _digits, st.sampled_from(["us", "ms", "s", "m", "h", "d", "w"]))
metrics = st.builds("{}@{}".format, names, st.sampled_from(["1", "10", "200"]))
strings = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
) | st.sampled_from(['"\\u00e9\\n"', '"# no comment"', '"a b"', '""'])
_comment_texts = st.text(st.characters(codec="utf-8", exclude_characters="\n", exclude_categories=["Cs"]), max_size=20)
comment_lines = _comment_texts.map(lambda text: f"#{text}\n")
blanks = st.sampled_from([" ", "  ", "\t", "\n", "\n\n", "\n  \n\n ", "\r\n"])
gaps = st.one_of(
    st.just(""), st.just(""), blanks, blanks, st.builds("{}{}".format, st.sampled_from(["", " ", "\n"]), comment_lines)
)
some_gaps = st.one_of(blanks, st.builds(" {}{}".format, st.sampled_from(["", "\n"]), comment_lines))


@st.composite
def atoms(draw: Draw, inner: st.SearchStrategy[str]) -> str:
    """Return something that needs no parentheses anywhere."""
    form = draw(st.sampled_from(["name", "value", "negative", "call", "list", "group"]))
    match form:
        case "name":
            return draw(names)
        case "value":
            return draw(st.one_of(numbers, strings, durations, metrics, st.sampled_from(["true", "false"])))
        case "negative":
            return f"-{draw(gaps)}{draw(numbers)}"
        case "call":
            return f"{draw(names)}{draw(gaps)}({draw(_listed(inner, has_labels=True))})"
        case "list":
            return f"[{draw(_listed(inner, has_labels=False))}]"
    return f"({draw(gaps)}{draw(inner)}{draw(gaps)})"


@st.composite
def _listed(draw: Draw, inner: st.SearchStrategy[str], *, has_labels: bool) -> str:
    items = []
    for _ in range(draw(st.sampled_from([0, 1, 1, 2, 3]))):
        label = f"{draw(labels)}{draw(gaps)}={draw(gaps)}" if has_labels and draw(st.booleans()) else ""
        items.append(f"{draw(gaps)}{label}{draw(inner)}{draw(gaps)}")
    comma = f",{draw(gaps)}" if items and draw(st.booleans()) else ""
    return ",".join(items) + comma if items else draw(gaps)


@st.composite
def _chained(draw: Draw, inner: st.SearchStrategy[str]) -> str:
    parts = [draw(atoms(inner))]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        operator = draw(st.sampled_from([">>", "+", "-", "&"]))
        parts.append(f"{draw(gaps)}{operator}{draw(gaps)}{draw(atoms(inner))}")
    return "".join(parts)


expressions = st.recursive(names | numbers, _chained, max_leaves=12)


@st.composite
def statements(draw: Draw) -> str:
    """Return one statement of any kind."""
    form = draw(st.sampled_from(["schema", "import", "param", *["definition"] * 4, *["section"] * 3]))
    match form:
        case "schema":
            whose = draw(st.sampled_from(["", " for catalogue", " for\ncatalogue"]))
            return f"schema{draw(gaps)}{draw(strings)}{whose}"
        case "import":
            return f"import{draw(gaps)}{draw(strings)}"
        case "param":
            space = f"{draw(some_gaps)}in{draw(some_gaps)}{draw(expressions)}" if draw(st.booleans()) else ""
            return f"param{draw(some_gaps)}{draw(names)}{draw(gaps)}={draw(gaps)}{draw(expressions)}{space}"
        case "definition":
            kind = draw(st.sampled_from(KINDS))
            return f"{kind}{draw(some_gaps)}{draw(names)}{draw(gaps)}={draw(gaps)}{draw(expressions)}"
    entries = [draw(_entries()) for _ in range(draw(st.sampled_from([0, 1, 1, 2, 3])))]
    return f"{draw(st.sampled_from(SECTIONS))}{draw(gaps)}{{{draw(gaps)}{''.join(entries)}}}"


@st.composite
def _entries(draw: Draw) -> str:
    comma = f"{draw(gaps)}," if draw(st.booleans()) else ""
    return f"{draw(labels | strings)}{draw(gaps)}={draw(gaps)}{draw(expressions)}{comma}{draw(some_gaps)}"


@st.composite
def spec_texts(draw: Draw) -> str:
    """Return the text of a spec: its `spec` statement and up to five others, in any order."""
    title = draw(st.one_of(st.just(""), st.builds("{}{}".format, gaps, strings)))
    parts = [f"spec {draw(names)}{title}", *(draw(statements()) for _ in range(draw(st.integers(0, 5))))]
    return draw(gaps) + "".join(f"{part}{draw(some_gaps)}" for part in parts)
