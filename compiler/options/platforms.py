"""Where the model is served: `serve { platform = … }`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sess.compiler.block import Entry, Kind


@dataclass(frozen=True, slots=True)
class TritonParams:
    """`triton("24.10", backend=python)`: a release of the server, and the backend of the model step."""

    version: str = "24.10"
    backend: Literal["python", "tensorflow", "onnx"] = "python"


class Triton(Entry[TritonParams]):
    """NVIDIA Triton Inference Server."""

    name = "triton"
    kind = Kind.PLATFORM
