"""The Keras border: what a block's `lower` is given, and how its layers get names that never change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import keras

from sess.compiler.block import Chosen, Entry, Kind, Representation
from sess.compiler.codec import decode
from sess.compiler.input_names import raw_name
from sess.compiler.plans import ColumnPlan
from sess.compiler.registry import registry
from sess.runtime.baselines import cosines, neighbours, popularity
from sess.runtime.layers import (
    attention,
    bags,
    candidates,
    contrast,
    cross_entropy,
    dense,
    hiding,
    noise,
    places,
    steps,
    table,
    times,
)
from sess.runtime.layers.encoding import ENCODING_FUNCTIONS, ENCODING_LAYERS
from sess.runtime.scope_names import scope_name
from sess.runtime.vocabulary import VocabularySize

Tensor = Any  # Keras tensors have no type that mypy could know

SESSION_LAYERS = (
    table.Table, table.Bias, table.At, table.MaskVector,
    attention.SelfAttention, attention.RelativeAttention, dense.Positions, dense.FeedForward,
    noise.SwapNoise, places.FixedPositions, *ENCODING_LAYERS,
)  # fmt: skip
SESSION_FUNCTIONS = {
    "CategoricalHead": table.CategoricalHead,
    "softmax_cross_entropy": cross_entropy.softmax_cross_entropy,
    "draw_candidates": candidates.draw_candidates,
    "draw_others": candidates.draw_others,
    "contrast": contrast.contrast,
    "ask_some": hiding.ask_some,
    "append_hidden": hiding.append_hidden,
    "fill": hiding.fill,
    "put_in": hiding.put_in,
    "fit_clicks": popularity.fit_clicks,
    "score_clicks": popularity.score_clicks,
    "fit_cosines": cosines.fit_cosines,
    "score_cosines": cosines.score_cosines,
    "fit_sessions": neighbours.fit_sessions,
    "last_places": neighbours.last_places,
    "find_neighbours": neighbours.find_neighbours,
    "spread": neighbours.spread,
    "at_last": steps.at_last,
    "last_step": steps.last_step,
    "one_hot": steps.one_hot,
    **ENCODING_FUNCTIONS,
    "swap_steps": steps.swap_steps,
    "gaps": times.gaps,
    "spans": times.spans,
    "mean_of": steps.mean_of,
    "cycle": times.cycle,
}


@dataclass(slots=True)
class Layers:
    """All layers of a model in the order in which blocks made them; their names are the node's and a number."""

    made: list[Any] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def make(self, node: str, cls: Any, *args: Any, **kwargs: Any) -> Any:  # a Keras layer class and its arguments
        """Return a layer with the next name of its node."""
        stem = f"{scope_name(node)}.{cls.__name__.lower()}"
        self.names[stem] = number = self.names.get(stem, 0) + 1
        layer = cls(*args, **kwargs, name=f"{stem}_{number}")
        self.made.append(layer)
        return layer


class _Named:
    """Layer classes by attribute, such as `layers.Dense`; what they make is named and kept."""

    def __init__(self, layers: Layers, node: str, find: Callable[[str], Any]) -> None:
        self._layers, self._node, self._find = layers, node, find

    def __getattr__(self, name: str) -> Any:
        found = self._find(name)
        if isinstance(found, type) and issubclass(found, keras.layers.Layer):
            return lambda *args, **kwargs: self._layers.make(self._node, found, *args, **kwargs)
        return found


