"""What is known of items: values by code that no training moves."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

Tensor = Any  # Keras tensors have no type that mypy could know


class Constants(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """(V, …) codes or numbers, looked up by the code of the item."""

    def __init__(self, values: NDArray[Any], *, name: str | None = None) -> None:
        super().__init__(name=name, trainable=False, autocast=False)
        kind = str(values.dtype)
        self.values = self.add_weight(
            shape=values.shape, dtype=kind, initializer="zeros", trainable=False, name="values"
        )
        self.values.assign(np.asarray(values))
        self.built = True

    def call(self, codes: Tensor) -> Tensor:
        """Return (N, …) of codes (N,)."""
        return ops.take(self.values, codes, axis=0)
