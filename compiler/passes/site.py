"""What a block's `check` sees of the place where it stands; it reports what it finds wrong there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sess.compiler import codes
from sess.compiler.block import Feature, Kind, Representation, Selection, TableName, TowerName, V
from sess.compiler.diagnostics import Edit, Fix, Label, Reporter
from sess.compiler.graph import Input, Node, SpecGraph
from sess.compiler.passes.build import Built
from sess.compiler.schema import declared
from sess.compiler.signature import members, parameters, plain, value_text
from sess.compiler.source import Span
from sess.compiler.types import MAIN_GROUP, Dim, Level, Row, Seq, Tower, Type, Value, describe

_MOST_DECLARED = 3
_BEGINS_VALUE = tuple('-"[0123456789')


@dataclass(frozen=True, slots=True)
class NodeSite:
    """The site of a node; types that are missing are broken, and silent."""

    node: Node
    graph: SpecGraph
    types: Mapping[str, Type]
    built: Built
    reporter: Reporter

    def input(self, expected: type[V], port: str = "x") -> V | None:
        """Return what flows into a port, if it is of the expected type."""
        found = self.any_input(port)
        if found is None or isinstance(found, expected):
            return found
        at = self._place(port)
        message = f"`{self.node.entry.name}` reads a {expected.__name__}, and gets {found}"
        helps = {
            (Seq, Row): "pool it first: `>> last`",
            (Row, Seq): "a Seq comes from step columns; `broadcast(…, to=…)` repeats a Row",
        }
        fixes = []
        if isinstance(found, Seq) and expected is Row:
            fixes = [Fix("take the last step", (_insert(at, at.end, " >> last"),), is_safe=False)]
        helped = helps.get((type(found), expected), "")
        self.reporter.error(
            codes.WRONG_INPUT, message, at, label=describe(found), help=helped if helped else (), fixes=fixes
        )
        return None

    def any_input(self, port: str = "x") -> Value | None:
        """Return the Row, Seq or Tower that flows into a port."""
        sources = self.node.ports.get(port, ())
        found = self.types.get(sources[0].source) if sources else None
        return found if isinstance(found, (Row, Seq, Tower)) else None

    def inputs(self, port: str = "xs") -> tuple[Value, ...] | None:
        """Return all that flows into a variadic port, if they are of one kind and group."""
        sources = self.node.ports.get(port) or next(iter(self.node.ports.values()), ())
        found = [self.types.get(each.source) for each in sources]
        values = [each for each in found if isinstance(each, (Row, Seq, Tower))]
        if len(values) != len(sources) or not values:
            return None
        pairs = list(zip(sources, values, strict=True))
        if all(isinstance(value, Row) for value in values):
            return tuple(values)
        if all(isinstance(value, Seq) for value in values):
            return tuple(values) if self._one_group(pairs) else None
        if all(isinstance(value, Tower) for value in values):
            return tuple(values) if self._one_domain(pairs) else None
        self._report_meeting(pairs)
        return None

    def alike(self, port: str = "xs") -> tuple[Value, ...] | None:
        """Return all that flows into a variadic port, if they are of one kind, group and width."""
        values = self.inputs(port)
        if values is None:
            return None
        first = values[0]
        for source, value in zip(self.node.ports.get(port, ()), values, strict=True):
            if value.width != first.width:
                message = f"widths differ in `{self.node.entry.name}`: {first} and {value}"
                labels = [Label(self._place(port), describe(first))]
                edits = (_insert(source.span, source.span.end, f" >> project({first.width})"),)
                fixes = [Fix(f"make it {first.width} wide", edits)] if first.width.known else []
                helps = f"add `>> project({first.width})`" if first.width.known else "make the widths equal"
                self.reporter.error(
                    codes.TYPE_MISMATCH,
                    message,
                    source.span,
                    label=describe(value),
                    labels=labels,
                    help=helps,
                    fixes=fixes,
                )
                return None
        return values

    def features(self, selection: Selection) -> tuple[Feature, ...]:
        """Return what is known of the selected columns."""
        return tuple(self._feature(name, selection) for name in selection.names)

    def leaf(self, selection: Selection, width: Dim) -> Value:
        """Return what a block that reads columns gives."""
        match selection.level:
            case Level.STEP:
                return Seq(width, group=selection.group or MAIN_GROUP)
            case Level.SESSION:
                return Row(width)
            case Level.CATALOGUE:
                facts = self.built.facts
                return Tower(width, facts.domains.of.get(facts.item or "", "items"))

    def table(self, name: TableName | TowerName) -> Tower | None:
        """Return the Tower of a table or node."""
        found = self.types.get(name)
        if found is None or isinstance(found, Tower):
            return found
        at = next((self.node.arguments[each] for each in self._towers() if each in self.node.arguments), self.node.span)
        message = f"`{name}` is {found}, and `{self.node.entry.name}` wants a table or Tower"
        self.reporter.error(codes.WRONG_INPUT, message, at)
        return None

    def require(self, holds: bool, argument: str, message: str) -> bool:  # noqa: FBT001 - the contract of Site
        """Report at the argument unless the claim holds."""
        if not holds:
            at = self._place(argument)
            value = getattr(self.node.params, argument, None)
            is_plain = isinstance(value, (int, float, str, tuple, bool))
            said = at.text if at.text[:1] in _BEGINS_VALUE else value_text(value)
            ending = f", not {said}" if is_plain and ", not " not in message else ""
            self.reporter.error(codes.OUT_OF_RANGE, f"`{argument}` {message}{ending}", at)
        return holds

    def mismatch(self, message: str, at: str, help: str = "", insert_after: str = "") -> None:
        """Report types that don't fit, at a port or argument."""
        span = self._place(at)
        fixes = (
            [Fix(help or f"add `{insert_after.strip()}`", (_insert(span, span.end, insert_after),))]
            if insert_after
            else []
        )
        code = codes.WIDTHS_DIFFER if at in self._towers() else codes.TYPE_MISMATCH
        labels = self._unclear(at)
        code = codes.UNCLEAR_COLUMN if labels else code
        labels = labels or self._declared(message, at)
        for name in self._towers():
            table = getattr(self.node.params, name)
            if table in self.graph and code is codes.WIDTHS_DIFFER:
                source = self.graph[table]
                labels.append(Label(source.arguments.get("dim", source.span), f"{self.types.get(table)}, set here"))
        state = self.any_input() if "x" in self.node.ports else None
        if state is not None and code is codes.WIDTHS_DIFFER:
            labels.append(Label(self._place("x"), str(state)))
        self.reporter.error(code, message, span, help=help or (), labels=labels, fixes=fixes)

    def _unclear(self, at: str) -> list[Label]:
        """Return the places of the columns behind an argument that could be categories or numbers."""
        selection = getattr(self.node.params, at, None)
        features = (
            self.features(selection) if isinstance(selection, Selection) and self.node.kind is Kind.FEATURES else ()
        )
        found = [each.column for each in features if each.representation is Representation.UNCLEAR]
        return [Label(column.span, f"{column.dtype.value}, without a tag that tells") for column in found]

    def _declared(self, message: str, at: str) -> list[Label]:
        """Return where the schema declares the columns of an argument that a message names, and as what."""
        selection = getattr(self.node.params, at, None)
        if not isinstance(selection, Selection):
            return []
        named = (name for name in selection.names if f"`{name}`" in message)
        columns = [self.built.facts.column(name, selection.level) for name in named]
        return [Label(column.span, declared(column)) for column in columns[:_MOST_DECLARED]]

    def _towers(self) -> tuple[str, ...]:
        """Return the parameters that name a table or Tower."""
        wanted = (TableName, TowerName)
        given = [
            each for each in parameters(type(self.node.params)) if getattr(self.node.params, each.name) is not None
        ]
        return tuple(each.name for each in given if any(plain(member) in wanted for member in members(each.hint)))

    def _place(self, name: str) -> Span:
        """Return where a port or argument stands; the block's word where it was left out."""
        sources = self.node.ports.get(name, ())
        if sources:
            return sources[0].span
        return self.node.arguments.get(name, self.node.word)

    def _feature(self, name: str, selection: Selection) -> Feature:
        facts = self.built.facts
        representation = _said(facts.representation(name, selection.level), self.node.entry.name)
        if representation is Representation.UNCLEAR and self._reaches_its_head(name):
            representation = Representation.NUMERIC  # that it is read at all is the mistake, which `verify` reports
        table = self.graph.tables(self.node.id).get(name) if self.node.id in self.graph else None
        tower = self.types.get(table) if table is not None else None
        column = facts.column(name, selection.level)
        if isinstance(tower, Tower):
            width = tower.width
        elif representation is Representation.VECTORS:
            width = Dim(facts.length(name, selection.level) or 0)
        else:
            width = Dim(0 if representation is Representation.SKIP else 1)
        return Feature(
            column,
            selection.level,
            selection.group,
            representation,
            table,
            facts.domain(name, selection.level),
            selection.level is not Level.CATALOGUE and facts.is_time(name),
            width,
        )

    def _reaches_its_head(self, column: str) -> bool:
        """Whether what is read here flows into the head that predicts the column."""
        return any(
            each.kind is Kind.HEAD and column in _targets(each) and self.node.id in self.graph.ancestors(each.id)
            for each in self.graph.order()
        )

    def _one_group(self, pairs: list[tuple[Input, Value]]) -> bool:
        seqs = [(source, value) for source, value in pairs if isinstance(value, Seq)]
        first = seqs[0][1]
        other = next(((source, value) for source, value in seqs if value.group != first.group), None)
        if other is None:
            return True
        message = f"steps of two groups meet in `{self.node.entry.name}`: {first.steps} and {other[1].steps}"
        labels = [Label(seqs[0][0].span, describe(first))]
        helps = "groups meet only through pooling: `>> mean`"
        self.reporter.error(
            codes.GROUPS_MEET, message, other[0].span, label=describe(other[1]), labels=labels, help=helps
        )
        return False

    def _one_domain(self, pairs: list[tuple[Input, Value]]) -> bool:
        towers = [(source, value) for source, value in pairs if isinstance(value, Tower)]
        first = towers[0][1]
        other = next(((source, value) for source, value in towers if value.domain != first.domain), None)
        if other is None:
            return True
        message = f"items of two domains meet in `{self.node.entry.name}`: `{first.domain}` and `{other[1].domain}`"
        self.reporter.error(codes.TYPE_MISMATCH, message, other[0].span)
        return False

    def _report_meeting(self, pairs: list[tuple[Input, Value]]) -> None:
        """Report each Row that meets a Seq, with the fix that repeats it for every step; Towers have no such fix."""
        block = self.node.entry.name
        steps = next(((source, value) for source, value in pairs if isinstance(value, Seq)), None)
        for source, value in pairs:
            if isinstance(value, Tower) and len({type(each) for _, each in pairs}) > 1:
                other = next(each for _, each in pairs if not isinstance(each, Tower))
                message = f"a Tower meets a {type(other).__name__} in `{block}`"
                helps = "a Tower's row at each step is `at(tower, column)`"
                self.reporter.error(codes.WRONG_INPUT, message, source.span, label=describe(value), help=helps)
            elif isinstance(value, Row) and steps is not None:
                columns = self._columns_behind(steps[0].source)
                title = f"repeat it for every step of `{columns}`"
                edits = (
                    _insert(source.span, source.span.start, "broadcast("),
                    _insert(source.span, source.span.end, f", to={columns})"),
                )
                self.reporter.error(
                    codes.ROW_MEETS_SEQ,
                    f"a Row meets a Seq in `{block}`",
                    source.span,
                    label=describe(value),
                    labels=[Label(steps[0].span, describe(steps[1]))],
                    fixes=[Fix(title, edits)],
                )

    def _columns_behind(self, node: str) -> str:
        """Return the words that select the step columns from which a Seq was made."""
        for each in sorted({node, *self.graph.ancestors(node)}, key=lambda id: (id != node, id)):
            leaf = self.graph[each]
            if leaf.kind is not Kind.FEATURES or not isinstance(self.types.get(each), Seq):
                continue
            for parameter in parameters(type(leaf.params)):
                if isinstance(getattr(leaf.params, parameter.name), Selection) and parameter.name in leaf.arguments:
                    return leaf.arguments[parameter.name].text
        return self.built.facts.item or "steps"


def _targets(head: Node) -> tuple[str, ...]:
    return next((selection.names for name, selection in head.selections if name == "target"), ())


def _said(representation: Representation, block: str) -> Representation:
    """Return what a block's name says of a column that its tags leave unclear."""
    if representation is not Representation.UNCLEAR:
        return representation
    return {"embed": Representation.EMBED, "numeric": Representation.NUMERIC}.get(block, representation)


def _insert(span: Span, offset: int, text: str) -> Edit:
    return Edit(Span(span.source, offset, offset), text)
