"""`sess compile`: prepare, train, evaluate, export, verify; a stage runs when something it depends on changed."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sess.compiler.backend import CompileOptions, SpecFiles, Stage
from sess.compiler.block import JsonValue
from sess.compiler.codec import encode
from sess.compiler.failures import Misused, RunFailed
from sess.compiler.plans import Program
from sess.runtime.artifact import FORMAT_VERSION, LOGS, MANIFEST
from sess.runtime.build.digest import of_code, of_file, of_files, of_value, versions
from sess.runtime.build.inputs import data_digests
from sess.runtime.build.publish import put_in_place
from sess.runtime.build.workspace import Workspace, open_workspace
from sess.runtime.progress import Progress
from sess.runtime.quiet import quietly
from sess.runtime.stopping import unwinding

VERIFIED_ROWS = 64

Run = Callable[[Path], JsonValue]


@dataclass(frozen=True, slots=True)
class Step:
    """A stage with its key (the digest of all it depends on) and what it does in its folder."""

    stage: Stage
    key: str
    run: Run
    is_whole: Callable[[], bool] = lambda: True


def compile_program(
    program: Program, files: SpecFiles, options: CompileOptions, progress: Progress
) -> dict[str, JsonValue]:
    """Build the artifact; return `metrics`, and per stage whether it `ran` or was `kept`."""
    if options.parent is not None:
        raise Misused("`--from` is not supported by this version", "compile without it")
    _look_at_data(program, files)
    with open_workspace(options.out.absolute()) as workspace, unwinding(), _refusals(workspace.root):
        data = data_digests(program.workflow, files.base)
        done: dict[str, JsonValue] = {}
        for step in _steps(program, files, data, workspace, options.out.absolute(), progress):
            done[step.stage.value] = _run(step, workspace, progress)
            if step.stage is options.until:
                break
        metrics = workspace.result(Stage.EVALUATE) if Stage.EVALUATE.value in done else None
        if options.until is Stage.EXPORT:
            _publish(workspace, options.out.absolute())
        return {"stages": done, "metrics": metrics}


@contextmanager
def _refusals(root: Path) -> Iterator[None]:
    """Raise RunFailed for what the system refuses below a folder, such as to write on a full disk."""
    try:
        yield
    except Exception as error:
        # TensorFlow has exceptions of its own for what is an OSError elsewhere, and tells no more than the path.
        if not isinstance(error, OSError) and str(root) not in str(error):
            raise
        room = f"{shutil.disk_usage(root).free / 1e6:,.0f} MB are free in `{root.parent}`"
        raise RunFailed(
            f"a file can't be written or read: {str(error).splitlines()[0]} ({room})",
            "the artifact is as it was; make room or mend the disk, and the same command goes on where it stopped",
        ) from error


def _look_at_data(program: Program, files: SpecFiles) -> None:
    """Raise RunFailed for the first fault of the data files that their footers show: before anything is hashed."""
    from sess.runtime.prepare.footers import inspect

    faults = inspect(program.workflow, files.base)
    if faults:
        more = f" (and {len(faults) - 1} more: `sess check --data` tells them all)" if len(faults) > 1 else ""
        raise RunFailed(f"{faults[0].message}{more}", "; ".join(faults[0].help))


def _run(step: Step, workspace: Workspace, progress: Progress) -> str:
    if workspace.is_done(step.stage, step.key) and step.is_whole():
        progress.say(f"{step.stage}: nothing changed, kept")
        return "kept"
    how = "resumed" if workspace.is_started(step.stage, step.key) else "ran"
    progress.say(f"{step.stage}: {'going on where it stopped' if how == 'resumed' else 'running'}")
    started = time.monotonic()
    result = step.run(workspace.begin(step.stage, step.key))
    workspace.finish(step.stage, step.key, result)
    progress.say(f"{step.stage}: done in {time.monotonic() - started:.1f} s")
    return how


def _steps(
    program: Program, files: SpecFiles, data: Mapping[str, str], workspace: Workspace, out: Path, progress: Progress
) -> tuple[Step, ...]:
    """Return the stages in order; the heavy imports happen when a stage runs."""
    stops_by = program.evaluate.exclude if program.train.stop else ()
    prepare = of_value(
        program.workflow, data, versions(), of_code("runtime/prepare", "runtime/steps", "runtime/vocabulary.py")
    )
    model_code = of_code(
        "runtime/model.py", "runtime/towers.py", "runtime/layers", "runtime/baselines", "compiler/blocks"
    )
    train = of_value(prepare, program.model, program.train, stops_by, model_code, of_code("runtime/train"))
    evaluate = of_value(train, program.evaluate, of_code("runtime/evaluate"))
    spec = of_value(files.text, files.graph, files.schema.decode("utf-8", "replace"), program)
    export_code = of_code("runtime/export", "runtime/steps", "runtime/build")
    export = of_value(train, program.serving, spec, evaluate, export_code)
    verify = of_value(export, of_code("runtime/verify", "runtime/serve"))
    prepared = workspace.folder(Stage.PREPARE)
    weights = workspace.folder(Stage.TRAIN) / "weights.npz"

    def run_prepare(folder: Path) -> JsonValue:
        quietly("nvtabular")  # which imports TensorFlow, too
        from sess.runtime.prepare.run import prepare as run

        return dict(run(program.workflow, files.base, folder, progress).facts)

    def run_train(folder: Path) -> JsonValue:
        quietly("tensorflow")
        from sess.runtime.prepare.prepared import Prepared
        from sess.runtime.train.run import train as run

        return dict(run(program, Prepared.load(prepared), folder, progress))

    def run_evaluate(folder: Path) -> JsonValue:
        quietly("tensorflow")
        from sess.runtime.evaluate.run import evaluate as run
        from sess.runtime.prepare.prepared import Prepared

        return dict(run(program, Prepared.load(prepared), weights, progress))

    def run_export(folder: Path) -> JsonValue:
        quietly("tensorflow")
        from sess.runtime.export.run import export as run
        from sess.runtime.prepare.prepared import Prepared

        fresh = folder / "artifact"
        shutil.rmtree(fresh, ignore_errors=True)
        _copy_parts(workspace, fresh)
        indexes = run(program, Prepared.load(prepared), weights, files, fresh, progress)
        _write_facts(workspace, program, files, data, indexes, fresh)
        return of_file(fresh / MANIFEST)

    def run_verify(folder: Path) -> JsonValue:
        quietly("tensorflow")
        from sess.runtime.verify.run import verify as run

        fresh = workspace.folder(Stage.EXPORT) / "artifact"
        result = dict(run(fresh if fresh.is_dir() else out, VERIFIED_ROWS, progress))
        _publish(workspace, out)
        return result

    def is_exported() -> bool:
        made = workspace.result(Stage.EXPORT)
        places = (workspace.folder(Stage.EXPORT) / "artifact", out)
        return any((place / MANIFEST).is_file() and of_file(place / MANIFEST) == made for place in places)

    def is_published() -> bool:
        return (out / MANIFEST).is_file() and of_file(out / MANIFEST) == workspace.result(Stage.EXPORT)

    return (
        Step(Stage.PREPARE, prepare, run_prepare),
        Step(Stage.TRAIN, train, run_train),
        Step(Stage.EVALUATE, evaluate, run_evaluate),
        Step(Stage.EXPORT, export, run_export, is_exported),
        Step(Stage.VERIFY, verify, run_verify, is_published),
    )


def _copy_parts(workspace: Workspace, fresh: Path) -> None:
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


def _write_facts(
    workspace: Workspace,
    program: Program,
    files: SpecFiles,
    data: Mapping[str, str],
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
        "versions": dict(versions()),
        "metrics": metrics,
        "files": dict(of_files(fresh, leave_out=(MANIFEST, LOGS))),
    }
    _write_json(fresh / MANIFEST, manifest)


def _write_json(path: Path, value: JsonValue | dict[str, JsonValue], *, is_sorted: bool = True) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=is_sorted, ensure_ascii=False, allow_nan=False) + "\n")


def _publish(workspace: Workspace, out: Path) -> None:
    """Move the exported artifact to its place, unless it already went there."""
    fresh = workspace.folder(Stage.EXPORT) / "artifact"
    if fresh.is_dir():
        put_in_place(fresh, out)
