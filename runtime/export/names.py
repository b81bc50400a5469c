"""What the models of a Triton repository are called, and where their version stands."""

from __future__ import annotations

VERSION = "1"


def prepare_name(spec: str) -> str:
    """Return the name of the prepare step."""
    return f"{spec}__prepare"


def model_name(spec: str) -> str:
    """Return the name of the model step."""
    return f"{spec}__model"
