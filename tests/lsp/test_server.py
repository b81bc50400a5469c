"""The language server as editors run it: a real process, spoken to by pytest-lsp as three editors would."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

pytest.importorskip("pytest_lsp", reason="the extra `dev` is not installed")
pytest.importorskip("pygls", reason="the extra `lsp` is not installed")

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "specs" / "xlnet_masked.sess").read_text(encoding="utf-8")
EDITORS = ["visual_studio_code", "neovim", "emacs"]

Talk = Callable[[LanguageClient, str], Awaitable[None]]
Run = Callable[..., None]


@pytest.fixture
def talk(tmp_path: Path) -> Run:
    """Return a function that opens a text in a fresh server and runs a conversation about it."""
    shutil.copy(ROOT / "specs" / "shop.pbtxt", tmp_path / "schema.pbtxt")

    def run(conversation: Talk, text: str = SPEC, editor: str = EDITORS[0]) -> None:
        asyncio.run(asyncio.wait_for(_converse(conversation, text, tmp_path, editor), 60))

    return run


async def _converse(conversation: Talk, text: str, folder: Path, editor: str) -> None:
    client, uri = make_test_lsp_client(), (folder / "spec.sess").as_uri()
    await client.start_io(sys.executable, "-m", "sess.compiler.cli.main", "lsp", "--stdio")
    await client.initialize_session(
        types.InitializeParams(capabilities=client_capabilities(editor), root_uri=folder.as_uri())
    )
    await _open(client, uri, text)
    await conversation(client, uri)
    await client.shutdown_session()
    await client.stop()


async def _open(client: LanguageClient, uri: str, text: str) -> None:
    told = asyncio.ensure_future(client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS))
    await asyncio.sleep(0)
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "sess", 1, text)))
    await told


async def _type(client: LanguageClient, uri: str, text: str, version: int = 2) -> None:
    told = asyncio.ensure_future(client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS))
    await asyncio.sleep(0)
    document = types.VersionedTextDocumentIdentifier(version, uri)
    change = types.TextDocumentContentChangeWholeDocument(text)
    client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
    await told


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # a conversation has a minute
        await asyncio.sleep(0.02)


def _at(text: str, words: str) -> types.Position:
    before = text[: text.index(words)]
    line = before.rpartition("\n")[2]
    return types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


def _codes(client: LanguageClient, uri: str) -> list[object]:
    return [each.code for each in client.diagnostics.get(uri, ())]


@pytest.mark.parametrize("editor", EDITORS)
def test_findings_come_while_typing_and_go_when_they_are_mended(talk: Run, editor: str) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        assert _codes(client, uri) == []
        broken = SPEC.replace("xlnet(layers", "xlnett(layers")
        await _type(client, uri, broken)
        (found,) = client.diagnostics[uri]
        assert (found.code, found.source, found.severity) == ("S202", "sess", types.DiagnosticSeverity.Error)
        assert found.range.start == _at(broken, "xlnett(")
        await _type(client, uri, SPEC, 3)
        assert _codes(client, uri) == []

    talk(conversation, editor=editor)


def test_a_quick_fix_mends_what_it_is_about(talk: Run) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        at = client.diagnostics[uri][0].range
        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), at, types.CodeActionContext([]))
        actions = await client.text_document_code_action_async(asked)
        assert actions is not None
        kinds = {action.title: action.kind for action in actions}
        assert kinds["repeat it for every step of `clicks`"] == types.CodeActionKind.QuickFix
        await _type(client, uri, _applied(row, actions[0].edit.changes[uri]))
        assert _codes(client, uri) == []

    row = SPEC.replace("broadcast(features(context), to=clicks)", "features(context)")
    talk(conversation, row)


def test_formatting_gives_the_one_form_and_leaves_a_broken_text_alone(talk: Run) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        document, options = types.TextDocumentIdentifier(uri), types.FormattingOptions(2, insert_spaces=True)
        edits = await client.text_document_formatting_async(types.DocumentFormattingParams(document, options))
        assert edits is not None
        assert _applied(loose, edits) == SPEC
        await _type(client, uri, loose + "let x = (\n")
        assert not await client.text_document_formatting_async(types.DocumentFormattingParams(document, options))

    loose = SPEC.replace("layers=2, heads=4", "layers = 2,heads=4").replace("  epochs    = 10\n", "  epochs=10,\n")
    talk(conversation, loose)


def test_hover_counts_characters_as_the_client_does(talk: Run) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        at = types.HoverParams(types.TextDocumentIdentifier(uri), _at(text, "xlnet(layers"))
        found = await client.text_document_hover_async(at)
        assert found is not None
        assert "xlnet(layers=2" in found.contents.value
        assert found.range.start == _at(text, "xlnet(layers")

    text = SPEC.replace("encoder query = steps", 'param emoji = "🛒🛒é" encoder query = steps')
    talk(conversation, text)


def test_completion_knows_the_word_that_was_just_typed(talk: Run) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        text = SPEC.replace(">> mlp([dim])", ">> drop")
        await _type(client, uri, text)
        end = _at(text, "drop")
        at = types.Position(end.line, end.character + 4)
        found = await client.text_document_completion_async(
            types.CompletionParams(types.TextDocumentIdentifier(uri), at)
        )
        item = next(each for each in found.items if each.label == "dropout")
        assert item.text_edit.range == types.Range(end, at)
        assert item.text_edit.new_text == "dropout($1)"

    talk(conversation)


def test_definitions_lead_into_the_schema_file(talk: Run) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        at = types.DefinitionParams(types.TextDocumentIdentifier(uri), _at(SPEC, "device]"))
        found = await client.text_document_definition_async(at)
        assert found is not None
        assert found.uri == uri.replace("spec.sess", "schema.pbtxt")

    talk(conversation)


def test_renaming_edits_every_use_and_refuses_words_of_the_language(talk: Run) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        at = types.TextDocumentIdentifier(uri), _at(SPEC, "steps = concat")
        edit = await client.text_document_rename_async(types.RenameParams(*at, "inputs"))
        assert edit is not None
        assert _applied(SPEC, edit.changes[uri]).count("inputs") == 2
        with pytest.raises(JsonRpcException, match="a word of the language"):
            await client.text_document_rename_async(types.RenameParams(*at, "let"))

    talk(conversation)


def test_the_rest_of_an_editors_questions_are_answered(talk: Run) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        document = types.TextDocumentIdentifier(uri)
        symbols = await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))
        assert [each.name for each in symbols][:3] == ["xlnet_masked", "schema.pbtxt", "dim"]
        asked = types.ReferenceParams(types.ReferenceContext(True), document, _at(SPEC, "items = "))
        assert len(await client.text_document_references_async(asked)) == 2
        marks = types.DocumentHighlightParams(document, _at(SPEC, "clicks  ="))
        assert len(await client.text_document_document_highlight_async(marks)) == 3
        signature = await client.text_document_signature_help_async(
            types.SignatureHelpParams(document, _at(SPEC, "heads=4"))
        )
        assert signature.signatures[0].label.startswith("xlnet(layers=2")
        whole = types.Range(types.Position(0, 0), types.Position(99, 0))
        hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, whole))
        assert ": Seq[T, 64]" in [each.label for each in hints]

    talk(conversation)


def test_findings_of_an_import_stand_at_the_import_and_unsaved_texts_count(talk: Run) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        assert "S217" in _codes(client, uri)  # not on the disk
        more = uri.replace("spec.sess", "more.sess")
        await _open(client, more, "columns clicks = tag(SEQUENC)\n")
        # That it has no `spec` of its own is no finding: it is a part.
        await _until(lambda: "S217" not in _codes(client, uri) and _codes(client, more) == ["S420"])
        await _type(client, more, "columns clicks = tag(SEQUENCE)\n")
        await _until(lambda: _codes(client, uri) == _codes(client, more) == [])

    text = SPEC.replace("columns clicks  = tag(SEQUENCE)", 'import "more.sess"')
    talk(conversation, text)


def test_closing_a_spec_takes_its_findings_back(talk: Run) -> None:
    async def conversation(client: LanguageClient, uri: str) -> None:
        assert _codes(client, uri) == ["S202"]
        told = asyncio.ensure_future(client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS))
        await asyncio.sleep(0)
        client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
        await told
        assert _codes(client, uri) == []

    talk(conversation, SPEC.replace("xlnet(layers", "xlnett(layers"))


def _applied(text: str, edits: object) -> str:
    """Return a text after edits of the protocol, whose places count UTF-16."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:i])) for i in range(len(lines) + 1)]

    def offset(at: types.Position) -> int:
        line = lines[at.line] if at.line < len(lines) else ""
        return starts[min(at.line, len(lines))] + len(line.encode("utf-16-le")[: at.character * 2].decode("utf-16-le"))

    for each in sorted(edits, key=lambda edit: offset(edit.range.start), reverse=True):
        text = text[: offset(each.range.start)] + each.new_text + text[offset(each.range.end) :]
    return text
