"""Expressions become nodes: calls with their ports connected and their parameters complete."""

from __future__ import annotations

from dataclasses import dataclass, field

from sess.compiler import codes
from sess.compiler.arguments import Bound, bind
from sess.compiler.block import EXPRESSION_KINDS, Kind, Pipe, TableName, TowerName
from sess.compiler.graph import Input, Node, Role, SpecGraph
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.context import Context
from sess.compiler.passes.each import spread
from sess.compiler.passes.tables import Tables
from sess.compiler.passes.times import with_times
from sess.compiler.passes.words import VALUES, WordScope, word_of
from sess.compiler.selectors import a_kind
from sess.compiler.signature import members, parameters, plain, ports
from sess.compiler.similar import did_you_mean, listing
from sess.compiler.source import Span
from sess.compiler.tree import Argument, Broken, Call, Expression, Name, Pipeline, Word
from sess.compiler.tree import Kind as Keyword

MOST_NODES = 3_000


@dataclass
class Builder(WordScope):
    """Builds each definition once, when it is first wanted; None stands for what is broken (reported)."""

    ctx: Context
    facts: Facts
    graph: SpecGraph = field(default_factory=SpecGraph)
    built: dict[str, str | None] = field(default_factory=dict)

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
            node = self.value(definition.value, name)
            self._owner = outer
            if node is not None and not self._is_proper(definition.kind, node, definition.value.span):
                node = None
            self.built[name] = node
            self._open.remove(name)
        return self.built[name]

    def value(self, expression: Expression, name: str | None = None) -> str | None:
        """Return the node of an expression; it gets the name if one is given."""
        match expression:
            case Broken():
                return None
            case Name():
                return self._name(expression, name)
            case Call():
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
                self.reporter.error(codes.WRONG_KIND, f"`{name.text}` is a param, not a vector", name.span)
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
        else:
            self.no_vector(name)
        return None

    def _pipeline(self, pipeline: Pipeline, name: str | None) -> str | None:
        stages = pipeline.stages
        if self.is_pipe(pipeline):
            self.lacks_input(word_of(stages[0]).text, stages[0].span)
            return None
        start = 1
        if self.facts.selector.is_columns(stages[0]) and self._is_leaf(stages[1]):
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
                self._look_through(stages[index:])
                return None
            node = self.apply(stage, Input(node, at), name if index == len(stages) - 1 else None)
            at = stages[0].span.to(stage.span)
        return node

    def look_through(self, pipe: Expression) -> None:
        """Report what is wrong inside a Pipe, applied or not."""
        self._look_through(pipe.stages if isinstance(pipe, Pipeline) else (pipe,))

    def _look_through(self, stages: tuple[Expression, ...]) -> None:
        """Report what is wrong with stages behind a broken one, all but what flows into them."""
        for stage in stages:
            is_call = isinstance(stage, (Call, Name)) and word_of(stage).text not in self.facts.resolved.definitions
            entry = self.entry(word_of(stage)) if is_call else None
            bound = bind(entry, stage, self, given=1) if entry is not None and isinstance(stage, (Call, Name)) else None
            for expression in (each for found in bound.ports.values() for each in found) if bound else ():
                self.value(expression)

    def _is_leaf(self, expression: Expression) -> bool:
        entry = self.ctx.registry.find(word_of(expression).text, *EXPRESSION_KINDS)
        return entry is not None and not ports(entry)

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
        if source is not None and not slots:
            message = f"`{entry.name}` reads columns, so nothing can be piped into it"
            self.reporter.error(codes.WRONG_KIND, message, call.name.span)
            return None
        if source is None and slots and self.is_pipe(call):
            self.lacks_input(entry.name, call.span)
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
        if not is_sound or not self._apply_pipes(call, bound, inputs):
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

    def _is_proper(self, keyword: Keyword, node: str, at: Span) -> bool:
        """Whether a definition gives what its keyword says; reported if it doesn't."""
        kind, word = self.graph[node].kind, self.graph[node].entry.name
        is_head = kind in (Kind.HEAD, Kind.BASELINE)
        helps: tuple[str, ...] = ()
        if keyword is Keyword.TABLE and kind is not Kind.TABLE:
            message = f"a table is made by {listing(self.registry.names(Kind.TABLE))}, not by `{word}`"
        elif keyword is Keyword.HEAD and not is_head:
            message = f"a head ends in {listing(self.registry.names(Kind.HEAD))}, not in `{word}`"
            helps = (f"add `>> categorical({self.facts.item or 'item'})`",)
        elif keyword is Keyword.HEAD and kind is Kind.BASELINE and self.graph[node].params.target is None:
            message = f"`{word}` lacks its target: as a head it says what it ranks"
            helps = (f"write `{word}({self.facts.item or 'item'})`",)
            self.reporter.error(codes.MISSING_ARGUMENT, message, at, help=helps)
            return False
        elif keyword in (Keyword.LET, Keyword.ENCODER) and is_head:
            message, helps = f"`{word}` is a head: it stands in a `head` definition", ("write `head name = …`",)
        else:
            return True
        self.reporter.error(codes.WRONG_KIND, message, at, help=helps)
        return False

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
