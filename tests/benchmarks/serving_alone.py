"""What a server adds to: the reading of an item matrix, or TensorFlow's product and `top_k`, in a process of its own.

usage: python -m tests.benchmarks.serving_alone floor|tensorflow VECTORS

Each line of the input is answered by a median in milliseconds. The floor is a product of the matrix by one vector,
which does nothing but read it, by as many threads as `OPENBLAS_NUM_THREADS` says.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.serving_artifact import SHOWN

LEAST, MOST, SECONDS = 5, 200, 1.0  # runs of one measurement


def main() -> None:
    """Measure as often as asked."""
    vectors = np.load(sys.argv[2])
    state = np.random.default_rng(1).standard_normal(vectors.shape[1], dtype=np.float32)
    way = tensorflow_of(vectors, state) if sys.argv[1] == "tensorflow" else lambda: vectors @ state
    way()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(median_of(way), flush=True)


def tensorflow_of(vectors: Any, state: Any) -> Callable[[], object]:
    """Return one session's exact best items as TensorFlow finds them."""
    import tensorflow as tf

    items, asked = tf.constant(vectors), tf.constant(state[None])

    @tf.function
    def best() -> Any:
        return tf.math.top_k(tf.matmul(asked, items, transpose_b=True), SHOWN)

    return lambda: [each.numpy() for each in best()]


def median_of(way: Callable[[], object]) -> float:
    """Return the median time of some runs, in milliseconds."""
    taken: list[float] = []
    ends = time.perf_counter() + SECONDS
    while len(taken) < LEAST or (time.perf_counter() < ends and len(taken) < MOST):
        started = time.perf_counter()
        way()
        taken.append(time.perf_counter() - started)
    return float(np.median(taken)) * 1000


if __name__ == "__main__":
    main()
