"""Whether what an artifact holds may be run: its graphs, its code and its configurations, before any of them is opened.

A manifest proves that nothing changed since it was written; who can write an artifact can write that too.
"""

from __future__ import annotations

from pathlib import Path

from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.trust.facts import check_facts
from sess.runtime.trust.onnx_ops import check_onnx
from sess.runtime.trust.tensorflow_ops import check_saved_model


def check_servable(artifact: Path, program: Program) -> None:
    """Raise RunFailed if serving an artifact could do more than compute."""
    from sess.runtime.trust.repository import check_repository  # reads configurations by Triton's own protobuf

    check_loadable(artifact)
    check_repository(artifact / "triton", program)


def check_loadable(artifact: Path) -> None:
    """Raise RunFailed if loading the graphs of an artifact in this process could do more than compute."""
    for path in sorted(artifact.rglob("*")):
        if path.name == "saved_model.pbtxt":  # loaders take the text form where it stands
            raise RunFailed(f"`{path}` is a SavedModel as text, which sess doesn't write", "remove it")
        if path.name == "saved_model.pb":
            check_saved_model(path)
        elif path.suffix == ".onnx":
            check_onnx(path)
        elif path.name == "serving.json":
            check_facts(path)
