"""The ONNX graphs that are served: operations of the standard alone, and weights only in the file beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sess.compiler.failures import RunFailed
from sess.runtime.trust.protobuf import Malformed, children, fields, text

STANDARD = frozenset({"", "ai.onnx"})
SUFFIX = ".weights"  # `states.onnx` has its weights in `states.weights`

# Numbers of fields: ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, StringStringEntryProto.
GRAPH, TRAINING, FUNCTIONS = 7, 20, 25
NODES, INITIALIZERS, SPARSE_INITIALIZERS = 1, 5, 15
OP, ATTRIBUTES, DOMAIN = 4, 5, 7
TENSOR, SUBGRAPH, TENSORS, SUBGRAPHS, SPARSE, SPARSES = 5, 6, 10, 11, 22, 23
EXTERNAL, KEY, VALUE = 13, 1, 2


def check_onnx(path: Path) -> None:
    """Raise RunFailed if a graph holds operations that aren't standard, or names a file that isn't its own."""
    try:
        model = memoryview(path.read_bytes())
        for number, _ in fields(model):
            if number in (TRAINING, FUNCTIONS):
                raise _refused(path, "functions or training of its own")
        for graph in children(model, GRAPH):
            _check_graph(graph, path)
    except Malformed as error:
        raise RunFailed(f"`{path}` is no ONNX graph: {error}", "compile it again") from None


def _check_graph(graph: memoryview, path: Path) -> None:
    for sparse in children(graph, SPARSE_INITIALIZERS):
        _check_sparse(sparse, path)
    for tensor in children(graph, INITIALIZERS):
        _check_tensor(tensor, path)
    for node in children(graph, NODES):
        domain = text(node, DOMAIN)
        if domain not in STANDARD:
            raise _refused(path, f"the operation `{domain[:80]}.{text(node, OP)[:80]}`")
        for attribute in children(node, ATTRIBUTES):
            for number, content in _messages(attribute):
                match number:
                    case 5 | 10:  # TENSOR, TENSORS
                        _check_tensor(content, path)
                    case 6 | 11:  # SUBGRAPH, SUBGRAPHS
                        _check_graph(content, path)
                    case 22 | 23:  # SPARSE, SPARSES
                        _check_sparse(content, path)


def _messages(attribute: memoryview) -> Iterator[tuple[int, memoryview]]:
    for number, content in fields(attribute):
        if number in (TENSOR, TENSORS, SUBGRAPH, SUBGRAPHS, SPARSE, SPARSES):
            if isinstance(content, int):
                raise Malformed(f"field {number} is a number")
            yield number, content


def _check_sparse(sparse: memoryview, path: Path) -> None:
    for number in (1, 2):  # values and indices
        for tensor in children(sparse, number):
            _check_tensor(tensor, path)


def _check_tensor(tensor: memoryview, path: Path) -> None:
    for entry in children(tensor, EXTERNAL):
        if text(entry, KEY) == "location" and text(entry, VALUE) != path.with_suffix(SUFFIX).name:
            raise _refused(path, f"weights in the file `{text(entry, VALUE)[:80]}`")


def _refused(path: Path, what: str) -> RunFailed:
    return RunFailed(f"`{path}` holds {what}, which a served model may not", "it was not made by sess")
