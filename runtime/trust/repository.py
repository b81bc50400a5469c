"""A Triton repository that runs no code but ours: its steps and its configurations."""

from __future__ import annotations

import importlib.machinery
import re
from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as configs

from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.export.names import GRAPHS, VERSION, model_name, prepare_name, states_name

STEPS = Path(__file__).parents[1] / "steps"
CONFIG, GOLDEN = "config.pbtxt", "golden.json"
IMPORTED = tuple(importlib.machinery.all_suffixes())  # of what Python would import from beside a step
# What a configuration may say. `parameters` of a step could name another Python, `model_operations` a library.
FIELDS = frozenset(
    {
        "name", "platform", "backend", "max_batch_size", "input", "output", "instance_group", "dynamic_batching",
        "ensemble_scheduling", "parameters", "model_warmup", "version_policy", "default_model_filename",
    }
)  # fmt: skip
PARAMETERS = frozenset({"spec", "item", "bags"})
# The platform, the backend and the file of a step, by what runs it.
ENSEMBLE, PYTHON = ("ensemble", "", ""), ("", "python", "")
BACKENDS = {
    "onnx": ("", "onnxruntime", GRAPHS["onnx"]),
    "tensorflow": ("tensorflow_savedmodel", "", GRAPHS["tensorflow"]),
}
WARM_UP = re.compile(r"[0-9]{1,4}")  # a file of the step's own folder `warmup`
AGAIN = "compile it again: only the export runs"


def check_repository(repository: Path, program: Program) -> None:
    """Raise RunFailed if a repository holds models, code or configurations that this sess doesn't write."""
    spec = program.serving.name
    steps = {prepare_name(spec): "prepare_step.py", model_name(spec): "model_step.py"}
    graphs = set() if program.serving.backend == "python" else {states_name(spec)}
    known = {*steps, *graphs, spec, *(f"{spec}.{encoder.name}" for encoder in program.model.encoders)}
    for folder in sorted(repository.iterdir()):
        if folder.name == GOLDEN:
            continue
        if folder.name not in known:
            raise RunFailed(f"`{folder}` is no model of `{spec}`", AGAIN)
        runs = (
            PYTHON if folder.name in steps else BACKENDS[program.serving.backend] if folder.name in graphs else ENSEMBLE
        )
        _check_config(folder, runs)
        _check_code(folder, steps.get(folder.name))


def _check_code(folder: Path, step: str | None) -> None:
    """Refuse code other than the copies of our own: what Python finds beside a step is what a step imports."""
    for path in sorted(folder.rglob("*")):
        if not path.name.endswith(IMPORTED):
            continue
        own = STEPS / (step if path.name == "model.py" and step else path.name)
        is_own = step is not None and path.parent == folder / VERSION and own.is_file()
        if not is_own or path.read_bytes() != own.read_bytes():
            raise RunFailed(f"`{path}` is not the code of this version of sess, which runs no other", AGAIN)


def _check_config(folder: Path, runs: tuple[str, str, str]) -> None:
    """Refuse what a configuration says beyond ours; `runs` are the platform, the backend and the file that it may."""
    path = folder / CONFIG
    try:
        config = text_format.Parse(path.read_text(encoding="utf-8"), configs.ModelConfig())
    except (OSError, UnicodeDecodeError, text_format.ParseError):
        raise RunFailed(f"`{path}` is no configuration of a model", AGAIN) from None
    said = {field.name for field, _ in config.ListFields()} - FIELDS
    said |= {f"parameters.{key}" for key in config.parameters if runs != ENSEMBLE or key not in PARAMETERS}
    said |= {"name"} if config.name != folder.name else set()
    found = {
        "platform": config.platform,
        "backend": config.backend,
        "default_model_filename": config.default_model_filename,
    }
    said |= {key for (key, value), ours in zip(found.items(), runs, strict=True) if value != ours}
    for warm_up in config.model_warmup:
        files = [each.input_data_file for each in warm_up.inputs.values()]
        said |= {"model_warmup.input_data_file" for file in files if file and not WARM_UP.fullmatch(file)}
    if said:
        raise RunFailed(f"`{path}` says {', '.join(f'`{name}`' for name in sorted(said))}, which sess doesn't", AGAIN)
