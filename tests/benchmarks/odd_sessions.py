"""Odd sessions asked of an artifact: empty, unknown, one step, longer than `keep`; and the laws that answers obey."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyarrow import parquet

from sess.compiler.backend import Recommendation
from sess.compiler.failures import Misused
from sess.runtime.recommend import Recommender
from sess.runtime.serve.client import Client
from sess.runtime.serve.golden import ask
from sess.runtime.serve.installation import has_backend
from sess.runtime.serve.tensors import bag_columns, step_columns, tensors_of
from sess.runtime.serve.triton import Ports, Triton, choose_port
from sess.runtime.verify.compare import differences
from sess.runtime.verify.walk import Walker
from sess.runtime.vocabulary import file_of

LONG = 70
UNKNOWN = {"int64": 8_999_999_999_999_999_999, "string": "no such thing ☃"}
HOST = "127.0.0.1"

Row = dict[str, Any]  # a session's values by column
Answer = Mapping[str, tuple[Recommendation, ...]]


def odd_answers(artifact: Path, *, with_triton: bool) -> list[str]:
    """Return what is wrong with what an artifact answers."""
    recommender = Recommender.load(artifact)
    rows = json.loads((artifact / "triton" / "golden.json").read_text())["rows"]
    return [*_found(recommender, artifact, rows, with_triton=with_triton)]


def _found(recommender: Recommender, artifact: Path, golden: Sequence[Row], *, with_triton: bool) -> Iterator[str]:
    program = recommender.program
    serving, item = program.serving, program.workflow.data.item
    steps, bags = step_columns(serving.request), bag_columns(serving.request)
    if not golden:
        yield "no golden requests"
        return
    whole = max(golden, key=lambda row: max((len(row[name]) for name in steps), default=0))
    odd = {
        "empty": {name: [] if name in (*steps, *bags) else value for name, value in whole.items()},
        "unknown": _unknown(whole, serving.request, item),
        "one step": {name: value[-1:] if name in steps else value for name, value in whole.items()},
        "long": {name: (value * LONG)[:LONG] if name in steps else value for name, value in whole.items()},
    }
    for name, is_refused in (("empty", serving.on_empty == "error"), ("unknown", serving.on_unknown == "error")):
        row = odd[name]
        is_told = any(row.get(each) != whole.get(each) for each in (steps if name == "empty" else [item]))
        try:
            recommender.answer([row])
        except Misused as error:
            if not is_refused:
                yield f"{name}: refused, {error}"
            del odd[name]
        else:
            if is_refused and is_told:
                yield f"{name}: not refused"
    sessions = [*golden[:3], *odd.values()]
    names = ["golden 0", "golden 1", "golden 2"][: len(sessions) - len(odd)] + list(odd)
    together = recommender.answer(sessions)
    for name, row, answer in zip(names, sessions, together, strict=True):
        (alone,) = recommender.answer([row])
        yield from (f"{name}, alone and in a batch: {each}" for each in _unlike(alone, answer))
        yield from (f"{name}: {each}" for each in _broken(recommender, artifact, row, answer))
    yield from _keeping(recommender, odd["long"], steps)
    yield from _narrowing(recommender, golden[0], together[0])
    yield from _served(recommender, artifact, sessions, with_triton=with_triton)


def _unknown(row: Row, request: Sequence[Any], item: str) -> Row:
    dtypes = {tensor.column: tensor.dtype for tensor in request if tensor.name.endswith("values")}
    found = dict(row)
    for name, values in row.items():
        dtype = dtypes.get(name)
        if dtype in UNKNOWN and isinstance(values, list) and name != "at":
            found[name] = [[UNKNOWN[dtype]] if isinstance(value, list) else UNKNOWN[dtype] for value in values]
    return found


def _unlike(one: Answer, other: Answer) -> Iterator[str]:
    """Yield how two answers differ: scores by place, as ids of one score may stand in any order."""
    for head in one:
        scores = [[each.score for each in answer[head]] for answer in (one, other)]
        if len(scores[0]) != len(scores[1]):
            yield f"`{head}` has {len(scores[0])} and {len(scores[1])} places"
        elif not all(math.isclose(a, b, rel_tol=2e-5, abs_tol=2e-5) for a, b in zip(*scores, strict=True)):
            yield f"`{head}` {scores[0][:5]} and {scores[1][:5]}"


def _broken(recommender: Recommender, artifact: Path, row: Row, answer: Answer) -> Iterator[str]:
    """Yield the laws that an answer breaks: known ids, each once, finite scores that fall, nothing seen."""
    program = recommender.program
    for head in program.model.heads:
        found = answer[head.name]
        if not all(math.isfinite(each.score) for each in found):
            yield f"`{head.name}` has scores that aren't finite: {[each.score for each in found]}"
        if not head.is_ranking:
            continue
        ids = [each.id for each in found]
        known = set(parquet.read_table(artifact / file_of(str(head.target_domain)))["id"].to_pylist())
        if len(set(ids)) < len(ids) or not set(ids) <= known:
            yield f"`{head.name}` recommends {ids} of {len(known)}"
        if len(ids) > program.serving.top_k or sorted(found, key=lambda each: -each.score) != list(found):
            yield f"`{head.name}` has {len(ids)} places, {[each.score for each in found]}"
        seen = set(row.get(program.workflow.data.item, ())) if _is_of_item(program, head) else set()
        if "seen" in program.serving.exclude and seen & set(ids):
            yield f"`{head.name}` recommends what was seen: {seen & set(ids)}"
        if not ids and len(known - seen if "seen" in program.serving.exclude else known) > 0:
            yield f"`{head.name}` recommends nothing"


def _is_of_item(program: Any, head: Any) -> bool:
    domain = next(each for each in program.workflow.domains if each.name == head.target_domain)
    return bool(domain.is_item)


def _keeping(recommender: Recommender, row: Row, steps: Sequence[str]) -> Iterator[str]:
    """Yield how a long session's answer differs from that of its last steps; where nothing is excluded."""
    data, serving = recommender.program.workflow.data, recommender.program.serving
    groups = {column.group for column in recommender.program.workflow.columns if column.name in steps}
    if serving.exclude or len(groups) > 1:
        return
    kept = {name: value[-data.keep :] if name in steps else value for name, value in row.items()}
    yield from (f"long and kept: {each}" for each in _unlike(*recommender.answer([row, kept])))


