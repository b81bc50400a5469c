"""The items whose training sessions are most like another item's: fitted as lists of neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from scipy import sparse

from sess.runtime.baselines.history import History
from sess.runtime.baselines.lists import ranges
from sess.runtime.baselines.popularity import below_zero

Tensor = Any  # TensorFlow is untyped
ITEMS_AT_ONCE = 1024


def fit_cosines(history: History, k: int) -> dict[str, NDArray[Any]]:
    """Return each item's k best neighbours by the cosine of their sessions; ties go to the lower code."""
    ones = np.ones(len(history.items), np.float32)
    shape = (len(history.offsets) - 1, history.count)
    held = sparse.csr_matrix((ones, (history.session_of_step, history.items)), shape=shape)
    held.data[:] = 1.0  # an item counts once a session
    holders = held.T.tocsr()  # (N, S)
    norms = np.sqrt(np.maximum(np.diff(holders.indptr), 1)).astype(np.float32)  # (N,)
    counts, items, cosines = [np.zeros(1, np.int64)], [], []
    for begin in range(0, history.count, ITEMS_AT_ONCE):
        shared = (holders[begin : begin + ITEMS_AT_ONCE] @ held).tocoo()  # (n, N): sessions that hold both
        item, other = shared.row + begin, shared.col
        cosine = shared.data / (norms[item] * norms[other])
        order = np.lexsort((other, -cosine, item))
        order = order[item[order] != other[order]]
        sizes = np.bincount(item[order] - begin, minlength=min(ITEMS_AT_ONCE, history.count - begin))
        place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        order = order[place < k]
        counts.append(np.minimum(sizes, k))
        items.append(other[order])
        cosines.append(cosine[order])
    return {
        "offsets": np.cumsum(np.concatenate(counts)).astype(np.int32),
        "neighbours": np.concatenate([*items, np.zeros(0)]).astype(np.int32),
        "cosines": np.concatenate([*cosines, np.zeros(0)]).astype(np.float32),
        "others": below_zero(history),
    }


def score_cosines(fitted: Mapping[str, Tensor], items: Tensor) -> Tensor:
    """Return (B, N) for the last known item of each session (B, T), -1 for what is none; others below 0."""
    rows = tf.shape(items)[0]
    last = tf.reduce_max(tf.where(items >= 0, tf.range(tf.shape(items)[1])[None], -1), axis=1)  # (B,)
    item = tf.gather(items, tf.maximum(last, 0), batch_dims=1)
    offsets = tf.convert_to_tensor(fitted["offsets"])
    begins = tf.gather(offsets, tf.maximum(item, 0))
    ends = tf.where(last >= 0, tf.gather(offsets, tf.maximum(item, 0) + 1), begins)
    owner, places = ranges(begins, ends)
    found = tf.stack([owner, tf.gather(fitted["neighbours"], places)], axis=1)
    scores = tf.repeat(tf.convert_to_tensor(fitted["others"])[None], rows, axis=0)
    return tf.tensor_scatter_nd_update(scores, found, tf.gather(fitted["cosines"], places))
