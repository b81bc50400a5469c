"""Canonical names in a saved model: TensorFlow numbers functions by what its process made, we by their order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

_NUMBERED = re.compile(r"(.*_)(\d+)", re.DOTALL)
_OF_LOOPS = re.compile(r"_(\d+)(___redundant_placeholder)")  # an argument of a loop, with its function's number inside


def make_canonical(folder: Path) -> None:
    """Rewrite `saved_model.pb` so that equal models have equal bytes, and drop the random fingerprint.

    The numbers grow with the order of tracing, which the code decides; so the rank of a number is a name that every
    process agrees on. Loading works without `fingerprint.pb`.
    """
    path = folder / "saved_model.pb"
    saved = SavedModel()
    saved.ParseFromString(path.read_bytes())
    names = _ranks(saved)
    numbers = {old.rpartition("_")[2]: new.rpartition("_")[2] for old, new in names.items()}

    def canonical(word: str) -> str:
        return names.get(word) or _OF_LOOPS.sub(lambda found: f"_{numbers.get(found[1], found[1])}{found[2]}", word)

    text = text_format.MessageToString(saved, as_one_line=False)
    # As text, because the names stand in nodes, attributes, gradients, map keys and the object graph.
    text = re.sub(r'"([^"\n]*)"', lambda found: f'"{canonical(found[1])}"', text)
    renamed = SavedModel()
    text_format.Parse(text, renamed)
    for graph in renamed.meta_graphs:
        for function in graph.graph_def.library.function:
            _unname_captures(function)
        _sort(graph.graph_def.library.function, lambda function: str(function.signature.name))
        _sort(graph.graph_def.library.gradient, lambda gradient: str(gradient.function_name))
    path.write_bytes(renamed.SerializeToString(deterministic=True))
    (folder / "fingerprint.pb").unlink(missing_ok=True)
    if not any((folder / "assets").iterdir()):
        (folder / "assets").rmdir()  # archives would lose an empty folder


def _ranks(saved: Any) -> dict[str, str]:
    """Return the canonical name of every function whose name ends in the process' number."""
    found: list[tuple[int, str, str]] = []
    for graph in saved.meta_graphs:
        for function in graph.graph_def.library.function:
            match = _NUMBERED.fullmatch(function.signature.name)
            if match:
                found.append((int(match[2]), match[1], function.signature.name))
    return {name: f"{stem}{rank}" for rank, (_, stem, name) in enumerate(sorted(found))}


def _unname_captures(function: Any) -> None:
    """Drop the names of captured weights, which are numbers of the process; arguments keep theirs."""
    for argument in function.arg_attr.values():
        name = argument.attr["_user_specified_name"].s if "_user_specified_name" in argument.attr else b""
        if name.isdigit():
            del argument.attr["_user_specified_name"]


def _sort(field: Any, key: Any) -> None:  # a repeated field of messages, and the key of one
    messages = sorted(field, key=key)
    copies = [type(message).FromString(message.SerializeToString(deterministic=True)) for message in messages]
    del field[:]
    field.extend(copies)
