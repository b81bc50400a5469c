"""Bags: the vectors of a list's items as one vector, and places in a side table instead of lists in a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import keras
from keras import ops

from sess.compiler.plans import ColumnPlan, Role
from sess.runtime.scope_names import scope_name

Tensor = Any  # Keras tensors have no type that mypy could know

SIDE = "__values"  # no column of a schema ends so


class Pooled(keras.layers.Layer):  # type: ignore[misc] # Keras is untyped
    """The items of each list by their mean, sum, sum by the root of their number, or maximum; zeros for none."""

    def __init__(self, table: Any, combiner: str, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.look_up: Any = lambda codes: table(codes)  # hidden: the weights are the table's
        self.width, self.combiner = table.width, combiner
        self.built = True

    def call(self, bags: Tensor) -> Tensor:
        """Return (…, D) of codes (…, N), 0 for padding."""
        vectors = self.look_up(bags)  # (…, N, D)
        is_real = ops.expand_dims(ops.not_equal(bags, 0), -1)  # (…, N, 1)
        real = ops.cast(is_real, vectors.dtype)
        count = ops.maximum(ops.sum(real, axis=-2), 1)  # (…, 1)
        if self.combiner == "max":
            greatest = ops.max(ops.where(is_real, vectors, ops.cast(-6e4, vectors.dtype)), axis=-2)
            return ops.where(ops.any(is_real, axis=-2), greatest, ops.zeros_like(greatest))
        total = ops.sum(vectors * real, axis=-2)  # (…, D)
        if self.combiner == "sum":
            return total
        return total / (count if self.combiner == "mean" else ops.sqrt(count))

    def compute_output_spec(self, bags: Tensor) -> Tensor:
        """Say that each list gives a vector."""
        return keras.KerasTensor((*bags.shape[:-1], self.width), dtype=self.compute_dtype)


def column_inputs(columns: Iterable[ColumnPlan]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the symbolic inputs of columns, (B, T) or (B,), and the side tables (U, N) of those that are wide."""
    tensors: dict[str, Tensor] = {}
    sides: dict[str, Tensor] = {}
    for i, column in enumerate(columns):
        name = f"{scope_name(column.name)}.{i}"  # two columns may have one scope's name
        shape = () if column.role is Role.SESSION else (None,)
        dtype = "int32" if column.is_wide else column.prepared
        tensors[column.name] = keras.Input(shape, dtype=dtype, name=name)
        if column.is_wide:
            sides[column.name + SIDE] = keras.Input((column.width,), dtype=column.prepared, name=name + SIDE)
    return tensors, sides


def pointed(batch: Mapping[str, Tensor], wide: Mapping[str, int | None]) -> dict[str, Tensor]:
    """Return a batch whose wide columns are places in side tables, (B, T) or (B,); place 0 is an empty list, or zeros.

    `wide` is how many numbers a vector has, None for bags; what a traced batch doesn't know of its shape is known then.
    So whatever moves steps about moves one number a step, and not the lists.
    """
    found = dict(batch)
    for name, width in wide.items():
        if name + SIDE in batch:
            continue  # it is so already
        values = batch[name]  # (…, N)
        shape = ops.shape(values)
        flat = ops.reshape(values, (-1, shape[-1] if width is None else width))
        found[name] = ops.reshape(ops.arange(1, ops.shape(flat)[0] + 1, dtype="int32"), shape[:-1])
        found[name + SIDE] = ops.pad(flat, [[1, 0], [0, 0]])
    return found
