"""The answers of a served model: many prepared requests in one batch, their best items, and codes back to ids.

A copy of this file stands in every served model repository: it imports numpy and the copied files beside it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import BadRequest
from .ids import Texts, load_ids, mapped
from .index import Index
from .popular import Popular
from .rank import Catalogue, Question
from .request import Asked
from .states import load_states

Array = NDArray[Any]  # ids in the user's dtype, scores, or vectors


class Answerer:
    """A model step's files: its states, its catalogues, and the vocabularies that turn codes into the user's ids."""

    def __init__(self, folder: str | Path, *, is_exact: bool = False, is_fed: bool = False) -> None:
        """Load them; `is_exact` leaves an index aside, and `is_fed` the graph, whose states are then given."""
        root = Path(folder)
        self.facts = json.loads((root / "serving.json").read_text(encoding="utf-8"))
        self._states = None if is_fed else load_states(root, self.facts["states"])
        self._ids: dict[str, Array | Texts] = {}
        self._popular: dict[str, Popular] = {}
        for name, domain in self.facts["domains"].items():
            vocabulary = root / domain["file"]
            self._ids[name] = load_ids(vocabulary)
            counts, ranked = mapped(vocabulary / "counts.npy"), mapped(vocabulary / "popular.npy")
            self._popular[name] = Popular(counts, ranked, domain["reserved"])
        self._catalogues = {
            head: self._catalogue(root, facts, is_exact=is_exact) for head, facts in self.facts["rankings"].items()
        }

    @property
    def outputs(self) -> frozenset[str]:
        """The names of all outputs."""
        return frozenset(self.facts["outputs"])

    def answer_one(self, asked: Asked) -> dict[str, Array]:
        """Return every output of one request; BadRequest if its values are beyond the model."""
        (found,) = self.answer([asked], [self.outputs])
        if isinstance(found, BadRequest):
            raise found
        return found

    def answer(
        self,
        asked: Sequence[Asked],
        wanted: Sequence[Collection[str]],
        given: Mapping[str, Array] | None = None,
    ) -> list[dict[str, Array] | BadRequest]:
        """Return each request's wanted outputs; requests are run together, and only what they want is ranked.

        `given` are the states of all rows, where another step has computed them.

        A request whose numbers overflow in the model gets a BadRequest, and never a NaN; its neighbours an answer.
        """
        states = self.states(asked) if given is None else given
        found: list[dict[str, Array]] = [{} for _ in asked]
        ends = accumulate(len(request.mask) for request in asked)
        rows = [slice(end - len(request.mask), end) for end, request in zip(ends, asked, strict=True)]
        for name in self.facts["outputs"]:
            owner, _, kind = name.rpartition(".")
            names = {name, f"{owner}.scores"} if kind == "ids" else {name}
            places = [i for i, outputs in enumerate(wanted) if names & set(outputs)]
            if not places or kind == "scores":  # scores come with their ids
                continue
            if kind == "ids":
                self._rank(owner, states[f"head:{owner}"], asked, rows, wanted, found)
                continue
            of = "encoder" if kind == "vector" else "head"
            for i in places:
                values = states[f"{of}:{owner}"][rows[i]]
                found[i][name] = values if kind == "vector" else values.reshape(-1, 1)  # batching needs two dimensions
        if all(np.isfinite(each).all() for each in states.values()):
            return list(found)
        finite = [np.isfinite(each).all(axis=tuple(range(1, each.ndim))) for each in states.values()]
        whole = np.logical_and.reduce(finite)  # (B,)
        return [answer if whole[rows[i]].all() else _overflow(whole[rows[i]]) for i, answer in enumerate(found)]

    def decoded(self, raw: Mapping[str, Array], k: int) -> dict[str, Array]:
        """Return codes (B, K) as the user's ids; as many places as `k`, or as the session with most candidates has."""
        made: dict[str, Array] = {}
        for name, values in raw.items():
            head, _, kind = name.rpartition(".")
            if kind == "score":
                made[name] = values.reshape(-1, 1)
            elif kind == "codes":
                made |= self._decoded(head, values, raw[f"{head}.scores"], k)
        return made

    def catalogue(self, head: str) -> Catalogue:
        """Return what a ranking head chooses from."""
        return self._catalogues[head]

    def _catalogue(self, root: Path, facts: Mapping[str, Any], *, is_exact: bool) -> Catalogue:
        domain = facts["domain"]
        reserved, count = self.facts["domains"][domain]["reserved"], len(self._ids[domain])
        has_index = facts["index"] is not None and not is_exact
        index = Index.load(root, facts["index"], has_bias=facts["bias"] is not None) if has_index else None
        return Catalogue.load(root, reserved, count, facts["vectors"], facts["bias"], index)

    def states(self, asked: Sequence[Asked]) -> dict[str, Array]:
        """Return the states of the rows of all requests, computed by at most `batch_max` rows at once."""
        if self._states is None:
            raise RuntimeError("this answerer is given its states")
        mask = _joined([request.mask for request in asked])  # (B, T)
        columns = {name: _joined([request.columns[name] for request in asked]) for name in self.facts["inputs"]}
        count, most, parts = len(mask), self.facts["batch_max"], []
        if not count:  # a graph need not work for no rows: it computes one of nothing, which is cut off
            mask, columns = _one_of_nothing(mask), {name: _one_of_nothing(each) for name, each in columns.items()}
        for begin in range(0, len(mask), most):
            rows = slice(begin, begin + most)
            feeds = {argument: columns[name][rows] for name, argument in self.facts["arguments"].items()}
            parts.append(self._states({**feeds, "mask": mask[rows]}))
        return {name: _whole([part[name] for part in parts])[:count] for name in parts[0]}

    def _rank(
        self,
        head: str,
        states: Array,
        asked: Sequence[Asked],
        rows: Sequence[slice],
        wanted: Sequence[Collection[str]],
        found: Sequence[dict[str, Array]],
    ) -> None:
        """Put a head's ids and scores into the answers of the requests that want them."""
        names = {f"{head}.ids", f"{head}.scores"}
        places = [i for i, outputs in enumerate(wanted) if names & set(outputs)]
        facts = self.facts["rankings"][head]
        questions = [question for i in places for question in questions_of(asked[i], is_item=facts["is_item"])]
        mine = _whole([states[rows[i]] for i in places])
        ranked = iter(list(self._catalogues[head].rank(mine, questions)))
        popular, questioned = self._popular[facts["domain"]], iter(questions)
        for i in places:
            pairs = []
            for has_steps in asked[i].mask.any(axis=1).tolist():
                pair, question = next(ranked), next(questioned)
                is_empty = self.facts["has_steps"] and not has_steps
                pairs.append(popular.rank(question.k, question.exclude, question.allow) if is_empty else pair)
            k = min(asked[i].k, len(self._ids[facts["domain"]]))
            codes = np.array([codes for codes, _ in pairs], np.int32).reshape(-1, k)
            scores = np.array([scores for _, scores in pairs], np.float32).reshape(-1, k)
            answer = self._decoded(head, codes, scores, k)
            found[i].update({name: values for name, values in answer.items() if name in wanted[i]})

    def _decoded(self, head: str, codes: Array, scores: Array, k: int) -> dict[str, Array]:
        domain, most = self.facts["rankings"][head]["domain"], min(k, codes.shape[1])
        if not codes.all():
            most = int((codes[:, :k] > 0).sum(axis=1).max(initial=0))
        return {f"{head}.ids": self._ids_of(domain, codes[:, :most]), f"{head}.scores": scores[:, :most]}

    def _ids_of(self, domain: str, codes: Array) -> Array:
        """Return ids of codes; a place without a candidate has 0 or an empty text, and the lowest score."""
        ids, reserved = self._ids[domain], self.facts["domains"][domain]["reserved"]
        if not len(ids):
            return np.zeros(codes.shape, ids.dtype)
        if codes.all():
            whole: Array = ids[codes - reserved]
            return whole
        found: Array = ids[np.maximum(codes - reserved, 0)]
        found[codes == 0] = "" if ids.dtype == object else 0
        return found


