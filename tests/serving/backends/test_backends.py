"""Repositories for the backends of graphs answer what the python one does, walked as their configurations say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sess.compiler.failures import Missing
from sess.compiler.plans import Program
from sess.runtime.artifact import open_artifact
from sess.runtime.export.repository import _write_graph
from sess.runtime.recommend import Recommender
from sess.runtime.serve.golden import read_golden
from sess.runtime.serve.installation import require_backend
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.trust.check import check_servable
from sess.runtime.verify.walk import Walker
from tests.serving.conftest import FIRST_ITEM, STRIDE, built
from tests.serving.test_answers import row
from tests.serving.test_repository import config

BACKENDS = ("tensorflow", "onnx")
REQUESTS: Mapping[str, dict[str, Any]] = {
    "no session": {"rows": []},
    "one session": {"rows": [row(1, 2, 3)]},
    "an empty session beside others": {"rows": [row(), row(4), row(*range(12))]},
    "k, allow and deny": {
        "rows": [row(1, 3), row(5)],
        "k": 2,
        "allow": [FIRST_ITEM + STRIDE * place for place in (3, 4, 6)],
        "deny": [FIRST_ITEM + STRIDE * 6],
    },
}


@pytest.fixture(scope="session", params=BACKENDS)
def other(shop: Path, program: Program, request: pytest.FixtureRequest) -> Path:
    """The same model, exported for another backend."""
    serving = replace(program.serving, backend=request.param)
    return built(shop, replace(program, serving=serving), f"for_{request.param}", seed=1)


@pytest.mark.parametrize("asked", REQUESTS)
def test_the_same_ids_and_scores_come_as_from_the_python_steps(
    asked: str, artifact: Path, other: Path, program: Program
) -> None:
    given = {"rows": [], **REQUESTS[asked]}
    tensors = tensors_of(request=program.serving.request, **given)
    walked, python = Walker(other / "triton"), Walker(artifact / "triton")
    for model in ("shop", "shop.query"):
        found, expected = walked.infer(model, tensors), python.infer(model, tensors)
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            if values.dtype.kind == "f":
                np.testing.assert_allclose(found[name], values, atol=1e-5)
            else:
                np.testing.assert_array_equal(found[name], values)


def test_golden_requests_get_their_answers(other: Path, program: Program) -> None:
    golden = read_golden(program, other)
    found = Walker(other / "triton").infer("shop", tensors_of(golden.rows, program.serving.request))
    np.testing.assert_array_equal(found["click.ids"], golden.answers["click.ids"])
    np.testing.assert_allclose(found["click.scores"], golden.answers["click.scores"], atol=1e-5)


def test_the_graph_is_a_step_of_its_own_that_batches_and_may_use_a_gpu(other: Path) -> None:
    graph = config(other, "shop__states")
    wanted = {"states": ("tensorflow_savedmodel", ""), "states.onnx": ("", "onnxruntime")}
    assert (graph.platform, graph.backend) == wanted[graph.default_model_filename]
    assert (other / "triton" / "shop__states" / "1" / graph.default_model_filename).exists()
    assert graph.max_batch_size > 64
    assert 1 in graph.dynamic_batching.preferred_batch_size
    assert graph.instance_group[0].kind == graph.instance_group[0].KIND_AUTO


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_the_graph_runs_where_the_spec_says(device: str, program: Program, tmp_path: Path) -> None:
    serving = replace(program.serving, backend="onnx", device=device)
    (tmp_path / "triton" / "shop__states").mkdir(parents=True)
    _write_graph(replace(program, serving=serving), tmp_path / "triton", "states.onnx", [], [])
    (group,) = config(tmp_path, "shop__states").instance_group
    assert group.kind == getattr(group, f"KIND_{device.upper()}")


def test_it_is_trusted_and_answers_in_process(other: Path, artifact: Path) -> None:
    check_servable(other, open_artifact(other).program)
    sessions = [row(4, 5, 6)]
    ids = [[each.id for each in Recommender.load(path).recommend(sessions)[0]] for path in (other, artifact)]
    assert ids[0] == ids[1]


@pytest.mark.triton
@pytest.mark.parametrize("backend", BACKENDS)
def test_serving_without_the_backend_says_what_is_missing(backend: str, program: Program) -> None:
    with pytest.raises(Missing, match=f"`{backend}`") as raised:
        require_backend(replace(program.serving, backend=backend))
    assert "tritonserver:24.10-py3" in raised.value.help
