"""The groups of steps in a batch: what the objective cuts or hides, and where the steps of the others end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from sess.compiler.input_names import before_of, length_of
from sess.compiler.plans import ColumnPlan, ModelPlan, Role
from sess.compiler.prediction import Ticket
from sess.runtime.layers.steps import last_step, step_mask

Tensor = Any  # Keras tensors have no type that mypy could know
Batch = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class StepGroups:
    """Columns by group. `is_cutting`: in training, other groups end where the predicted step begins."""

    plan: ModelPlan
    columns: Mapping[str, ColumnPlan]
    is_cutting: bool

    @property
    def cuts(self) -> tuple[str, ...]:
        """The groups of which a training batch must say how many steps came before each predicted one."""
        groups = dict.fromkeys(self.columns[name].group for name in self.plan.inputs)
        return tuple(each for each in groups if length_of(each) in self.plan.inputs) if self.is_cutting else ()

    def is_step(self, name: str) -> bool:
        """Whether a tensor of a batch has a value a step."""
        return name in self.columns and self.columns[name].role is not Role.SESSION

    def is_predicted(self, name: str) -> bool:
        """Whether a tensor of a batch is of the predicted group's steps."""
        is_column = self.is_step(name) and self.columns[name].group == self.plan.group
        return is_column or name in map(before_of, self.cuts)

    def masks(
        self, tensors: Mapping[str, Tensor], mask: Callable[[Tensor, Tensor], Tensor] = step_mask
    ) -> dict[str, Tensor]:
        """Return the mask of every other group, (B, T) of its own T."""
        steps = {self.columns[name].group: name for name in self.plan.inputs if self.is_step(name)}
        others = [group for group in steps if group != self.plan.group]
        return {group: mask(tensors[steps[group]], tensors[length_of(group)]) for group in others}

    def places(self, batch: Batch, predicted: Tensor) -> dict[str, Tensor]:
        """Return by node where it says what is served, (B, T): at the ticket's step, or at its group's last one."""
        last = {group: last_step(mask) for group, mask in self.masks(batch).items()}
        return {node.id: last.get(node.group, predicted) for node in self.plan.nodes}

    def fed(self, batch: Batch, ticket: Ticket) -> dict[str, Tensor]:
        """Return the trunk's inputs: predicted steps as the ticket has them, others up to what is asked for."""
        rows = ticket.rows
        others = {name: batch[name] for name in self.plan.inputs if not self.is_predicted(name)}
        found = others if rows is None else {name: tf.gather(values, rows) for name, values in others.items()}
        labels = ticket.labels or {}
        for group in (each for each in self.cuts if before_of(each) in labels):
            asked = tf.where(ticket.predict, labels[before_of(group)], 0)  # (B, T)
            before = tf.cast(tf.reduce_max(asked, axis=1), found[length_of(group)].dtype)  # (B,)
            found[length_of(group)] = tf.minimum(found[length_of(group)], before)
        return {name: ticket.steps[name] if self.is_predicted(name) else found[name] for name in self.plan.inputs}
