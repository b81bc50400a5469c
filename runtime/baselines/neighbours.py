"""Training sessions that share items with another session: found by lists of sessions, weighed, and spread on items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.runtime.baselines.history import History
from sess.runtime.baselines.lists import ranges, sums
from sess.runtime.baselines.popularity import below_zero

Tensor = Any  # TensorFlow is untyped
Fitted = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Steps:
    """The different items of sessions where each stands last: (E,) by row, then place; places count from 1.

    `length` (B,) is the number of known steps of each session, `different` (B,) that of its different items.
    """

    row: Tensor
    item: Tensor
    place: Tensor
    length: Tensor
    different: Tensor

    @property
    def rows(self) -> Tensor:
        """The number of sessions, B."""
        return tf.shape(self.different)[0]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Pairs (M,) of a row and a training session that shares an item with it, by row.

    `likeness` is the sum of the shared items' weights, `place` where the session has the last of them, `different` the
    number of the session's different items, `age` its days before the newest session, 0 where there is no time.
    """

    row: Tensor
    session: Tensor
    likeness: Tensor
    place: Tensor
    different: Tensor
    age: Tensor


def fit_sessions(history: History, sample: int) -> dict[str, NDArray[Any]]:
    """Return the different items of every session with their last places, and the newest sessions of every item.

    An item's older sessions than its `sample` newest are never among the `sample` newest of any session's items.
    """
    owner = history.session_of_step
    place = np.arange(len(owner)) - history.offsets[:-1][owner]
    order = np.lexsort((place, history.items, owner))
    is_last = np.ones(len(order), bool)
    is_last[:-1] = (np.diff(owner[order]) != 0) | (np.diff(history.items[order]) != 0)
    kept = order[is_last]
    owner, items, place = owner[kept], history.items[kept], place[kept]
    by_item = np.lexsort((owner, items))
    sizes = np.bincount(items, minlength=history.count)
    newest = np.cumsum(sizes).repeat(sizes) - np.arange(len(items))  # 1 for an item's newest session
    by_item = by_item[newest <= sample]
    sessions = len(history.offsets) - 1
    return {
        "session_offsets": _offsets(np.bincount(owner, minlength=sessions)),
        "session_items": items.astype(np.int32),
        "session_places": place.astype(np.int32),
        "item_offsets": _offsets(np.minimum(sizes, sample)),
        "item_sessions": owner[by_item].astype(np.int32),
        "item_places": place[by_item].astype(np.int32),
        "ages": (np.zeros(sessions) if history.age is None else history.age).astype(np.float32),
        "others": below_zero(history),
    }


def last_places(items: Tensor) -> Steps:
    """Return the different items of sessions (B, T) of places in the catalogue, -1 for what is no known item."""
    is_known = items >= 0
    place = tf.cumsum(tf.cast(is_known, tf.int32), axis=1)  # (B, T)
    later = tf.linalg.band_part(tf.ones([tf.shape(items)[1]] * 2, tf.int32), 0, -1)
    later = tf.cast(later - tf.eye(tf.shape(items)[1], dtype=tf.int32), tf.bool)  # (T, T): column after row
    again = tf.reduce_any((items[:, :, None] == items[:, None, :]) & later[None], axis=2)  # (B, T)
    where = tf.cast(tf.where(is_known & ~again), tf.int32)  # (E, 2)
    row = where[:, 0]
    different = tf.reduce_sum(tf.cast(is_known & ~again, tf.int32), axis=1)
    length = tf.reduce_max(place, axis=1)
    return Steps(row, tf.gather_nd(items, where), tf.gather_nd(place, where), length, different)


