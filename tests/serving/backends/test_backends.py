"""Repositories for the backends of graphs answer what the python one does, walked as their configurations say."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from sess.compiler.failures import Missing
from sess.compiler.plans import Program
from sess.runtime.artifact import open_artifact
from sess.runtime.export.repository import _write_graph
from sess.runtime.recommend import Recommender
from sess.runtime.serve.client import Client
from sess.runtime.serve.golden import check_golden, read_golden
from sess.runtime.serve.installation import lay_out_backends, require_backend
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.serve.triton import Ports, Triton, choose_port
from sess.runtime.trust.check import check_servable
from sess.runtime.verify.walk import _DTYPES as DTYPES
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


def test_the_configuration_says_what_the_graph_reads_and_gives(other: Path) -> None:
    said = config(other, "shop__states")
    file = other / "triton" / "shop__states" / "1" / said.default_model_filename
    reads, gives = (of_onnx if file.suffix == ".onnx" else of_tensorflow)(file)
    assert {each.name: tensor_of(each) for each in said.input} == reads
    assert {each.name: tensor_of(each) for each in said.output} == gives


def tensor_of(said: Any) -> tuple[str, list[int]]:
    """Return the dtype and the sizes, the batch's first, of a tensor as its configuration tells Triton's backend."""
    sizes = said.reshape.shape if said.HasField("reshape") else said.dims
    return np.dtype(DTYPES[said.data_type]).name, [-1, *sizes]


Tensors = dict[str, tuple[str, list[int]]]


def of_onnx(file: Path) -> tuple[Tensors, Tensors]:
    """Return the inputs and the outputs of an ONNX graph."""
    graph = onnx.load(str(file)).graph

    def tensors(found: Iterable[Any]) -> Tensors:
        types = {each.name: each.type.tensor_type for each in found}
        return {
            name: (
                onnx.helper.tensor_dtype_to_np_dtype(each.elem_type).name,
                [size.dim_value if size.HasField("dim_value") else -1 for size in each.shape.dim],
            )
            for name, each in types.items()
        }

    return tensors(graph.input), tensors(graph.output)


def of_tensorflow(folder: Path) -> tuple[Tensors, Tensors]:
    """Return the inputs and the outputs of a SavedModel's signature, as its protobuf has them."""
    from tensorflow.core.framework.types_pb2 import DataType
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    (graph,) = SavedModel.FromString((folder / "saved_model.pb").read_bytes()).meta_graphs
    signature = graph.signature_def["serving_default"]

    def tensors(found: Mapping[str, Any]) -> Tensors:
        names = {name: DataType.Name(each.dtype).removeprefix("DT_").lower() for name, each in found.items()}
        short = {"float": "float32"}
        return {
            name: (short.get(names[name], names[name]), [size.size for size in each.tensor_shape.dim])
            for name, each in found.items()
        }

    return tensors(signature.inputs), tensors(signature.outputs)


@pytest.fixture
def triton(other: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Triton]:
    """A real Triton on the repository, with a backend of Python in the place of that which no wheel has."""

    def laid_out(folder: Path) -> Path:
        backends = lay_out_backends(folder)
        for name in ("onnxruntime", "tensorflow"):
            (backends / name).mkdir()
            shutil.copy(Path(__file__).with_name("graph_backend.py"), backends / name / "model.py")
        return backends

    monkeypatch.setattr("sess.runtime.serve.triton.lay_out_backends", laid_out)
    ports = Ports(choose_port(None, "127.0.0.1"), choose_port(None, "127.0.0.1"))
    with Triton(other / "triton", "127.0.0.1", ports, relays=False) as server:
        server.wait_until_loaded()
        yield server


@pytest.mark.triton
def test_a_real_triton_loads_the_repository_and_answers_rightly(triton: Triton, other: Path, program: Program) -> None:
    with Client(triton.grpc, is_grpc=True) as client:
        check_golden(client, program, read_golden(program, other))
        wanted = Walker(other / "triton").infer("shop", tensors_of([row(1, 3), row()], program.serving.request, k=2))
        found = client.infer("shop", tensors_of([row(1, 3), row()], program.serving.request, k=2))
        np.testing.assert_array_equal(found["click.ids"], wanted["click.ids"])


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
