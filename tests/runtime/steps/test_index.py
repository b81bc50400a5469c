"""An index only proposes items: filters and scores are exact, and too few proposals lead to a scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sess.runtime.export.index import build
from sess.runtime.steps.index import Index
from sess.runtime.steps.rank import NEVER, Catalogue, Question

Array = NDArray[Any]

COUNT, WIDTH, RESERVED = 5_000, 16, 3
NOTHING = np.zeros(0, np.int32)


class Both:
    """A catalogue with biases and the same with an index."""

    def __init__(self, folder: Path, *, width: int = 128) -> None:
        draw = np.random.default_rng(0)
        self.vectors = draw.normal(size=(COUNT, WIDTH)).astype(np.float32)
        self.bias = draw.normal(size=COUNT).astype(np.float32) * 2
        np.save(folder / "vectors.npy", self.vectors)
        np.save(folder / "bias.npy", self.bias)
        build(folder, "vectors.npy", "bias.npy", folder / "index" / "a.usearch", 16)
        self.index = Index.load(folder, {"file": "index/a.usearch", "width": width, "k": 20}, has_bias=True)
        self.exact = Catalogue(RESERVED, COUNT, self.vectors, self.bias)
        self.indexed = self.exact.indexed(self.index)
        self.states = draw.normal(size=(50, WIDTH)).astype(np.float32)

    def ask(self, question: Question, *, is_exact: bool) -> list[tuple[Array, Array]]:
        """Return the answers to one question for every state."""
        return list((self.exact if is_exact else self.indexed).rank(self.states, [question] * len(self.states)))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """One of 5,000 items."""
    return Both(tmp_path_factory.mktemp("index"))


def test_nearly_all_of_the_exact_best_are_found_and_by_a_walk(both: Both) -> None:
    assert both.index.nearest(both.states[0], 20) is not None
    pairs = zip(
        both.ask(Question(20, NOTHING, None), is_exact=True),
        both.ask(Question(20, NOTHING, None), is_exact=False),
        strict=True,
    )
    assert np.mean([len(set(one.tolist()) & set(other.tolist())) / 20 for (one, _), (other, _) in pairs]) > 0.95


def test_scores_are_exact_products_with_their_biases_best_first(both: Both) -> None:
    for state, (codes, scores) in zip(both.states, both.ask(Question(20, NOTHING, None), is_exact=False), strict=True):
        places = codes - RESERVED
        np.testing.assert_allclose(scores, both.vectors[places] @ state + both.bias[places], rtol=1e-5, atol=1e-5)
        assert (np.diff(scores) <= 0).all()


def test_excluding_the_best_leaves_as_many_as_were_asked_for(both: Both) -> None:
    best = both.ask(Question(20, NOTHING, None), is_exact=True)[0][0]
    codes, scores = both.ask(Question(20, best, None), is_exact=False)[0]
    assert not set(codes.tolist()) & set(best.tolist())
    assert (codes > 0).all()
    assert (scores > NEVER).all()


def test_what_is_allowed_is_ranked_exactly(both: Both) -> None:
    question = Question(9, np.array([7], np.int32), np.arange(3, 3 + 40, dtype=np.int32))
    for one, other in zip(both.ask(question, is_exact=True), both.ask(question, is_exact=False), strict=True):
        assert one[0].tolist() == other[0].tolist()
        assert one[1].tolist() == other[1].tolist()


@pytest.mark.parametrize("excluded", [3_000, COUNT - 5])
def test_where_much_is_excluded_the_answer_is_that_of_a_scan(both: Both, excluded: int) -> None:
    question = Question(20, np.arange(RESERVED, RESERVED + excluded, dtype=np.int32), None)
    for one, other in zip(both.ask(question, is_exact=True), both.ask(question, is_exact=False), strict=True):
        assert one[0].tolist() == other[0].tolist()


def test_an_index_that_proposes_too_few_is_not_believed(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Index, "nearest", lambda _self, _state, _count: np.arange(19))
    for one, other in zip(
        both.ask(Question(20, NOTHING, None), is_exact=True),
        both.ask(Question(20, NOTHING, None), is_exact=False),
        strict=True,
    ):
        assert one[0].tolist() == other[0].tolist()


def test_equal_scores_stand_in_order_of_their_codes(tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).integers(0, 2, (4_000, 4)).astype(np.float32)  # 16 vectors, many times each
    np.save(tmp_path / "vectors.npy", vectors)
    build(tmp_path, "vectors.npy", None, tmp_path / "index" / "a.usearch", 8)
    index = Index.load(tmp_path, {"file": "index/a.usearch", "width": 64, "k": 20}, has_bias=False)
    state = np.array([[3.0, 2.0, 1.0, 1.0]], np.float32)
    ((codes, scores),) = Catalogue(RESERVED, 4_000, vectors, None, index).rank(state, [Question(20, NOTHING, None)])
    assert (scores == 7).all()
    assert (np.diff(codes) > 0).all()


def test_equal_vectors_give_equal_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        Both(folder)
    assert (one / "index" / "a.usearch").read_bytes() == (other / "index" / "a.usearch").read_bytes()


def test_a_state_that_is_not_a_number_gets_an_answer_of_the_right_shape(both: Both) -> None:
    state = np.full((1, WIDTH), np.nan, np.float32)
    ((codes, scores),) = both.indexed.rank(state, [Question(20, NOTHING, None)])
    assert codes.shape == scores.shape == (20,)
