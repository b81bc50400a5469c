"""The picture of a checked spec: columns, tables, blocks, heads, answers, and beside them what is only in training."""

from __future__ import annotations

from collections.abc import Sequence

from sess.compiler.block import Kind, Representation
from sess.compiler.draw.captions import arguments, cost_of, costs_in_full, totals
from sess.compiler.draw.picture import Card, Flow, Look, Picture, Place, Wire
from sess.compiler.estimate import estimate
from sess.compiler.graph import CheckedGraph, Node, Role
from sess.compiler.lower.usage import catalogue_read, columns_read, numbers_read
from sess.compiler.registry import Registry
from sess.compiler.signature import ports
from sess.compiler.source import Span
from sess.compiler.types import Columns, Head, Level, Row, Seq, Tower, Type

SHOWN = 4


def sketch(checked: CheckedGraph, registry: Registry) -> Picture:
    """Return cards and wires in topological order."""
    return _Sketch(checked, registry).picture()


class _Sketch:
    def __init__(self, checked: CheckedGraph, registry: Registry) -> None:
        self.checked, self.graph = checked, checked.graph
        self.estimate = estimate(checked, registry)
        self.cards: dict[str, Card] = {}
        self.wires: list[Wire] = []
        self.leaves: dict[str, list[str]] = {}
        self.merged = self._merged_tables()

    def picture(self) -> Picture:
        for node in self.graph.order():
            self._add_node(node)
        for source, target, role, port in self.graph.edges():
            self._add_edge(source, target, role, port)
        for name, id in self.checked.heads.items():
            self._add_answer(name, id)
        spec = self.checked.built.facts.resolved.name.text
        for name, id in self.checked.encoders.items():
            width = getattr(self.checked.types[id], "width", "D")
            self._add(Card(f"answer:{name}", f"{spec}.{name}", "the vector, served on its own", f"(B, {width})",
                           Look.ANSWER))  # fmt: skip
            self.wires.append(Wire(id, f"answer:{name}", "", _flow(self.checked.types[id])))
        self._add_training()
        joined = {end for wire in self.wires for end in (wire.source, wire.target)}
        cards = tuple(card for id, card in self.cards.items() if id in joined)
        return Picture(spec, cards, tuple(dict.fromkeys(self.wires)), totals(self.estimate))

    def _add(self, card: Card) -> None:
        self.cards.setdefault(card.id, card)

    def _merged_tables(self) -> dict[str, str]:
        """Return for every derived table the id of its card: those that only one leaf reads share one."""
        readers: dict[str, set[str]] = {}
        for source, target, _, _ in self.graph.edges():
            if source.kind is Kind.TABLE:
                readers.setdefault(source.id, set()).add(target.id)
        return {
            id: f"tables:{min(targets)}"
            for id, targets in readers.items()
            if self.graph[id].is_derived and len(targets) == 1
        }

    def _add_node(self, node: Node) -> None:
        found = self.checked.types.get(node.id)
        if node.kind is Kind.TABLE:
            self._add_table(node, str(found))
            return
        found_columns = columns_read(self.checked, node) | numbers_read(node)
        read = sorted(found_columns, key=self.checked.built.facts.schema.names.index)
        names = {id: name for name, id in (*self.checked.encoders.items(), *self.checked.heads.items())}
        name = names.get(node.id)
        look = Look.HEAD if node.kind in (Kind.HEAD, Kind.BASELINE) else Look.BLOCK
        look = Look.ENCODER if node.kind is Kind.ENCODER or node.id in self.checked.encoders.values() else look
        if read:
            card = self._add_columns(read)
            self.leaves.setdefault(card, []).extend(read)
            self.wires.append(Wire(card, node.id, "", Flow.COLUMNS))
        of_items = sorted(catalogue_read(self.checked, node))
        if of_items:
            self.wires.append(Wire(self._add_catalogue(of_items), node.id, "", Flow.COLUMNS))
        cost = self.estimate.costs[node.id]
        detail = arguments(node)
        if isinstance(found, Head):
            detail = ", ".join(text for text in (found.target, detail) if text)
        self._add(
            Card(
                node.id,
                f"{name} = {node.entry.name}" if name else node.entry.name,
                detail,
                str(found),
                look,
                cost=cost_of(cost, self.estimate.known),
                facts=self._facts(node, found),
                place=_place(node.span),
            )
        )

    def _facts(self, node: Node, found: Type | None) -> tuple[tuple[str, str], ...]:
        direction = getattr(found, "direction", "")
        facts = [("kind", node.kind.value), ("type", str(found)), ("sees", str(direction)),
                 ("arguments", arguments(node, is_full=True)),
                 *costs_in_full(self.estimate.costs[node.id], self.estimate.known)]  # fmt: skip
        return tuple((key, value) for key, value in facts if value)

    def _add_table(self, node: Node, shape: str) -> None:
        id = self.merged.get(node.id, node.id)
        together = [table for table, card in self.merged.items() if card == id] or [node.id]
        found = [self.checked.types[table] for table in together]
        domains = [each.domain for each in found if isinstance(each, Tower)]
        costs = [self.estimate.costs[table] for table in together]
        is_derived = node.id in self.merged
        if len(together) > 1:
            shape = f"{len(together)} Towers, auto wide"
        detail = f"derived table{'s' if len(together) > 1 else ''}" if is_derived else f"embedding of {domains[0]}"
        cost = sum(costs[1:], costs[0])
        self._add(
            Card(
                id,
                _named(together),
                detail,
                shape,
                Look.TABLE,
                cost="" if is_derived else cost_of(cost, self.estimate.known),
                facts=(("kind", "table"), ("domains", ", ".join(domains)), *costs_in_full(cost, self.estimate.known)),
                place=None if is_derived else _place(node.span),
            )
        )

    def _add_columns(self, read: Sequence[str]) -> str:
        facts = self.checked.built.facts
        level = facts.levels.get(read[0])
        what = "step" if level is Level.STEP else "session"
        group = facts.groups.get(read[0])
        shape = "(B)" if what == "session" else f"(B, T({group}))" if group else "(B, T)"
        id = "columns:" + ",".join(read)
        listed = "; ".join(f"{name} {facts.column(name).dtype.value}" for name in read)
        prepared = {"codes" if facts.representation(name) is Representation.EMBED else "numbers" for name in read}
        detail = f"{what} column{'s' if len(read) > 1 else ''}, as {' and '.join(sorted(prepared))}"
        self._add(Card(id, _named(read), detail, shape, Look.COLUMN, facts=(("columns", listed),)))
        return id

    def _add_catalogue(self, read: Sequence[str]) -> str:
        facts, id = self.checked.built.facts, "catalogue:" + ",".join(read)
        found = [facts.column(name, Level.CATALOGUE) for name in read]
        listed = "; ".join(f"{column.name} {column.dtype.value}" for column in found)
        detail = f"column{'s' if len(read) > 1 else ''} of the catalogue, held by the model"
        self._add(Card(id, _named(read), detail, "(V)", Look.COLUMN, facts=(("columns", listed),)))
        return id

    def _add_edge(self, source: Node, target: Node, role: Role, port: str) -> None:
        start = self.merged.get(source.id, source.id)
        variadic = {each.name for each in ports(target.entry) if each.is_variadic}
        is_plain = len(ports(target.entry)) < 2 or port in variadic
        label = "" if role is Role.TABLE or (role is Role.VALUE and is_plain) else port
        found = self.checked.types.get(source.id)
        self.wires.append(Wire(start, target.id, label, _flow(found)))

    def _add_answer(self, name: str, id: str) -> None:
        found = self.checked.types[id]
        is_ranking = isinstance(found, Head) and found.is_ranking
        title = f"{name}.ids, {name}.scores" if is_ranking else f"{name}.score"
        detail = f"the {self.checked.built.serve.top_k} best items" if is_ranking else "a number a session"
        self._add(Card(f"answer:{name}.head", title, detail, "(B, K)" if is_ranking else "(B, 1)", Look.ANSWER))
        self.wires.append(Wire(id, f"answer:{name}.head", "", Flow.HEAD))

    def _add_training(self) -> None:
        """Add the objective and the losses, which no served model has."""
        built = self.checked.built
        objective = built.train.objective
        heads = {name: id for name, id in self.checked.heads.items() if self.graph[id].kind is Kind.HEAD}
        found = {name: head for name, id in heads.items() if isinstance(head := self.checked.types[id], Head)}
        steps = {head.target for head in found.values() if head.target_level is Level.STEP}
        if objective is not None and steps:
            detail = arguments(objective)
            self._add(Card("objective", objective.name, detail, "which steps, and their labels", Look.TRAIN, True))
            self.wires += [Wire(card, "objective", "", Flow.LABELS) for card, read in self.leaves.items()
                           if steps & set(read)]  # fmt: skip
        for name, head in found.items():
            node = self.graph[heads[name]]
            loss = getattr(node.params, "loss", None)
            weight = getattr(node.params, "weight", 1.0)
            title = loss.name if loss is not None else "loss"
            words = [arguments(loss) if loss is not None else "", f"weight {weight:g}" if weight != 1 else ""]
            detail = ", ".join(word for word in words if word)
            self._add(Card(f"loss:{name}", title, detail, f"loss of {name}", Look.TRAIN, True))
            self.wires.append(Wire(heads[name], f"loss:{name}", "", Flow.LABELS))
            if head.target_level is Level.STEP:
                self.wires.append(Wire("objective", f"loss:{name}", "", Flow.LABELS))
            elif head.target not in {column for read in self.leaves.values() for column in read}:
                label = f"label:{head.target}"
                self._add(Card(label, head.target, "the label", "(B)", Look.TRAIN, True))
                self.wires.append(Wire(label, f"loss:{name}", "", Flow.LABELS))


def _flow(found: Type | None) -> Flow:
    match found:
        case Row():
            return Flow.ROW
        case Tower():
            return Flow.TOWER
        case Head():
            return Flow.HEAD
        case Columns():
            return Flow.COLUMNS
        case Seq() | None:
            return Flow.SEQ


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _place(span: Span) -> Place:
    return Place(span.source.name, span.first.line, span.last.line)
