"""Tables: the vectors of a vocabulary, its reserved codes, and what a head reads of them."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from sess.runtime.vocabulary import VocabularySize

Tensor = Any  # Keras tensors have no type that mypy could know


def width_of(dim: int | None, items: VocabularySize) -> int:
    """Return a table's width; `auto` is Merlin's rule, ceil8(ceil(2 n^0.25)) of the n real items."""
    if dim is not None:
        return dim
    wanted: float = 2 * max(1, items.total - items.reserved) ** 0.25
    return 8 * math.ceil(math.ceil(wanted) / 8)


class Table(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """(V, D) vectors by code; reserved codes begin as zeros, so that an unseen item says nothing."""

    def __init__(
        self,
        items: VocabularySize,
        width: int,
        *,
        init: float = 0.05,
        is_trainable: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, trainable=is_trainable)
        self.items, self.width, self.init = items, width, init
        self.build()

    def build(self, input_shape: object = None) -> None:
        """Make the weight."""

        def initial(shape: tuple[int, ...], dtype: str | None = None) -> Tensor:
            drawn = keras.initializers.TruncatedNormal(stddev=self.init)(shape, dtype)
            real = ops.cast(ops.arange(shape[0]) >= self.items.reserved, drawn.dtype)
            return drawn * ops.expand_dims(real, 1)

        self.vectors = self.add_weight(
            shape=(self.items.total, self.width), initializer=initial, name="vectors", trainable=self.trainable
        )
        self.built = True

    def call(self, codes: Tensor, training: bool | None = None) -> Tensor:
        """Return the vectors of codes: (…,) -> (…, D)."""
        return ops.take(ops.cast(self.vectors, self.compute_dtype), codes, axis=0)

    def at(self, codes: Tensor, *, is_training: bool = False) -> Tensor:
        """Return the vectors of codes as a head reads them: (…,) -> (…, D)."""
        return ops.take(self.vectors, codes, axis=0)

    def real(self, *, is_training: bool = False) -> Tensor:
        """Return the vectors of all real items, (N, D)."""
        return self.vectors[self.items.reserved :]


class Tower:
    """(V, D) vectors by code, computed from tables: what a head may be tied to instead of a table."""

    def __init__(self, model: Any, items: VocabularySize) -> None:  # a Keras model from codes (V,) to vectors (V, D)
        self.model, self.items = model, items

    def at(self, codes: Tensor, *, is_training: bool = False) -> Tensor:
        """Return the vectors of codes as a head reads them: (…,) -> (…, D)."""
        flat = self.model(ops.reshape(codes, (-1,)), training=is_training)
        return ops.reshape(flat, (*ops.shape(codes), flat.shape[-1]))

    @property
    def width(self) -> int:
        """The number of numbers of a vector."""
        return int(self.model.output.shape[-1])

    def __call__(self, codes: Tensor, *, training: bool | None = None) -> Tensor:
        """Return the vectors of codes: (N,) -> (N, D)."""
        return self.model(codes, training=training)

    def real(self, *, is_training: bool = False) -> Tensor:
        """Return the vectors of all real items, (N, D)."""
        return self.model(ops.arange(self.items.reserved, self.items.total, dtype="int32"), training=is_training)


class At(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """The vectors that a table or tower has for codes of any shape; whose weights they are, they stay."""

    def __init__(self, tower: Table | Tower, *, name: str | None = None) -> None:
        super().__init__(name=name)
        look_up: Any = tower  # a table is a Keras layer, which has no types
        self.find: Any = lambda codes, training: look_up(codes, training=training)  # hidden: it owns no weights
        self.width = tower.width
        self.built = True

    def call(self, codes: Tensor, training: bool | None = None) -> Tensor:
        """Return (…, D) of codes (…)."""
        found = self.find(ops.reshape(codes, (-1,)), training)  # (N, D)
        return ops.cast(ops.reshape(found, (*ops.shape(codes), self.width)), self.compute_dtype)

    def compute_output_spec(self, codes: Tensor, training: bool | None = None) -> Tensor:
        """Say that there is a vector for every code."""
        return keras.KerasTensor((*codes.shape, self.width), dtype=self.compute_dtype)


class Bias(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """One number for every item, (N,)."""

    def __init__(self, count: int, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.values = self.add_weight(shape=(count,), initializer="zeros", name="bias")
        self.built = True


class MaskVector(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """The learned vector that a leaf gives at hidden steps."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weight, as wide as the leaf."""
        initializer = keras.initializers.TruncatedNormal(stddev=0.02)
        self.vector = self.add_weight(shape=(shape[-1],), initializer=initializer, name="vector")
        self.built = True

    def call(self, leaf: Tensor, hidden: Tensor) -> Tensor:
        """Return (B, T, D) with the vector where (B, T) is hidden."""
        return ops.where(ops.expand_dims(hidden, -1), ops.cast(self.vector, leaf.dtype), leaf)


class CategoricalHead:
    """States against the vectors of a table: what the loss and the scores of a head have in common."""

    def __init__(
        self,
        table: Table | Tower,
        bias: Bias | None,
        items: VocabularySize,
        temperature: float,
        clicks: NDArray[np.int64] | None = None,
    ) -> None:
        self.table, self.bias_layer, self.temperature = table, bias, temperature
        self.reserved, self.count = items.reserved, items.total - items.reserved
        self._clicks = clicks

    @property
    def clicks(self) -> NDArray[np.int64]:
        """How often training met each item, (N,); once where nobody counted, as when serving."""
        return np.ones(self.count, np.int64) if self._clicks is None else self._clicks

    def scaled(self, states: Tensor) -> Tensor:
        """Return the states divided by the temperature, in float32; (N, D)."""
        states = ops.cast(states, "float32")
        return states if self.temperature == 1.0 else states / self.temperature

    def vectors(self, *, is_training: bool = False) -> Tensor:
        """Return the vectors of the real items in float32, (N, D)."""
        return ops.cast(self.table.real(is_training=is_training), "float32")

    def bias(self) -> Tensor | None:
        """Return one number an item, (N,); None if the head has none."""
        return None if self.bias_layer is None else self.bias_layer.values.value

    def at(self, places: Tensor) -> Tensor:
        """Return the vectors of some items in training: places in the catalogue (…,) -> (…, D)."""
        return ops.cast(self.table.at(ops.cast(places, "int32") + self.reserved, is_training=True), "float32")

    def bias_at(self, places: Tensor) -> Tensor:
        """Return the bias of some items, zeros where the head has none: (…,) -> (…,)."""
        bias = self.bias()
        return ops.zeros(ops.shape(places), "float32") if bias is None else ops.take(bias, places, axis=0)

    def score(self, states: Tensor, places: Tensor) -> Tensor:
        """Return each state's score of its own items: (N, D) with (N,) -> (N,), with (N, n) -> (N, n)."""
        vectors = self.at(places)
        products = "nd,nd->n" if len(places.shape) == 1 else "nd,nkd->nk"
        return ops.einsum(products, ops.cast(states, "float32"), vectors) + self.bias_at(places)

    def __call__(self, states: Tensor) -> Tensor:
        """Return the score of every real item: (B, D) -> (B, N)."""
        scores = ops.matmul(self.scaled(states), ops.transpose(self.vectors()))
        bias = self.bias()
        return scores if bias is None else scores + bias
