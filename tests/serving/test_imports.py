"""A server starts without what it doesn't need: TensorFlow takes seconds, and half a gigabyte of every replica."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"tensorflow", "keras", "merlin", "nvtabular", "dask", "onnx", "tf2onnx"}
ROOMS = ("sess.runtime.serve.run", "sess.runtime.serve.query", "sess.runtime.recommend")


@pytest.mark.parametrize("room", ROOMS)
def test_serving_imports_no_tensorflow(room: str) -> None:
    code = f"import sys, {room}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY == set()
