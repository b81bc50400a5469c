"""Lark's tree of an expression to ours: typed, frozen, with spans."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from lark import Token, Tree

from sess.compiler.diagnostics import CompilerBug
from sess.compiler.source import Source, Span
from sess.compiler.tree import (
    Argument,
    Binary,
    Broken,
    Call,
    Duration,
    Expression,
    ListOf,
    Literal,
    Metric,
    Name,
    Operator,
    Pipeline,
    Word,
)

MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}

Node = Tree[Token]


def text_of(token: Token) -> str:
    """Return what a string token says."""
    return cast(str, json.loads(str(token)))


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a tree stands in a text: one that was kept from an earlier text has moved `by` characters."""

    source: Source
    by: int = 0

    def token(self, token: Token) -> Span:
        """Return the span of a token."""
        assert token.start_pos is not None and token.end_pos is not None
        return Span(self.source, token.start_pos + self.by, token.end_pos + self.by)

    def tree(self, tree: Node) -> Span:
        """Return the span of a tree."""
        return Span(self.source, tree.meta.start_pos + self.by, tree.meta.end_pos + self.by)


def expression(tree: Node, at: Anchor) -> Expression:
    """Return the expression; layers of the grammar with a single child vanish."""
    children = tree.children
    span = at.tree(tree)
    match str(tree.data):
        case "pipe":
            stages = tuple(expression(child, at) for child in children if not isinstance(child, Token))
            return stages[0] if len(stages) == 1 else Pipeline(stages, span)
        case "sum" | "meet":
            return _chain(children, at)
        case "group":
            return expression(cast(Node, children[0]), at)
        case "negative":
            literal = _literal(cast(Node, children[1]), at)
            assert isinstance(literal.value, (int, float))
            return Literal(-literal.value, span)
        case "value":
            return _literal(tree, at)
        case "reference":
            token = cast(Token, cast(Node, children[0]).children[0])
            return Name(str(token), span)
        case "call":
            name = cast(Token, cast(Node, children[0]).children[0])
            arguments = tuple(_argument(cast(Node, child), at) for child in children[1:] if child is not None)
            return Call(Word(str(name), at.token(name)), arguments, span)
        case "list":
            return ListOf(tuple(expression(cast(Node, child), at) for child in children if child is not None), span)
        case "broken":
            return Broken(span)
    raise CompilerBug(f"the grammar gave `{tree.data}`")


def _chain(children: Sequence[object], at: Anchor) -> Expression:
    """Return operators of one binding strength, grouped from the left."""
    found: Expression | None = None
    operator = Operator.MEET
    for child in children:
        if isinstance(child, Token):
            operator = Operator(str(child))
            continue
        right = expression(cast(Node, child), at)
        found = right if found is None else Binary(operator, found, right, found.span.to(right.span))
    assert found is not None
    return found


def _argument(tree: Node, at: Anchor) -> Argument:
    span = at.tree(tree)
    if tree.data == "positional":
        return Argument(None, expression(cast(Node, tree.children[0]), at), span)
    token = cast(Token, cast(Node, tree.children[0]).children[0])
    return Argument(Word(str(token), at.token(token)), expression(cast(Node, tree.children[1]), at), span)


def _literal(tree: Node, at: Anchor) -> Literal:
    child = tree.children[0]
    token = cast(Token, child if isinstance(child, Token) else child.children[0])
    text = str(token)
    span = at.token(token)
    match token.type:
        case "INT":
            return Literal(_whole(text), span)
        case "FLOAT":
            return Literal(float(text.replace("_", "")), span)
        case "STRING":
            return Literal(text_of(token), span)
        case "TRUE" | "FALSE":
            return Literal(token.type == "TRUE", span)
        case "METRIC":
            name, _, cutoff = text.partition("@")
            return Literal(Metric(name, _whole(cutoff)), span)
        case "DURATION":
            digits = text.rstrip("usmhdw")
            return Literal(Duration(_whole(digits) * MICROSECONDS[text[len(digits) :]], text), span)
    raise CompilerBug(f"the grammar gave a value of type {token.type}")


def _whole(text: str) -> int:
    """Return a whole number; one of more than 18 digits is larger than anything it could count."""
    digits = text.replace("_", "")
    return int(digits) if len(digits) <= 18 else 10**18
