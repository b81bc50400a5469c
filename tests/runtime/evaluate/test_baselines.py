"""Baselines against literal counts of the training sessions, as their papers say it, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from math import exp, log, sqrt
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sess.compiler.block import Chosen, JsonValue, Kind
from sess.runtime.baselines.fitted import Fitted
from sess.runtime.baselines.history import MICROSECONDS_A_DAY, History, history_of
from sess.runtime.border import Border, Layers, Surroundings, lower
from sess.runtime.prepare.prepared import Sessions
from sess.runtime.vocabulary import VocabularySize

RESERVED, ITEMS = 3, 25
DRAW = np.random.default_rng(2)
SESSIONS = [(DRAW.zipf(1.5, DRAW.integers(1, 8)) % ITEMS).tolist() for _ in range(80)]
AGES = np.sort(DRAW.integers(0, 40, len(SESSIONS)))[::-1].astype(np.float64)
CLICKS = np.bincount(np.concatenate(SESSIONS), minlength=ITEMS)
ASKED = [(DRAW.zipf(1.5, DRAW.integers(1, 9)) % ITEMS).tolist() for _ in range(40)]

Scores = dict[int, float]


def history() -> History:
    offsets = np.concatenate([[0], np.cumsum([len(session) for session in SESSIONS])])
    return History(ITEMS, offsets, np.concatenate(SESSIONS).astype(np.int64), AGES)


def fitted(name: str, **given: JsonValue) -> Fitted:
    border = Border(Surroundings(Layers(), {}, {}, {}, {}, None, None, 0, 1), "click", {})
    made = Fitted(lower(Chosen(name, given), Kind.BASELINE, border), VocabularySize(RESERVED, RESERVED + ITEMS))
    made.fit(history())
    return made


def ask(baseline: Fitted, sessions: list[list[int]], width: int = 9) -> NDArray[Any]:
    codes = np.zeros((len(sessions), width), np.int32)
    for row, session in enumerate(sessions):
        codes[row, : len(session)] = np.array(session, np.int32) + RESERVED
    return np.asarray(baseline.scores(codes))


def assert_equal(found: NDArray[Any], expected: Scores) -> None:
    """Assert the scores of what the oracle found; the rest lies below 0 in the order of its clicks."""
    others = [item for item in range(ITEMS) if item not in expected]
    for item, score in expected.items():
        assert found[item] == pytest.approx(score, rel=1e-5), item
    assert all(-1 <= found[item] < 0 for item in others)
    order = sorted(others, key=lambda item: (-found[item], item))
    assert order == sorted(others, key=lambda item: (-CLICKS[item], item))


def cosines(last: int) -> Scores:
    """Item-kNN (Sarwar et al. 2001) on sessions."""
    holding = [{i for i, session in enumerate(SESSIONS) if item in session} for item in range(ITEMS)]
    shared = {other: len(holding[last] & holding[other]) for other in range(ITEMS) if other != last}
    return {other: count / sqrt(len(holding[last]) * len(holding[other])) for other, count in shared.items() if count}


def newest(items: set[int], sample: int) -> list[int]:
    return [i for i in reversed(range(len(SESSIONS))) if items & set(SESSIONS[i])][:sample]


def vsknn(session: list[int], k: int, sample: int) -> Scores:
    """V-SKNN (Ludewig & Jannach 2018): linear weights of the session's steps, a product with the neighbour's items."""
    weight = {item: (place + 1) / len(session) for place, item in enumerate(session)}  # the last one of an item counts
    likeness = {i: sum(weight[item] for item in set(SESSIONS[i]) & set(session)) for i in newest(set(session), sample)}
    neighbours = sorted(likeness, key=lambda i: (-round(likeness[i] * len(session)), -i))[:k]
    scores: Scores = defaultdict(float)
    for i in neighbours:
        for item in set(SESSIONS[i]):
            scores[item] += likeness[i]
    return dict(scores)


def stan(session: list[int], k: int, sample: int, order: float, recency: float, distance: float) -> Scores:
    """STAN (Garg et al. 2019): three fading factors, of the step, of the age, and of the distance."""

    def place(item: int, among: list[int]) -> int:
        return max(place for place, other in enumerate(among) if other == item)

    likeness = {}
    for i in newest(set(session), sample):
        shared = set(SESSIONS[i]) & set(session)
        product = sum(exp((place(item, session) + 1 - len(session)) / order) for item in shared)
        likeness[i] = product / sqrt(len(set(session)) * len(set(SESSIONS[i]))) * exp(-AGES[i] / recency)
    neighbours = sorted(likeness, key=lambda i: (-round(log(likeness[i]) * 1e4), -i))[:k]
    scores: Scores = defaultdict(float)
    for i in neighbours:
        anchor = max(set(SESSIONS[i]) & set(session), key=lambda item: place(item, session))
        for item in set(SESSIONS[i]):
            gap = abs(place(item, SESSIONS[i]) - place(anchor, SESSIONS[i]))
            scores[item] += likeness[i] * exp(-gap / distance)
    return dict(scores)


def test_popular_scores_clicks() -> None:
    np.testing.assert_array_equal(ask(fitted("popular"), ASKED[:2]), [CLICKS, CLICKS])


def test_neighbours_of_the_last_item_score_the_cosine_of_their_sessions() -> None:
    found = ask(fitted("last_item_knn"), [[5, item] for item in range(ITEMS)])
    for last in range(ITEMS):
        assert_equal(found[last], cosines(last))


def test_only_the_nearest_k_items_are_neighbours() -> None:
    found = ask(fitted("last_item_knn", k=3), [[item] for item in range(ITEMS)])
    for last in range(ITEMS):
        all_of_them = cosines(last)
        best = sorted(all_of_them, key=lambda item: (-np.float32(all_of_them[item]), item))[:3]
        assert_equal(found[last], {item: all_of_them[item] for item in best})


@pytest.mark.parametrize(("k", "sample"), [(100, 1000), (5, 1000), (5, 12), (3, 3)])
def test_vsknn_is_its_paper(k: int, sample: int) -> None:
    found = ask(fitted("vsknn", k=k, sample=sample), ASKED)
    for row, session in enumerate(ASKED):
        assert_equal(found[row], vsknn(session, k, sample))


@pytest.mark.parametrize(("k", "sample"), [(100, 1000), (5, 1000), (5, 12)])
def test_stan_is_its_paper(k: int, sample: int) -> None:
    found = ask(fitted("stan", k=k, sample=sample, recency=4 * MICROSECONDS_A_DAY), ASKED)
    for row, session in enumerate(ASKED):
        assert_equal(found[row], stan(session, k, sample, 1.02, 4.0, 2.05))


NAMES = ["popular", "last_item_knn", "vsknn", "stan"]


@pytest.mark.parametrize("name", NAMES)
def test_a_session_does_not_depend_on_its_neighbours_or_its_padding(name: str) -> None:
    baseline = fitted(name)
    together = ask(baseline, ASKED)
    for row in range(0, len(ASKED), 7):
        alone = ask(baseline, [ASKED[row]], width=len(ASKED[row]))
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", [0, 1, 2])
def test_without_a_known_item_comes_what_is_popular(code: int, name: str) -> None:
    scores = np.asarray(fitted(name).scores(np.array([[code]], np.int32)))[0]
    assert np.argsort(-scores, kind="stable").tolist() == np.argsort(-CLICKS, kind="stable").tolist()


@pytest.mark.parametrize("name", NAMES)
def test_a_request_without_a_session_is_answered(name: str) -> None:
    assert fitted(name).scores(np.zeros((0, 4), np.int32)).shape == (0, ITEMS)


def test_unknown_items_stand_nowhere_and_the_oldest_session_comes_first() -> None:
    sessions = Sessions(
        np.array([0, 3, 4, 6]), {"item": np.array([4, 0, 5, 7, 2, 3], np.int32)}, {}, {}, {},
        {"key": np.arange(3), "ended": np.array([2, 9, 1]) * MICROSECONDS_A_DAY},
    )  # fmt: skip
    found = history_of(sessions, "item", reserved=3, count=5)
    assert found.offsets.tolist() == [0, 1, 3, 4]
    assert found.items.tolist() == [0, 1, 2, 4]
    assert found.age is not None
    assert found.age.tolist() == [8, 7, 0]
