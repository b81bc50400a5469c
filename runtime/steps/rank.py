"""The best items of a catalogue: one scan of the item matrix and a selection that never sorts it, or an index's walk.

A copy of this file stands in every served model repository: it imports numpy and the copied index beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .index import Index

Codes = NDArray[np.int32]
Scores = NDArray[np.float32]

NEVER = np.finfo(np.float32).min
SCORES_AT_ONCE = 1 << 24  # numbers: 64 MiB, so that a batch over a large catalogue is scanned in parts
SESSIONS_AT_ONCE = 8  # at least: reading a large catalogue costs more than the room for the scores of so many
PRODUCT_AT_ONCE = 1 << 19  # numbers: 2 MiB, which the processor's caches hold
SHARED_FROM = 1 << 23  # numbers: 32 MiB, more than caches hold, so that a second thread reads as much again
MOST_THREADS = 4  # so many read at about the speed of the memory
GROUPS_PER_ANSWER = 16  # groups of the catalogue for every item that is asked for
SMALLEST_GROUP, LARGEST_GROUP = 32, 4096


@dataclass(frozen=True, slots=True)
class Question:
    """What one session asks: how many items, without which codes, and of which alone (None: of all)."""

    k: int
    exclude: Codes
    allow: Codes | None


class Catalogue:
    """The vectors (N, D) and biases (N,) that a head compares states with; without vectors states are the scores.

    An index, where there is one, only proposes items: filters and scores are always exact.
    """

    def __init__(
        self,
        reserved: int,
        count: int,
        vectors: NDArray[np.float32] | None,
        bias: NDArray[np.float32] | None,
        index: Index | None = None,
    ) -> None:
        self.reserved, self.count = reserved, count
        self._vectors, self._bias, self._index = vectors, bias, index

    @classmethod
    def load(
        cls, folder: Path, reserved: int, count: int, vectors: str | None, bias: str | None, index: Index | None = None
    ) -> Catalogue:
        """Return the catalogue of two files of arrays; vectors are mapped, so that instances share their memory."""
        mapped = None if vectors is None else np.asarray(np.load(folder / vectors, mmap_mode="r", allow_pickle=False))
        biases = None if bias is None else np.load(folder / bias, allow_pickle=False)
        return cls(reserved, count, mapped, biases, index)

    def indexed(self, index: Index) -> Catalogue:
        """Return the same catalogue with an index."""
        return Catalogue(self.reserved, self.count, self._vectors, self._bias, index)

    def rank(self, states: NDArray[np.float32], questions: Sequence[Question]) -> Iterator[tuple[Codes, Scores]]:
        """Give codes and scores of every session, best first, ties by the lower code; min(k, N) of each.

        `states` are (B, D), or (B, N) scores. Where no item is left the code is 0 and the score the lowest number.
        """
        rows = max(SESSIONS_AT_ONCE, SCORES_AT_ONCE // max(1, self.count))
        for begin in range(0, len(questions), rows):
            part = questions[begin : begin + rows]
            mine = states[begin : begin + rows]
            # What is allowed is often a short list: its scores cost a product with its own vectors alone.
            walked = {i: self._of_index(mine[i], question) for i, question in enumerate(part)}
            scanned = [i for i, question in enumerate(part) if question.allow is None and walked[i] is None]
            scores = self._scores(mine[scanned]) if scanned else None
            places = {i: place for place, i in enumerate(scanned)}
            for i, question in enumerate(part):
                found = walked[i]
                if found is not None:
                    yield found
                elif scores is not None and i in places:
                    yield self._of_all(scores[places[i]], question)
                else:
                    yield self._of_allowed(mine[i], question)

    def _scores(self, states: NDArray[np.float32]) -> Scores:
        """Return scores of their own (B, N), which may be written."""
        if self._vectors is None:
            return np.array(states, np.float32)
        found = products(states, self._vectors)  # (B, N)
        if self._bias is not None:
            found += self._bias
        return found

    def _of_all(self, scores: Scores, question: Question) -> tuple[Codes, Scores]:
        if len(question.exclude):
            scores[self._places(question.exclude)] = NEVER
        places = best(scores, min(question.k, self.count))
        return self._answer(places, scores[places])

    def _of_allowed(self, state: NDArray[np.float32], question: Question) -> tuple[Codes, Scores]:
        assert question.allow is not None
        return self._best_of(
            np.setdiff1d(self._places(question.allow), self._places(question.exclude)), state, question
        )

    def _of_index(self, state: NDArray[np.float32], question: Question) -> tuple[Codes, Scores] | None:
        """Return the best of what an index proposes; None without one, and where it proposes too few.

        As many more are asked for as are excluded, so that k are left even if every excluded item is among the best.
        """
        if self._index is None or question.allow is not None:
            return None
        excluded = self._places(question.exclude)
        proposed = self._index.nearest(state, question.k + len(excluded))
        if proposed is None:
            return None
        left = np.setdiff1d(proposed, excluded, assume_unique=True)
        enough = min(question.k, self.count - len(excluded))
        return self._best_of(left, state, question) if len(left) >= enough else None

    def _best_of(
        self, allowed: NDArray[np.int64], state: NDArray[np.float32], question: Question
    ) -> tuple[Codes, Scores]:
        """Return the best of some places, which are in order."""
        if self._vectors is None:
            scores = np.asarray(state[allowed], np.float32)
        else:
            scores = self._vectors[allowed] @ state
            scores = scores if self._bias is None else scores + self._bias[allowed]
        order = np.argsort(-scores, kind="stable")[: min(question.k, self.count)]
        places = np.full(min(question.k, self.count), -self.reserved)
        kept = np.full(len(places), NEVER, np.float32)
        places[: len(order)], kept[: len(order)] = allowed[order], scores[order]
        return self._answer(places, kept)

    def _places(self, codes: Codes) -> NDArray[np.int64]:
        """Return the places of real items, each once; reserved codes and 0 for nothing are left out."""
        places = np.unique(np.asarray(codes, np.int64)) - self.reserved
        found: NDArray[np.int64] = places[(places >= 0) & (places < self.count)]
        return found

    def _answer(self, places: NDArray[np.int64], scores: Scores) -> tuple[Codes, Scores]:
        codes = (places + self.reserved).astype(np.int32)
        if len(scores) and scores[-1] <= NEVER:  # best first
            codes[scores <= NEVER] = 0
        return codes, scores


def best(scores: Scores, k: int) -> NDArray[np.int64]:
    """Return the places of the k largest scores, best first, ties by the lower place; k is at most their number.

    Scores that stand `whole` apart are a group, so that one pass of whole rows finds the highest of each. Each of k
    groups holds a score at least as high as the k-th highest of these, so that nothing below can be among the k best:
    another pass finds what reaches it, and only that is sorted.
    """
    count = len(scores)
    size = min(max(count // max(1, GROUPS_PER_ANSWER * k), SMALLEST_GROUP), LARGEST_GROUP)
    whole = count // size
    if whole < k or k == 0:
        return np.argsort(-scores, kind="stable")[:k]
    maxima = np.maximum.reduce(scores[: whole * size].reshape(size, whole))
    threshold = np.partition(maxima, whole - k)[whole - k]
    (candidates,) = (scores >= threshold).nonzero()  # in order of places
    found: NDArray[np.int64] = candidates[np.argsort(-scores[candidates], kind="stable")[:k]]
    return found


def products(states: NDArray[np.float32], vectors: NDArray[np.float32]) -> Scores:
    """Return the products (B, N) of states with all vectors, which are read once, a large matrix by several threads."""
    found = np.empty((len(states), len(vectors)), np.float32)
    threads = min(MOST_THREADS, len(os.sched_getaffinity(0))) if vectors.size >= SHARED_FROM else 1
    ends = [len(vectors) * i // threads for i in range(threads + 1)]
    others = [
        _readers().submit(_multiply, states, vectors[begin:end], found[:, begin:end])
        for begin, end in pairwise(ends[1:])
    ]
    _multiply(states, vectors[: ends[1]], found[:, : ends[1]])
    for other in others:
        other.result()
    return found


@cache
def _readers() -> ThreadPoolExecutor:
    """Return threads that sleep while nothing is read; those of BLAS would wait by spinning."""
    return ThreadPoolExecutor(MOST_THREADS)


def _multiply(states: NDArray[np.float32], vectors: NDArray[np.float32], out: Scores) -> None:
    """Write products of a part (N, D) of the vectors into (B, N).

    BLAS first copies what stands on the right: the few states and not the many vectors, by parts of these that stay in
    the caches until their products are in place. `states @ vectors.T` takes 2.5 to 4 times as long for 2 to 8 states.
    """
    if len(states) == 1:
        np.matmul(vectors, states[0], out=out[0])
        return
    right, step = np.ascontiguousarray(states.T), max(1, PRODUCT_AT_ONCE // max(1, len(states)))
    for begin in range(0, len(vectors), step):
        part = slice(begin, begin + step)
        out[:, part] = (vectors[part] @ right).T
