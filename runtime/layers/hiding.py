"""Steps that are asked for: which, how serving asks for one more, and what a generator puts in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from sess.compiler.prediction import Ticket
from sess.runtime.layers.cross_entropy import softmax_cross_entropy
from sess.runtime.layers.steps import one_hot
from sess.runtime.layers.table import CategoricalHead

Tensor = Any  # Keras tensors have no type that mypy could know


def ask_some(mask: Tensor, prob: float, generator: Any) -> Tensor:
    """Return (B, T): each real step with this chance, of every session at least one and at most all but one."""
    chance = keras.random.uniform(ops.shape(mask), seed=generator)
    asked = ops.logical_and(mask, chance < prob)
    # The step with the least chance is always asked for, the one with the most never: 1 … len - 1 of them.
    lowest = one_hot(ops.argmin(ops.where(mask, chance, 2.0), axis=1), mask)
    highest = one_hot(ops.argmax(ops.where(mask, chance, -1.0), axis=1), mask)
    asked = ops.logical_and(ops.logical_or(asked, lowest), ops.logical_not(highest))
    return ops.logical_and(asked, ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True) > 1)


def append_hidden(steps: Mapping[str, Tensor], mask: Tensor) -> Ticket:
    """Return the ticket of serving: one more step behind the last real one, hidden, which is asked for."""
    longer = ops.pad(mask, [[0, 0], [0, 1]])  # (B, T + 1)
    real = ops.cast(ops.sum(ops.cast(mask, "int32"), axis=1), "int32")  # (B,)
    appended = one_hot(real, longer)
    padded = {name: ops.pad(x, [[0, 0], [0, 1]]) for name, x in steps.items()}
    return Ticket(padded, ops.logical_or(longer, appended), appended, appended, None)


def fill(guesses: Tensor, targets: Tensor, asked: Tensor, head: CategoricalHead) -> Tensor:
    """Return the cross-entropy of guesses (B, T, D) at the asked steps with real targets (B, T), by a head's items."""
    places = _places(ops.logical_and(asked, targets >= head.reserved))
    wanted = ops.take(ops.reshape(targets, (-1,)), places) - head.reserved
    states = head.scaled(ops.take(_flat(guesses), places, axis=0))  # (N, D)
    return softmax_cross_entropy(states, head.vectors(is_training=True), head.bias(), wanted, 0.0)


def put_in(
    steps: Mapping[str, Tensor],
    mask: Tensor,
    asked: Tensor,
    guesses: Tensor,
    target: str,
    head: CategoricalHead,
    generator: Any,
    pool: int,
) -> dict[str, Tensor]:
    """Return the columns (B, T) with whole real steps of the batch at the asked ones.

    A step is drawn from `pool` of the batch's by the softmax of a guess (B, T, D) over their items: the highest of
    scores with Gumbel noise (Maddison et al. 2014).
    """
    real = _places(ops.logical_and(mask, steps[target] >= head.reserved))  # (M,)
    count = ops.maximum(ops.shape(real)[0], 1)
    chance = keras.random.uniform((pool,), seed=generator)
    drawn = ops.minimum(ops.cast(chance * ops.cast(count, "float32"), "int32"), count - 1)
    source = ops.take(ops.concatenate([real, ops.zeros((1,), "int32")]), drawn)  # one more, where nothing is real
    items = ops.maximum(ops.take(ops.reshape(steps[target], (-1,)), source) - head.reserved, 0)  # (P,)
    places = _places(asked)  # (N,)
    states = head.scaled(ops.take(_flat(guesses), places, axis=0))
    scores = ops.matmul(states, ops.transpose(ops.stop_gradient(head.at(items)))) + head.bias_at(items)  # (N, P)
    noise = keras.random.uniform(ops.shape(scores), minval=1e-6, maxval=1.0, seed=generator)
    chosen = ops.take(source, ops.argmax(scores - ops.log(-ops.log(noise)), axis=1))  # (N,)

    def replaced(values: Tensor) -> Tensor:
        flat = ops.reshape(values, (-1,))
        put = ops.scatter_update(flat, places[:, None], ops.take(flat, chosen))
        return ops.reshape(put, ops.shape(values))

    return {name: replaced(values) for name, values in steps.items()}


def _places(where: Tensor) -> Tensor:
    return ops.cast(ops.nonzero(ops.reshape(where, (-1,)))[0], "int32")


def _flat(states: Tensor) -> Tensor:
    return ops.reshape(states, (-1, states.shape[-1]))
