"""Side tables: a traced batch has vectors of a known width, which layers need that make weights or reshape."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sess.runtime.layers.bags import SIDE, pointed


def test_a_traced_batch_knows_the_width_of_its_vectors() -> None:
    widths: list[int | None] = []

    @tf.function(input_signature=[tf.TensorSpec([None, None, None], tf.float32)])  # type: ignore[untyped-decorator]
    def taken(look: Any) -> Any:
        found = pointed({"look": look}, {"look": 2})
        values = tf.gather(found[f"look{SIDE}"], found["look"])
        widths.append(values.shape[-1])
        return values

    look = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    np.testing.assert_array_equal(taken(look), look)
    assert widths == [2]
