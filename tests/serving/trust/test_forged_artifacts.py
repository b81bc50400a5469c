"""An artifact whose manifest agrees with what someone put into it is refused before any of it is loaded."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
import tensorflow as tf

from sess.compiler.failures import Failure
from sess.runtime.recommend import Recommender
from sess.runtime.serve.gateway.contract import Limits
from sess.runtime.serve.generation import Staged
from tests.serving.forged import damaged, forged

MODEL = Path("triton") / "shop__model" / "1"


def read_file(root: Path) -> None:
    """Put a SavedModel that reads a file in the place of the model's."""

    def run(x: Any) -> Any:
        return {"y": tf.io.read_file("/etc/hostname"), "x": x}

    module = tf.Module()
    module.run = tf.function(run, input_signature=[tf.TensorSpec([], tf.float32, "x")])
    shutil.rmtree(root / "model" / "variables")
    tf.saved_model.save(module, str(root / "model"), signatures=module.run.get_concrete_function())


def append(name: str, text: str) -> Callable[[Path], object]:
    """Return what adds a line to a file."""

    def change(root: Path) -> None:
        with (root / name).open("a") as file:
            file.write(text + "\n")

    return change


def graph(change: Callable[[Any], object]) -> Callable[[Path], object]:
    """Return what changes the ONNX graph."""

    def run(root: Path) -> None:
        model = onnx.load(str(root / MODEL / "states.onnx"), load_external_data=False)
        change(model)
        (root / MODEL / "states.onnx").write_bytes(model.SerializeToString())

    return run


def custom_op(model: Any) -> None:
    """Make the first node one of another domain."""
    model.graph.node[0].domain = "com.evil"


def elsewhere(model: Any) -> None:
    """Say that weights stand in a file outside."""
    tensor = next(each for each in model.graph.initializer if each.external_data)
    next(entry for entry in tensor.external_data if entry.key == "location").value = "../../../../etc/passwd"


def states_elsewhere(root: Path) -> None:
    """Say that the states stand outside the artifact."""
    facts = json.loads((root / MODEL / "serving.json").read_text())
    facts["states"]["file"] = "../../../../evil.onnx"
    (root / MODEL / "serving.json").write_text(json.dumps(facts))


def other_model(root: Path) -> None:
    """Add a model to the repository."""
    shutil.copytree(root / "triton" / "shop__model", root / "triton" / "other")


PYTHON = 'parameters { key: "EXECUTION_ENV_PATH" value { string_value: "/tmp/evil.tar.gz" } }'
LIBRARY = 'model_operations { op_library_filename: "evil.so" }'
FORGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a SavedModel that reads a file": (read_file, "ReadFile"),
    "code in a step": (append(f"{MODEL}/model.py", "import os"), "model.py"),
    "code beside a step": (append(f"{MODEL}/numpy.py", "import os"), "numpy.py"),
    "code of a package beside a step": (append(f"{MODEL}/vocabulary/__init__.py", "import os"), "__init__.py"),
    "a library beside a step": (append(f"{MODEL}/pyarrow.abi3.so", ""), "pyarrow.abi3.so"),
    "code in an ensemble": (append("triton/shop/1/model.py", "import os"), "model.py"),
    "another Python": (append("triton/shop__model/config.pbtxt", PYTHON), "EXECUTION_ENV_PATH"),
    "a library of operations": (append("triton/shop__model/config.pbtxt", LIBRARY), "model_operations"),
    "a configuration that is none": (append("triton/shop/config.pbtxt", "}{"), "config.pbtxt"),
    "another model": (other_model, "other"),
    "an operation of its own in the graph": (graph(custom_op), "com.evil"),
    "weights of another file": (graph(elsewhere), "etc/passwd"),
    "states of another file": (states_elsewhere, "evil.onnx"),
    "a SavedModel as text": (append("model/saved_model.pbtxt", ""), "saved_model.pbtxt"),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_could_do_more_than_compute_is_refused(case: str, artifact: Path, tmp_path: Path) -> None:
    change, named = FORGED[case]
    found = forged(artifact, tmp_path / "found", change)
    with pytest.raises(Failure, match=named):
        Staged.of(found, threading.Event(), Limits())


def test_serve_ends_before_anything_is_loaded(artifact: Path, tmp_path: Path) -> None:
    found = forged(artifact, tmp_path / "found", read_file)
    command = [sys.executable, "-X", "importtime", "-m", "sess.compiler.cli.main", "serve", str(found)]
    ended = subprocess.run([*command, "--http-port", "0", "--grpc-port", "0"], capture_output=True, text=True)
    assert ended.returncode == 4
    assert "error:" in ended.stderr
    assert "ReadFile" in ended.stderr
    assert "| tensorflow\n" not in ended.stderr
    assert "| onnxruntime\n" not in ended.stderr


class Canary:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return open, (self.path, "w")


def test_a_pickle_in_an_artifact_is_never_opened(artifact: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    def change(root: Path) -> None:
        (root / "nvtabular").mkdir(exist_ok=True)
        (root / "nvtabular" / "workflow.pkl").write_bytes(pickle.dumps(Canary(canary)))

    found = forged(artifact, tmp_path / "found", change)
    Staged.of(found, threading.Event(), Limits()).remove()
    Recommender.load(found)
    assert not canary.exists()
    with pytest.raises(Failure):
        Staged.of(damaged(artifact, tmp_path / "other", change), threading.Event(), Limits())
    assert not canary.exists()


@pytest.mark.parametrize("target", ["/etc/hostname", "manifest.json", "/nowhere"])
def test_a_link_in_an_artifact_is_refused(target: str, artifact: Path, tmp_path: Path) -> None:
    found = forged(artifact, tmp_path / "found", lambda root: None)
    (found / "link").symlink_to(target)
    with pytest.raises(Failure, match="link"):
        Staged.of(found, threading.Event(), Limits())


def test_what_is_served_does_not_change_with_the_folder_it_came_from(artifact: Path, tmp_path: Path) -> None:
    found = forged(artifact, tmp_path / "found", lambda root: None)
    staged = Staged.of(found, threading.Event(), Limits())
    try:
        name = "triton/golden.json"
        before = (staged.artifact / name).read_bytes()
        (found / name).write_text("written over in place")
        assert (staged.artifact / name).read_bytes() == before
    finally:
        staged.remove()
