"""The laws of what is learned: every weight that can learn does, and a plan and a file decide the weights."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

from sess.compiler.codec import decode, dumps, encode
from sess.compiler.plans import Program
from sess.testing.sessions import STEPS, batch
from sess.testing.subject import Subject, answers, held, hold


def every_weight_learns(subject: Subject) -> None:
    """The loss is finite, and has a finite gradient for every weight that can be trained."""
    with tf.GradientTape() as tape:
        total, parts = subject.model.loss(batch([3, 7, STEPS, 2, 5, 6, 8, 4] * 4))
    assert all(np.isfinite(float(part)) for part in parts.values()), f"the loss is {float(total)}"
    weights = subject.model.trainable_weights
    idle = [
        weight.path
        for weight, gradient in zip(weights, tape.gradient(total, weights), strict=True)
        if gradient is None or not np.isfinite(np.asarray(tf.convert_to_tensor(gradient))).all()
    ]
    assert idle == [], f"no finite gradient reaches {', '.join(idle)}"


def padding_is_never_learned(subject: Subject) -> None:
    """The loss doesn't change with what stands in the padding, whatever is drawn in training."""
    model, lengths, found = subject.model, [3, 7, STEPS, 2, 0, 6, 8, 1], []
    begin = held(model)
    for is_clean in (True, False):
        hold(model, begin)  # random numbers begin again
        total, parts = model.loss(batch(lengths, is_clean=is_clean))
        found.append([float(each) for each in (total, *parts.values())])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def a_plan_decides_its_weights(subject: Subject) -> None:
    """Building the same plan again draws the same weights, and the same first loss, to the bit."""
    models = [each.model for each in (subject.made, subject.made_again)]
    for each in (subject.made, subject.made_again):
        hold(each.model, each.begin)
    first, again = (model.weights_by_name() for model in models)
    assert list(first) == list(again)
    for name, weight in first.items():
        np.testing.assert_array_equal(np.asarray(again[name]), np.asarray(weight), err_msg=name)
    if not subject.is_baseline:
        one, two = (float(model.loss(batch([2, 6, STEPS]))[0]) for model in models)
        assert one == two, f"the first loss is {one} and {two}"


def weights_survive_a_file(subject: Subject) -> None:
    """Saved, loaded, saved and loaded again, a model answers as before and its files are equal."""
    expected = answers(subject.model, batch([2, 6]))
    model, other = subject.model, subject.made_again.model
    with tempfile.TemporaryDirectory(prefix="sess-laws-") as folder:
        for name in ("one.npz", "two.npz"):
            file = Path(folder) / name
            model.save_weights(file)
            model = other
            for weight in model.weights_by_name().values():
                weight.assign(np.zeros(weight.shape, weight.dtype))
            model.load_weights(file)
        assert (Path(folder) / "one.npz").read_bytes() == (Path(folder) / "two.npz").read_bytes()
    for key, values in answers(model, batch([2, 6])).items():
        np.testing.assert_array_equal(values, expected[key], err_msg=key)


def parameters_are_json(subject: Subject) -> None:
    """The program, with the block's parameters, survives JSON."""
    assert dumps(subject.program)
    assert decode(Program, encode(subject.program)) == subject.program
