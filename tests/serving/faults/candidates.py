"""Candidates that must never get a request: each is a whole artifact that someone or something broke."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

MODEL = Path("triton") / "shop__model" / "1"
SIDE = 1500  # of the matrices whose product takes a slow candidate its time
PRODUCTS = 12

Change = Callable[[Path], object]


def edited(name: str, change: Callable[[Any], object]) -> Change:
    """Return what changes a JSON file."""

    def run(root: Path) -> None:
        content = json.loads((root / name).read_text())
        change(content)
        (root / name).write_text(json.dumps(content))

    return run


def vectors(change: Callable[[Any], Any]) -> Change:
    """Return what changes the vectors of the items."""

    def run(root: Path) -> None:
        path = root / MODEL / "vectors" / "click.npy"
        np.save(path, change(np.load(path)).astype(np.float32))

    return run


def forget_domains(facts: dict[str, Any]) -> None:
    """Leave out what the step needs to load."""
    del facts["domains"]


def misname_inputs(facts: dict[str, Any]) -> None:
    """Feed the graph inputs that it doesn't have, so that it raises when it runs."""
    facts["states"]["inputs"] = {argument: f"{name}?" for argument, name in facts["states"]["inputs"].items()}


def slow_down(root: Path) -> None:
    """Let the graph multiply large matrices before it gives the same answer; they depend on an input, or the
    optimizer would multiply them beforehand.
    """
    path = root / MODEL / "states.onnx"
    model = onnx.load(str(path), load_external_data=False)
    graph, mask = model.graph, next(each for each in model.graph.input if "mask" in each.name)
    output = graph.output[0].name
    for node in graph.node:
        node.output[:] = ["slow.before" if name == output else name for name in node.output]
        node.input[:] = ["slow.before" if name == output else name for name in node.input]
    nodes = [
        helper.make_node("Constant", [], ["slow.sizes"], value_ints=[SIDE, SIDE]),
        helper.make_node("Constant", [], ["slow.zero"], value_ints=[0]),
        helper.make_node("Constant", [], ["slow.nothing"], value_floats=[0.0]),
        helper.make_node("Shape", [mask.name], ["slow.shape"]),
        helper.make_node("Mul", ["slow.shape", "slow.zero"], ["slow.zeros"]),
        helper.make_node("Add", ["slow.sizes", "slow.zeros"], ["slow.side"]),
        helper.make_node("ConstantOfShape", ["slow.side"], ["slow.0"]),
        *(helper.make_node("MatMul", [f"slow.{i}", "slow.0"], [f"slow.{i + 1}"]) for i in range(PRODUCTS)),
        helper.make_node("ReduceSum", [f"slow.{PRODUCTS}"], ["slow.sum"], keepdims=0),
        helper.make_node("Mul", ["slow.sum", "slow.nothing"], ["slow.after"]),
        helper.make_node("Add", ["slow.before", "slow.after"], [output]),
    ]
    graph.node.extend(nodes)
    path.write_bytes(model.SerializeToString())


def nan_answers(content: dict[str, Any]) -> None:
    """Say in the golden answers what a model of NaN answers."""
    content["answers"]["click.scores"] = [[float("nan")] * len(row) for row in content["answers"]["click.scores"]]


def nan_everywhere(root: Path) -> None:
    """Make the model answer NaN, and the golden answers agree."""
    vectors(lambda values: values * np.nan)(root)
    edited("triton/golden.json", nan_answers)(root)


def other_name(graph: dict[str, Any]) -> None:
    """Be of another spec."""
    graph["program"]["name"] = "other"


def flip_a_byte(root: Path) -> None:
    """Change one bit of the weights."""
    path = root / MODEL / "vectors" / "click.npy"
    content = bytearray(path.read_bytes())
    content[-7] ^= 1
    path.write_bytes(content)


# With a manifest that agrees: what is wrong shows only when it is loaded or asked.
FORGED: dict[str, tuple[Change, str]] = {
    "that can't be loaded": (edited(f"{MODEL}/serving.json", forget_domains), "Triton"),
    "that raises": (edited(f"{MODEL}/serving.json", misname_inputs), "Triton|failed|Invalid|input"),
    "of wrong numbers": (vectors(lambda values: values * 1.01), "wrongly"),
    "of wrong ids": (vectors(lambda values: values[::-1]), "wrongly"),
    "of NaN": (vectors(lambda values: values * np.nan), "wrongly|finite"),
    "of NaN that its golden answers agree with": (nan_everywhere, "finite|JSON|golden"),
    "ten times slower": (slow_down, "ms for a golden session"),
    "whose graph is garbage": (lambda root: (root / MODEL / "states.onnx").write_bytes(b"\xff" * 99), "no ONNX graph"),
    "that runs other code": (lambda root: (root / MODEL / "model.py").write_text("raise SystemExit"), "not the code"),
    "of another spec": (edited("graph.json", other_name), "another spec"),
}
# With the manifest of before.
DAMAGED: dict[str, tuple[Change, str]] = {
    "with a byte flipped": (flip_a_byte, "was changed"),
    "half copied": (lambda root: (root / MODEL / "vectors" / "click.npy").unlink(), "is missing"),
    "copied without its manifest": (lambda root: (root / "manifest.json").unlink(), "manifest"),
    "with a file more": (lambda root: (root / MODEL / "more.json").write_text("{}"), "not in the manifest"),
}
