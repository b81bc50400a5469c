"""A compiled artifact asked in process: the steps that Triton runs, without Triton."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from sess.compiler.backend import Recommendation
from sess.compiler.failures import Misused
from sess.compiler.plans import Program
from sess.runtime.artifact import open_artifact
from sess.runtime.export.names import VERSION, model_name, prepare_name
from sess.runtime.serve.answers import Titles, recommendations
from sess.runtime.serve.tensors import Row, bag_columns, session_columns, step_columns, tensors_of
from sess.runtime.steps.answer import Answerer
from sess.runtime.steps.checks import BadRequest
from sess.runtime.steps.request import Reader
from sess.runtime.trust.check import check_loadable

Session = Sequence[int | str] | Mapping[str, Any]  # the items' ids, or values by column


class Recommender:
    """A model in this process, with the fitted preparation before it and the user's ids behind it."""

    def __init__(self, program: Program, reader: Reader, answerer: Answerer, titles: Mapping[str, Titles]) -> None:
        self.program = program
        self._reader, self._answerer, self._titles = reader, answerer, titles

    @classmethod
    def load(cls, directory: str | Path) -> Recommender:
        """Return the recommender of an artifact; Misused or RunFailed if it isn't one or isn't whole."""
        artifact = open_artifact(Path(directory))
        check_loadable(artifact.path)
        name, triton = artifact.program.serving.name, artifact.path / "triton"
        reader = Reader.load(triton / prepare_name(name) / VERSION)
        answerer = Answerer(triton / model_name(name) / VERSION)
        return cls(artifact.program, reader, answerer, _titles(artifact.path, artifact.program))

    def recommend(
        self,
        sessions: Sequence[Session],
        k: int | None = None,
        *,
        head: str | None = None,
        allow: Sequence[int | str] = (),
        deny: Sequence[int | str] = (),
    ) -> list[tuple[Recommendation, ...]]:
        """Return what one head recommends to each session, best first; the first ranking head if none is named."""
        name = head or next((each.name for each in self.program.model.heads if each.is_ranking), None)
        if name not in {each.name for each in self.program.model.heads}:
            raise Misused(f"the artifact has no head `{name}`" if name else "the artifact has no head that ranks")
        return [answer[name] for answer in self.answer(sessions, k, allow=allow, deny=deny)]

    def answer(
        self,
        sessions: Sequence[Session],
        k: int | None = None,
        *,
        allow: Sequence[int | str] = (),
        deny: Sequence[int | str] = (),
    ) -> list[dict[str, tuple[Recommendation, ...]]]:
        """Return what every head says to each session; a head that doesn't rank gives one score."""
        rows = [self._row(session) for session in sessions]
        raw = self.tensors(tensors_of(rows, self.program.serving.request, k=k, allow=allow, deny=deny))
        return [recommendations(raw, row, self._titles) for row in range(len(rows))]

    def tensors(self, request: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return all outputs for the tensors of a request; Misused with the rule that it breaks."""
        try:
            return self._answerer.answer_one(self._reader.read(request))
        except BadRequest as error:
            raise Misused(str(error)) from None

    def _row(self, session: Session) -> Row:
        """Return a session as values by column."""
        request = self.program.serving.request
        item, steps = self.program.workflow.data.item, step_columns(request)
        row = dict(session) if isinstance(session, Mapping) else {item: session}
        wanted = (*steps, *bag_columns(request), *session_columns(request))
        missing = [name for name in wanted if name not in row]
        if missing:
            raise Misused(f"a session needs {', '.join(f'`{name}`' for name in missing)} too", "give values by column")
        unknown = [name for name in row if name not in wanted]
        if unknown:
            raise Misused(f"the model doesn't read {', '.join(f'`{name}`' for name in unknown)}")
        return row


def _titles(artifact: Path, program: Program) -> dict[str, Titles]:
    """Return the names of the items by ranking head, where the catalogue has some."""
    from pyarrow import parquet

    from sess.runtime.vocabulary import file_of

    found: dict[str, Titles] = {}
    for head in program.model.heads:
        if not head.is_ranking or head.target_domain is None:
            continue
        path = artifact / file_of(head.target_domain)
        if "title" in parquet.read_schema(path).names:
            table = parquet.read_table(path, columns=["id", "title"]).to_pydict()
            named = zip(table["id"], table["title"], strict=True)
            found[head.name] = {each: title for each, title in named if title is not None}
    return found
