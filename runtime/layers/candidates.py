"""Which items a sampled loss compares with: drawn once a step, each with the chance that it is among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

Tensor = Any  # TensorFlow is untyped

UNIFORM, POPULARITY, IN_BATCH, MIXED = "uniform", "popularity", "in_batch", "mixed"
BEYOND = 1 << 30  # no item, and none after the reserved codes are taken off


@dataclass(frozen=True, slots=True)
class Candidates:
    """Different items (C,) as places in the catalogue, and log Q of each (C,) and of the targets (N,).

    Q is the chance that an item is drawn at all, so that items drawn twice stand once (Bengio & Senécal 2008).
    """

    places: Tensor
    log_chance: Tensor
    log_chance_of_targets: Tensor


def draw_candidates(sampler: str, n: int, catalogue: Any, targets: Tensor, generator: Any) -> Candidates:
    """Return candidates for all rows of a step.

    `uniform`: n different items. `popularity`: n draws by the training clicks. `in_batch`: the targets of the step,
    which are draws by popularity. `mixed`: those and n uniform ones (Yang et al. 2020).
    """
    count = int(catalogue.count)
    most = min(n, count)
    clicks = tf.maximum(tf.cast(catalogue.clicks, tf.float32), 1.0)  # (V,): no item is impossible
    share = clicks / tf.reduce_sum(clicks)
    if sampler == UNIFORM:
        places = _different(count, most, generator)
        log_miss = tf.fill([count], tf.math.log1p(-most / count) if most < count else -float("inf"))
    elif sampler == POPULARITY:
        ends = tf.cumsum(share)
        chance = keras.random.uniform((n,), seed=generator) * ends[-1]
        places = tf.minimum(tf.searchsorted(ends, chance, side="right"), count - 1)
        log_miss = n * tf.math.log1p(-share)
    else:
        places = tf.cast(targets, tf.int32)
        log_miss = tf.cast(tf.shape(targets)[0], tf.float32) * tf.math.log1p(-share)
        if sampler == MIXED:
            places = tf.concat([places, _different(count, most, generator)], axis=0)
            log_miss += tf.math.log1p(-most / count) if most < count else -float("inf")
    places, _ = tf.unique(places)
    log_chance = tf.math.log(-tf.math.expm1(log_miss))  # (V,): log(1 - chance that no draw gives it)
    return Candidates(places, tf.gather(log_chance, places), tf.gather(log_chance, targets))


def each_once(values: Tensor, is_real: Tensor) -> Tensor:
    """Return the real ones of (B, L) each once and rising, then numbers beyond all of them."""
    found = tf.sort(tf.where(is_real, values, BEYOND), axis=1)
    again = tf.pad(found[:, 1:] == found[:, :-1], [[0, 0], [1, 0]])
    return tf.sort(tf.where(again, BEYOND, found), axis=1)


def draw_others(n: int, catalogue: Any, targets: Tensor, met: Tensor, generator: Any) -> Tensor:
    """Return n places a row (N, n), each uniform over all items but those that the row has met.

    `met` (N, L) has each place once and rising, then what is no place. Of a row that has met every item all but its
    target may be drawn.
    """
    count, targets, met = int(catalogue.count), tf.cast(targets, tf.int32)[:, None], tf.cast(met, tf.int32)
    across = tf.range(tf.shape(met)[1])[None]  # (1, L)
    has_met_all = tf.reduce_sum(tf.cast(met < count, tf.int32), axis=1, keepdims=True) == count  # (N, 1)
    met = tf.where(has_met_all, tf.where(across == 0, targets, count), met)
    is_met = met < count
    left = count - tf.reduce_sum(tf.cast(is_met, tf.int32), axis=1, keepdims=True)  # (N, 1): how many may be drawn
    chance = keras.random.uniform((tf.shape(targets)[0], n), seed=generator)
    drawn = tf.minimum(tf.cast(chance * tf.cast(left, tf.float32), tf.int32), left - 1)  # (N, n): which of those
    before = tf.where(is_met, met - across, count)  # (N, L): how many of those come before what is met
    return tf.clip_by_value(drawn + tf.searchsorted(before, drawn, side="right"), 0, count - 1)


def _different(count: int, most: int, generator: Any) -> Tensor:
    """Return so many different places, all sets alike."""
    if most == count:
        return tf.range(count)
    return tf.math.top_k(keras.random.uniform((count,), seed=generator), most).indices
