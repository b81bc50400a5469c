"""`embedding`: a trained vector for every item of a domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sess.compiler.block import FilePath, Keras, OneColumn, Site, TableBlock
from sess.compiler.types import Dim, Tower


@dataclass(frozen=True, slots=True)
class EmbeddingParams:
    """`embedding(item, dim=auto, init=0.05, trainable=true, pretrained=, ids=, shard=none|auto|rows)`: a Tower.

    `init` is a standard deviation, by default that of Transformers4Rec; `auto` is Merlin's rule,
    ceil8(ceil(2 n^0.25)). `pretrained` is a parquet file of ids and vectors, or a `.npy` of vectors whose ids are the
    `.npy` of `ids`; what it lacks begins by `init`. `shard` allows a table's rows to lie on several machines; on one
    it changes nothing.
    """

    item: OneColumn
    dim: int | Literal["auto"] = "auto"
    init: float = 0.05
    trainable: bool = True
    pretrained: FilePath | None = None
    ids: FilePath | None = None
    shard: Literal["none", "auto", "rows"] = "none"


class Embedding(TableBlock[EmbeddingParams]):
    """Vectors begin as truncated normal numbers; reserved codes (padding, null, unseen) begin as zeros."""

    name = "embedding"

    def check(self, site: Site, params: EmbeddingParams) -> Tower | None:
        """Return the Tower of the item's domain; `dim` is a number, or a symbol until preparation."""
        site.require(params.init >= 0, "init", "must not be negative")
        if isinstance(params.dim, int):
            site.require(params.dim >= 1, "dim", "must be at least 1")
        self._check_files(site, params)
        name = params.item.names[0]
        width = Dim(params.dim) if isinstance(params.dim, int) else Dim.symbol(f"auto({name})")
        return Tower(width, name)  # the passes know the column's domain and put it in place of the name

    def _check_files(self, site: Site, params: EmbeddingParams) -> None:
        """Report what is wrong with where the vectors come from."""
        if params.pretrained is None:
            site.require(params.ids is None, "ids", "is for `pretrained`, not for a table without it")
            return
        is_array = params.pretrained.endswith(".npy")
        is_known = site.require(
            is_array or params.pretrained.endswith(".parquet"), "pretrained", "is a .parquet or .npy file"
        )
        if is_known and is_array:
            message = "needs `ids` beside it, the .npy of its rows' ids, not the vectors alone"
            site.require(params.ids is not None, "pretrained", message)
        elif is_known:
            site.require(params.ids is None, "ids", "is for a .npy, not for a parquet file, which has its own")
        site.require(
            isinstance(params.dim, int), "dim", "must be given: how wide the `pretrained` vectors are, not `auto`"
        )

    def lower(self, keras: Keras, params: EmbeddingParams) -> Any:  # a Keras layer
        """Return the layer that holds the vectors, (V, D)."""
        return keras.session.Table(keras.items, keras.width, init=params.init, is_trainable=params.trainable)
