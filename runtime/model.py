"""The Keras model of a plan: one trunk from columns to states, the objective before it, the heads behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from sess.compiler.block import Kind
from sess.compiler.failures import RunFailed
from sess.compiler.input_names import before_of
from sess.compiler.plans import ColumnPlan, HeadPlan, ModelPlan
from sess.compiler.prediction import LoweredHead, Ticket
from sess.compiler.types import Level
from sess.runtime.arrays import save_arrays
from sess.runtime.asking import OWNER, Asking
from sess.runtime.baselines.fitted import Fitted, training_history
from sess.runtime.border import Border, Layers, Surroundings, lower
from sess.runtime.layers.bags import SIDE, column_inputs, pointed
from sess.runtime.layers.candidates import each_once
from sess.runtime.layers.constants import Constants
from sess.runtime.layers.steps import StepMask, last_step, state_at
from sess.runtime.prepare.prepared import Sessions
from sess.runtime.step_groups import StepGroups
from sess.runtime.towers import lower_node, lower_table, lower_towers
from sess.runtime.train.windows import MASK
from sess.runtime.vocabulary import VocabularySize

Tensor = Any  # Keras tensors have no type that mypy could know
Batch = Mapping[str, Tensor]
HIDDEN, ORDER = "(hidden)", "(order)"


class SessionModel:
    """A trunk and its heads, as functions on batches.

    A batch holds step columns (B, L), session columns (B,), lists (…, N), and `mask` (B, L) bool, real steps first.
    """

    def __init__(
        self,
        plan: ModelPlan,
        columns: tuple[ColumnPlan, ...],
        sizes: Mapping[str, VocabularySize],
        clicks: Mapping[str, NDArray[np.int64]] | None = None,
        items: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        """Take the sizes of the vocabularies, and for training how often it meets their values, (N,) by domain.

        `items` are what the catalogue says of every item, (V, …) by column.
        """
        keras.utils.set_random_seed(plan.seed)
        self.plan = plan
        self._columns = {column.name: column for column in columns}
        self.wide = {name: self._columns[name].width for name in plan.inputs if self._columns[name].is_wide}
        self._asking = Asking(plan)
        self.groups = StepGroups(plan, self._columns, self.lookahead > 0 and not self.appends)
        self._layers = Layers()
        self._sizes, self._clicks = sizes, clicks or {}
        around = self._inputs()
        self._tables = {table.name: lower_table(table, sizes[table.domain], around) for table in plan.tables}
        around = replace(around, tables=self._tables)
        self._surroundings = replace(around, tables={**self._tables, **lower_towers(plan, sizes, around, items or {})})
        self.trunk = self._trunk()
        self.heads: dict[str, LoweredHead] = {
            head.name: self._head(head) for head in plan.heads if not head.is_baseline
        }
        self._asking.build(self._surroundings, self._keras_inputs, self._values, self.heads)
        self.baselines: dict[str, Fitted] = {head.name: self._baseline(head) for head in plan.heads if head.is_baseline}

    @property
    def lookahead(self) -> int:
        """How many steps beyond `keep` a training session needs."""
        return self._asking.lookahead

    @property
    def appends(self) -> int:
        """How many steps are appended when serving."""
        return self._asking.appends

    @property
    def variables(self) -> list[Any]:
        """All variables, the state of random numbers included, each once, in a fixed order."""
        of_towers = [variable for layer in self._layers.made for variable in layer.variables]
        trunk = self.trunk.variables if self.trunk else []
        found = [*self.weights_by_name().values(), *trunk, *of_towers, self._asking.generator.state]
        return list({id(variable): variable for variable in found}.values())

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training moves, in a fixed order."""
        return [weight for weight in self.weights_by_name().values() if weight.trainable]

    @property
    def parameter_count(self) -> int:
        """How many numbers the weights hold."""
        constant = {id(layer.values) for layer in self._layers.made if isinstance(layer, Constants)}
        weights = self.weights_by_name().values()
        return sum(math.prod(weight.shape) for weight in weights if id(weight) not in constant)

    def weights_by_name(self) -> dict[str, Any]:
        """Return the weights by names that the plan alone decides."""
        found: dict[str, Any] = {}
        for layer in self._layers.made:
            for weight in layer.weights:
                if "seed_generator" not in weight.path:
                    inner = weight.path.rpartition(f"{layer.name}/")[2]
                    found[f"{layer.name}/{inner}"] = weight
        for head, baseline in self.baselines.items():
            found |= {f"{head}/{name}": array for name, array in baseline.arrays.items()}
        return found

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted total and the loss of every head, in training."""
        batch = pointed(batch, self.wide)
        ticket = self._ticket(batch, is_training=True)
        outputs = self._run(batch, ticket, self.trunk, is_training=True)
        parts: dict[str, Tensor] = {}
        total = tf.constant(0.0)
        for plan in self.plan.heads:
            if plan.is_baseline:
                continue
            examples = self._examples(plan, outputs[plan.state or ""], ticket, batch)
            parts[plan.name] = self.heads[plan.name].loss(*examples)
            total += plan.weight * parts[plan.name]
        own = ticket.losses(outputs[self._asking.state]) if ticket.losses else {}
        for name, (loss, weight) in own.items():
            parts[name] = loss
            total += weight * loss
        return total, parts

    def by_input(self, batch: Batch) -> dict[str, Tensor]:
        """Return what the trunk reads of a batch, by the names of its inputs."""
        return {self._named[name]: values for name, values in batch.items() if name in self._named}

    def states(self, batch: Batch) -> dict[str, Tensor]:
        """Return the served state of every encoder and head: `encoder:<name>` and `head:<name>`, each (B, D).

        What a baseline reads are the codes of its target, (B, T), 0 where there is no step.
        """
        wanted = {f"encoder:{encoder.name}": encoder.node for encoder in self.plan.encoders}
        wanted |= {f"head:{head.name}": head.state for head in self.plan.heads if head.state is not None}
        found = {
            f"head:{head.name}": tf.where(batch[MASK], batch[head.target], 0)
            for head in self.plan.heads
            if head.is_baseline
        }
        if wanted:
            batch = pointed(batch, self.wide)
            ticket = self._ticket(batch, is_training=False)
            outputs = self._run(batch, ticket, self.trunk, is_training=False)
            now = {f"head:{head.name}" for head in self.plan.heads if head.is_now}
            here = tf.pad(last_step(batch[MASK]), [[0, 0], [0, self.appends]])  # (B, T), as the trunk reads it
            places = self.groups.places(batch, ticket.predict)
            found |= {
                name: state_at(outputs[node], here if name in now else places[node]) for name, node in wanted.items()
            }
        return found

    def scores(self, head: str, state: Tensor) -> Tensor:
        """Return the scores of all real items (B, N) of a ranking head, one number a session (B,) of another."""
        return self.scorer(head)(state)

    def scorer(self, head: str) -> Any:  # a function, which may be the CategoricalHead itself
        """Return what gives a head's scores of its state."""
        return self.baselines[head].scores if head in self.baselines else self.heads[head].scores

    def fit_baselines(self, train: Sessions) -> None:
        """Fit the heads that count on the training split."""
        for head in self.plan.heads:
            if head.is_baseline:
                items = self._sizes[head.target_domain or ""]
                self.baselines[head.name].fit(training_history(train, head, items))

    def served_weights(self) -> dict[str, Any]:
        """Return the weights by name without those of the objective's own, which only training needs."""
        return {name: weight for name, weight in self.weights_by_name().items() if not name.startswith(OWNER)}

    def begin_with(self, vectors: Mapping[str, NDArray[Any]]) -> None:
        """Put the user's vectors (V, D) into tables; a row of NaN leaves what was drawn."""
        for table, found in vectors.items():
            drawn = np.asarray(self._tables[table].vectors)
            self._tables[table].vectors.assign(np.where(np.isnan(found), drawn, found))

    def save_weights(self, path: Path) -> None:
        """Write the weights as plain arrays; RunFailed if one isn't finite, which no answer could be made of."""
        arrays = {name: np.asarray(weight) for name, weight in self.weights_by_name().items()}
        for name, values in arrays.items():
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise RunFailed(
                    f"the weights `{name}` are no longer finite numbers",
                    "try a smaller learning rate, or `clip_norm = 1.0` in train",
                )
        save_arrays(path, arrays)

    def load_weights(self, path: Path) -> None:
        """Read the weights back; RunFailed if they are of another model."""
        with np.load(path, allow_pickle=False) as found:
            for head, baseline in self.baselines.items():
                names = [name for name in found.files if name.startswith(f"{head}/")]
                baseline.hold({name.removeprefix(f"{head}/"): found[name] for name in names})
            wanted = self.weights_by_name()
            if set(found.files) != set(wanted):
                raise RunFailed(f"`{path.name}` holds the weights of another model", "compile again")
            for name, weight in wanted.items():
                if found[name].shape != tuple(weight.shape):
                    raise RunFailed(f"`{name}` in `{path.name}` has another shape", "compile again")
                weight.assign(found[name])

    def _inputs(self) -> Surroundings:
        tensors, sides = column_inputs(self._columns[name] for name in self.plan.inputs)
        mask, hidden = (keras.Input((None,), dtype="bool", name=name) for name in ("mask", "hidden"))
        given = {**tensors, **sides, MASK: mask, HIDDEN: hidden}
        if self._asking.permutes:
            given[ORDER] = keras.Input((None,), dtype="int32", name="order")
        # Keras finds its inputs by the tensors' own names, which can't be any name of a column.
        self._named = {name: tensor.name for name, tensor in given.items()}
        self._keras_inputs = {tensor.name: tensor for tensor in given.values()}
        shown = hidden if self._asking.hides else None
        return Surroundings(
            self._layers, self._columns, {}, {}, tensors, shown, mask,
            self.plan.keep + self.appends, self.plan.seed, given.get(ORDER),
            self.groups.masks(tensors, StepMask()), self.plan.group, sides,
        )  # fmt: skip

    def _trunk(self) -> Any:  # a Keras model; None where all heads are baselines
        values: dict[str, Tensor] = dict(self._surroundings.tables)  # `at` reads tables and towers as functions
        for node in self.plan.nodes:
            if node.level is not Level.CATALOGUE:
                values[node.id] = lower_node(node, values, self._surroundings)
        self._values = values
        wanted = dict.fromkeys([*(each.node for each in self.plan.encoders), *(each.state for each in self.plan.heads)])
        outputs = {id: values[id] for id in wanted if id is not None}
        return keras.Model(self._keras_inputs, outputs, name="trunk") if outputs else None

    def _head(self, plan: HeadPlan) -> LoweredHead:
        border = Border(self._surroundings, plan.name, {})
        border.items = self._sizes[plan.target_domain] if plan.target_domain else None
        border.clicks, border.generator = self._clicks.get(plan.target_domain or ""), self._asking.generator
        border.width = self._values[plan.state].shape[-1] if plan.state else 0
        head: LoweredHead = lower(plan.block, Kind.HEAD, border)
        return head

    def _baseline(self, plan: HeadPlan) -> Fitted:
        border = Border(self._surroundings, plan.name, {})
        border.items = items = self._sizes[plan.target_domain or ""]
        return Fitted(lower(plan.block, Kind.BASELINE, border), items)

    def _ticket(self, batch: Batch, *, is_training: bool) -> Ticket:
        steps = {name: values for name, values in batch.items() if self.groups.is_predicted(name)}

        def run(part: Any, steps: Batch, mask: Tensor, hidden: Tensor) -> Tensor:  # a Keras model of the objective's
            return self._run(batch, Ticket(steps, mask, hidden, hidden, None), part, is_training=is_training)

        around, before = self._surroundings, [before_of(group) for group in self.groups.cuts]
        return self._asking.ticket(around, steps, batch[MASK], run, before, is_training=is_training)

    def _run(self, batch: Batch, ticket: Ticket, model: Any, *, is_training: bool) -> Any:  # a Keras model's outputs
        fed = {**self.groups.fed(batch, ticket), MASK: ticket.mask, HIDDEN: ticket.hidden}
        fed |= {name: values for name, values in batch.items() if name.endswith(SIDE)}
        fed |= {} if ticket.order is None else {ORDER: ticket.order}
        return model(self.by_input(fed), training=is_training)

    def _examples(self, plan: HeadPlan, outputs: Tensor, ticket: Ticket, batch: Batch) -> tuple[Tensor, ...]:
        """Return packed states (N, D), their targets (N,), real ones only, and what their sessions have met (N, L)."""
        if plan.target_level is Level.SESSION:
            targets = batch[plan.target] if ticket.rows is None else tf.gather(batch[plan.target], ticket.rows)  # (B,)
            keep = self._is_real(plan, targets)
            targets = tf.boolean_mask(targets, keep)
            return tf.boolean_mask(outputs, keep), targets, targets[:, None]
        assert ticket.labels is not None
        labels, asked = ticket.labels[plan.target], ticket.predict  # (B, T)
        if plan.is_now:  # what a step itself has: at each step that isn't asked for, where its own content is read
            labels = ticket.steps[plan.target]
            asked = tf.logical_and(ticket.mask, tf.logical_not(asked)) if self.appends else asked
        keep = tf.logical_and(asked, self._is_real(plan, labels))
        places = tf.where(keep)  # (N, 2)
        states = tf.gather(outputs, places[:, 0]) if outputs.shape.rank == 2 else tf.gather_nd(outputs, places)
        sessions = places[:, 0] if ticket.rows is None else tf.gather(ticket.rows, places[:, 0])  # (N,)
        targets = tf.gather_nd(labels, places)  # (N,)
        if plan.target_domain is None:  # numbers, of which nothing is drawn
            return states, targets, targets[:, None]
        codes = batch[plan.target]
        met = each_once(codes, tf.logical_and(batch[MASK], self._is_real(plan, codes)))  # (B, L)
        return states, targets, tf.gather(met, sessions)

    def _is_real(self, plan: HeadPlan, targets: Tensor) -> Tensor:
        """Return where a target is one that a head can learn: a real item, a number that is there."""
        if plan.target_domain is not None:
            return targets >= self._sizes[plan.target_domain].reserved
        return tf.math.is_finite(tf.cast(targets, tf.float32))
