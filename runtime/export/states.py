"""The states of a model as the served step computes them: an ONNX graph, or TensorFlow where ONNX has no form of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from sess.compiler.block import JsonValue
from sess.compiler.failures import RunFailed
from sess.compiler.plans import ModelPlan, Program
from sess.runtime.export import canonical
from sess.runtime.export import onnx_recurrent as recurrent
from sess.runtime.export.names import GRAPHS
from sess.runtime.export.onnx_canonical import make_canonical
from sess.runtime.export.onnx_reshapes import guarded
from sess.runtime.export.onnx_weights import Weights, large_weights, put_back, specs_of_weights, taking
from sess.runtime.export.saved_model import OWN, Served, specs_of, traced
from sess.runtime.layers.table import CategoricalHead
from sess.runtime.model import SessionModel
from sess.runtime.steps.states import ONNX, TENSORFLOW

Tensor = Any  # TensorFlow is untyped

OPSET = 18
WEIGHTS = "states.weights"
VECTORS, BIASES = "vectors", "biases"
LARGE = 1024  # bytes: weights from here on stand in a file of their own, which is mapped and not read
MOST_BYTES = 1 << 30  # of small weights: a graph with more can't be one protobuf message while it is converted


def write_states(model: SessionModel, program: Program, folder: Path) -> tuple[dict[str, JsonValue], str | None]:
    """Write the graph; return the facts by which a step loads it, and why it is TensorFlow's (None: it needn't be).

    RunFailed where the platform's backend is ONNX and the model has no form of it.
    """
    backend = program.serving.backend
    if backend == TENSORFLOW:
        return _write_saved_model(model, _traced(model, program, {}), folder), None
    weights = large_weights(model)
    with recurrent.marked():
        marked = _traced(model, program, weights)
    why = _write_onnx(marked, weights, folder)
    if isinstance(why, dict):
        return why, None
    if backend == ONNX:
        raise RunFailed(f"`backend=onnx` can't serve this model: {why}", "use `backend=python`")
    return _write_saved_model(model, _traced(model, program, {}), folder), why


def _traced(model: SessionModel, program: Program, weights: Weights) -> Any:
    """Return the concrete function of the states, which takes some weights as arguments."""
    run, specs = taking(_states(model, program.model), weights), {**specs_of(program), **specs_of_weights(weights)}
    return traced(run, program.model, specs, (*OWN[:1], *weights))


def write_catalogues(model: SessionModel, plan: ModelPlan, folder: Path) -> dict[str, dict[str, JsonValue]]:
    """Write the vectors and biases of every head that compares states with vectors; return their files by head."""
    found: dict[str, dict[str, JsonValue]] = {}
    written: dict[int, str] = {}
    for plan_of_head in plan.heads:
        head = model.scorer(plan_of_head.name)
        files: dict[str, JsonValue] = {"vectors": None, "bias": None}
        if plan_of_head.is_ranking and isinstance(head, CategoricalHead):
            # Heads that are tied to one table share one file.
            if id(head.table) not in written:
                written[id(head.table)] = f"{VECTORS}/{plan_of_head.name}.npy"
                _save(folder / written[id(head.table)], head.vectors())
            files["vectors"] = written[id(head.table)]
            if head.bias_layer is not None:
                files["bias"] = f"{BIASES}/{plan_of_head.name}.npy"
                _save(folder / f"{BIASES}/{plan_of_head.name}.npy", head.bias())
        found[plan_of_head.name] = files
    return found


def _save(path: Path, values: Tensor) -> None:
    path.parent.mkdir(exist_ok=True)
    np.save(path, np.ascontiguousarray(np.asarray(values, np.float32)), allow_pickle=False)


def _states(model: SessionModel, plan: ModelPlan) -> Any:
    """Return the function from a batch to states: what a ranking head compares, a score, or an encoder's vector."""

    def run(batch: dict[str, Tensor]) -> dict[str, Tensor]:
        states = model.states(batch)
        found = {name: tf.cast(state, tf.float32) for name, state in states.items() if name.startswith("encoder:")}
        for head in plan.heads:
            name = f"head:{head.name}"
            scores = model.scorer(head.name)  # a function, which may be a product with vectors
            is_product = head.is_ranking and isinstance(scores, CategoricalHead)
            found[name] = scores.scaled(states[name]) if is_product else scores(states[name])
        # An output is a tensor of its own, under a name that converters keep.
        return {name: tf.identity(tf.cast(state, tf.float32)) for name, state in found.items()}

    return run


