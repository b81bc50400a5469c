"""Expressions become nodes: calls with their ports connected and their parameters complete."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sess.compiler import codes
from sess.compiler.arguments import Bound, bind
from sess.compiler.block import EXPRESSION_KINDS, Entry, Kind, Pipe, TableName, TowerName
from sess.compiler.diagnostics import Label
from sess.compiler.graph import Input, Node, Role, SpecGraph
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.context import Context
from sess.compiler.passes.each import spread
from sess.compiler.passes.proper import is_proper, report_columns
from sess.compiler.passes.tables import Tables
from sess.compiler.passes.times import with_times
from sess.compiler.passes.words import VALUES, WordScope, word_of
from sess.compiler.selectors import SELECTORS, a_kind
from sess.compiler.signature import members, parameters, plain, ports
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.source import Span
from sess.compiler.tree import Argument, Broken, Call, Definition, Expression, Name, Pipeline, Word
from sess.compiler.tree import Kind as Keyword

MOST_NODES = 3_000


@dataclass
class Builder(WordScope):
    """Builds each definition once, when it is first wanted; None stands for what is broken (reported)."""

    ctx: Context
    facts: Facts
    graph: SpecGraph = field(default_factory=SpecGraph)
    built: dict[str, str | None] = field(default_factory=dict)
    stranded: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables = Tables(self.ctx, self.facts, self.graph)
        self._owner = ""
        self._open: set[str] = set()  # definitions that are being built
        self._counts: dict[str, int] = {}

    def definition(self, name: str) -> str | None:
        """Return the node of a table, let, encoder or head; None if it is broken."""
        if name not in self.built:
            self._open.add(name)
            definition = self.facts.resolved.definitions[name]
            outer, self._owner = self._owner, name
            node = self._defined(definition)
            self._owner = outer
            self.built[name] = node
            self._open.remove(name)
        return self.built[name]

    def _defined(self, definition: Definition) -> str | None:
        if self.facts.selector.is_columns(definition.value):
            report_columns(definition, self.ctx)
            return None
        node = self.value(definition.value, definition.name.text)
        if node is None:
            return None
        made = self.graph[node]
        return node if is_proper(definition, made.entry, made.params, self.facts, self.ctx) else None

    def value(self, expression: Expression, name: str | None = None) -> str | None:
        """Return the node of an expression; it gets the name if one is given."""
        match expression:
            case Broken():
                return None
            case Name():
                return self._name(expression, name)
            case Call() if expression.name.text not in SELECTORS:
                return self._call(expression, None, name)
            case Pipeline():
                return self._pipeline(expression, name)
        self.no_vector(expression)
        return None

    def _name(self, name: Name, as_name: str | None) -> str | None:
        resolved = self.facts.resolved
        if name.text in resolved.broken:
            return None
        definition = resolved.definitions.get(name.text)
        if definition is None:
            if name.text in resolved.params:
                value = resolved.params[name.text].span
                labels = [Label(value, "its value")]
                self.reporter.error(
                    codes.WRONG_KIND, f"`{name.text}` is a param, not a vector", name.span, labels=labels
                )
            elif self.facts.selector.is_columns(name):
                self.no_vector(name)
            elif self.ctx.registry.find(name.text, *EXPRESSION_KINDS) is not None:
                return self._call(Call(Word(name.text, name.span), (), name.span), None, as_name)
            else:
                self.unknown(name)
            return None
        if definition.kind in VALUES:
            if self.is_pipe(name):
                self.lacks_input(name.text, name.span)
                return None
            return self.definition(name.text)
        if definition.kind is Keyword.HEAD:
            message = f"`{name.text}` is a head, whose prediction nothing can read"
            self.reporter.error(codes.WRONG_KIND, message, name.span)
        elif not (definition.kind is Keyword.COLUMNS and self.is_vector(definition.value)):  # that is reported there
            self.no_vector(name)
        return None

    def _pipeline(self, pipeline: Pipeline, name: str | None) -> str | None:
        stages = pipeline.stages
        if self.is_pipe(pipeline):
            self.lacks_input(word_of(stages[0]).text, stages[0].span)
            return None
        start = 1
        if self.facts.selector.is_columns(stages[0]) and self.is_leaf(stages[1]):
            # `clicks >> features` is `features(clicks)`: a leaf has no port, so columns take its first argument
            word = word_of(stages[1])
            rest = stages[1].arguments if isinstance(stages[1], Call) else ()
            call = Call(word, (Argument(None, stages[0], stages[0].span), *rest), stages[0].span.to(stages[1].span))
            node = self._call(call, None, name if len(stages) == 2 else None)
            start = 2
        else:
            node = self.value(stages[0])
        at = stages[0].span
        for index, stage in enumerate(stages[start:], start):
            if node is None:
                self._look_through(stages[index:], is_fed=not isinstance(stages[index - 1], Broken))
                return None
            node = self.apply(stage, Input(node, at), name if index == len(stages) - 1 else None)
            at = stages[0].span.to(stage.span)
        return node

    def look_through(self, pipe: Expression) -> None:
        """Report what is wrong inside a Pipe, applied or not."""
        self._look_through(pipe.stages if isinstance(pipe, Pipeline) else (pipe,))

    def _look_through(self, stages: tuple[Expression, ...], *, is_fed: bool = True) -> None:
        """Report what is wrong with stages behind a broken one, all but what flows into them."""
        for stage in stages:
            if not isinstance(stage, (Call, Name)) or word_of(stage).text in self.facts.resolved.definitions:
                continue
            entry = self.entry(word_of(stage))
            given = 1 if entry is not None and ports(entry) else 0
            if entry is not None and not given and is_fed and not self.takes_input(entry, word_of(stage)):
                continue
            is_fed = True
            bound = (
                bind(entry, stage, self, given=given) if entry is not None and isinstance(stage, (Call, Name)) else None
            )
            for expression in (each for found in bound.ports.values() for each in found) if bound else ():
                self.value(expression)
            if bound is not None and entry is not None:
                self._strand(entry, bound, stage.span, word_of(stage).span)

    def _strand(self, entry: Entry[Any], bound: Bound, at: Span, word: Span) -> None:
        """Remember a call that can't be a node, so that `infer` says what is wrong with its parameters."""
        if len(self.stranded) < MOST_NODES:
            self.stranded.append(Node(f"?{len(self.stranded)}", entry, bound.params, at, word, {}, bound.spans))

    def apply(self, stage: Expression, source: Input, name: str | None) -> str | None:
        """Return the node of a stage with an input piped into it."""
        match stage:
            case Broken():
                return None
            case Pipeline(stages=stages):
                return self._apply_all(stages, source, name)
            case Name(text=text):
                if text in self.facts.resolved.broken:
                    return None
                definition = self.facts.resolved.definitions.get(text)
                if definition is None:
                    return self._call(Call(Word(text, stage.span), (), stage.span), source, name)
                if self.is_pipe(stage):
                    return self._apply_all((definition.value,), source, name)
                if self.ctx.registry.find(text, *EXPRESSION_KINDS) is not None and definition.kind not in VALUES:
                    return self._call(Call(Word(text, stage.span), (), stage.span), source, name)
                if definition.kind in VALUES and text not in self._open and self.definition(text) is None:
                    return None
                message = f"`{text}` is {a_kind(definition.kind)}, not a block"
                self.reporter.error(codes.WRONG_KIND, message, stage.span)
                return None
            case Call():
                return self._call(stage, source, name)
        self.reporter.error(codes.WRONG_KIND, f"`{stage.span.text}` is no block", stage.span)
        return None

    def _apply_all(self, stages: tuple[Expression, ...], source: Input, name: str | None) -> str | None:
        node: str | None = source.source
        for index, stage in enumerate(stages):
            if node is None:
                return None
            node = self.apply(stage, Input(node, source.span), name if index == len(stages) - 1 else None)
        return node

    def _call(self, call: Call, source: Input | None, name: str | None) -> str | None:
        if len(self.graph) >= MOST_NODES:  # pipes that use pipes twice double with every line
            message = f"the graph has more than {MOST_NODES:,} blocks"
            self.reporter.error(codes.TOO_LARGE, message, self.facts.resolved.name.span)
            return None
        entry = self.entry(call.name)
        if entry is None:
            return None
        slots = ports(entry)
        if source is not None and not self.takes_input(entry, call.name):
            return None
        if source is None and slots and self.is_pipe(call):
            self.lacks_input(entry.name, call.span)
            self._look_through((call,))
            return None
        bound = bind(entry, call, self, given=1 if source is not None else 0)
        if bound is None:
            self._look_into(call)
            return None
        in_full = spread(call, bound, self.facts)
        if in_full is not None:
            return self._call(in_full, None, name)
        inputs: dict[str, tuple[Input, ...]] = {}
        is_sound = True
        for index, slot in enumerate(slots):
            found = [source] if source is not None and index == 0 else []
            for expression in bound.ports[slot.name]:
                node = self.value(expression)
                is_sound = is_sound and node is not None
                found += [Input(node, expression.span)] if node is not None else []
            inputs[slot.name] = tuple(found)
        if not is_sound or not bound.is_sound or not self._apply_pipes(call, bound, inputs):
            self._strand(entry, bound, call.span, call.name.span)
            return None
        params = with_times(entry, bound, call.name.span, self.facts, self.reporter)
        if params is None:
            return None
        made = Node(self._id(entry.name, name), entry, params, call.span, call.name.span, inputs, bound.spans)
        self.graph.add(made)
        self._connect_arguments(made)
        if entry.kind is Kind.TABLE:
            return made.id if self.tables.declare(made) else None
        return made.id if entry.kind is not Kind.FEATURES or self.tables.read(made) else None

    def _apply_pipes(self, call: Call, bound: Bound, inputs: dict[str, tuple[Input, ...]]) -> bool:
        """Let what flows into the first port flow through each pipe of the arguments, too; whether all are sound."""
        for argument in call.arguments:
            for name, span in bound.spans.items():
                if span == argument.value.span and isinstance(getattr(bound.params, name, None), Pipe):
                    (source,) = next(iter(inputs.values()))
                    node = self.apply(argument.value, source, None)
                    if node is None:
                        return False
                    inputs[name] = (Input(node, span),)
        return True

    def _look_into(self, call: Call) -> None:
        """Report what is wrong inside the arguments of a call that can't be read itself."""
        for argument in call.arguments:
            if isinstance(argument.value, (Call, Pipeline)) and not self.is_pipe(argument.value):
                first = argument.value.stages[0] if isinstance(argument.value, Pipeline) else argument.value
                entry = self.ctx.registry.find(word_of(first).text, *EXPRESSION_KINDS)
                if entry is not None:
                    self.value(argument.value)

    def _connect_arguments(self, node: Node) -> None:
        for each in parameters(node.entry.Params):
            value = getattr(node.params, each.name)
            wants_node = any(plain(member) in (TowerName, TableName) for member in members(each.hint))
            if wants_node and value is not None and value in self.graph:
                self.graph.connect(value, node.id, Role.TOWER, each.name)

    def _id(self, block: str, name: str | None) -> str:
        if name is not None:
            return name
        stem = f"{self._owner}.{block}"
        self._counts[stem] = count = self._counts.get(stem, 0) + 1
        return stem if count == 1 else f"{stem}.{count}"

    def table(self, expression: Expression, owner: str) -> str | None:
        """Return the name of a table definition."""
        definition = self.facts.resolved.definitions.get(expression.text) if isinstance(expression, Name) else None
        if definition is not None and definition.kind is Keyword.TABLE:
            return self.definition(definition.name.text)
        if not isinstance(expression, Name) or expression.text not in self.facts.resolved.broken:
            tables = [each for each, value in self.facts.resolved.definitions.items() if value.kind is Keyword.TABLE]
            message = f"{owner} is a table, not `{expression.span.text}`"
            helps = did_you_mean(expression.span.text, tables) or (f"there is {listing(tables)}" if tables else ())
            self.reporter.error(codes.WRONG_KIND, message, expression.span, help=helps)
        return None

    def tower(self, expression: Expression, owner: str) -> str | None:
        """Return the node of a table or Tower; that it is one, `infer` checks."""
        return self.value(expression)

    def pipe(self, expression: Expression, owner: str) -> Pipe | None:
        """Return the stages of a pipeline without its input."""
        if not self.is_pipe(expression):
            message = f"{owner} is a pipe such as `mlp([64]) >> norm`, not `{expression.span.text}`"
            self.reporter.error(codes.WRONG_VALUE, message, expression.span)
            return None
        return Pipe(expression.span.text)
