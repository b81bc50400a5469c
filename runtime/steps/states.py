"""The states that heads and encoders give for prepared columns: the model's graph in onnxruntime, or in TensorFlow.

A copy of this file stands in every served model repository. onnxruntime starts in a tenth of a second and answers a
session in a fraction of a millisecond; TensorFlow is for graphs that have no ONNX form.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]  # columns and masks in, float32 states out
States = Callable[[Mapping[str, Array]], dict[str, Array]]

ONNX, TENSORFLOW = "onnx", "tensorflow"
# A batch of sessions is little work: more threads make it slower where other steps want the same processors. Measured
# on two busy cores: 64 sessions take 1.0 ms by one thread and 3.9 ms by two.
MOST_THREADS, PROCESSORS_PER_THREAD = 4, 4


def threads() -> int:
    """Return by how many threads a step computes one batch."""
    return min(MOST_THREADS, max(1, len(os.sched_getaffinity(0)) // PROCESSORS_PER_THREAD))


def load_states(folder: Path, facts: Mapping[str, Any]) -> States:
    """Return the function from a signature's arguments to states by name: `head:<name>` and `encoder:<name>`.

    `folder` is the model step's; the graph may stand in a step of its own beside that.
    """
    if "step" in facts:
        folder = folder.parents[1] / facts["step"] / folder.name
    return _onnx(folder, facts) if facts["engine"] == ONNX else _tensorflow(folder, facts)


def quiet_onnxruntime() -> Any:  # the module
    """Return onnxruntime, which keeps an id of the machine and tells its maker of every model, unless told not to."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def _onnx(folder: Path, facts: Mapping[str, Any]) -> States:
    onnxruntime = quiet_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    # Threads that spin while they wait would take the processor from the other steps of the server.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(folder / facts["file"]), options, providers=["CPUExecutionProvider"])
    inputs, outputs = facts["inputs"], facts["outputs"]

    def run(feeds: Mapping[str, Array]) -> dict[str, Array]:
        found = session.run(list(outputs.values()), {inputs[name]: values for name, values in feeds.items()})
        return dict(zip(outputs, found, strict=True))

    return run


def _tensorflow(folder: Path, facts: Mapping[str, Any]) -> States:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf  # takes seconds, so that it waits until it is needed

    loaded = tf.saved_model.load(str(folder / facts["file"]))
    signature = loaded.signatures["serving_default"]

    def run(feeds: Mapping[str, Array], _alive: Any = loaded) -> dict[str, Array]:  # the signature dies with it
        found = signature(**{name: tf.constant(values) for name, values in feeds.items()})
        return {name: found[output].numpy() for name, output in facts["outputs"].items()}

    return run