def _write_onnx(function: Any, weights: Weights, folder: Path) -> dict[str, JsonValue] | str:
    """Write the ONNX graph and return its facts; why there is none, where it can't be written."""
    size = sum(int(np.prod(each.shape)) * each.dtype.size for each in function.variables)
    if size > MOST_BYTES:
        return f"its weights are {size / 1e9:.1f} GB, and a graph is converted as one message of at most 2 GB"
    try:
        import onnx
        from tf2onnx import convert, tf_loader
    except ImportError as error:
        return f"`{error.name}` is not installed"
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    arguments = [each for each in function.inputs if each.dtype != tf.resource]
    names = sorted(function.structured_outputs)
    outputs = [function.structured_outputs[name].name for name in names]
    inputs = [each.name for each in arguments]
    frozen = tf_loader.from_function(function, inputs, outputs)
    try:
        with guarded():
            model, _ = convert._convert_common(
                frozen, name="states", opset=OPSET, input_names=inputs, output_names=outputs,
                custom_op_handlers={"Erfc": (_erfc, []), "SelectV2": (_where, []), **recurrent.HANDLERS},
            )  # fmt: skip
        onnx.checker.check_model(model)
    except Exception as error:  # the converter names no exceptions, and any of its failures has the same remedy
        return f"ONNX has no form of it: {str(error).splitlines()[0][:200]}"
    make_canonical(model)
    onnx.save_model(
        model, str(folder / GRAPHS[ONNX]), save_as_external_data=True, all_tensors_to_one_file=True, location=WEIGHTS,
        size_threshold=LARGE,
    )  # fmt: skip
    if weights:
        put_back(model, weights, folder / WEIGHTS)
        onnx.save_model(model, str(folder / GRAPHS[ONNX]))
    (folder / WEIGHTS).chmod((folder / GRAPHS[ONNX]).stat().st_mode)  # the library writes it for its owner alone
    given: dict[str, JsonValue] = {
        name.partition(":")[0]: name for name in inputs if name.partition(":")[0] not in weights
    }
    found: dict[str, JsonValue] = dict(zip(names, outputs, strict=True))
    return {"engine": ONNX, "file": GRAPHS[ONNX], "inputs": given, "outputs": found, "widths": _widths(function)}


def _erfc(context: Any, node: Any, _name: str, _arguments: Any) -> Any:
    """Lower `Erfc`, which ONNX lacks, as 1 - erf(x)."""
    one = context.make_const(f"{node.name}_one", np.array(1.0, np.float32))
    erf = context.make_node("Erf", [node.input[0]], name=f"{node.name}_erf")
    outputs = list(node.output)
    shapes, dtypes = node.output_shapes, node.output_dtypes
    context.remove_node(node.name)
    return context.make_node(
        "Sub", [one.output[0], erf.output[0]], name=node.name, outputs=outputs, shapes=shapes, dtypes=dtypes
    )


def _where(context: Any, node: Any, _name: str, _arguments: Any) -> Any:
    """Lower `SelectV2` as the choice it is: the converter's sum of two products is six operations for one."""
    inputs, outputs = list(node.input), list(node.output)
    shapes, dtypes = node.output_shapes, node.output_dtypes
    context.remove_node(node.name)
    return context.make_node("Where", inputs, name=node.name, outputs=outputs, shapes=shapes, dtypes=dtypes)


def _write_saved_model(model: SessionModel, function: Any, folder: Path) -> dict[str, JsonValue]:
    tf.saved_model.save(Served(model.served_weights()), str(folder / GRAPHS[TENSORFLOW]), signatures=function)
    canonical.make_canonical(folder / GRAPHS[TENSORFLOW])
    inputs: Mapping[str, str] = {spec.name: spec.name for spec in function.structured_input_signature[0]}
    outputs: Mapping[str, str] = {name: name for name in sorted(function.structured_outputs)}
    return {
        "engine": TENSORFLOW,
        "file": GRAPHS[TENSORFLOW],
        "inputs": dict(inputs),
        "outputs": dict(outputs),
        "widths": _widths(function),
    }


def _widths(function: Any) -> dict[str, JsonValue]:
    """Return how many numbers each state has: None for one number, -1 where the graph doesn't say."""
    found: dict[str, JsonValue] = {}
    for name, state in sorted(function.structured_outputs.items()):
        sizes = state.shape.as_list()[1:]
        found[name] = (-1 if sizes[0] is None else int(sizes[0])) if sizes else None
    return found
