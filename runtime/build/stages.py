"""Run the stages of a build; once all of them are kept on the disk, the artifact goes to its place, as the last act."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sess.compiler.backend import Stage
from sess.compiler.block import JsonValue
from sess.runtime.artifact import MANIFEST
from sess.runtime.build.digest import of_file
from sess.runtime.build.disk import Disk
from sess.runtime.build.publish import confirm, put_in_place
from sess.runtime.build.workspace import Workspace, open_workspace
from sess.runtime.progress import Progress
from sess.runtime.stopping import unwinding

Run = Callable[[Path], JsonValue]


@dataclass(frozen=True, slots=True)
class Step:
    """A stage with its key (the digest of all it depends on) and what it does in its folder."""

    stage: Stage
    key: str
    run: Run
    is_whole: Callable[[], bool] = lambda: True
    writes: Callable[[], int] = lambda: 0
    """About how many bytes it writes."""


def run_stages(
    stages: Callable[[Workspace], Iterable[Step]], out: Path, until: Stage, progress: Progress
) -> dict[str, JsonValue]:
    """Run the stages of a workspace up to one; return `metrics`, and per stage whether it `ran` or was `kept`."""
    with (
        open_workspace(out) as workspace,
        unwinding(progress.say) as stop_if_told,
        Disk(workspace.root).refusals() as disk,
    ):
        done: dict[str, JsonValue] = {}
        for step in stages(workspace):
            done[step.stage.value] = _run(step, workspace, disk, progress)
            stop_if_told()
            if step.stage is until:
                break
        metrics = workspace.result(Stage.EVALUATE) if Stage.EVALUATE.value in done else None
        if until in (Stage.EXPORT, Stage.VERIFY):
            # Nothing that a disk can refuse follows: a refusal says that the artifact is as it was.
            _publish(workspace, out)
        return {"stages": done, "metrics": metrics}


def _run(step: Step, workspace: Workspace, disk: Disk, progress: Progress) -> str:
    if workspace.is_done(step.stage, step.key) and step.is_whole():
        progress.say(f"{step.stage}: nothing changed, kept")
        return "kept"
    disk.ask(step.stage, step.writes())
    how = "resumed" if workspace.is_started(step.stage, step.key) else "ran"
    progress.say(f"{step.stage}: {'going on where it stopped' if how == 'resumed' else 'running'}")
    started = time.monotonic()
    result = step.run(workspace.begin(step.stage, step.key))
    workspace.finish(step.stage, step.key, result)
    progress.say(f"{step.stage}: done in {time.monotonic() - started:.1f} s")
    return how


def exported(workspace: Workspace) -> Path:
    """Return where the export makes an artifact, which lies there until it goes to its place."""
    return workspace.folder(Stage.EXPORT) / "artifact"


def is_made(place: Path, workspace: Workspace) -> bool:
    """Whether what lies at a place is what the export made."""
    manifest = place / MANIFEST
    return manifest.is_file() and of_file(manifest) == workspace.result(Stage.EXPORT)


def _publish(workspace: Workspace, out: Path) -> None:
    """Move the exported artifact to its place, unless it already went there and left an older one."""
    made = exported(workspace)
    if is_made(made, workspace):
        put_in_place(made, out, workspace.aside)
    else:
        confirm(out)
