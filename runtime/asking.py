"""What an objective makes of a batch, in training and when serving, and the layers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf

from sess.compiler.block import Kind
from sess.compiler.codec import decode
from sess.compiler.plans import ModelPlan
from sess.compiler.prediction import LoweredHead, Objective, Ticket
from sess.compiler.registry import registry
from sess.compiler.types import Level
from sess.runtime.border import Border, Surroundings, lower
from sess.runtime.layers.steps import last_step

Tensor = Any  # Keras tensors have no type that mypy could know
OWNER = "train.objective"  # no definition is so called, so that its layers are known by their names


class Asking:
    """The objective of a plan; without one a session is read to its last step and nothing is cut from it."""

    def __init__(self, plan: ModelPlan) -> None:
        self._plan = plan
        entry = registry().find(plan.objective.name, Kind.OBJECTIVE) if plan.objective else None
        self._objective: Objective[Any] | None = entry if isinstance(entry, Objective) else None
        self._head: Any = None  # the first ranking head of a step: its CategoricalHead
        self.state = ""  # the node that it reads
        self._parts: Mapping[str, Any] = {}
        self.generator = keras.random.SeedGenerator(plan.seed)

    @property
    def lookahead(self) -> int:
        """How many steps beyond `keep` a training session needs."""
        return self._objective.lookahead if self._objective else 0

    @property
    def appends(self) -> int:
        """How many steps are appended when serving."""
        return self._objective.appends if self._objective else 0

    @property
    def hides(self) -> bool:
        """Whether steps are ever hidden, so that leaves need a mask vector."""
        return self._objective is not None and self._objective.hides

    @property
    def permutes(self) -> bool:
        """Whether steps are asked for in a drawn order."""
        return self._objective is not None and self._objective.permutes

    def build(
        self, around: Surroundings, columns: Mapping[str, Any], values: Mapping[str, Any],
        heads: Mapping[str, LoweredHead],
    ) -> None:  # fmt: skip
        """Make the layers of the objective's own, from what flows into the encoder and out of it."""
        asked = next(
            (each for each in self._plan.heads if each.is_ranking and each.target_level is Level.STEP and each.state),
            None,
        )
        if self._objective is None or self._plan.objective is None or asked is None or asked.state is None:
            return
        self._head, self.state = heads[asked.name].layer, asked.state
        inputs = {"columns": columns, "stem": values[self._stem(asked.state)], "state": values[asked.state]}
        params = decode(self._objective.Params, dict(self._plan.objective.params))
        self._parts = self._objective.parts(Border(around, OWNER, inputs), params)

    def ticket(
        self, around: Surroundings, steps: Mapping[str, Tensor], mask: Tensor, run: Callable[..., Tensor],
        before: Iterable[str], *, is_training: bool,
    ) -> Ticket:  # fmt: skip
        """Return the ticket of a padded batch; in training its labels have what `before` names, too."""
        if self._plan.objective is None:
            return Ticket(steps, mask, tf.zeros_like(mask), last_step(mask), None)
        heads = [each for each in self._plan.heads if each.target_level is Level.STEP and not each.is_baseline]
        heads = sorted(heads, key=lambda each: not each.is_ranking)  # the first target is that of the ranking head
        targets = dict.fromkeys([*(each.target for each in heads), *before]) if is_training else {}
        border = Border(replace(around, mask=mask), OWNER, {"steps": steps, "targets": tuple(targets)})
        border.generator, border.is_training = self.generator, is_training
        border.parts, border.head, border.run = self._parts, self._head, run
        ticket: Ticket = lower(self._plan.objective, Kind.OBJECTIVE, border)
        return ticket

    def _stem(self, state: str) -> str:
        """Return the node that flows into the first encoder before a state; the state itself if there is none."""
        nodes = {node.id: node for node in self._plan.nodes}
        before, frontier = {state}, [state]
        while frontier:
            found = [id for ids in nodes[frontier.pop()].inputs.values() for id in ids if id in nodes]
            frontier += [id for id in found if id not in before]
            before |= set(found)
        encoders = [node for node in self._plan.nodes if node.id in before and node.kind == Kind.ENCODER.value]
        return next(iter(encoders[0].inputs.values()))[0] if encoders else state
