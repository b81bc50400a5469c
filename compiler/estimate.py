"""What a checked graph will need: parameters, FLOPs and memory, as formulas where a size is unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sess.compiler.block import Block, Chosen, Kind
from sess.compiler.codec import decode
from sess.compiler.cost import Cost, Sizes
from sess.compiler.graph import CheckedGraph, Node
from sess.compiler.prediction import LossBlock, Objective
from sess.compiler.quantity import Quantity
from sess.compiler.registry import Registry
from sess.compiler.types import Columns, Head, Row, Seq, Tower, Value

RESERVED = 3  # codes of no item: padding, null, unseen
DEFAULT_BATCH = 128
SCORES_AT_ONCE = 1 << 22  # as runtime/layers/cross_entropy.py computes the softmax: so many scores, or one row
NUMBER = 4  # bytes; weights and scores are float32 under every precision
_SLOTS = {"adam": 2, "adamw": 2, "adagrad": 1, "sgd": 0}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Costs by node, and the totals. Bytes and FLOPs: of one training step of a batch, and of one request.

    `known` are the sizes that schema and sections tell: `T` (the most kept steps), `B`, `V(…)`, `auto(…)`. In
    `training_bytes` are weights, gradients, the optimizer's numbers, what the backward pass needs, and `scores_bytes`.
    """

    costs: Mapping[str, Cost]
    known: Mapping[str, float]
    parameters: Quantity
    training_flops: Quantity
    training_bytes: Quantity
    scores_bytes: Quantity
    serving_flops: Quantity
    serving_bytes: Quantity
    items_read: Quantity


def estimate(checked: CheckedGraph, registry: Registry, sizes: Mapping[str, int] | None = None) -> Estimate:
    """Return the estimate; `sizes` gives the codes of each domain where a preparation has counted them."""
    known = _known(checked, sizes or {})
    costs = {node.id: _cost(checked, node, registry) for node in checked.graph.order()}
    total = sum(costs.values(), Cost())
    heads = {id: costs[id] for id in checked.heads.values()}
    per_batch = sum((cost for id, cost in costs.items() if isinstance(checked.types.get(id), Tower)), Cost())
    per_session = sum((cost for id, cost in costs.items() if id not in heads and id not in _towers(checked)), Cost())
    batch = Quantity.symbol("B")
    compared, scores = Quantity(), Quantity()
    for id in heads:
        flops, numbers = _comparing(checked, checked.graph[id], registry, known)
        compared, scores = compared + flops, scores + numbers
    weights = total.parameters * numbers_per_weight(checked) * NUMBER
    kept = (batch * per_session.kept + per_batch.kept) * (
        NUMBER if checked.built.train.precision == "float32" else NUMBER / 2
    )
    training = {**known, "T": known["T"]}
    serving = {**known, "T": known["T"] + _appends(checked, registry)}
    scoring = sum((cost.flops for cost in heads.values()), Quantity())
    items = sum((_items(checked, id) * _state(checked, id) for id in heads if _is_ranking(checked, id)), Quantity())
    return Estimate(
        costs=costs,
        known=known,
        parameters=total.parameters.at(known),
        training_flops=((batch * per_session.flops + per_batch.flops) * 3 + batch * compared).at(training),
        training_bytes=(weights + kept).at(training) + scores * NUMBER,
        scores_bytes=scores * NUMBER,
        serving_flops=(per_session.flops + per_batch.flops + scoring).at(serving),
        serving_bytes=(total.parameters * NUMBER).at(serving),
        items_read=(items * NUMBER).at(known),
    )


def numbers_per_weight(checked: CheckedGraph) -> int:
    """Return how many numbers training holds for every weight: itself, its gradient, and what the optimizer keeps."""
    return 2 + _SLOTS.get(checked.built.train.optimizer.name, 2)


