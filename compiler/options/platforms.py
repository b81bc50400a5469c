"""Where the model is served: `serve { platform = … }`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Entry, Kind


@dataclass(frozen=True, slots=True)
class TritonParams:
    """`triton("24.10", backend=python, device=auto)`: a release, and what runs the model's graph where."""

    version: str = "24.10"
    backend: Literal["python", "tensorflow", "onnx"] = "python"
    device: Literal["auto", "cpu", "gpu"] = "auto"


class Triton(Entry[TritonParams]):
    """NVIDIA Triton Inference Server."""

    name = "triton"
    kind = Kind.PLATFORM
