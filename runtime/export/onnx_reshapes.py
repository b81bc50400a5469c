"""Keeps the converter from a wrong shortcut: two reshapes made one, where the second copies a size of the first.

A 0 in ONNX's shapes means as many as the input has there. tf2onnx 1.17 drops the first of two reshapes whatever the
second's shape is, and the 0 then means a size of another tensor: attention of one head read its steps wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KEY = ("Reshape",)


@contextmanager
def guarded() -> Iterator[None]:
    """Merge only reshapes whose second shape copies nothing, while the context is open."""
    from tf2onnx.optimizer import back_to_back_optimizer as optimizer

    merge = optimizer._func_map[KEY]

    def merge_where_right(graph: Any, node: Any, consumers: list[Any]) -> list[Any]:
        shapes = [each.inputs[1] for each in consumers if each.type == "Reshape"]
        copies = any(shape.is_const() and 0 in shape.get_tensor_value() for shape in shapes)
        return [] if copies else list(merge(graph, node, consumers))

    optimizer._func_map[KEY] = merge_where_right
    try:
        yield
    finally:
        optimizer._func_map[KEY] = merge
