"""Training learns, stops, resumes to the same weights, and says where it diverged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sess.compiler.block import Chosen
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.evaluate.run import evaluate
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.progress import Silent
from sess.runtime.train import loop
from sess.runtime.train.checkpoint import STATE
from sess.runtime.train.run import HISTORY, WEIGHTS, train
from sess.runtime.vocabulary import VocabularySize

Cycle = tuple[Program, Prepared]
Change = Callable[..., Program]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def trained(cycle: Cycle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained")
    train(*cycle, out, Silent())
    return out


def test_a_deterministic_cycle_is_learned(cycle: Cycle, trained: Path) -> None:
    found = evaluate(*cycle, trained / WEIGHTS, Silent())
    valid = found["valid"]
    assert isinstance(valid, dict)
    assert list(valid) == ["click", "popular", "last_item_knn"]
    figure = valid["click"]
    assert isinstance(figure, dict)
    recall = figure["recall@1"]
    assert isinstance(recall, dict) and recall["value"] == recall["high"] == 1.0


def test_the_same_seed_gives_the_same_bytes(cycle: Cycle, trained: Path, tmp_path: Path) -> None:
    train(*cycle, tmp_path, Silent())
    assert digest(tmp_path / WEIGHTS) == digest(trained / WEIGHTS)
    assert (tmp_path / HISTORY).read_bytes() == (trained / HISTORY).read_bytes()


def test_a_killed_training_goes_on_to_the_same_weights(
    cycle: Cycle, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    save = loop.Checkpoint.save

    def save_and_die(checkpoint: loop.Checkpoint, variables: list[object], epochs: tuple[loop.Epoch, ...]) -> None:
        save(checkpoint, variables, epochs)
        if len(epochs) == 2:
            raise Killed

    monkeypatch.setattr(loop.Checkpoint, "save", save_and_die)
    with pytest.raises(Killed):
        train(*cycle, tmp_path, Silent())
    monkeypatch.undo()
    assert (tmp_path / STATE).is_file() and (tmp_path / WEIGHTS).is_file()
    train(*cycle, tmp_path, Silent())
    assert digest(tmp_path / WEIGHTS) == digest(trained / WEIGHTS)
    assert (tmp_path / HISTORY).read_bytes() == (trained / HISTORY).read_bytes()
    assert not (tmp_path / STATE).exists()


def test_the_state_of_another_plan_is_not_resumed(cycle: Cycle, with_train: Change, tmp_path: Path) -> None:
    program, prepared = cycle
    (tmp_path / STATE).write_bytes(b"PK half a file")
    result = train(with_train(program, epochs=1), prepared, tmp_path, Silent())
    assert result["best_epoch"] == 1


def test_a_loss_that_is_no_number_names_its_epoch_and_step(cycle: Cycle, with_train: Change, tmp_path: Path) -> None:
    program, prepared = cycle
    wild = with_train(program, optimizer=Chosen("sgd", {"lr": 1e30, "momentum": 0.0}))
    with pytest.raises(RunFailed, match=r"at step \d+ of epoch 1, of `click`") as failure:
        train(wild, prepared, tmp_path, Silent())
    assert "learning rate" in failure.value.help


@pytest.mark.parametrize("wild", [float("inf"), float("nan")])
def test_weights_that_are_no_numbers_are_never_written(wild: float, cycle: Cycle, tmp_path: Path) -> None:
    program, prepared = cycle
    sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
    model = SessionModel(program.model, program.workflow.inputs, sizes)
    model.trainable_weights[-1].assign(model.trainable_weights[-1] + wild)  # as the last step may leave it
    with pytest.raises(RunFailed, match="are no longer finite numbers") as failure:
        model.save_weights(tmp_path / WEIGHTS)
    assert "learning rate" in failure.value.help
    assert not (tmp_path / WEIGHTS).exists()


def test_training_stops_when_the_metric_stands_still(cycle: Cycle, with_train: Change, tmp_path: Path) -> None:
    program, prepared = cycle
    stop = Chosen("early", {"metric": "recall@5", "patience": 2, "head": None})
    result = train(with_train(program, epochs=30, stop=stop), prepared, tmp_path, Silent())
    epochs, best = result["epochs"], result["best_epoch"]
    assert isinstance(epochs, list) and isinstance(best, int)
    assert len(epochs) == best + 2 < 30


def test_the_history_has_no_clock(trained: Path) -> None:
    history = json.loads((trained / HISTORY).read_text())
    assert [epoch["number"] for epoch in history["epochs"]] == [1, 2, 3, 4, 5, 6]
    assert all(set(epoch) == {"number", "loss", "losses", "watched"} for epoch in history["epochs"])


def test_tensorboard_gets_the_loss_and_the_metric(trained: Path) -> None:
    import tensorflow as tf

    (events,) = (trained / "events").iterdir()
    tags = {v.tag for e in tf.compat.v1.train.summary_iterator(str(events)) for v in e.summary.value}
    assert {"train/loss", "train/loss/click", "valid/recall@1", "speed/seconds"} <= tags