def _overflow(is_whole: NDArray[np.bool_]) -> BadRequest:
    place = int(np.argmin(is_whole))
    return BadRequest(f"session {place} holds a number that is too large for the model", "bad value")


def questions_of(asked: Asked, *, is_item: bool) -> list[Question]:
    """Return what each session of a request asks of a head; lists of items are no concern of other domains."""
    if not is_item:
        return [Question(asked.k, np.zeros(0, np.int32), None)] * len(asked.mask)
    if not len(asked.seen):
        return [Question(asked.k, asked.deny, asked.allow)] * len(asked.mask)
    ends = accumulate(asked.seen_counts.tolist())
    seen = [asked.seen[end - count : end] for end, count in zip(ends, asked.seen_counts.tolist(), strict=True)]
    return [Question(asked.k, _whole([each, asked.deny]), asked.allow) for each in seen]


def _one_of_nothing(values: Array) -> Array:
    """Return a row of zeros, shaped as rows of the values are; of one step where they have none."""
    return np.zeros((1, *(max(1, size) for size in values.shape[1:])), values.dtype)


def _whole(parts: Sequence[Array]) -> Array:
    """Return parts one after the other; a single one as it is."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _joined(parts: Sequence[Array]) -> Array:
    """Return arrays (B, …) below each other, padded behind to the largest."""
    largest = tuple(max(sizes) for sizes in zip(*(part.shape[1:] for part in parts), strict=True))
    return _whole([_padded(part, largest) for part in parts])


def _padded(part: Array, largest: tuple[int, ...]) -> Array:
    if part.shape[1:] == largest:
        return part
    return np.pad(part, [(0, 0), *((0, most - size) for most, size in zip(largest, part.shape[1:], strict=True))])
