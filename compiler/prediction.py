"""What is asked of a model, and how its answers are made and judged: objectives, heads, losses and baselines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sess.compiler.block import Block, Entry, Keras, KerasTensor, Kind, P, Selection, Site
from sess.compiler.quantity import Quantity
from sess.compiler.types import Direction, Head, Level


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an objective makes of a padded batch of sessions: trunk inputs, and where to predict what.

    `steps` (B, T) per column, `mask` (B, T) real or appended steps, `hidden` (B, T) steps whose leaves give their
    mask vector, `predict` (B, T) the steps whose states are scored (when serving: exactly one a row), `labels`
    (B, T) per target column, right where `predict` is true; None when serving. `rows` (B,) is the session of every
    row, where the ticket has others than the batch. `losses(states)` are those of the objective's own by name, each
    with its weight; `states` are what the ranking head reads. `order` (B, T) is when a step is asked for, 0 for those
    that are given, where the objective `permutes`.
    """

    steps: Mapping[str, KerasTensor]
    mask: KerasTensor
    hidden: KerasTensor
    predict: KerasTensor
    labels: Mapping[str, KerasTensor] | None
    rows: KerasTensor | None = None
    losses: Callable[[KerasTensor], Mapping[str, tuple[KerasTensor, float]]] | None = None
    order: KerasTensor | None = None


class Objective(Entry[P], ABC):
    """What is asked of the model in training, and how the same question is put when serving.

    `lookahead`: how many steps beyond `keep` a training session needs (1 where the target is cut from the input).
    `appends`: how many steps it appends when serving (1 for `masked`).
    `hides`: whether it ever hides steps, so that leaves need a mask vector.
    `permutes`: whether it asks in a drawn order, so that encoders get one; `encoders` are those that can read it.
    `needs`: the directions of encoder that it allows. `ranks`: whether it needs a head that ranks the steps' items.
    """

    kind = Kind.OBJECTIVE
    lookahead: ClassVar[int] = 0
    appends: ClassVar[int] = 0
    hides: ClassVar[bool] = False
    permutes: ClassVar[bool] = False
    ranks: ClassVar[bool] = False
    encoders: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[Direction, ...]]

    @abstractmethod
    def check(self, site: Site, params: P) -> None:
        """Report what is wrong with the arguments."""

    def parts(self, keras: Keras, params: P) -> Mapping[str, Any]:
        """Return what it learns itself, as Keras models by name; they stay in training.

        `keras.inputs.columns` are the trunk's symbolic inputs, `stem` what flows into the encoder, `state` what the
        ranking head reads.
        """
        return {}

    @abstractmethod
    def lower(self, keras: Keras, params: P) -> Ticket:
        """Return the ticket; `keras.inputs.steps` maps column names to (B, L), `keras.inputs.targets` names the
        columns to predict, `keras.mask` is (B, L); `keras.is_training` says which graph is built.

        In training `keras.parts` has the parts, `keras.run(part, steps, mask, hidden)` asks one of the columns, and
        `keras.head` are the items of the ranking head.
        """

    def asked(self, params: P, steps: Quantity) -> Quantity:
        """Return how many steps of a session are predicted in training, of so many."""
        return steps


@dataclass(frozen=True, slots=True)
class LoweredHead:
    """A head as functions on tensors.

    `loss(states, targets, met)`: packed states of real targets only (N, D), targets (N,) codes or numbers, and of a
    ranking head what each state's session has of its target's column (N, L): codes of real items, each once and rising,
    then numbers beyond all codes → scalar mean.
    `scores(state)`: (B, D) → (B, V) for a ranking head, (B,) otherwise.
    `layer`: the Keras layer that owns the head's weights, None if it has none.
    """

    loss: Callable[[KerasTensor, KerasTensor, KerasTensor], KerasTensor]
    scores: Callable[[KerasTensor], KerasTensor]
    layer: Any  # a Keras layer, or None


class HeadBlock(Block[P]):
    """A prediction; `lower` gives a LoweredHead."""

    kind = Kind.HEAD


@dataclass(frozen=True, slots=True)
class LoweredBaseline:
    """A baseline as functions: what it keeps of training, and the scores of sessions by that.

    `fit(history)` gives arrays by name (int32 or float32). `scores(fitted, items)`: those arrays, and sessions (B, T)
    as places in the catalogue, -1 for what is no known item → (B, N).
    """

    fit: Callable[[Any], Mapping[str, Any]]  # a History of the runtime, and NumPy arrays
    scores: Callable[[Mapping[str, KerasTensor], KerasTensor], KerasTensor]


class BaselineBlock(Block[P]):
    """A head without an encoder, fitted by counting: it stands in a `head`, and in `evaluate { baselines = … }`.

    `counts_only`: what came before plays no part, so that it can stand beside a head on the session, too.
    """

    kind = Kind.BASELINE
    inputs = ()
    counts_only: ClassVar[bool] = False

    def head(self, site: Site, target: Selection | None) -> Head | None:
        """Return the head of a step column; None where `evaluate` names no target, or if it is none (reported)."""
        if target is None:
            return None
        if target.level is not Level.STEP:
            site.mismatch(f"`{self.name}` counts steps, and `{target.only}` has one value a session", "target")
            return None
        return Head(target.only, target.level, None, is_ranking=True)

    @abstractmethod
    def lower(self, keras: Keras, params: P) -> LoweredBaseline:
        """Return how it is fitted, and how it scores."""


class LossBlock(Entry[P], ABC):
    """How a categorical head compares a state with the catalogue.

    `estimates_softmax`: it draws items so that they stand for the whole catalogue's softmax, which the laws then try.
    """

    kind = Kind.LOSS
    estimates_softmax: ClassVar[bool] = False

    @abstractmethod
    def check(self, site: Site, params: P) -> None:
        """Report what is wrong with the arguments."""

    @abstractmethod
    def lower(self, keras: Keras, params: P) -> Callable[..., KerasTensor]:
        """Return `loss(states (N, D), items, targets (N,), smoothing, met (N, L)) → scalar mean`.

        Targets and `met` are places in the catalogue, `met` all of the state's session with the target among them: each
        once and rising, then numbers beyond all. `items` are the head's: `count`, `clicks` (V,) of training,
        `vectors(is_training=True)` (V, D), `bias()` (V,) or None, and of some places `at(places)` (…, D),
        `bias_at(places)` (…,), `score(states, places)`.
        """

    def is_shared(self, params: P) -> bool:
        """Whether all states are compared with the same items, so that their scores are one product."""
        return self.compared(params) is None or hasattr(params, "sampler")

    def compared(self, params: P) -> int | None:
        """Return with how many items a state is compared; None is the whole catalogue."""
        count = getattr(params, "n", None)
        return count + 1 if isinstance(count, int) else None
