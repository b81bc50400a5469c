"""A product by head is numpy's, with its gradients, for one head as for several; in a process that a crash can end."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
import tensorflow as tf
from sess.runtime.layers.heads import by_head

heads, steps = int(sys.argv[1]), int(sys.argv[2])
draw = np.random.default_rng(3)
x = draw.normal(size=(128, heads, steps, 16)).astype("float32")
matrices = draw.normal(size=(heads, 16, 59)).astype("float32")
wanted = np.matmul(x, matrices)

@tf.function(input_signature=[tf.TensorSpec([None, heads, None, 16]), tf.TensorSpec([heads, 16, None])])
def run(x, matrices):
    with tf.GradientTape() as tape:
        tape.watch([x, matrices])
        found = by_head(x, matrices)
        loss = tf.reduce_sum(found**2)
    return found, *tape.gradient(loss, [x, matrices])

found, of_x, of_matrices = (np.asarray(each) for each in run(x, matrices))
np.testing.assert_allclose(found, wanted, atol=1e-3)
np.testing.assert_allclose(of_x, 2 * np.matmul(wanted, matrices.swapaxes(1, 2)), atol=1e-2)
np.testing.assert_allclose(of_matrices, 2 * np.einsum("bhtd,bhtn->hdn", x, wanted), atol=1e-1)
"""


@pytest.mark.parametrize("heads", [1, 2])
def test_heads_are_multiplied_as_numpy_does(heads: int) -> None:
    for steps in (30, 7):
        run = subprocess.run([sys.executable, "-c", PROGRAM, str(heads), str(steps)], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-2000:]
