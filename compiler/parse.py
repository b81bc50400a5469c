"""Text to tree: every statement and entry is parsed by itself, so one run reports all independent syntax errors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import cast

from lark import Token, Tree
from lark.exceptions import UnexpectedToken

from sess.compiler import codes
from sess.compiler.chunks import KEYWORDS, Chunk, chunks, span_of
from sess.compiler.diagnostics import CompilerBug, Diagnostic, Reporter
from sess.compiler.frames import deep
from sess.compiler.lexer import Lexed, grammar, lex
from sess.compiler.repair import mend
from sess.compiler.shape_tree import Anchor, expression, text_of
from sess.compiler.source import Source, Span
from sess.compiler.syntax_errors import explain
from sess.compiler.tree import (
    Broken,
    Definition,
    Entry,
    Expression,
    ImportStatement,
    Kind,
    Literal,
    ParamStatement,
    SchemaStatement,
    Section,
    SectionName,
    Spec,
    SpecStatement,
    Statement,
    Word,
)

# An editor sends the same text again with every keystroke: a statement that hasn't changed is fed to the parser once.
_KEPT: dict[tuple[str, tuple[Token, ...], tuple[int, ...]], tuple[Tree[Token], int]] = {}
_MOST_KEPT = 4096
MOST_OPERATORS = 300
RESERVED = (*KEYWORDS, "for", "in", "true", "false")


def parse(source: Source, reporter: Reporter) -> Spec:
    """Return the tree of a file; what can't be read is reported and stands there as `Broken`, or not at all."""
    lexed = lex(source, reporter)
    if lexed is None:
        return Spec(source, ())
    with deep():
        return _Parser(source, reporter, lexed).spec()