def _session_part(name: str) -> Any:
    return next((cls for cls in SESSION_LAYERS if cls.__name__ == name), None) or SESSION_FUNCTIONS[name]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all nodes of a model share while it is built."""

    layers: Layers
    columns: Mapping[str, ColumnPlan]
    column_tables: Mapping[str, Any]  # of one node: the Table layers by column
    tables: Mapping[str, Any]  # Table layers by name, and towers by the id of their node
    tensors: Mapping[str, Tensor]
    hidden: Tensor | None
    mask: Tensor
    longest: int
    seed: int
    order: Tensor | None = None
    masks: Mapping[str, Tensor] = field(default_factory=dict)  # of the other groups of steps, by name
    group: str = ""  # whose steps are predicted, and so hidden
    sides: Mapping[str, Tensor] = field(default_factory=dict)  # tables (U, N) into which the tensors of columns point


class Border:
    """The `keras` of one node's `lower`; see the protocol `Keras` of compiler/block.py."""

    keras, ops, random = keras, keras.ops, keras.random
    is_training = False

    def __init__(self, around: Surroundings, name: str, inputs: Mapping[str, Any], group: str | None = None) -> None:
        self._around = around
        self._is_other_group = group is not None and group != around.group
        self.name = name
        self.layers: Any = _Named(around.layers, name, lambda word: getattr(keras.layers, word))
        self.session: Any = _Named(around.layers, name, _session_part)
        self.inputs = SimpleNamespace(**inputs)
        self.mask = around.masks.get(group, around.mask) if group is not None else around.mask
        self.longest, self.seed = around.longest, around.seed
        self.items: VocabularySize | None = None
        self.clicks: Any = None  # an array (N,) of a head in training
        self.width = 0
        self.generator: Any = None
        self.order = around.order
        self.parts: Any = {}
        self.head: Any = None
        self.run: Any = None

    def representation(self, column: str) -> Representation:
        """Return how a column becomes numbers, by what the workflow makes of it."""
        if column not in self._around.tensors:
            return Representation.SKIP
        plan = self._around.columns[column]
        if column in self._around.column_tables:
            return Representation.EMBED
        return Representation.NUMERIC if plan.width is None else Representation.VECTORS

    def values(self, column: str) -> Tensor:
        """Return a column's prepared values: (B, T) of steps, (B,) of sessions; a vector has one dimension more."""
        values = self._around.tensors[column]
        side = self._around.sides.get(column + bags.SIDE)
        return values if side is None else keras.ops.take(side, values, axis=0)

    def times(self, column: str) -> Tensor:
        """Return a column of times as seconds since 1970, (B, T) float64."""
        return self._around.tensors[column]

    def raw(self, column: str) -> Tensor:
        """Return numbers as the data has them, and times in seconds: (B, T) of steps, (B,) of sessions."""
        own = raw_name(column)
        return self._around.tensors[own if own in self._around.tensors else column]

    def embed(self, column: str, combiner: str = "mean") -> Tensor:
        """Return a column through its table, a bag by its combiner: (B, T, D) of steps, (B, D) of sessions."""
        table, values = self._around.column_tables[column], self._around.tensors[column]
        if not self._around.columns[column].is_bag:
            return table(values)
        pool = self._around.layers.make(self.name, bags.Pooled, table, combiner)
        side = self._around.sides.get(column + bags.SIDE)  # the catalogue's lists stand in the tensor itself
        return pool(values) if side is None else keras.ops.take(pool(side), values, axis=0)

    def hide(self, leaf: Tensor) -> Tensor:
        """Return a leaf with its own mask vector at hidden steps; the leaf itself where nothing is ever hidden."""
        if self._around.hidden is None or self._is_other_group:
            return leaf
        return self._around.layers.make(self.name, table.MaskVector)(leaf, self._around.hidden)

    def table(self, name: str) -> Any:
        """Return the layer of a table, or a tower."""
        return self._around.tables[name]

    def lower(self, chosen: Chosen, kind: Kind) -> Any:
        """Lower a nested entry."""
        return lower(chosen, kind, self)


def lower(chosen: Chosen, kind: Kind | str, border: Border) -> Any:
    """Return what an entry of the registry lowers to."""
    entry: Entry[Any] | None = registry().find(chosen.name, Kind(kind))
    assert entry is not None, f"the registry has no {kind} `{chosen.name}`"
    return entry.lower(border, decode(entry.Params, dict(chosen.params)))  # type: ignore[attr-defined] # it is a block
