"""The configurations of a repository, as Triton's own protobuf reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as configs


def config(artifact: Path, model: str) -> Any:
    """Return a model's configuration; protobuf's messages have no types."""
    text = (artifact / "triton" / model / "config.pbtxt").read_text(encoding="utf-8")
    return text_format.Parse(text, configs.ModelConfig())


def test_a_request_alone_goes_at_once_and_a_full_batch_too(artifact: Path) -> None:
    batching = config(artifact, "shop__model").dynamic_batching
    assert list(batching.preferred_batch_size) == [1, 2, 4, 8, 16, 32, 64]
    assert batching.max_queue_delay_microseconds == 2000


def test_one_tensor_goes_from_step_to_step(artifact: Path) -> None:
    prepare, model = config(artifact, "shop__prepare"), config(artifact, "shop__model")
    assert [each.name for each in prepare.output] == [each.name for each in model.input]
    assert len(model.input) == 1
