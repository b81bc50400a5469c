"""Write `tables.py` from `sess.lark`: building LALR tables takes longer than checking a spec, so they are kept.

Run it by `make grammar` after every change of the grammar; the tables keep the digest of the text they were made from.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

HERE = Path(__file__).parent
HEAD = '''"""The LALR tables of `sess.lark`, written by `generate.py`: don't edit."""

# fmt: off
'''


def build() -> Lark:
    """Return the parser, built from the grammar."""
    text = (HERE / "sess.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer="basic", start=["start", "statement", "entry"], propagate_positions=True)


def tables(parser: Lark) -> tuple[Any, Any]:
    """Return what lark needs to load the parser again: plain numbers, texts, lists and dicts."""
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    return data, memo


def source(parser: Lark) -> str:
    """Return the text of `tables.py`."""
    data, memo = tables(parser)
    return f"{HEAD}GRAMMAR = {digest()!r}\nDATA = {_ordered(data)!r}\nMEMO = {_ordered(memo)!r}\n"


def digest() -> str:
    """Return the SHA-256 of the grammar's text."""
    return hashlib.sha256((HERE / "sess.lark").read_bytes()).hexdigest()


def _ordered(value: Any) -> Any:
    """Return dicts by their keys, so that no hash decides the order."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: (type(key).__name__, key))}
    if isinstance(value, (list, tuple)):
        return type(value)(_ordered(item) for item in value)
    return value


if __name__ == "__main__":
    (HERE / "tables.py").write_text(source(build()), encoding="utf-8")
