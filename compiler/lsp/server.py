"""The language server: a thin skin of the protocol around the language service."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from sess.compiler.lsp import features
from sess.compiler.lsp.session import Session
from sess.compiler.registry import registry

_TRIGGERS = ["(", "[", ",", "=", ">", '"', " ", "/", "@"]


def build() -> LanguageServer:
    """Return a server that answers by standard input and output once it is started."""
    server = LanguageServer("sess", version("sess"))
    session = Session(server)
    # Not as decorators: those of pygls would leave our functions without types where it isn't installed.
    answers: dict[str, Callable[[Session, Any], object]] = {  # each method has parameters of its own type
        types.TEXT_DOCUMENT_HOVER: features.on_hover,
        types.TEXT_DOCUMENT_DEFINITION: features.on_definition,
        types.TEXT_DOCUMENT_REFERENCES: features.on_references,
        types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: features.on_highlight,
        types.TEXT_DOCUMENT_FORMATTING: features.on_formatting,
        types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: features.on_document_symbol,
        types.TEXT_DOCUMENT_INLAY_HINT: features.on_inlay_hint,
        types.TEXT_DOCUMENT_PREPARE_RENAME: features.on_prepare_rename,
    }
    for method, answer in answers.items():
        server.feature(method)(partial(_answered, answer, session))
    server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))(
        partial(_answered, features.on_rename, session)
    )
    server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=_TRIGGERS))(
        partial(_answered, features.on_completion, session)
    )
    server.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(["(", ",", "="]))(
        partial(_answered, features.on_signature_help, session)
    )
    kinds = [types.CodeActionKind.QuickFix, features.FIX_ALL]
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(kinds))(
        partial(_answered, features.on_code_action, session)
    )
    _listen(server, session)
    return server


def _answered(answer: Callable[[Session, Any], object], session: Session, params: Any) -> object:
    """Return an answer; None for a document that isn't open, and one line, not our own lines of code, for a bug."""
    if not session.has(params.text_document.uri):
        return None
    try:
        return answer(session, params)
    except JsonRpcException:
        raise
    except Exception as error:
        raise JsonRpcInternalError(f"this is a bug in sess: {type(error).__name__}: {str(error)[:200]}") from error


def _listen(server: LanguageServer, session: Session) -> None:
    """Hear of what happens to documents and files."""

    def warm(_: types.InitializedParams) -> None:
        for _entry in registry():
            pass  # the first completion would import every block otherwise

    def opened(params: types.DidOpenTextDocumentParams) -> None:
        session.opened(params.text_document.uri)

    def changed(params: types.DidChangeTextDocumentParams) -> None:
        session.changed(params.text_document.uri)

    def closed(params: types.DidCloseTextDocumentParams) -> None:
        session.closed(params.text_document.uri)

    def saved(_: types.DidSaveTextDocumentParams) -> None:
        session.refresh()

    def files_changed(_: types.DidChangeWatchedFilesParams) -> None:
        session.refresh()

    server.feature(types.INITIALIZED)(warm)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(changed)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(closed)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(saved)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(files_changed)
