"""The training loop: epochs of compiled steps, each followed by the watched metric, a checkpoint and the logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sess.runtime.model import SessionModel
from sess.runtime.progress import Progress, Task
from sess.runtime.stopping import GOES_ON, Terminated, heard
from sess.runtime.train.batches import Batches
from sess.runtime.train.checkpoint import Begun, Checkpoint
from sess.runtime.train.diverged import diverged
from sess.runtime.train.history import Epoch, Watch, best_epoch, is_over
from sess.runtime.train.logs import Logs
from sess.runtime.train.step import Step

# Losses are fetched once for so many steps, so that an accelerator isn't waited for at every one.
FETCH_STEPS = 16


@dataclass(frozen=True, slots=True)
class Training:
    """Everything that a training of `planned` epochs works with."""

    model: SessionModel
    optimizer: Any  # a keras optimizer
    step: Step
    batches: Batches
    planned: int
    watch: Watch | None
    measure: Callable[[], float] | None
    checkpoint: Checkpoint
    weights: Path
    logs: Logs
    progress: Progress


def run_epochs(training: Training) -> tuple[Epoch, ...]:
    """Train to the end from where the checkpoint stands; the best epoch's weights are at `weights` afterwards."""
    variables = [*training.model.variables, *training.optimizer.variables]
    epochs, begun = training.checkpoint.restore(variables)
    if epochs or begun:
        inside = f", in the next one after step {begun.steps}" if begun else ""
        training.progress.say(f"train: going on after epoch {len(epochs)}{inside}")
    with heard() as is_told:
        while not is_over(epochs, training.watch, training.planned):
            started = time.monotonic()
            number = len(epochs) + 1
            totals = _Totals(number, begun)
            _epoch(training, totals, is_told)
            if is_told():
                training.checkpoint.save(variables, epochs, totals.begun())
                raise Terminated(
                    f"SIGTERM came in epoch {number} after step {totals.steps}, and the state is saved", GOES_ON
                )
            begun = None
            loss, losses = totals.means()
            seconds = time.monotonic() - started
            watched = _watched(training)
            epoch = Epoch(number, loss, losses, watched)
            epochs = (*epochs, epoch)
            # First the best weights, then the state: what a kill leaves between them is made again, the same.
            if best_epoch(epochs, training.watch) is epoch:
                save_atomically(training.model, training.weights)
            training.checkpoint.save(variables, epochs)
            rate = float(training.optimizer.learning_rate)
            sessions = len(training.batches.windows.rows)
            training.logs.write(epoch, training.watch, seconds=seconds, sessions=sessions, rate=rate)
            if watched is not None:
                training.progress.say(
                    f"epoch {number}: {training.watch and training.watch.metric} {watched:.4f} on valid"
                )
        if is_told():
            raise Terminated("SIGTERM came after the last epoch, and the state is saved", GOES_ON)
    return epochs


def save_atomically(model: SessionModel, path: Path) -> None:
    """Write the model's weights beside the file and put them in its place."""
    fresh = path.with_name(f"{path.name}.new")
    model.save_weights(fresh)
    fresh.replace(path)


def _watched(training: Training) -> float | None:
    """Return the watched metric; None if nothing is watched, or where it isn't defined, as the area of one class."""
    value = training.measure() if training.measure else None
    return None if value is None or np.isnan(value) else value


def _epoch(training: Training, totals: _Totals, is_told: Callable[[], bool]) -> None:
    """Run what of an epoch isn't done, up to the step in which SIGTERM comes."""
    plan = training.batches.plan(totals.epoch)[totals.steps :]
    label = f"epoch {totals.epoch} of {training.planned}"
    with training.progress.track(label, len(plan)) as task:
        for batch in training.batches.dense(plan):
            if is_told():
                break
            totals.add(training.step(batch))
            if totals.waiting == FETCH_STEPS:
                _advance(task, totals, training.batches)
        _advance(task, totals, training.batches)


def _advance(task: Task, totals: _Totals, batches: Batches) -> None:
    steps, size = totals.waiting, batches.size
    totals.fetch(batches)
    loss, _ = totals.means()
    task.advance(steps, f"loss {loss:.4f}, {totals.steps * size / totals.seconds:.0f} sessions/s")


class _Totals:
    """Sums of losses over an epoch."""

    def __init__(self, epoch: int, begun: Begun | None = None) -> None:
        self.epoch = epoch
        self._waiting: list[tuple[Any, Any]] = []
        begun = begun or Begun(0, 0.0, {})
        self._loss, self._losses, self.steps = begun.loss, dict(begun.losses), begun.steps
        self._started = time.monotonic()

    @property
    def waiting(self) -> int:
        """How many steps' losses are not fetched yet."""
        return len(self._waiting)

    @property
    def seconds(self) -> float:
        """The seconds since the epoch began."""
        return max(time.monotonic() - self._started, 1e-9)

    def add(self, result: tuple[Any, Any]) -> None:
        """Take a step's total and losses by head, still on the device."""
        self._waiting.append(result)

    def fetch(self, batches: Batches) -> None:
        """Add what waits; Diverged at the first loss that is no number."""
        for total, parts in self._waiting:
            loss = float(total)
            self.steps += 1
            if not np.isfinite(loss):
                raise diverged(batches, self.epoch, self.steps, loss, parts)
            self._loss += loss
            for head, part in parts.items():
                self._losses[head] = self._losses.get(head, 0.0) + float(part)
        self._waiting.clear()

    def begun(self) -> Begun:
        """Return the sums of the fetched steps."""
        return Begun(self.steps, self._loss, dict(self._losses))

    def means(self) -> tuple[float, dict[str, float]]:
        """Return the mean loss of the fetched steps, and the means by head."""
        steps = max(1, self.steps)
        return self._loss / steps, {head: loss / steps for head, loss in self._losses.items()}
