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


def test_every_step_is_warmed_up_by_a_golden_session(artifact: Path) -> None:
    for step in ("shop__prepare", "shop__model"):
        found = config(artifact, step)
        (warm_up,) = found.model_warmup
        required = {each.name for each in found.input if not each.optional}
        assert set(warm_up.inputs) == required
        files = [artifact / "triton" / step / "warmup" / each.input_data_file for each in warm_up.inputs.values()]
        assert all(file.stat().st_size for file in files)


def test_one_tensor_goes_from_step_to_step(artifact: Path) -> None:
    prepare, model = config(artifact, "shop__prepare"), config(artifact, "shop__model")
    assert [each.name for each in prepare.output] == [each.name for each in model.input]
    assert len(model.input) == 1
