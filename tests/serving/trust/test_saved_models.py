"""A SavedModel is refused for what it could do, by its bytes alone."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from sess.compiler.failures import RunFailed
from sess.runtime.trust import check, onnx_ops, protobuf, tensorflow_ops
from sess.runtime.trust.tensorflow_ops import ALLOWED, SAVER, check_saved_model


def saved(folder: Path, run: Any) -> Path:
    """Save a function of one number as a SavedModel; return its protobuf."""
    module = tf.Module()
    module.weight = tf.Variable(1.0)
    signature = tf.function(run, input_signature=[tf.TensorSpec([], tf.float32, "x")])
    module.run = signature
    tf.saved_model.save(module, str(folder), signatures=signature.get_concrete_function())
    return folder / "saved_model.pb"


def test_a_function_of_tensors_is_allowed(tmp_path: Path) -> None:
    check_saved_model(saved(tmp_path, lambda x: {"y": tf.while_loop(lambda i: i < 3, lambda i: i + x, [x])[0]}))


EVIL = {
    "ReadFile": lambda x: {"y": tf.io.read_file("/etc/hostname"), "x": x},
    "WriteFile": lambda x: {"y": tf.cond(x > 0, lambda: _write(x), lambda: x)},
    "MatchingFiles": lambda x: {"y": tf.io.matching_files("/*"), "x": x},
    "WholeFileReaderV2": lambda x: {"y": tf.raw_ops.WholeFileReaderV2() is not None, "x": x},
    "ImmutableConst": lambda x: {
        "y": tf.raw_ops.ImmutableConst(dtype=tf.uint8, shape=[8], memory_region_name="/etc/hostname"), "x": x
    },
    "SaveV2": lambda x: {"y": _save(x)},
    "EagerPyFunc": lambda x: {"y": tf.py_function(lambda value: value, [x], tf.float32)},
    "PrintV2": lambda x: {"y": _print(x)},
}  # fmt: skip


def _write(x: Any) -> Any:
    with tf.control_dependencies([tf.io.write_file("/tmp/never", "text")]):
        return tf.identity(x)


def _save(x: Any) -> Any:
    with tf.control_dependencies(
        [tf.raw_ops.SaveV2(prefix="/tmp/never", tensor_names=["x"], shape_and_slices=[""], tensors=[x])]
    ):
        return tf.identity(x)


def _print(x: Any) -> Any:
    with tf.control_dependencies([tf.raw_ops.PrintV2(input="text", output_stream="file:///tmp/never")]):
        return tf.identity(x)


@pytest.mark.parametrize("op", EVIL)
def test_an_operation_that_reaches_out_is_refused_by_name(op: str, tmp_path: Path) -> None:
    path = saved(tmp_path, EVIL[op])
    with pytest.raises(RunFailed, match=f"`{op}`"):
        check_saved_model(path)


def test_the_saver_is_refused_where_a_signature_runs_it(tmp_path: Path) -> None:
    path = saved(tmp_path, lambda x: {"y": x + 1})
    found = SavedModel.FromString(path.read_bytes())
    (meta,) = found.meta_graphs
    (output,) = meta.signature_def["serving_default"].outputs.values()
    output.name = meta.saver_def.save_tensor_name
    path.write_bytes(found.SerializeToString())
    with pytest.raises(RunFailed, match="reads or writes files"):
        check_saved_model(path)


def test_the_saver_is_refused_where_python_would_run_it(tmp_path: Path) -> None:
    path = saved(tmp_path, lambda x: {"y": x + 1})
    found = SavedModel.FromString(path.read_bytes())
    (meta,) = found.meta_graphs
    name = next(each.signature.name for each in meta.graph_def.library.function if "traced_save" in each.signature.name)
    meta.object_graph_def.concrete_functions[name].SetInParent()
    path.write_bytes(found.SerializeToString())
    with pytest.raises(RunFailed, match="reads or writes files"):
        check_saved_model(path)


def test_a_function_that_passes_for_an_operation_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, lambda x: {"y": x + 1})
    found = SavedModel.FromString(path.read_bytes())
    found.meta_graphs[0].graph_def.library.function[0].signature.name = "ReadFile"
    path.write_bytes(found.SerializeToString())
    with pytest.raises(RunFailed, match="ReadFile"):
        check_saved_model(path)


@pytest.mark.parametrize("content", [b"\x12", b"\x12\xff\xff\xff\xff\x0f", b"\x0b", b"\xff" * 20])
def test_bytes_that_are_no_message_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(RunFailed, match="no SavedModel"):
        check_saved_model(tmp_path / "saved_model.pb")


def test_every_allowed_operation_is_one_of_tensorflow_and_reaches_no_file() -> None:
    known = {name for name in dir(tf.raw_ops) if name[0].isupper()}
    hidden = {"Enter", "Exit", "NextIteration", "LoopCond", "CudnnRNNCanonicalToParamsV2", "Placeholder"}
    assert known | hidden >= ALLOWED
    assert not ALLOWED & SAVER
    reaching = re.compile(r"File|Reader|Py|Dataset|Print|Save|Restore|Rpc|Send|Recv|Summary|ImmutableConst|Table")
    assert not {name for name in ALLOWED if reaching.search(name)}


def test_what_checks_graphs_imports_neither_tensorflow_nor_onnx() -> None:
    for module in (check, onnx_ops, protobuf, tensorflow_ops):
        tree = ast.parse(inspect.getsource(module))
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {alias.name for node in found for alias in node.names} | {
            node.module or "" for node in found if isinstance(node, ast.ImportFrom)
        }
        assert not {name for name in names if name.split(".")[0] in ("tensorflow", "onnx", "onnxruntime", "pickle")}
