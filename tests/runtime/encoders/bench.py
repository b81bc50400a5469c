"""A bench for one encoder, and the parts that papers share, in plain numpy: an oracle that knows none of our layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from sess.compiler.block import Chosen, Kind
from sess.runtime.border import Border, Layers, Surroundings, lower

Array = NDArray[Any]
Weights = Mapping[str, Array]
Oracle = Callable[..., Array]

WIDTH, HEADS, LONGEST, LAYERS = 8, 2, 9, 2
LENGTHS = np.array([7, 3, 1])
NEGATIVE = -1e30


class Bench:
    """An encoder between an input and its output, and its weights by the names of layers and weights."""

    def __init__(self, name: str, tensors: Mapping[str, Any] | None = None, **params: object) -> None:
        draw = np.random.default_rng(5)
        x, mask, known = keras.Input((None, WIDTH)), keras.Input((None,), dtype="bool"), dict(tensors or {})
        layers = Layers()
        border = Border(Surroundings(layers, {}, {}, {}, known, None, mask, LONGEST, 1), "e", {"x": x})
        chosen = Chosen(name, params)  # type: ignore[arg-type] # JSON values
        self.model = keras.Model([x, mask, *known.values()], lower(chosen, Kind.ENCODER, border))
        self.weights: dict[str, Array] = {}
        for layer in layers.made:
            for weight in layer.weights:
                if "seed" not in weight.path:
                    weight.assign(draw.normal(0.0, 0.6, tuple(weight.shape)))
                    self.weights[weight.path.removeprefix("e.")] = np.asarray(weight, np.float64)
        self.mask = np.arange(7) < LENGTHS[:, None]
        self.x = draw.normal(0.0, 1.0, (3, 7, WIDTH)).astype(np.float32)

    def found(self) -> Array:
        """Return what the encoder gives at real steps, or of sessions."""
        found = np.asarray(self.model([self.x, self.mask]))
        return found if found.ndim == 2 else found[self.mask]

    def expected(self, oracle: Oracle) -> Array:
        """Return what an oracle of one session's vectors, (T, D) -> (T, D) or (D,), gives of the same."""
        sessions = [row[:length].astype(np.float64) for row, length in zip(self.x, LENGTHS, strict=True)]
        return np.concatenate([np.atleast_2d(oracle(each, self.weights)) for each in sessions])


class TimedBench(Bench):
    """A bench of an encoder that reads times, `times` (3, 7): whole seconds, some of them twice."""

    def __init__(self, name: str, **params: object) -> None:
        time = {"names": ["t"], "level": "step", "group": ""}
        super().__init__(name, {"t": keras.Input((None,), dtype="float64")}, time=time, **params)
        gaps = np.random.default_rng(6).choice([0.0, 2.0, 3.0, 7.0, 40.0], (3, 7))
        self.times = 1.7e9 + np.cumsum(gaps, axis=1)

    def found(self) -> Array:
        """Return what the encoder gives at real steps."""
        return np.asarray(self.model([self.x, self.mask, self.times]))[self.mask]

    def expected(self, oracle: Oracle) -> Array:
        """Return what an oracle of one session's vectors, weights and times gives of the same."""
        rows = zip(self.x, self.times, LENGTHS, strict=True)
        return np.concatenate([oracle(row[:n].astype(np.float64), self.weights, times[:n]) for row, times, n in rows])


def norm(x: Array, weights: Weights, name: str, epsilon: float) -> Array:
    """Return LayerNorm (Ba et al. 2016)."""
    centered = x - x.mean(-1, keepdims=True)
    scaled = centered / np.sqrt(centered.var(-1, keepdims=True) + epsilon)
    return scaled * weights[f"{name}/gamma"] + weights[f"{name}/beta"]


def softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def relu(x: Array) -> Array:
    return np.maximum(x, 0.0)


def gelu(x: Array) -> Array:
    return 0.5 * x * (1.0 + np.vectorize(math.erf)(x / math.sqrt(2.0)))


def gelu_tanh(x: Array) -> Array:
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def dense(x: Array, weights: Weights, name: str) -> Array:
    return x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]


def feed(x: Array, weights: Weights, name: str, activation: Callable[[Array], Array]) -> Array:
    return dense(activation(dense(x, weights, f"{name}/first")), weights, f"{name}/second")


def split_heads(joined: Array, heads: int = HEADS) -> list[Array]:
    """Return each head's part of (T, D)."""
    return np.split(joined, heads, axis=-1)
