"""Baselines against literal counts of the training sessions."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from sess.runtime.evaluate.baselines.last_item_knn import LastItemKnnScores
from sess.runtime.evaluate.baselines.popular import PopularScores
from sess.runtime.evaluate.ranking import Popularity

RESERVED, ITEMS = 3, 25
DRAW = np.random.default_rng(2)
SESSIONS = [DRAW.zipf(1.5, DRAW.integers(1, 8)) % ITEMS for _ in range(60)]


@pytest.fixture(scope="module")
def popularity() -> Popularity:
    clicks = np.bincount(np.concatenate(SESSIONS), minlength=ITEMS)
    holders = np.bincount(np.concatenate([np.unique(session) for session in SESSIONS]), minlength=ITEMS)
    return Popularity(RESERVED, clicks, holders, len(SESSIONS))


def knn(popularity: Popularity) -> LastItemKnnScores:
    numbers = np.repeat(np.arange(len(SESSIONS)), [len(session) for session in SESSIONS])
    return LastItemKnnScores(popularity, numbers, np.concatenate(SESSIONS).astype(np.int64))


def test_neighbours_score_the_cosine_of_their_sessions(popularity: Popularity) -> None:
    scores = knn(popularity).scores(np.arange(RESERVED, RESERVED + ITEMS, dtype=np.int32))
    holding = [{i for i, session in enumerate(SESSIONS) if item in session} for item in range(ITEMS)]
    for last in range(ITEMS):
        for other in range(ITEMS):
            shared = len(holding[last] & holding[other])
            if shared and last != other:
                wanted = shared / sqrt(len(holding[last]) * len(holding[other]))
                assert scores[last, other] == pytest.approx(wanted, rel=1e-6)
            else:
                assert scores[last, other] < 0


def test_what_is_no_neighbour_is_ordered_by_clicks(popularity: Popularity) -> None:
    scores = knn(popularity).scores(np.array([RESERVED], np.int32))[0]
    others = np.flatnonzero(scores < 0)
    order = np.lexsort((others, -scores[others]))
    wanted = np.lexsort((others, -popularity.clicks[others]))
    assert order.tolist() == wanted.tolist()


@pytest.mark.parametrize("code", [0, 1, 2])
def test_after_an_unknown_item_comes_what_is_popular(code: int, popularity: Popularity) -> None:
    scores = knn(popularity).scores(np.array([code], np.int32))[0]
    assert np.argsort(-scores, kind="stable").tolist() == np.argsort(-popularity.clicks, kind="stable").tolist()


def test_the_same_number_of_clicks_is_the_same_score(popularity: Popularity) -> None:
    (scores,) = PopularScores(popularity).scores(np.zeros(1, np.int32))
    order = np.argsort(popularity.clicks, kind="stable")
    assert ((np.diff(scores[order]) > 0) == (np.diff(popularity.clicks[order]) > 0)).all()
