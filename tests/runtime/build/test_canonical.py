"""A saved model has the same bytes whatever its process made before: also what loops have in them."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sess.runtime.export.canonical import make_canonical


class Looping(tf.Module):  # type: ignore[misc] # TensorFlow is untyped
    """A loop that reads a weight, as recurrent layers do."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Return x times the weight, five times."""
        return tf.while_loop(lambda i, _: i < 5, lambda i, y: (i + 1, y * self.weight), (tf.constant(0), x))[1]


def saved(folder: Path) -> bytes:
    model = Looping()
    tf.saved_model.save(model, str(folder), signatures=model.__call__.get_concrete_function())
    make_canonical(folder)
    assert float(tf.saved_model.load(str(folder))(tf.constant(1.0))) == 32.0
    return (folder / "saved_model.pb").read_bytes()


def test_a_loop_has_no_number_of_its_process(tmp_path: Path) -> None:
    one, other = saved(tmp_path / "one"), saved(tmp_path / "other")
    assert b"redundant_placeholder" in one
    assert one == other
