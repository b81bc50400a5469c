"""A golden session as `model_warmup` of every step: who has answered it is ready, and no user waits for that."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.text_format import Parse
from tritonclient.grpc import model_config_pb2 as configs

from sess.compiler.plans import Program
from sess.runtime.export.golden import Row
from sess.runtime.export.templates import render
from sess.runtime.serve.gateway.wire import to_bytes
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.verify.walk import Walker

FOLDER = "warmup"  # where Triton looks for it


def write_warm_up(program: Program, row: Row, repository: Path) -> None:
    """Write what each step reads of one session beside it, and into its configuration."""
    asked = tensors_of([row], program.serving.request)
    for step, inputs in Walker(repository).inputs(program.serving.name, asked).items():
        folder, path = repository / step / FOLDER, repository / step / "config.pbtxt"
        folder.mkdir()
        text = path.read_text(encoding="utf-8")
        config = Parse(text, configs.ModelConfig())
        types = {each.name: configs.DataType.Name(each.data_type) for each in config.input}
        tensors = []
        for place, (name, values) in enumerate(inputs.items()):
            (folder / str(place)).write_bytes(to_bytes(values))
            dims = values.shape[1:] if config.max_batch_size else values.shape
            tensors.append({"name": name, "type": types[name], "dims": dims, "file": str(place)})
        path.write_text(text + render("warm_up.pbtxt.jinja", tensors=tensors), encoding="utf-8")
