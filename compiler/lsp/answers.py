"""What the language service says, as the protocol writes it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Protocol

from lsprotocol import types

from sess.compiler.diagnostics import Diagnostic, Edit, Severity
from sess.compiler.lsp.positions import position, range_of
from sess.compiler.service.outline import Symbol
from sess.compiler.service.suggestions import Sort, Suggestion
from sess.compiler.source import Source, Span


class Documents(Protocol):
    """What answers ask of the session."""

    @property
    def encoding(self) -> str:
        """The units that the client counts characters by."""

    def document(self, name: str, uri: str) -> str:
        """Return the document of a source that an analysis of `uri` names."""


_ITEMS = {
    Sort.STATEMENT: types.CompletionItemKind.Keyword,
    Sort.SECTION: types.CompletionItemKind.Module,
    Sort.KEY: types.CompletionItemKind.Property,
    Sort.ARGUMENT: types.CompletionItemKind.Property,
    Sort.BLOCK: types.CompletionItemKind.Function,
    Sort.DEFINITION: types.CompletionItemKind.Variable,
    Sort.COLUMN: types.CompletionItemKind.Field,
    Sort.TAG: types.CompletionItemKind.EnumMember,
    Sort.WORD: types.CompletionItemKind.EnumMember,
    Sort.FILE: types.CompletionItemKind.File,
}
_SYMBOLS = {
    "spec": types.SymbolKind.Package,
    "schema": types.SymbolKind.File,
    "import": types.SymbolKind.File,
    "param": types.SymbolKind.Constant,
    "columns": types.SymbolKind.Array,
    "sequence": types.SymbolKind.Array,
    "domain": types.SymbolKind.Enum,
    "table": types.SymbolKind.Struct,
    "let": types.SymbolKind.Variable,
    "encoder": types.SymbolKind.Function,
    "head": types.SymbolKind.Event,
    "key": types.SymbolKind.Property,
}
UNUSED = "S901"


def diagnostic(found: Diagnostic, documents: Documents, uri: str) -> types.Diagnostic:
    """Return a finding with its help below the message and its labels as related places."""
    lines = [found.message, *([found.label] if found.label else []), *(f"help: {each}" for each in found.help)]
    related = [
        types.DiagnosticRelatedInformation(location(label.span, documents, uri), label.text or "here")
        for label in found.labels
    ]
    return types.Diagnostic(
        range_of(found.span, documents.encoding),
        "\n".join(lines),
        types.DiagnosticSeverity.Error if found.code.severity is Severity.ERROR else types.DiagnosticSeverity.Warning,
        found.code.number,
        source="sess",
        tags=[types.DiagnosticTag.Unnecessary] if found.code.number == UNUSED else None,
        related_information=related or None,
    )


def location(span: Span, documents: Documents, uri: str) -> types.Location:
    """Return a span with its document."""
    return types.Location(documents.document(span.source.name, uri), range_of(span, documents.encoding))


def workspace_edit(edits: Iterable[Edit], documents: Documents, uri: str) -> types.WorkspaceEdit:
    """Return edits by document."""
    changes: dict[str, list[types.TextEdit]] = {}
    for each in edits:
        document = documents.document(each.span.source.name, uri)
        changes.setdefault(document, []).append(
            types.TextEdit(range_of(each.span, documents.encoding), each.replacement)
        )
    return types.WorkspaceEdit(changes=dict(changes))


def line_edits(source: Source, fresh: str, encoding: str) -> list[types.TextEdit]:
    """Return the edits from a source to another text, whole lines, so that cursors elsewhere stay where they are."""
    before, after = _lines(source), _lines(Source("", fresh))
    starts = [*source.line_starts, len(source.text)]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [
        types.TextEdit(
            types.Range(position(source, starts[i], encoding), position(source, starts[j], encoding)),
            "".join(after[k:m]),
        )
        for tag, i, j, k, m in matcher.get_opcodes()
        if tag != "equal"
    ]


def _lines(source: Source) -> list[str]:
    ends = [*source.line_starts[1:], len(source.text)]
    return [source.text[start:end] for start, end in zip(source.line_starts, ends, strict=True) if start < end]


def completion_item(found: Suggestion, rank: int, place: types.Range, *, has_snippets: bool) -> types.CompletionItem:
    """Return a suggestion; the editor keeps the order of ranks among equal matches."""
    snippet = found.snippet if has_snippets and "$" in found.snippet else ""
    plain = found.snippet if found.snippet and "$" not in found.snippet else found.label
    return types.CompletionItem(
        found.label,
        kind=_ITEMS[found.sort],
        detail=found.detail or None,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, found.about) if found.about else None,
        sort_text=f"{rank:04}",
        insert_text_format=types.InsertTextFormat.Snippet if snippet else types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(place, snippet or plain),
    )


def document_symbol(found: Symbol, encoding: str) -> types.DocumentSymbol:
    """Return a line of the outline."""
    return types.DocumentSymbol(
        found.text,
        _SYMBOLS.get(found.keyword, types.SymbolKind.Namespace),
        range_of(found.span, encoding),
        range_of(found.name, encoding),
        detail=" ".join(part for part in (found.keyword if found.keyword != "key" else "", found.detail) if part),
        children=[document_symbol(each, encoding) for each in found.inner],
    )