class _Parser:
    """One file being parsed."""

    def __init__(self, source: Source, reporter: Reporter, lexed: Lexed) -> None:
        self._source, self._reporter, self._lexed = source, reporter, lexed
        self._anchor = Anchor(source)  # of the statement or entry that is being built

    def spec(self) -> Spec:
        found = (self._statement(chunk) for chunk in chunks(self._lexed.tokens, self._source, self._reporter))
        return Spec(self._source, tuple(statement for statement in found if statement is not None))

    def _statement(self, chunk: Chunk) -> Statement | None:
        first = chunk.tokens[0]
        if first in list(SectionName) and len(chunk.tokens) > 1 and chunk.tokens[1].type == "LBRACE":
            return self._section(chunk)
        tree = self._feed("statement", chunk.tokens)
        return (
            self._broken(chunk.tokens)
            if tree is None
            else self._build(tree, span_of(self._source, first, chunk.tokens[-1]))
        )

    def _section(self, chunk: Chunk) -> Section:
        entries = (self._entry(inner) for inner in chunk.entries)
        last = chunk.entries[-1].tokens[-1] if chunk.entries else chunk.tokens[1]
        if len(chunk.tokens) > 2:
            last = chunk.tokens[2]
        name = SectionName(str(chunk.tokens[0]))
        return Section(name, tuple(entries), span_of(self._source, chunk.tokens[0], last))

    def _entry(self, chunk: Chunk) -> Entry:
        tokens = chunk.tokens
        tree = self._feed("entry", tokens)
        if tree is None:
            return Entry(
                self._key(tokens[0]),
                Broken(span_of(self._source, tokens[0], tokens[-1])),
                span_of(self._source, tokens[0], tokens[-1]),
            )
        return Entry(self._key(tokens[0]), self._value(tree.children[1]), span_of(self._source, tokens[0], tokens[-1]))

    def _key(self, token: Token) -> Word:
        text = cast(str, json.loads(str(token))) if token.type == "STRING" else str(token)
        return Word(text, span_of(self._source, token))

    def _broken(self, tokens: Sequence[Token]) -> Statement | None:
        """Return what is left of a statement that can't be read: its name, so that whoever uses it is silent."""
        span = span_of(self._source, tokens[0], tokens[-1])
        if len(tokens) < 2 or tokens[1].type not in ("NAME", "CATALOGUE"):
            return None
        name = Word(str(tokens[1]), span_of(self._source, tokens[1]))
        if tokens[0] in list(Kind):
            return Definition(Kind(str(tokens[0])), name, Broken(span), span)
        if tokens[0] == "param":
            return ParamStatement(name, Broken(span), None, span)
        return SpecStatement(name, None, span) if tokens[0] == "spec" else None

    def _build(self, tree: Tree[Token], span: Span) -> Statement:
        children = tree.children
        match tree.data:
            case "spec":
                title = children[1]
                return SpecStatement(
                    self._word(children[0]), text_of(title) if isinstance(title, Token) else None, span
                )
            case "schema":
                return SchemaStatement(self._string(children[0]), children[1] is not None, span)
            case "import_":
                return ImportStatement(self._string(children[0]), span)
            case "param":
                space = self._value(children[2]) if children[2] is not None else None
                return ParamStatement(self._word(children[0]), self._value(children[1]), space, span)
            case "definition":
                kind = Kind(str(cast(Tree[Token], children[0]).children[0]))
                return Definition(kind, self._word(children[1]), self._value(children[2]), span)
        raise CompilerBug(f"the grammar gave `{tree.data}`")

    def _word(self, child: object) -> Word:
        token = cast(Token, cast(Tree[Token], child).children[0])
        return Word(str(token), self._anchor.token(token))

    def _string(self, child: object) -> Literal:
        token = cast(Token, child)
        return Literal(text_of(token), self._anchor.token(token))

    def _value(self, child: object) -> Expression:
        return expression(cast("Tree[Token]", child), self._anchor)

    def _feed(self, start: str, tokens: Iterable[Token]) -> Tree[Token] | None:
        """Return the tree of one statement or entry, mended where that is sure; None if it isn't (reported)."""
        words = tuple(tokens)
        if sum(token.type in ("PLUS", "MINUS", "AND") for token in words) > MOST_OPERATORS:
            message = f"more than {MOST_OPERATORS} operators stand in one expression"
            helps = "give names to its parts"
            self._reporter.error(codes.TOO_LARGE, message, span_of(self._source, words[0]), help=helps)
            return None
        has_hole = any((words[0].start_pos or 0) <= hole <= (words[-1].end_pos or 0) for hole in self._lexed.holes)
        try:
            tree = self._tree(start, words)
            return None if has_hole else tree  # what was left out may have meant anything
        except UnexpectedToken:
            mended = mend(start, words)
        reported: set[int | None] = set()
        for refusal, seen in mended.refusals:
            place = seen[refusal.at].start_pos if refusal.at < len(seen) else None
            if place not in reported and not self._is_beside_a_hole(seen, refusal.at):
                self._report(explain(self._source, seen, refusal, RESERVED))
            reported.add(place)
        return self._tree(start, mended.tokens) if mended.tokens and mended.is_sure and not has_hole else None

    def _tree(self, start: str, words: tuple[Token, ...]) -> Tree[Token]:
        """Return the tree of tokens, kept from an earlier text if there is one, and remember where it stands."""
        begins = words[0].start_pos or 0
        key = (start, words, tuple((token.end_pos or 0) - begins for token in words))
        if key not in _KEPT:
            if len(_KEPT) >= _MOST_KEPT:
                _KEPT.clear()
            _KEPT[key] = _tree(start, words), begins
        tree, kept_begins = _KEPT[key]
        self._anchor = Anchor(self._source, begins - kept_begins)
        return tree

    def _report(self, diagnostic: Diagnostic) -> None:
        self._reporter.report(diagnostic)

    def _is_beside_a_hole(self, tokens: tuple[Token, ...], at: int) -> bool:
        """Whether something that is no token was left out next to the place: that was already reported."""
        before = tokens[at - 1].end_pos if at else tokens[0].start_pos
        after = tokens[at].start_pos if at < len(tokens) else None
        if after is None:
            later = (token.start_pos for token in self._lexed.tokens if (token.start_pos or 0) >= (before or 0))
            after = next(
                (start for start in later if start is not None and start > (before or 0)), len(self._source.text) + 1
            )
        return any((before or 0) <= hole <= after for hole in self._lexed.holes) or "BROKEN" in {
            token.type for token in tokens
        }


def _tree(start: str, words: Sequence[Token]) -> Tree[Token]:
    parser = grammar().parse_interactive("", start=start)
    for token in words:
        parser.feed_token(token)
    return cast("Tree[Token]", parser.feed_eof(words[-1]))  # type: ignore[no-untyped-call] # lark leaves it untyped
