"""A program for people: what really will happen, every default and every derived step written out (`sess render`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sess.compiler.block import Chosen, JsonValue
from sess.compiler.codec import encode
from sess.compiler.draw.captions import arguments, totals, value
from sess.compiler.estimate import Estimate, estimate
from sess.compiler.graph import CheckedGraph
from sess.compiler.plans import ColumnPlan, Program, TensorPlan
from sess.compiler.quantity import in_bytes, scaled
from sess.compiler.registry import Registry
from sess.compiler.report.left_out import left_out
from sess.compiler.report.paint import Paint
from sess.compiler.report.sections import sections, written
from sess.compiler.report.stages import stages

FORMAT_VERSION = 1


def render(checked: CheckedGraph, program: Program, registry: Registry, paint: Paint) -> str:
    """Return the text: complete sections first, then what follows from them."""
    found = estimate(checked, registry)
    title = f' "{program.title}"' if program.title else ""
    parts = [
        (f"spec {program.name}{title}", written(sections(checked, program, registry)).splitlines()),
        ("columns", _aligned(map(_column, program.workflow.columns))),
        ("left out", _aligned([(name, reason) for name, reason in left_out(checked, program).items()])),
        ("domains", _aligned(_domains(program))),
        ("tables", _aligned(_tables(checked, found))),
        ("graph", _aligned([("", "", "in training", "in serving"), *stages(checked, program, registry)])),
        ("request", _aligned(map(_tensor, program.serving.request))),
        ("answer", _aligned(map(_tensor, program.serving.answers))),
        ("estimate", [*totals(found), *_scores(found), *_largest(checked, found)]),
    ]
    texts = []
    for heading, lines in parts:
        indent = "" if heading.startswith("spec ") else "  "
        texts.append("\n".join([paint.bold(heading), *(f"{indent}{line}".rstrip() for line in lines), ""]))
    return "\n".join(texts)


def as_json(checked: CheckedGraph, program: Program, registry: Registry) -> dict[str, JsonValue]:
    """Return the same as JSON: sections as text by key, plans as they are, amounts as numbers or formulas."""
    found = estimate(checked, registry)
    amounts = {
        "parameters": found.parameters, "training_flops": found.training_flops, "training_bytes": found.training_bytes,
        "scores_bytes": found.scores_bytes, "serving_flops": found.serving_flops, "serving_bytes": found.serving_bytes,
        "items_read_bytes": found.items_read,
    }  # fmt: skip
    nodes = {
        id: {"parameters": _number(cost.parameters.at(found.known)), "flops": _number(cost.flops.at(found.known)),
             "is_exact": cost.is_exact}
        for id, cost in found.costs.items()
    }  # fmt: skip
    whole: dict[str, object] = {
        "format_version": FORMAT_VERSION,
        "sections": sections(checked, program, registry),
        "left_out": left_out(checked, program),
        "graph": [
            {"step": step, "type": kind, "training": training, "serving": serving}
            for step, kind, training, serving in stages(checked, program, registry)
        ],
        "estimate": {
            "known": found.known,
            **{name: _number(amount) for name, amount in amounts.items()},
            "nodes": nodes,
        },
        "program": program,
    }
    encoded = encode(whole)
    assert isinstance(encoded, dict)
    return encoded


def call(chosen: Chosen | None) -> str:
    """Return an entry as it would be written: `adam(lr=0.001)`; `none` if there is none."""
    return "none" if chosen is None else value({"name": chosen.name, "params": dict(chosen.params)})


def _number(amount: object) -> float | str:
    known = getattr(amount, "known", None)
    return str(amount) if known is None else float(known)


def _aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as lines whose cells stand below each other."""
    listed = [list(row) for row in rows]
    if not listed:
        return ["none"]
    widths = [max(len(row[column]) for row in listed if column < len(row)) for column in range(max(map(len, listed)))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in listed]


def _column(column: ColumnPlan) -> tuple[str, ...]:
    uses = [word for word, holds in (("input", column.is_input), ("target", column.is_target)) if holds]
    ops = " >> ".join(call(op) for op in column.ops) or "not prepared"
    if column.sources:
        made = call(column.maker) if column.maker else ", ".join(column.sources)
        ops = f"from {made}: {ops}"
    uses += ["in requests"] if column.is_source else []
    takes = f"takes the {column.take.value}" if column.role == "session" and uses else ""
    dtype = f"{column.dtype} list" if column.is_list else column.dtype
    uses += [takes] if takes else []
    return column.name, dtype, column.role.value, column.domain or "", ops, ", ".join(uses)


def _domains(program: Program) -> list[tuple[str, ...]]:
    return [
        (domain.name, domain.dtype, ", ".join(domain.columns), "the catalogue" if domain.is_item else "")
        for domain in program.workflow.domains
    ]


def _tables(checked: CheckedGraph, found: Estimate) -> list[tuple[str, ...]]:
    tables = [node for node in checked.graph.order() if node.kind == "table"]
    return [
        (node.id, str(checked.types[node.id]), arguments(node, is_full=True),
         f"{found.costs[node.id].parameters.at(found.known)} parameters", "derived" if node.is_derived else "")
        for node in tables
    ]  # fmt: skip


def _tensor(tensor: TensorPlan) -> tuple[str, ...]:
    return tensor.name, tensor.dtype, f"({', '.join(tensor.shape)})", "optional" if tensor.is_optional else ""


def _scores(found: Estimate) -> list[str]:
    """Return what the losses compare at once; nothing where no head ranks."""
    amount = found.scores_bytes
    size = in_bytes(amount.least) if amount.known is not None else f"{amount.show(base=1024)} bytes"
    return [f"the loss holds {size} of scores at once"] if amount.terms else []


def _largest(checked: CheckedGraph, found: Estimate) -> list[str]:
    """Return the nodes that learn most and work most, as far as numbers tell."""
    costs = {node.id: found.costs[node.id].at(found.known) for node in checked.graph.order()}
    lines = []
    for word, amounts in (
        ("parameters", {id: cost.parameters.least for id, cost in costs.items()}),
        ("FLOPs a session", {id: cost.flops.least for id, cost in costs.items()}),
    ):
        most = sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
        shown = ", ".join(f"{id} {scaled(count)}" for id, count in most if count)
        lines += [f"most {word}: {shown}"] if shown else []
    return lines
