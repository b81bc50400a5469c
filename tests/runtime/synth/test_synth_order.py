"""What can be learned from a click stream: all where it is planted, nothing where it is shuffled."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from sess.runtime.synth.catalogue import TRAIL, stock
from sess.runtime.synth.stream import LONGEST, Order, Stream, generate, lengths_of

ITEMS = 200


def stream(noise: float, order: Order, seed: int = 1) -> Stream:
    return generate(stock(ITEMS, seed), lengths_of(20_000, seed), seed, noise, order)


def pairs(stream: Stream, *, is_valid: bool) -> list[tuple[int, int]]:
    """Return each click of a split with the one after it."""
    wanted = (stream.visit[1:] == stream.visit[:-1]) & (stream.is_valid[stream.visit[1:]] == is_valid)
    return list(zip(stream.item[:-1][wanted].tolist(), stream.item[1:][wanted].tolist(), strict=True))


def markov_recall(stream: Stream, k: int) -> float:
    """Count which item follows which in train; return how often that finds the next click of valid."""
    followers: dict[int, Counter[int]] = defaultdict(Counter)
    for item, following in pairs(stream, is_valid=False):
        followers[item][following] += 1
    best = {item: {follower for follower, _ in counted.most_common(k)} for item, counted in followers.items()}
    return float(np.mean([following in best.get(item, ()) for item, following in pairs(stream, is_valid=True)]))


def popular_recall(stream: Stream, k: int) -> float:
    """Return how often the most clicked items of train are the next click of valid."""
    train = stream.item[~stream.is_valid[stream.visit]]
    best = {item for item, _ in Counter(train.tolist()).most_common(k)}
    return float(np.mean([following in best for _, following in pairs(stream, is_valid=True)]))


def test_without_noise_one_click_tells_the_next() -> None:
    assert markov_recall(stream(0.0, Order.PLANTED), k=1) > 0.999


def test_without_noise_no_visit_meets_an_item_twice() -> None:
    assert TRAIL > LONGEST
    planted = stream(0.0, Order.PLANTED)
    meetings = Counter(zip(planted.visit.tolist(), planted.item.tolist(), strict=True))
    assert max(meetings.values()) == 1


def test_noise_is_the_share_of_clicks_that_nothing_foretells() -> None:
    assert markov_recall(stream(0.25, Order.PLANTED), k=1) == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("noise", [0.0, 0.25])
def test_shuffled_clicks_tell_no_more_than_popularity(seed: int, noise: float) -> None:
    shuffled = stream(noise, Order.SHUFFLED, seed)
    popular = popular_recall(shuffled, k=5)
    error = math.sqrt(popular * (1.0 - popular) / len(pairs(shuffled, is_valid=True)))
    assert markov_recall(shuffled, k=5) <= popular + 3.0 * error


@pytest.mark.parametrize("seed", range(1, 9))
def test_shuffled_visits_share_no_more_than_chance(seed: int) -> None:
    shuffled = stream(0.0, Order.SHUFFLED, seed)
    trail = stock(ITEMS, seed).trail
    company = [trail[a] == trail[b] for a, b in pairs(shuffled, is_valid=True) + pairs(shuffled, is_valid=False)]
    share = np.bincount(trail[shuffled.item]) / len(shuffled.item)
    chance = float((share**2).sum())
    assert abs(float(np.mean(company)) - chance) < 4.0 * math.sqrt(chance * (1.0 - chance) / len(company))


def test_shuffling_keeps_every_click_and_its_time() -> None:
    planted, shuffled = stream(0.1, Order.PLANTED), stream(0.1, Order.SHUFFLED)
    assert Counter(planted.item.tolist()) == Counter(shuffled.item.tolist())
    assert np.array_equal(planted.time, shuffled.time)
    assert not np.array_equal(planted.item, shuffled.item)


@pytest.mark.parametrize("noise", [0.0, 0.25, 1.0])
def test_a_tenth_of_the_items_holds_more_than_thirty_percent_of_the_clicks(noise: float) -> None:
    counts = np.sort(np.bincount(stream(noise, Order.PLANTED).item, minlength=ITEMS))[::-1]
    assert counts[: ITEMS // 10].sum() > 0.3 * counts.sum()
    assert counts[-ITEMS // 10 :].min() > 0


def test_popularity_drifts_between_the_first_week_and_the_last() -> None:
    planted = stream(0.25, Order.PLANTED)
    trail, day = stock(ITEMS, 1).trail[planted.item], (planted.time - planted.time.min()) // 86_400
    early, late = (np.bincount(trail[week], minlength=5) / week.sum() for week in (day < 7, day >= 21))
    assert np.abs(early - late).max() > 0.05


def test_lengths_of_visits_look_like_a_shops() -> None:
    length = lengths_of(20_000, seed=1)
    assert length.sum() == 20_000
    assert 5.0 < length.mean() < 7.0
    assert 0.1 < (length == 1).mean() < 0.25
    assert length.min() >= 1 and 20 < length.max() <= LONGEST


def test_clicks_of_a_visit_never_share_a_second_nor_pause_for_half_an_hour() -> None:
    planted = stream(0.25, Order.PLANTED)
    gaps = np.diff(planted.time)[np.diff(planted.visit) == 0]
    assert gaps.min() >= 1 and gaps.max() < 30 * 60


def test_who_buys_can_be_told_from_the_length_of_a_visit() -> None:
    planted = stream(0.25, Order.PLANTED)
    long = planted.length >= 10
    assert planted.is_buyer[long].mean() > 1.5 * planted.is_buyer[~long].mean() > 0.0
