"""A spec with two groups of steps, compiled: it learns what only the other group knows, and is served as evaluated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sess
from sess.compiler.plans import Program
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.steps.answer import Answerer
from sess.runtime.steps.request import BadRequest, Reader

pytestmark = [pytest.mark.slow, pytest.mark.triton]

FIRST = 7_000_000_000
ROWS: list[dict[str, Any]] = [
    {"item_id": [FIRST, FIRST + 3], "query": ["query 5"], "words": [2.0]},
    {"item_id": [FIRST + 1], "query": ["query 1", "query 4", "query 2"], "words": [1.0, 1.0, 2.0]},
    {"item_id": [FIRST + 2, FIRST + 2, FIRST + 6], "query": [], "words": []},
]


@pytest.fixture(scope="module")
def artifact(searched: tuple[Program, Prepared, Path]) -> Path:
    """The compiled spec; its last stage has asked a real Triton the same as the trained model."""
    base = searched[2]
    sess.compile(base / "searched.sess", base / "build")
    return base / "build"


@pytest.fixture(scope="module")
def steps(artifact: Path) -> tuple[Reader, Answerer]:
    """The steps that are served."""
    return Reader.load(artifact / "triton/searched__prepare/1"), Answerer(artifact / "triton/searched__model/1")


def test_the_query_before_the_click_decides_though_one_behind_it_misleads(artifact: Path) -> None:
    metrics = json.loads((artifact / "metrics.json").read_text())
    assert metrics["valid"]["click"]["recall@1"]["value"] > 0.9


def test_each_group_of_a_request_has_lengths_of_its_own(
    steps: tuple[Reader, Answerer], searched: tuple[Program, Prepared, Path]
) -> None:
    reader, answerer = steps
    request = searched[0].serving.request
    (together,) = answerer.answer([reader.read(tensors_of(ROWS, request))], [["click.ids", "click.scores"]])
    assert together["click.ids"][:2, 0].tolist() == [FIRST + 5, FIRST + 2]
    for i, row in enumerate(ROWS):
        (alone,) = answerer.answer([reader.read(tensors_of([row], request))], [["click.scores"]])
        np.testing.assert_allclose(alone["click.scores"][0], together["click.scores"][i], atol=1e-5)


def test_groups_of_one_request_have_as_many_sessions(
    steps: tuple[Reader, Answerer], searched: tuple[Program, Prepared, Path]
) -> None:
    tensors = tensors_of(ROWS, searched[0].serving.request)
    for name in ("query", "words"):
        tensors[f"{name}__offsets"] = tensors[f"{name}__offsets"][:-1]
    with pytest.raises(BadRequest, match=r"`query__offsets` has 2 sessions, `item_id__offsets` has 3"):
        steps[0].read(tensors)


def test_lists_of_one_group_have_the_same_steps(
    steps: tuple[Reader, Answerer], searched: tuple[Program, Prepared, Path]
) -> None:
    rows = [{**ROWS[0], "words": []}, {**ROWS[1], "words": [1.0, 1.0, 2.0, 2.0]}, ROWS[2]]
    with pytest.raises(BadRequest, match=r"`words__offsets` differs from `query__offsets`"):
        steps[0].read(tensors_of(rows, searched[0].serving.request))