def find_neighbours(fitted: Fitted, steps: Steps, weight: Tensor, sample: int) -> Neighbours:
    """Return the `sample` newest training sessions of each row that share an item with it; `weight` (E,) of items."""
    offsets = tf.convert_to_tensor(fitted["item_offsets"])
    step, places = ranges(tf.gather(offsets, steps.item), tf.gather(offsets, steps.item + 1))  # (P,)
    session, row = tf.gather(fitted["item_sessions"], places), tf.gather(steps.row, step)
    sessions = tf.shape(fitted["ages"])[0]
    key = tf.cast(row, tf.int64) * tf.cast(sessions, tf.int64) + tf.cast(session, tf.int64)
    order = tf.argsort(key, stable=True)  # by row, session, and place of the item in the row
    key = tf.gather(key, order)
    ends = tf.concat([key[1:] != key[:-1], tf.ones([tf.minimum(tf.size(key), 1)], tf.bool)], axis=0)
    likeness = sums(tf.gather(tf.gather(weight, step), order), ends)  # (M,)
    last = tf.boolean_mask(order, ends)
    row, session = tf.gather(row, last), tf.gather(session, last)
    newest = _from_end(row) <= sample
    row, session, last = (tf.boolean_mask(each, newest) for each in (row, session, last))
    own = tf.convert_to_tensor(fitted["session_offsets"])
    return Neighbours(
        row,
        session,
        tf.boolean_mask(likeness, newest),
        tf.gather(fitted["item_places"], tf.gather(places, last)),
        tf.gather(own, session + 1) - tf.gather(own, session),
        tf.gather(fitted["ages"], session),
    )


def spread(
    fitted: Fitted,
    found: Neighbours,
    likeness: Tensor,
    rank: Tensor,
    k: int,
    rows: Tensor,
    fade: Callable[[Tensor], Tensor] | None,
) -> Tensor:
    """Return (B, N): the sum of the likeness of the k highest ranking sessions that hold an item; others below 0.

    The newer of two sessions of one rank comes first. `fade` weighs an item by how many steps it stands from the last
    shared one.
    """
    best = _strongest(found.row, rank, k)
    row, session, likeness = (tf.gather(each, best) for each in (found.row, found.session, likeness))
    own = tf.convert_to_tensor(fitted["session_offsets"])
    pair, places = ranges(tf.gather(own, session), tf.gather(own, session + 1))
    value = tf.gather(likeness, pair)
    if fade is not None:
        shared = tf.gather(tf.gather(found.place, best), pair)
        value *= fade(tf.cast(tf.abs(tf.gather(fitted["session_places"], places) - shared), tf.float32))
    others = tf.convert_to_tensor(fitted["others"])
    count = tf.shape(others)[0]
    key = tf.cast(tf.gather(row, pair), tf.int64) * tf.cast(count, tf.int64)
    key += tf.cast(tf.gather(fitted["session_items"], places), tf.int64)
    order = tf.argsort(key, stable=True)  # sums in one order, whatever the batch
    key, value = tf.gather(key, order), tf.gather(value, order)
    ends = tf.concat([key[1:] != key[:-1], tf.ones([tf.minimum(tf.size(key), 1)], tf.bool)], axis=0)
    scores = tf.reshape(tf.repeat(others[None], rows, axis=0), [-1])
    scores = tf.tensor_scatter_nd_update(scores, tf.boolean_mask(key, ends)[:, None], sums(value, ends))
    return tf.reshape(scores, [rows, count])


def _strongest(row: Tensor, rank: Tensor, k: int) -> Tensor:
    """Return the places of each row's k highest ranks; of equal ones the later first."""
    back = tf.range(tf.size(row))[::-1]
    order = tf.gather(back, tf.argsort(-tf.gather(rank, back), stable=True))
    order = tf.gather(order, tf.argsort(tf.gather(row, order), stable=True))
    return tf.boolean_mask(order, _from_begin(tf.gather(row, order)) < k)


def _from_begin(row: Tensor) -> Tensor:
    """Return the place in its row of each of sorted rows, from 0."""
    sizes = tf.math.bincount(row)
    return tf.range(tf.size(row)) - tf.gather(tf.cumsum(sizes, exclusive=True), row)


def _from_end(row: Tensor) -> Tensor:
    """Return the place in its row of each of sorted rows, from the end, from 1."""
    return tf.gather(tf.cumsum(tf.math.bincount(row)), row) - tf.range(tf.size(row))


def _offsets(sizes: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