def _known(checked: CheckedGraph, sizes: Mapping[str, int]) -> dict[str, float]:
    """Return the sizes that are known: steps, sessions of a batch, and vocabularies that the schema bounds."""
    built = checked.built
    keep = int(str(built.facts.data.keep.params["n"]))
    tokens = built.train.tokens
    known: dict[str, float] = {"T": keep, "B": max(1, tokens // keep) if tokens else built.train.batch or DEFAULT_BATCH}
    known.update({f"T({group})": keep for group in built.facts.groups.values() if group})
    for domain in built.facts.domains.columns:
        size = sizes.get(domain) or _most_codes(checked, domain)
        if size is not None:
            known[f"V({domain})"] = size
    for node in checked.graph.order():
        found = checked.types.get(node.id)
        if isinstance(found, Tower) and node.kind is Kind.TABLE and f"V({found.domain})" in known:
            items = max(1, int(known[f"V({found.domain})"]) - _reserved(checked, found.domain))
            known[f"auto({node.id})"] = 8 * math.ceil(math.ceil(2 * items**0.25) / 8)
    return known


def _most_codes(checked: CheckedGraph, domain: str) -> int | None:
    """Return the most codes that a domain can have; None if the schema doesn't bound its values."""
    facts, chosen = checked.built.facts, _categorify(checked, domain)
    reserved, params = _reserved(checked, domain), chosen.params if chosen else {}
    if chosen is not None and chosen.name == "hash":
        return reserved
    if any(name in facts.made for name in facts.domains.columns[domain]):
        return None  # the schema's bounds are of the values, not of what is made of them
    most = params.get("max_size")
    columns = [facts.column(name) for name in facts.domains.columns[domain]]
    bounds = [column.domain_max for column in columns]
    counted = max((bound for bound in bounds if bound is not None), default=None)
    by_schema = counted + 1 + reserved if counted is not None and None not in bounds else None
    found = [size for size in (by_schema, most) if isinstance(size, int)]
    return min(found) if found else None


def _categorify(checked: CheckedGraph, domain: str) -> Chosen | None:
    for name in checked.built.facts.domains.columns[domain]:
        override = checked.built.facts.overrides.get(name)
        for operation in override.operations if override else ():
            if operation.name in ("categorify", "hash"):
                return operation
    return None


def _reserved(checked: CheckedGraph, domain: str) -> int:
    chosen = _categorify(checked, domain)
    buckets = chosen.params.get("n" if chosen.name == "hash" else "buckets") if chosen else None
    return RESERVED - 1 + max(1, buckets if isinstance(buckets, int) else 0)


def _cost(checked: CheckedGraph, node: Node, registry: Registry) -> Cost:
    block, found = node.entry, checked.types.get(node.id)
    if not isinstance(block, Block):
        return Cost()  # baselines count, they learn no numbers
    inputs = {
        port: tuple(value for each in given if (value := checked.value(each.source)) is not None)
        for port, given in node.ports.items()
    }
    objective = _objective(checked, registry)
    domain = found.domain if isinstance(found, Tower) else _target_domain(checked, node.id)
    vectors = Quantity.symbol(f"V({domain})") if domain else Quantity()
    sizes = Sizes(
        inputs,
        None if isinstance(found, (Head, Columns)) else found,
        int(str(checked.built.facts.data.keep.params["n"])) + (objective.appends if objective else 0),
        objective is not None and objective.hides,
        vectors,
        vectors - _reserved(checked, domain) if domain else vectors,
    )
    return block.cost(sizes, node.params)


def _comparing(
    checked: CheckedGraph, head: Node, registry: Registry, known: Mapping[str, float]
) -> tuple[Quantity, Quantity]:
    """Return what a head's loss costs in training: FLOPs of a session, and scores that are in memory at once."""
    found, chosen = checked.types[head.id], getattr(head.params, "loss", None)
    loss = registry.find(chosen.name, Kind.LOSS) if isinstance(chosen, Chosen) else None
    if not isinstance(found, Head) or not isinstance(loss, LossBlock) or not isinstance(chosen, Chosen):
        return Quantity(), Quantity()
    steps = Quantity.symbol("T") if isinstance(found.state, Seq) else Quantity.of(1)
    objective, asked = _objective(checked, registry), checked.built.train.objective
    if objective is not None and asked is not None:
        steps = objective.asked(decode(objective.Params, dict(asked.params)), steps)
    states, width = (steps * Quantity.symbol("B")).at(known), _state(checked, head.id)
    params = decode(loss.Params, dict(chosen.params))
    compared = loss.compared(params)
    items = _items(checked, head.id).at(known) if compared is None else Quantity.of(compared)
    flops = (steps * width * items * 6).at(known)  # scores forward, and two products of the same size backward
    if compared is not None and not loss.is_shared(params):
        return flops, (states * width * items * 2).at(
            known
        )  # every state gathers vectors of its own, and their gradient
    rows, count = states.known, items.known
    whole = items if rows is None or count is None else Quantity.of(min(rows * count, max(SCORES_AT_ONCE, count)))
    return flops, whole * 3  # of a chunk of rows: scores, their powers, and the gradient


def _objective(checked: CheckedGraph, registry: Registry) -> Objective[object] | None:
    chosen = checked.built.train.objective
    found = registry.find(chosen.name, Kind.OBJECTIVE) if chosen else None
    return found if isinstance(found, Objective) else None


def _appends(checked: CheckedGraph, registry: Registry) -> int:
    objective = _objective(checked, registry)
    return objective.appends if objective else 0


def _towers(checked: CheckedGraph) -> frozenset[str]:
    return frozenset(id for id, found in checked.types.items() if isinstance(found, Tower))


def _is_ranking(checked: CheckedGraph, head: str) -> bool:
    found = checked.types[head]
    return isinstance(found, Head) and found.is_ranking


def _target_domain(checked: CheckedGraph, node: str) -> str | None:
    found = checked.types.get(node)
    return checked.built.facts.domains.of.get(found.target) if isinstance(found, Head) and found.is_ranking else None


def _items(checked: CheckedGraph, head: str) -> Quantity:
    domain = _target_domain(checked, head)
    return Quantity.symbol(f"V({domain})") - _reserved(checked, domain) if domain else Quantity()


def _state(checked: CheckedGraph, head: str) -> Quantity:
    found = checked.types[head]
    state: Value | None = found.state if isinstance(found, Head) else None
    return Quantity.width(state.width) if isinstance(state, (Row, Seq)) else Quantity()
