"""What the models of a Triton repository are called, and where their version stands."""

from __future__ import annotations

VERSION = "1"
FACTS = "serving.json"  # what a step of ours knows, beside its code
GRAPHS = {"onnx": "states.onnx", "tensorflow": "states"}  # a file, and a folder


def prepare_name(spec: str) -> str:
    """Return the name of the prepare step."""
    return f"{spec}__prepare"


def states_name(spec: str) -> str:
    """Return the name of the step that is a graph alone, where the platform's backend is that of graphs."""
    return f"{spec}__states"


def model_name(spec: str) -> str:
    """Return the name of the model step."""
    return f"{spec}__model"
