"""An artifact is measured on files as it was on the split that they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sess.compiler.failures import Misused
from sess.compiler.plans import Program
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


def test_files_that_are_not_there_are_named(artifact: Path) -> None:
    with pytest.raises(Misused, match=r"nowhere\.parquet"):
        evaluate_files(open_artifact(artifact), ("nowhere.parquet",), Silent())
