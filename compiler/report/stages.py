"""The train graph beside the serving graph: what each step does in one and in the other."""

from __future__ import annotations

from sess.compiler.block import Chosen, Kind
from sess.compiler.draw.captions import arguments, value
from sess.compiler.estimate import estimate
from sess.compiler.graph import CheckedGraph, Node
from sess.compiler.plans import Program
from sess.compiler.prediction import Objective
from sess.compiler.registry import Registry
from sess.compiler.types import Head, Level, Seq, Tower

Stage = tuple[str, str, str, str]
"""What it is, its type, what it does in training, what it does in serving."""
_ONLY_TRAINING = ("dropout", "swap_noise")


def stages(checked: CheckedGraph, program: Program, registry: Registry) -> list[Stage]:
    """Return the steps from the data to the answer; `–` is where one of the graphs doesn't have it."""
    found = [_input(program), *_asking(checked, program, registry)]
    batch, longest = f"{estimate(checked, registry).known['B']:,.0f}", program.model.keep + _appends(program, registry)
    for node in checked.graph.order():
        if node.kind in (Kind.HEAD, Kind.BASELINE, Kind.TABLE):
            continue
        match checked.types[node.id]:
            case Seq():
                training, serving = f"{batch} × {program.model.keep} vectors", f"1 × {longest} vectors"
            case Tower():
                training = serving = "one vector an item"
            case _:
                training, serving = f"{batch} vectors", "1 vector"
        serving = "passes" if node.entry.name in _ONLY_TRAINING else serving
        found.append((_words(node), str(checked.types[node.id]), training, serving))
    for name, id in checked.heads.items():
        found += _head(name, checked, checked.graph[id], program)
    return found


def _input(program: Program) -> Stage:
    data, serving = program.workflow.data, program.serving
    files = ", ".join(data.train) or "no files are named"
    return (
        "rows",
        data.rows.value,
        f"{files}; the last {data.keep} steps",
        f"{len(serving.request)} tensors of a request",
    )


def _asking(checked: CheckedGraph, program: Program, registry: Registry) -> list[Stage]:
    chosen = program.model.objective
    entry = registry.find(chosen.name, Kind.OBJECTIVE) if chosen else None
    if chosen is None or not isinstance(entry, Objective):
        return []
    asks = {"hides": "hides steps and asks for them", "cuts": "cuts the target and asks for it"}
    training = asks["hides"] if entry.hides else asks["cuts"] if entry.lookahead else "asks"
    serving = f"appends {entry.appends} hidden step, asks there" if entry.appends else "asks after the last real step"
    return [(_call(chosen), "objective", training, serving)]


def _appends(program: Program, registry: Registry) -> int:
    chosen = program.model.objective
    entry = registry.find(chosen.name, Kind.OBJECTIVE) if chosen else None
    return entry.appends if isinstance(entry, Objective) else 0


def _head(name: str, checked: CheckedGraph, node: Node, program: Program) -> list[Stage]:
    found = checked.types[node.id]
    assert isinstance(found, Head)
    plan = next((head for head in program.model.heads if head.name == name), None)
    loss = plan.block.params.get("loss") if plan else None
    loss_text = value(loss) if isinstance(loss, dict) else "its loss"
    where = "at the steps asked for" if found.target_level is Level.STEP else "once a session"
    weight = f", weight {plan.weight:g}" if plan and plan.weight != 1 else ""
    if found.is_ranking:
        left_out = f" without what was {' and '.join(program.serving.exclude)}" if program.serving.exclude else ""
        served = f"the {program.serving.top_k} best of the catalogue{left_out}"
    else:
        served = "a number a session"
    training = f"{loss_text} against {found.target}, {where}{weight}"
    training = "counts the training split" if node.kind is Kind.BASELINE else training
    return [(f"{name} = {node.entry.name}({arguments(node)})", str(found), training, served)]


def _words(node: Node) -> str:
    inner = arguments(node)
    return f"{node.id} = {node.entry.name}" + (f"({inner})" if inner else "")


def _call(chosen: Chosen) -> str:
    return value({"name": chosen.name, "params": dict(chosen.params)})