def _narrowing(recommender: Recommender, row: Row, answer: Answer) -> Iterator[str]:
    """Yield how `k`, `allow` and `deny` are disobeyed."""
    program = recommender.program
    ranking = next((head for head in program.model.heads if head.is_ranking and _is_of_item(program, head)), None)
    if ranking is None or len(answer[ranking.name]) < 2:
        return
    (first, second), accept = answer[ranking.name][:2], program.serving.accept
    if "k" in accept and [each.id for each in recommender.answer([row], 1)[0][ranking.name]] != [first.id]:
        yield f"k=1 of `{ranking.name}` isn't the first of its answer"
    if "deny" in accept and first.id in {
        each.id for each in recommender.answer([row], deny=[first.id])[0][ranking.name]
    }:
        yield f"`{ranking.name}` recommends what is denied"
    if "allow" in accept:
        ids = [each.id for each in recommender.answer([row], allow=[second.id])[0][ranking.name]]
        if ids != [second.id]:
            yield f"`{ranking.name}` answers {ids} where {second.id} alone is allowed"


def _served(recommender: Recommender, artifact: Path, rows: list[Row], *, with_triton: bool) -> Iterator[str]:
    """Yield how what is served differs from what is answered in process."""
    program, repository = recommender.program, artifact / "triton"
    expected = recommender.tensors(tensors_of(rows, program.serving.request))
    for difference in list(differences(expected, ask(Walker(repository), program, rows)))[:3]:
        yield f"walked: {difference.shown('in process', 'walked')}"
    if with_triton and has_backend(program.serving):
        ports = Ports(choose_port(None, HOST), choose_port(None, HOST))
        with Triton(repository, HOST, ports, relays=False) as triton:
            triton.wait_until_loaded()
            with Client(triton.http, is_grpc=False) as client:
                for difference in list(differences(expected, ask(client, program, rows)))[:3]:
                    yield f"Triton: {difference.shown('in process', 'Triton')}"
