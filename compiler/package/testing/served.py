"""The laws of what is served: padding, neighbours, the future, and that training stays in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.block import Encoder
from sess.runtime.layers.bags import pointed
from sess.runtime.model import HIDDEN, ORDER
from sess.runtime.train.windows import MASK
from sess.testing.sessions import OF_SESSIONS, SHORT, STEPS, Batch, batch
from sess.testing.subject import Subject, sizes_of

NOW = 4


def padding_does_not_exist(subject: Subject) -> None:
    """An answer doesn't change with the amount or the content of padding."""
    lengths = [1, 3, STEPS, 5]
    expected = subject.answers(batch(lengths))
    padded = subject.answers(batch(lengths, width=STEPS + 2, is_clean=False))
    for key, values in expected.items():
        np.testing.assert_allclose(padded[key], values, atol=1e-5, err_msg=key)


def neighbours_do_not_exist(subject: Subject) -> None:
    """An answer doesn't change with the other sessions of its batch, nor with the longest; an empty one's neither."""
    together = batch([SHORT, STEPS, 0])
    found = subject.answers(together)
    for row, width in ((0, SHORT), (2, 1)):
        alone = {
            key: value[row : row + 1] if key in OF_SESSIONS else value[row : row + 1, :width]
            for key, value in together.items()
        }
        for key, values in subject.answers(alone).items():
            np.testing.assert_allclose(found[key][row : row + 1], values, atol=1e-5, err_msg=f"{key} of row {row}")


def an_empty_session_gets_numbers(subject: Subject) -> None:
    """A session without a step, and one of one step, get finite answers."""
    for key, values in subject.answers(batch([0, 1, 2])).items():
        assert np.isfinite(values).all(), f"{key} has numbers that aren't finite"


def training_stays_in_training(subject: Subject) -> None:
    """Serving draws no random number, so that asking twice gives the same answer to the bit."""
    first, second = subject.answers(batch([3, 7])), subject.answers(batch([3, 7]))
    for key, values in first.items():
        np.testing.assert_array_equal(second[key], values, err_msg=f"{key}, when asked again")


def the_future_does_not_exist(subject: Subject) -> None:
    """A step's state, as `next` trains it, doesn't change with the steps behind it, nor with whether there are any."""
    model = subject.model
    past, other = batch([STEPS, STEPS]), batch([STEPS, STEPS], seed=1)
    future = {
        key: value if key in OF_SESSIONS else tf.concat([value[:, :NOW], other[key][:, NOW:]], axis=1)
        for key, value in past.items()
    }

    def states(question: Batch) -> NDArray[Any]:
        fed = pointed({key: question[key] for key in model.plan.inputs}, model.wide)
        fed |= {MASK: question[MASK], HIDDEN: tf.zeros_like(question[MASK])}
        return np.asarray(model.trunk(model.by_input(fed), training=False)[model.plan.encoders[0].node])

    one, two = states(past), states(future)
    np.testing.assert_allclose(two[:, :NOW], one[:, :NOW], atol=1e-5)
    assert np.abs(two[:, NOW:] - one[:, NOW:]).max() > 1e-3, "what changed is not seen at all"
    np.testing.assert_allclose(states(batch([NOW, NOW]))[:, :NOW], one[:, :NOW], atol=1e-5, err_msg="cut behind it")


def evaluation_is_serving(subject: Subject) -> None:
    """The state that evaluates a session's last step is the one that serving gives for what came before it."""
    lengths = [STEPS, 5, 2]
    question = batch(lengths)
    mask = np.asarray(question[MASK])
    last = mask & ~np.pad(mask[:, 1:], ((0, 0), (0, 1)))
    appends = subject.objective.appends
    shown = mask if appends else mask & ~last
    fed = pointed({name: question[name] for name in subject.model.plan.inputs}, subject.model.wide)
    fed |= {MASK: tf.constant(shown), HIDDEN: tf.constant(last if appends else np.zeros_like(last))}
    if subject.model._asking.permutes:
        fed[ORDER] = tf.constant(last.astype(np.int32))
    node = subject.model.plan.heads[0].state or ""
    found = np.asarray(subject.model.trunk(subject.model.by_input(fed), training=False)[node])
    places = np.array(lengths) - (1 if appends else 2)
    found = found if found.ndim == 2 else found[np.arange(len(lengths)), places]
    served = subject.answers(batch([length - 1 for length in lengths]))["head:click"]
    np.testing.assert_allclose(found, served, atol=1e-5)


def every_item_is_scored_and_no_reserved_code(subject: Subject) -> None:
    """A ranking head gives a score to every real item, and none to padding, null or what is unseen; others give one."""
    found, sizes = subject.answers(batch([3, 1])), sizes_of(subject.program)
    for head in subject.program.model.heads:
        size = sizes[head.target_domain] if head.is_ranking and head.target_domain else None
        shape = (2,) if size is None else (2, size.total - size.reserved)
        assert found[head.name].shape == shape, f"`{head.name}` gives {found[head.name].shape}, not {shape}"


def the_checked_type_is_the_shape(subject: Subject) -> None:
    """The type that the checker infers is the shape of the Keras tensor, at every node that is an output."""
    types = {node.id: node.type for node in subject.program.model.nodes}
    for id, items in subject.model._surroundings.tables.items():
        shown = f"Tower[{items.width}]"
        is_known = id in types and "auto(" not in types[id]  # a symbol until the vocabulary is
        assert not is_known or types[id] == shown, f"`{id}` is {types[id]} to the checker and {shown} to Keras"
    for id, tensor in subject.model.trunk.output.items():
        width = tensor.shape[-1]
        shown = f"Row[{width}]" if len(tensor.shape) == 2 else f"Seq[T, {width}]"
        assert types[id] == shown, f"`{id}` is {types[id]} to the checker and {shown} to Keras"
    if isinstance(subject.entry, Encoder):
        shown = types[subject.model.plan.encoders[0].node]
        assert subject.entry.pools == shown.startswith("Row"), f"`pools` is {subject.entry.pools}, and it gives {shown}"
