"""A repository: its configurations as Triton's own protobuf reads them, and steps that need little."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as configs

from sess.compiler.plans import Program
from sess.runtime.serve.golden import read_golden
from sess.runtime.serve.tensors import tensors_of

ALONE = """
import importlib, json, sys
from pathlib import Path
repository, tensors = Path(sys.argv[1]), json.loads(sys.argv[2])
import numpy as np
sys.path.insert(0, str(repository / "shop__prepare"))
reader = importlib.import_module("1.request").Reader.load(repository / "shop__prepare" / "1")
dtypes = {each["name"]: "O" if each["dtype"] == "string" else each["dtype"] for each in reader.facts["request"]}
asked = reader.read({name: np.array(values, dtypes[name]) for name, values in tensors.items()})
for name in [name for name in sys.modules if name.startswith("1")]:
    del sys.modules[name]
sys.path[0] = str(repository / "shop__model")
answer = importlib.import_module("1.answer").Answerer(repository / "shop__model" / "1").answer_one(asked)
loaded = {name.partition(".")[0] for name in sys.modules}
print(json.dumps([answer["click.ids"].tolist(), sorted(loaded & {"pyarrow", "pandas", "sess", "tensorflow"})]))
"""


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


def test_the_steps_answer_with_numpy_and_onnxruntime_alone(artifact: Path, program: Program) -> None:
    golden = read_golden(program, artifact)
    tensors = tensors_of(golden.rows, program.serving.request)
    question = json.dumps({name: values.tolist() for name, values in tensors.items()})
    command = [sys.executable, "-B", "-c", ALONE, str(artifact / "triton"), question]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=artifact.parent)
    ids, loaded = json.loads(said.stdout)
    assert ids == golden.answers["click.ids"].tolist()
    assert loaded == []


def test_a_repository_holds_vocabularies_as_arrays_alone(artifact: Path) -> None:
    for step in ("shop__prepare", "shop__model"):
        files = list((artifact / "triton" / step / "1" / "vocabulary").rglob("*.*"))
        assert {file.suffix for file in files} == {".npy"}
