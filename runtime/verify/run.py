"""`verify`: the same real sessions through the trained model, the SavedModel and a running Triton."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sess.compiler.block import JsonValue
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.artifact import open_artifact
from sess.runtime.export.names import VERSION, model_name, prepare_name
from sess.runtime.progress import Progress
from sess.runtime.serve.client import Client
from sess.runtime.serve.golden import ask, read_golden
from sess.runtime.serve.installation import has_backend
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.serve.triton import Ports, Triton, choose_port
from sess.runtime.steps.answer import Answerer
from sess.runtime.steps.request import Reader
from sess.runtime.trust.check import check_servable
from sess.runtime.verify.compare import Answers, differences, largest
from sess.runtime.verify.saved import answer_by_saved_model
from sess.runtime.verify.trained import answer_by_weights
from sess.runtime.verify.walk import Walker

HOST = "127.0.0.1"
SHOWN = 3


def verify(artifact: Path, rows: int, progress: Progress) -> dict[str, JsonValue]:
    """Return how many sessions were compared and how far scores differ; RunFailed where they disagree."""
    opened = open_artifact(artifact)
    program, path = opened.program, opened.path
    check_servable(path, program)
    golden = read_golden(program, path, rows)
    triton = path / "triton"
    name = program.serving.name
    with progress.track("verify", 4) as task:
        reader = Reader.load(triton / prepare_name(name) / VERSION)
        asked = reader.read(tensors_of(golden.rows, program.serving.request))
        step = triton / model_name(name) / VERSION
        answerer = Answerer(step)
        trained = answer_by_weights(program, path, asked, answerer)
        task.advance(1, "trained model")
        saved = answer_by_saved_model(program, path, asked, answerer)
        _require_equal("trained", trained, "SavedModel", saved, golden.rows)
        task.advance(1, "SavedModel")
        has_index = program.serving.index.name != "exact"
        exact = (Answerer(step, is_exact=True) if has_index else answerer).answer_one(asked)
        _require_equal("SavedModel", saved, "the steps", exact, golden.rows)
        # An index answers otherwise than an exact ranking; the export measured how well it does.
        stepped = answerer.answer_one(asked) if has_index else exact
        _require_equal("exported", golden.answers, "the steps", stepped, golden.rows)
        by = (
            "Triton"
            if has_backend(program.serving)
            else f"its repository (without a Triton of {program.serving.backend})"
        )
        served = (_serve if by == "Triton" else _walk)(program, triton, golden.rows)
        task.advance(1, by)
        for protocol, answers in served.items():
            _require_equal("the steps", stepped, f"{by} ({protocol})", answers, golden.rows)
        task.advance(1, "compared")
    gaps = {"saved_model": largest(trained, saved), "steps": largest(saved, exact)}
    gaps |= {key: largest(stepped, each) for key, each in served.items()}
    progress.say(
        f"verify: {len(golden.rows)} held-out sessions, {len(saved)} outputs: "
        f"trained model, SavedModel and {by} agree,"
        f" scores within {max(gaps.values()):.1e}"
    )
    found: dict[str, JsonValue] = {
        "rows": len(golden.rows),
        "outputs": list[JsonValue](sorted(saved)),
        "largest_difference": {key: float(gap) for key, gap in gaps.items()},
    }
    return found


def _serve(program: Program, repository: Path, rows: Sequence[Mapping[str, object]]) -> dict[str, Answers]:
    """Return a running Triton's answers, over both protocols."""
    ports = Ports(choose_port(None, HOST), choose_port(None, HOST))
    with Triton(repository, HOST, ports, relays=False) as triton:
        triton.wait_until_loaded()
        found: dict[str, Answers] = {}
        for protocol, address in (("http", triton.http), ("grpc", triton.grpc)):
            with Client(address, is_grpc=protocol == "grpc") as client:
                found[protocol] = ask(client, program, rows)
        triton.check()
        return found


def _walk(program: Program, repository: Path, rows: Sequence[Mapping[str, object]]) -> dict[str, Answers]:
    """Return what a repository answers whose backend isn't installed here."""
    return {"walked": ask(Walker(repository), program, rows)}


def _require_equal(
    one: str, one_answers: Answers, other: str, other_answers: Answers, rows: Sequence[Mapping[str, object]]
) -> None:
    """Raise RunFailed that shows the sessions in which two answers differ, side by side."""
    found = list(differences(one_answers, other_answers))
    if not found:
        return
    wrong = len({difference.row for difference in found})
    shown = [f"{each.shown(one, other)}\nsession {_session(rows, each.row)}" for each in found[:SHOWN]]
    raise RunFailed(
        f"{one} and {other} disagree in {wrong} of {len(rows)} held-out sessions", "\n".join(_spaced(shown))
    )  # fmt: skip


def _session(rows: Sequence[Mapping[str, object]], row: int) -> str:
    return json.dumps(rows[row] if row < len(rows) else None, ensure_ascii=False)[:400]


def _spaced(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        yield text
        yield ""
