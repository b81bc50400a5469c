"""An artifact measured on other files than it was built on, with what it holds itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from sess.compiler.block import Chosen, JsonValue, Kind
from sess.compiler.failures import Misused, RunFailed
from sess.compiler.plans import HeadPlan
from sess.runtime.artifact import Artifact
from sess.runtime.baselines.fitted import Fitted, can_rank
from sess.runtime.border import Border, Layers, Surroundings, lower
from sess.runtime.evaluate.examples import examples_of
from sess.runtime.evaluate.ranking import Popularity
from sess.runtime.evaluate.run import Measure, measured, trained
from sess.runtime.prepare.files import find_files
from sess.runtime.prepare.fitted import fitted_transform
from sess.runtime.prepare.held_out import held_out
from sess.runtime.prepare.prepared import WORKFLOW
from sess.runtime.progress import Progress
from sess.runtime.vocabulary import Vocabulary, VocabularySize

WEIGHTS = Path("model") / "weights.npz"
NEEDS_SESSIONS = ("novelty",)


def evaluate_files(artifact: Artifact, paths: tuple[str, ...], progress: Progress) -> dict[str, JsonValue]:
    """Return the metrics of whole sessions in files, relative to the working directory, as the split `data`.

    What needs training sessions is left out and named in the protocol: an artifact counts clicks and holds no session.
    """
    for path in paths:
        try:
            find_files(path, Path.cwd())
        except RunFailed as error:  # what the command line names is its own mistake, not the spec's
            raise Misused(error.message) from None
    program, folder = artifact.program, artifact.path
    plan = program.evaluate
    metrics = tuple(metric for metric in plan.metrics if metric.name not in NEEDS_SESSIONS)
    baselines = tuple(baseline for baseline in plan.baselines if baseline.name == "popular")
    left_out = [str(metric) for metric in plan.metrics if metric not in metrics]
    left_out += [baseline.name for baseline in plan.baselines if baseline not in baselines]
    program = replace(program, evaluate=replace(plan, metrics=metrics, baselines=baselines))
    workflow = json.loads((folder / WORKFLOW).read_text(encoding="utf-8"))
    vocabularies = {
        name: Vocabulary.load(folder / domain["file"], domain["reserved"])
        for name, domain in workflow["domains"].items()
    }
    sessions = held_out(program.workflow, paths, Path.cwd(), fitted_transform(folder))
    named, holds = " and ".join(f"`{path}`" for path in paths), "holds" if len(paths) == 1 else "hold"
    if len(sessions.offsets) < 2:
        raise RunFailed(f"{named} {holds} no session", "look at `rows` in data: are the sessions right?")
    if (examples := examples_of(program, sessions)).count == 0:
        message = f"none of the {examples.too_short:,} sessions of {named} has a step before the one that is asked for"
        raise RunFailed(message, "look at `rows` in data: are the sessions right?")
    popularity: dict[str, Popularity] = {}
    for head in program.model.heads:
        if head.is_ranking and head.target_domain is not None:
            counted = vocabularies[head.target_domain]
            popularity[head.name] = Popularity(counted.reserved, counted.counts, counted.counts, len(counted.counts))
    nothing = Surroundings(Layers(), {}, {}, {}, {}, None, None, 0, program.train.seed)

    def fit(baseline: Chosen, head: HeadPlan) -> Fitted | None:
        if not can_rank(baseline, head):
            return None
        counted = vocabularies[head.target_domain or ""]
        items = VocabularySize(counted.reserved, counted.size)
        fitted = Fitted(lower(baseline, Kind.BASELINE, Border(nothing, baseline.name, {})), items)
        fitted.hold({"clicks": counted.counts.astype("float32")})
        return fitted

    model = trained(program, vocabularies, folder / WEIGHTS)
    measure = Measure(program, model, vocabularies, popularity, fit)
    return measured(measure, {"data": sessions}, f"given now: {', '.join(paths)}", progress, left_out)
