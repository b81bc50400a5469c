"""What the server knows of an editor: the open texts, one analysis of each, and the findings that it has been told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from sess.compiler.diagnostics import Diagnostic
from sess.compiler.lsp.answers import diagnostic
from sess.compiler.lsp.positions import UTF16, path_of, uri_of
from sess.compiler.service.analysis import Analysis, analyse
from sess.compiler.source import Source
from sess.compiler.tree import SpecStatement

_HALVES = re.compile("[\ud800-\udfff]")
PAUSE = 0.005  # seconds without a keystroke before findings are told: a paste is one check


class Session:
    """One editor. Analyses are kept until any open text changes, since a spec may import it."""

    def __init__(self, server: LanguageServer) -> None:
        self.server = server
        self._analyses: dict[str, Analysis] = {}
        self._recent: dict[str, Analysis] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._told: dict[str, dict[str, tuple[types.Diagnostic, ...]]] = {}  # findings by document, then by spec

    @property
    def encoding(self) -> str:
        """The units that the client counts characters by."""
        found = self.server.workspace.position_encoding
        return str(getattr(found, "value", found) or UTF16)

    def text(self, uri: str) -> str:
        """Return the text of a document as the editor has it; half a surrogate pair, which is no letter, as U+FFFD."""
        text = self.server.workspace.get_text_document(uri).source
        return text if text.isascii() else _HALVES.sub("\ufffd", text)

    def has(self, uri: str) -> bool:
        """Whether the editor has opened a document; what lies on the disk alone isn't asked about."""
        return uri in self.server.workspace.text_documents

    def analysis(self, uri: str) -> Analysis:
        """Return what is known of a document's text."""
        if uri not in self._analyses:
            self._analyses[uri] = analyse(path_of(uri), self.text(uri), self._overlay(uri))
            self._recent[uri] = self._analyses[uri]
        return self._analyses[uri]

    def recent(self, uri: str) -> Analysis:
        """Return what was known of a document before the last keystroke: enough to suggest words by."""
        return self._recent.get(uri) or self.analysis(uri)

    def source(self, uri: str) -> Source:
        """Return the text of a document as it stands."""
        return Source(str(path_of(uri)), self.text(uri))

    def opened(self, uri: str) -> None:
        """Tell the findings of a text, and of every open spec before it: one may have been waiting for this file."""
        self._wait(*self._recent, uri)

    def changed(self, uri: str) -> None:
        """Once typing pauses, tell the findings of a spec and of those that read it."""
        self._wait(uri, *self._readers(uri))

    def _wait(self, *uris: str) -> None:
        """Forget what was known, and check again when nothing has been typed for a moment."""
        self._analyses.clear()
        for each in uris:
            if each in self._waiting:
                self._waiting.pop(each).cancel()
            self._waiting[each] = asyncio.get_running_loop().call_later(PAUSE, self.tell, each)

    def refresh(self) -> None:
        """Tell the findings of every open spec anew, after a file changed on the disk."""
        self._analyses.clear()
        for uri in list(self._recent):
            self.tell(uri)

    def closed(self, uri: str) -> None:
        """Take back the findings of a spec that was closed."""
        self._analyses.clear()
        self._recent.pop(uri, None)
        if uri in self._waiting:
            self._waiting.pop(uri).cancel()
        self._tell_all(uri, {})

    def tell(self, uri: str) -> None:
        """Publish the findings of a spec, at the files where they stand; those of an import come with its readers."""
        self._waiting.pop(uri, None)
        analysis = self.analysis(uri)
        is_part = not any(isinstance(each, SpecStatement) for each in analysis.checked.spec.statements)
        found: dict[str, list[Diagnostic]] = {uri: []}
        for each in () if is_part and self._readers(uri) else analysis.checked.diagnostics:
            found.setdefault(self.document(each.span.source.name, uri), []).append(each)
        self._tell_all(uri, found)

    def document(self, name: str, uri: str) -> str:
        """Return the document of a source that an analysis of `uri` names."""
        return uri if name == self.analysis(uri).source.name else uri_of(name)

    def _tell_all(self, uri: str, found: Mapping[str, Sequence[Diagnostic]]) -> None:
        earlier = [each for each, by in self._told.items() if uri in by and each not in found]
        for document in (*found, *earlier):  # the spec itself first
            by_spec = self._told.setdefault(document, {})
            by_spec.pop(uri, None)
            if found.get(document):
                by_spec[uri] = tuple(diagnostic(each, self, uri) for each in found[document])
            shown = [each for several in by_spec.values() for each in several]
            self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(document, shown))

    def _readers(self, uri: str) -> list[str]:
        """Return the other open specs that import a file or read it as their schema."""
        path = str(path_of(uri).resolve())
        found = {other: each for other, each in self._recent.items() if other != uri}
        return [other for other, each in found.items() if path in {str(Path(name).resolve()) for name in each.reads}]

    def _overlay(self, uri: str) -> Mapping[Path, str]:
        documents = self.server.workspace.text_documents
        return {path_of(other).resolve(): self.text(other) for other in documents if other != uri}
