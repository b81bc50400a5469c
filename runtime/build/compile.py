"""`sess compile`: prepare, train, evaluate, export, verify; a stage runs when something it depends on changed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sess.compiler.backend import CompileOptions, Fault, SpecFiles, Stage
from sess.compiler.block import JsonValue
from sess.compiler.failures import Misused, RunFailed
from sess.compiler.plans import Program, WorkflowPlan
from sess.runtime.artifact import MANIFEST
from sess.runtime.build.assemble import begin_artifact, finish_artifact
from sess.runtime.build.code import of_code, of_plug_ins
from sess.runtime.build.digest import EXPORTING, PREPARING, SERVING, TRAINING, of_file, of_value, versions
from sess.runtime.build.inputs import data_digests
from sess.runtime.build.room import of_export, of_prepare, of_train
from sess.runtime.build.stages import Step, exported, is_made, run_stages
from sess.runtime.build.workspace import Workspace, refuse_if_busy
from sess.runtime.progress import Progress
from sess.runtime.quiet import quietly

VERIFIED_ROWS = 64

if TYPE_CHECKING:
    from sess.runtime.prepare.shards import Shards
    from sess.runtime.train.diverged import Diverged


def compile_program(
    program: Program, files: SpecFiles, options: CompileOptions, progress: Progress
) -> dict[str, JsonValue]:
    """Build the artifact; return `metrics`, and per stage whether it `ran` or was `kept`."""
    if options.parent is not None:
        raise Misused("`--from` is not supported by this version", "compile without it")
    out = options.out.absolute()
    refuse_if_busy(out)
    shards = _shards(program, files, options.skip, progress)

    def stages(workspace: Workspace) -> tuple[Step, ...]:
        data = data_digests(program.workflow, files.base)
        return _steps(program, files, shards, data, workspace, out, progress)

    return run_stages(stages, out, options.until, progress)


def _shards(program: Program, files: SpecFiles, skip: float, progress: Progress) -> Shards:
    """Return the data files that are read; RunFailed for the first fault that their footers show, before any is hashed.

    Up to a share `skip` of them may be unreadable, and is left out and said.
    """
    from sess.runtime.prepare.footers import inspect
    from sess.runtime.prepare.shards import Shards, enough, readable

    shards = readable(program.workflow, files.base, skip) if skip else Shards(program.workflow, {})
    faults = inspect(shards.workflow, files.base)
    if faults:
        more = f" (and {len(faults) - 1} more: `sess check --data` tells them all)" if len(faults) > 1 else ""
        share = enough(shards.workflow, files.base, faults) if faults[0].fault is Fault.UNREADABLE else None
        leave_out = (f"or leave it out: `--skip-bad-shards {share}`",) if share else ()
        raise RunFailed(f"{faults[0].message}{more}", "; ".join((*faults[0].help, *leave_out)))
    for key, skipped in shards.skipped.items():
        for path, why in skipped.items():
            progress.say(f"`{key}`: left out `{path}`, which can't be read: {why}")
    return shards


def _steps(
    program: Program, files: SpecFiles, shards: Shards, data: Mapping[str, str], workspace: Workspace, out: Path,
    progress: Progress,
) -> tuple[Step, ...]:  # fmt: skip
    """Return the stages in order; the heavy imports happen when a stage runs."""
    stops_by = program.evaluate.exclude if program.train.stop else ()
    prepare = of_value(
        program.workflow, data, shards.skipped, versions(PREPARING), of_code("runtime/prepare/run.py")
    )  # fmt: skip
    # Blocks are found by their names, and the served steps are copied: no import tells of them.
    train_code = of_code("runtime/train/run.py", "compiler/blocks", "compiler/options")
    train = of_value(
        prepare, program.model, program.train, stops_by, versions(TRAINING), train_code, of_plug_ins()
    )  # fmt: skip
    evaluate = of_value(train, program.evaluate, of_code("runtime/evaluate/run.py"))
    spec = of_value(files.text, files.graph, files.schema.decode("utf-8", "replace"), program)
    export_code = of_code("runtime/export/run.py", "runtime/build/assemble.py", "runtime/steps")
    export = of_value(train, program.serving, spec, evaluate, versions(EXPORTING), export_code)
    verify = of_value(export, versions(SERVING), of_code("runtime/verify/run.py"))
    prepared = workspace.folder(Stage.PREPARE)
    weights = workspace.folder(Stage.TRAIN) / "weights.npz"

    def run_prepare(folder: Path) -> JsonValue:
        from sess.runtime.prepare.run import prepare as run

        return dict(run(shards.workflow, files.base, folder, progress).facts)

    def run_train(folder: Path) -> JsonValue:
        quietly("tensorflow")
        from sess.runtime.prepare.prepared import Prepared
        from sess.runtime.train.diverged import Diverged
        from sess.runtime.train.run import train as run

        try:
            return dict(run(program, Prepared.load(prepared), folder, progress))
        except Diverged as failure:
            raise _located(failure, shards.workflow, files.base) from None

    def run_evaluate(_: Path) -> JsonValue:
        quietly("tensorflow")
        from sess.runtime.evaluate.run import evaluate as run
        from sess.runtime.prepare.prepared import Prepared

        return dict(run(program, Prepared.load(prepared), weights, progress))

    def run_export(_: Path) -> JsonValue:
        quietly("tensorflow")
        from sess.runtime.export.run import export as run
        from sess.runtime.prepare.prepared import Prepared

        fresh = exported(workspace)
        shutil.rmtree(fresh, ignore_errors=True)
        begin_artifact(workspace, fresh)
        indexes = run(program, Prepared.load(prepared), weights, files, fresh, progress)
        finish_artifact(workspace, program, files, data, shards.skipped, indexes, fresh)
        return of_file(fresh / MANIFEST)

    def run_verify(_: Path) -> JsonValue:
        quietly("tensorflow")
        from sess.runtime.verify.run import verify as run

        made = exported(workspace)
        return dict(run(made if is_made(made, workspace) else out, VERIFIED_ROWS, progress))

    def is_exported() -> bool:
        return any(is_made(place, workspace) for place in (exported(workspace), out))

    return (
        Step(Stage.PREPARE, prepare, run_prepare, writes=lambda: of_prepare(shards.workflow, files.base)),
        Step(Stage.TRAIN, train, run_train, writes=lambda: of_train(program.model, workspace)),
        Step(Stage.EVALUATE, evaluate, run_evaluate),
        Step(Stage.EXPORT, export, run_export, is_exported, lambda: of_export(weights)),
        Step(Stage.VERIFY, verify, run_verify, lambda: is_made(out, workspace)),
    )


def _located(failure: Diverged, workflow: WorkflowPlan, base: Path) -> RunFailed:
    """Return the failure with where its batch stands in the user's files."""
    from sess.runtime.prepare.whence import places_of

    said = ""
    if failure.largest:
        place = places_of(workflow, base, failure.keys[:1])
        said = f"; its largest number is {failure.largest} in session {failure.keys[0]}{place and f' of {place}'}"
    everywhere = places_of(workflow, base, failure.keys)
    batch = f"the batch is {len(set(failure.keys)):,} sessions{everywhere and f' of {everywhere}'}"
    return RunFailed(f"{failure.message}: {batch}{said}", failure.help)
