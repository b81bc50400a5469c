"""An artifact is measured on files as it was on the split that they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.block import Chosen
from sess.compiler.failures import Misused, RunFailed
from sess.compiler.plans import MetricPlan, Program
from sess.compiler.report.metrics import metrics_text
from sess.runtime.artifact import open_artifact
from sess.runtime.evaluate.files import evaluate_files
from sess.runtime.evaluate.run import evaluate
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.progress import Silent


def test_the_files_of_a_split_have_the_figures_of_the_split(artifact: Path, shop: Path, program: Program) -> None:
    expected: Any = evaluate(program, Prepared.load(artifact), artifact / "model" / "weights.npz", Silent())
    found: Any = evaluate_files(open_artifact(artifact), (str(shop / "valid.parquet"),), Silent())
    assert found["data"] == expected["valid"]
    assert found["protocol"]["counts"]["data"] == expected["protocol"]["counts"]["valid"]
    assert found["protocol"]["split"] == f"given now: {shop / 'valid.parquet'}"
    assert found["protocol"]["question"] == "the last step, and `buy` of the session, from all before it"


def test_what_needs_training_sessions_is_left_out_and_named(artifact: Path, shop: Path) -> None:
    opened = open_artifact(artifact)
    evaluation = replace(
        opened.program.evaluate,
        metrics=(*opened.program.evaluate.metrics, MetricPlan("novelty", 5)),
        baselines=(*opened.program.evaluate.baselines, Chosen("vsknn", {"target": None, "k": 10, "sample": 100})),
    )
    asked = replace(opened, program=replace(opened.program, evaluate=evaluation))
    found: Any = evaluate_files(asked, (str(shop / "valid.parquet"),), Silent())
    assert found["protocol"]["left_out"] == ["novelty@5", "vsknn"]
    assert "left out: `novelty@5`, `vsknn`, for which training's sessions are needed" in metrics_text(found)
    assert "novelty@5" not in next(iter(found["data"].values()))


def test_files_that_are_not_there_are_named(artifact: Path) -> None:
    with pytest.raises(Misused, match=r"nowhere\.parquet"):
        evaluate_files(open_artifact(artifact), ("nowhere.parquet",), Silent())


def test_sessions_of_one_step_are_no_evaluation(artifact: Path, shop: Path, tmp_path: Path) -> None:
    events = pq.read_table(shop / "valid.parquet")
    firsts = events.to_pandas().groupby("session_id", as_index=False).head(1)
    pq.write_table(pa.Table.from_pandas(firsts, schema=events.schema, preserve_index=False), tmp_path / "short.parquet")
    with pytest.raises(RunFailed, match=r"none of the [\d,]+ sessions of `.*short\.parquet` has a step before"):
        evaluate_files(open_artifact(artifact), (str(tmp_path / "short.parquet"),), Silent())
