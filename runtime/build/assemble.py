"""An artifact put together from what the stages left: their parts first, its facts and the manifest last."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from sess.compiler.backend import SpecFiles, Stage
from sess.compiler.block import JsonValue
from sess.compiler.codec import encode
from sess.compiler.plans import Program
from sess.runtime.artifact import FORMAT_VERSION, LOGS, MANIFEST
from sess.runtime.build.digest import EXPORTING, PREPARING, TRAINING, of_files, of_value, versions
from sess.runtime.build.workspace import Workspace


def begin_artifact(workspace: Workspace, fresh: Path) -> None:
    """Begin an artifact with what the earlier stages made."""
    fresh.mkdir(parents=True)
    prepared, trained = workspace.folder(Stage.PREPARE), workspace.folder(Stage.TRAIN)
    for name in ("vocabulary", "nvtabular", "schema"):
        if (prepared / name).is_dir():
            shutil.copytree(prepared / name, fresh / name)
    shutil.copy(prepared / "workflow.json", fresh / "workflow.json")
    (fresh / LOGS).mkdir()
    for number, log in enumerate(sorted((trained / LOGS).glob("*tfevents*"))):
        shutil.copy(log, fresh / LOGS / f"events.out.tfevents.{number}.sess")  # TensorFlow's name holds the host's


def finish_artifact(
    workspace: Workspace,
    program: Program,
    files: SpecFiles,
    data: Mapping[str, str],
    skipped: Mapping[str, Mapping[str, str]],
    indexes: Mapping[str, JsonValue],
    fresh: Path,
) -> None:
    """Write spec, graph, metrics, and last the manifest with the digest of every file."""
    (fresh / "spec.sess").write_text(files.text)
    _write_json(fresh / "graph.json", {**files.graph, "program": encode(program)})
    metrics = workspace.result(Stage.EVALUATE)
    if indexes and isinstance(metrics, dict):
        metrics = {**metrics, "index": dict(indexes)}
    _write_json(fresh / "metrics.json", metrics, is_sorted=False)  # rows stand as the spec has them
    schemas = [files.schema.hex(), files.catalogue_schema.hex() if files.catalogue_schema else None]
    manifest: dict[str, JsonValue] = {
        "format_version": FORMAT_VERSION,
        "name": program.name,
        "digests": {"spec": of_value(files.text), "schema": of_value(schemas), "data": dict(data)},
        "seed": program.train.seed,
        "versions": dict(versions((*PREPARING, *TRAINING, *EXPORTING))),
        "metrics": metrics,
        "files": dict(of_files(fresh, leave_out=(MANIFEST, LOGS))),
    }
    if skipped:
        manifest["skipped"] = {key: dict(paths) for key, paths in skipped.items()}
    _write_json(fresh / MANIFEST, manifest)


def _write_json(path: Path, value: JsonValue | dict[str, JsonValue], *, is_sorted: bool = True) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=is_sorted, ensure_ascii=False, allow_nan=False) + "\n")
