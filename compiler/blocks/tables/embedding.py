"""`embedding`: a trained vector for every item of a domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sess.compiler.block import Keras, OneColumn, Site, TableBlock
from sess.compiler.types import Dim, Tower


@dataclass(frozen=True, slots=True)
class EmbeddingParams:
    """`embedding(item, dim=auto, init=0.02, trainable=true)`: a Tower.

    `init` is a standard deviation; `auto` is Merlin's rule, ceil8(ceil(2 n^0.25)).
    """

    item: OneColumn
    dim: int | Literal["auto"] = "auto"
    init: float = 0.02
    trainable: bool = True


class Embedding(TableBlock[EmbeddingParams]):
    """Vectors begin as truncated normal numbers; reserved codes (padding, null, unseen) begin as zeros."""

    name = "embedding"

    def check(self, site: Site, params: EmbeddingParams) -> Tower | None:
        """Return the Tower of the item's domain; `dim` is a number, or a symbol until preparation."""
        site.require(params.init >= 0, "init", "must not be negative")
        if isinstance(params.dim, int):
            site.require(params.dim >= 1, "dim", "must be at least 1")
        name = params.item.names[0]
        width = Dim(params.dim) if isinstance(params.dim, int) else Dim.symbol(f"auto({name})")
        return Tower(width, name)  # the passes know the column's domain and put it in place of the name

    def lower(self, keras: Keras, params: EmbeddingParams) -> Any:  # a Keras layer
        """Return the layer that holds the vectors, (V, D)."""
        return keras.session.Table(keras.items, keras.width, init=params.init, is_trainable=params.trainable)
