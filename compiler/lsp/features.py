"""The requests of the protocol that the server answers: each asks the language service and writes down what it says."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from sess.compiler.diagnostics import Reporter
from sess.compiler.fixes import mended
from sess.compiler.format import format_source
from sess.compiler.lsp.answers import (
    completion_item,
    diagnostic,
    document_symbol,
    line_edits,
    location,
    workspace_edit,
)
from sess.compiler.lsp.positions import offset, range_of
from sess.compiler.lsp.session import Session
from sess.compiler.registry import registry
from sess.compiler.service import complete as completion
from sess.compiler.service.definition import definition
from sess.compiler.service.hover import hover
from sess.compiler.service.inlay import inlays
from sess.compiler.service.outline import outline
from sess.compiler.service.references import references
from sess.compiler.service.rename import Unnameable, rename, renamed_word
from sess.compiler.service.signature_help import signature_help
from sess.compiler.source import Span

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.sess"


def on_hover(session: Session, params: types.HoverParams) -> types.Hover | None:
    """Say what the word at a place is."""
    analysis = session.analysis(params.text_document.uri)
    found = hover(analysis, offset(analysis.source, params.position, session.encoding))
    if found is None:
        return None
    return types.Hover(
        types.MarkupContent(types.MarkupKind.Markdown, found.text), range_of(found.span, session.encoding)
    )


def on_completion(session: Session, params: types.CompletionParams) -> types.CompletionList:
    """Suggest what could stand at a place."""
    analysis, source = session.recent(params.text_document.uri), session.source(params.text_document.uri)
    at = offset(source, params.position, session.encoding)
    found = completion.complete(analysis, source.text, at)
    place = range_of(Span(source, found.start, at), session.encoding)
    has_snippets = _has_snippets(session.server.client_capabilities)
    items = [completion_item(each, i, place, has_snippets=has_snippets) for i, each in enumerate(found.suggestions)]
    return types.CompletionList(is_incomplete=False, items=items)


def _has_snippets(client: types.ClientCapabilities) -> bool:
    documents = client.text_document
    item = documents.completion.completion_item if documents and documents.completion else None
    return bool(item and item.snippet_support)


def on_definition(session: Session, params: types.DefinitionParams) -> types.Location | None:
    """Go to where the word at a place comes from."""
    analysis = session.analysis(params.text_document.uri)
    found = definition(analysis, offset(analysis.source, params.position, session.encoding))
    return location(found, session, params.text_document.uri) if found else None


def on_references(session: Session, params: types.ReferenceParams) -> list[types.Location]:
    """Find the places that mean what the word at a place means."""
    analysis, uri = session.analysis(params.text_document.uri), params.text_document.uri
    at = offset(analysis.source, params.position, session.encoding)
    found = references(analysis, at, has_declaration=params.context.include_declaration)
    return [location(each, session, uri) for each in found]


def on_highlight(session: Session, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    """Mark the places of the same file that mean what the word at a place means."""
    analysis = session.analysis(params.text_document.uri)
    found = references(analysis, offset(analysis.source, params.position, session.encoding))
    return [
        types.DocumentHighlight(range_of(each, session.encoding)) for each in found if each.source is analysis.source
    ]


def on_prepare_rename(session: Session, params: types.PrepareRenameParams) -> types.Range:
    """Return the word that a rename would change."""
    analysis = session.analysis(params.text_document.uri)
    try:
        found = renamed_word(analysis, offset(analysis.source, params.position, session.encoding))
    except Unnameable as error:
        raise JsonRpcInvalidParams(str(error)) from None
    return range_of(found, session.encoding)


def on_rename(session: Session, params: types.RenameParams) -> types.WorkspaceEdit:
    """Rename a definition and its uses."""
    analysis, uri = session.analysis(params.text_document.uri), params.text_document.uri
    try:
        edits = rename(analysis, offset(analysis.source, params.position, session.encoding), params.new_name)
    except Unnameable as error:
        raise JsonRpcInvalidParams(str(error)) from None
    return workspace_edit(edits, session, uri)


def on_code_action(session: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Offer the fixes of findings at a place, and one that applies every safe fix of the file."""
    analysis, uri = session.analysis(params.text_document.uri), params.text_document.uri
    start = offset(analysis.source, params.range.start, session.encoding)
    end = offset(analysis.source, params.range.end, session.encoding)
    actions: list[types.CodeAction] = []
    if _is_wanted(types.CodeActionKind.QuickFix.value, params.context.only):
        for found in analysis.checked.diagnostics:
            is_here = found.span.source == analysis.source and found.span.start <= end and found.span.end >= start
            for fix in found.fixes if is_here else ():
                actions.append(
                    types.CodeAction(
                        fix.title,
                        types.CodeActionKind.QuickFix,
                        diagnostics=[diagnostic(found, session, uri)],
                        is_preferred=fix.is_safe,
                        edit=workspace_edit(fix.edits, session, uri),
                    )
                )
    fresh = mended(analysis.source, analysis.checked.diagnostics)
    if fresh != analysis.source.text and _is_wanted(FIX_ALL, params.context.only):
        edit = types.WorkspaceEdit(changes={uri: line_edits(analysis.source, fresh, session.encoding)})
        actions.append(types.CodeAction("fix all that is safe to fix", FIX_ALL, edit=edit))
    return actions


def _is_wanted(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    asked = [str(getattr(each, "value", each)) for each in only or ()]
    return not asked or any(kind == each or kind.startswith(f"{each}.") for each in asked)


def on_formatting(session: Session, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    """Write the document in its one form; a broken one stays as it is."""
    source = session.source(params.text_document.uri)
    fresh = format_source(source, Reporter())
    return [] if fresh is None else line_edits(source, fresh, session.encoding)


def on_document_symbol(session: Session, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """List what the document defines and sets."""
    analysis = session.analysis(params.text_document.uri)
    return [document_symbol(each, session.encoding) for each in outline(analysis)]


def on_signature_help(session: Session, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    """Show the call that is being typed."""
    source = session.source(params.text_document.uri)
    found = signature_help(registry(), source.text, offset(source, params.position, session.encoding))
    if found is None:
        return None
    arguments = [
        types.ParameterInformation(each.text, types.MarkupContent(types.MarkupKind.Markdown, each.about))
        for each in found.arguments
    ]
    about = types.MarkupContent(types.MarkupKind.Markdown, found.about)
    return types.SignatureHelp(
        [types.SignatureInformation(found.text, about, arguments, found.active)], 0, found.active
    )


def on_inlay_hint(session: Session, params: types.InlayHintParams) -> list[types.InlayHint]:
    """Show the type of every definition behind its name."""
    analysis = session.analysis(params.text_document.uri)
    start = offset(analysis.source, params.range.start, session.encoding)
    end = offset(analysis.source, params.range.end, session.encoding)
    return [
        types.InlayHint(range_of(each.name, session.encoding).end, f": {each.text}", types.InlayHintKind.Type)
        for each in inlays(analysis)
        if start <= each.name.end <= end
    ]
