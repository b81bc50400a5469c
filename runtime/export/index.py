"""The approximate index of every head that compares vectors: built, measured against the exact ranking, and gated."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sess.compiler.block import JsonValue
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.export.golden import held_out_rows
from sess.runtime.export.names import FACTS
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.progress import Progress
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.steps.answer import Answerer, questions_of
from sess.runtime.steps.index import Index
from sess.runtime.steps.rank import Catalogue, Question
from sess.runtime.steps.request import Asked, Reader

FOLDER = "index"
SESSIONS, SESSIONS_AT_ONCE = 512, 64  # by which the recall is measured
NARROWEST, WIDEST = 64, 8192  # candidates of a walk: the export takes the fewest that keep the promised recall
BUILD_WIDTH = 128  # candidates of the walks by which an item finds its neighbours, at least twice `m`


@dataclass(frozen=True, slots=True)
class Asking:
    """What the held-out sessions ask of a head: their states (B, D) and their questions."""

    states: NDArray[np.float32]
    questions: Sequence[Question]


def write_indexes(
    program: Program, prepared: Prepared, reader: Reader, step: Path, artifact: Path, progress: Progress
) -> dict[str, JsonValue]:
    """Write the index of every head into a model step and beside the model; return what was measured, by head.

    RunFailed where `min_recall` isn't reached however wide the walks are.
    """
    answerer = Answerer(step, is_exact=True)
    asked = _sessions(program, prepared, reader)
    built: dict[tuple[str, str | None], str] = {}
    measured: dict[str, JsonValue] = {}
    for head, facts in answerer.facts["rankings"].items():
        if facts["vectors"] is None or not answerer.catalogue(head).count:
            continue
        files = (facts["vectors"], facts["bias"])
        if files not in built:  # heads that are tied to one table share its index too
            built[files] = f"{FOLDER}/{head}.usearch"
            build(step, *files, step / built[files], int(str(program.serving.index.params["m"])))
        asking = _asking(answerer, head, asked, is_item=facts["is_item"])
        catalogue = answerer.catalogue(head)
        index_facts = {"file": built[files], "width": NARROWEST, "k": min(program.serving.top_k, catalogue.count)}
        index = Index.load(step, index_facts, has_bias=facts["bias"] is not None)
        found = _widened(program, head, catalogue, index, asking)
        facts["index"] = {**index_facts, "width": index.width}
        measured[head] = found
        how = (
            f"{index.width:,} candidates a walk"
            if found["is_walked"]
            else "by a scan, which costs less than such walks"
        )
        progress.say(
            f"export: the index of `{head}` finds {found['recall']:.2%} of the exact best {found['k']} "
            f"for {found['sessions']:,} held-out sessions, {how}"
        )
    text = json.dumps(answerer.facts, indent=2, ensure_ascii=False, allow_nan=False)
    (step / FACTS).write_text(text + "\n", encoding="utf-8")
    if built:
        shutil.copytree(step / FOLDER, artifact / FOLDER, dirs_exist_ok=True)
    return measured


def build(step: Path, vectors: str, bias: str | None, path: Path, m: int) -> None:
    """Write the graph; one thread in one order gives equal bytes for equal vectors."""
    from usearch.index import Index as Graph

    found = np.load(step / vectors, mmap_mode="r", allow_pickle=False)
    if bias is not None:
        # The product with a state that ends in 1 is the score, bias and all.
        found = np.column_stack([found, np.load(step / bias, allow_pickle=False)])
    graph = Graph(ndim=found.shape[1], metric="ip", dtype="f32", connectivity=m, expansion_add=max(BUILD_WIDTH, 2 * m))
    graph.add(np.arange(len(found)), np.ascontiguousarray(found, np.float32), threads=1)
    path.parent.mkdir(exist_ok=True)
    graph.save(str(path))


def _sessions(program: Program, prepared: Prepared, reader: Reader) -> list[Asked]:
    rows = held_out_rows(program, prepared, SESSIONS)
    parts = [rows[begin : begin + SESSIONS_AT_ONCE] for begin in range(0, len(rows), SESSIONS_AT_ONCE)]
    return [reader.read(tensors_of(part, program.serving.request)) for part in parts]


def _asking(answerer: Answerer, head: str, asked: Sequence[Asked], *, is_item: bool) -> Asking:
    if not asked:
        raise RunFailed("there is no session by which the recall of the index could be measured", "use `index = exact`")
    states = [answerer.states([each])[f"head:{head}"] for each in asked]
    return Asking(
        np.concatenate(states), [question for each in asked for question in questions_of(each, is_item=is_item)]
    )


def _widened(program: Program, head: str, catalogue: Catalogue, index: Index, asking: Asking) -> dict[str, Any]:
    """Give an index the narrowest walks, by doubling, that find enough of the exact best; return what they find."""
    params, k = program.serving.index.params, min(program.serving.top_k, catalogue.count)
    wanted = float(str(params["min_recall"]))
    exact = [codes for codes, _ in catalogue.rank(asking.states, asking.questions)]
    index.width = max(NARROWEST, k)
    while (recall := recall_of(catalogue.indexed(index), exact, asking)) < wanted:
        if index.width >= WIDEST:
            raise RunFailed(
                f"`index = hnsw(m={params['m']})` finds {recall:.2%} of the exact best {k} of `{head}`, "
                f"`min_recall` is {wanted:g}",
                "raise `m`, lower `min_recall`, or use `index = exact`",
            )
        index.width *= 2
    sizes = {"m": params["m"], "width": index.width, "k": k, "sessions": len(exact)}
    return {"recall": recall, **sizes, "is_walked": index.is_gain(index.width)}


def recall_of(catalogue: Catalogue, exact: Sequence[NDArray[np.int32]], asking: Asking) -> float:
    """Return which part of the exact answers a catalogue with an index gives too."""
    found = [codes for codes, _ in catalogue.rank(asking.states, asking.questions)]
    hits = sum(np.isin(one[one > 0], other).sum() for one, other in zip(exact, found, strict=True))
    return float(hits / max(1, sum((one > 0).sum() for one in exact)))
