"""A scan in parts finds what a selection among all scores finds, ties and exclusions too."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sess.runtime.layers.scan import scan
from sess.runtime.layers.select import select
from sess.runtime.layers.table import Bias, CategoricalHead, Table
from sess.runtime.vocabulary import VocabularySize

RESERVED, ITEMS, WIDTH, ROWS = 3, 53, 4, 7


@pytest.mark.parametrize("at_once", [1, 8, 50, 1000])
@pytest.mark.parametrize("k", [1, 5, ITEMS])
@pytest.mark.parametrize("has_bias", [False, True])
def test_the_parts_make_the_whole(at_once: int, k: int, has_bias: bool) -> None:
    draw = np.random.default_rng(1)
    size = VocabularySize(RESERVED, RESERVED + ITEMS)
    table = Table(size, WIDTH)
    table.vectors.assign(draw.integers(-1, 2, (RESERVED + ITEMS, WIDTH)))  # small whole numbers: many ties
    bias = Bias(ITEMS) if has_bias else None
    if bias is not None:
        bias.values.assign(draw.integers(0, 2, ITEMS))
    head = CategoricalHead(table, bias, size, 1.0)
    states = tf.constant(draw.integers(-2, 3, (ROWS, WIDTH)), tf.float32)
    exclude = tf.constant(draw.integers(0, RESERVED + ITEMS, (ROWS, 6)), tf.int32)
    expected = select(head(states), RESERVED, k, exclude, tf.zeros((ROWS, 1), tf.int32))
    found = scan(head, states, k, exclude, at_once)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
