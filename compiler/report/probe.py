"""What a block makes of what: its own `check`, asked with a Row, a Seq and a Tower of an unknown width."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, get_args

from sess.compiler.block import Block, Encoder, Feature, Selection, V
from sess.compiler.cost import Cost, Sizes
from sess.compiler.signature import Hint, Missing, members, origin, parameters
from sess.compiler.types import Dim, Direction, Head, Row, Seq, Tower, Type, Value

_WIDTH = Dim.symbol("D")
_PROBES: tuple[Value, ...] = (Row(_WIDTH), Seq(_WIDTH), Tower(_WIDTH, "items"))
_KEEP = 50
_STANDS_FOR = 1_000_003  # a number that no block has of its own; where it comes out, the argument's name is shown


@dataclass(frozen=True, slots=True)
class TypeRule:
    """One kind of input and what comes out, as texts; `cost` is what the block then says of itself."""

    given: str
    gives: str
    cost: Cost | None


@dataclass(slots=True)
class _ProbeSite:
    """A Site that holds one value at every port and remembers whether the block objected."""

    value: Value
    objections: list[str] = field(default_factory=list)

    def input(self, expected: type[V], port: str = "x") -> V | None:
        """Return the value if it is of the type that is wanted."""
        if isinstance(self.value, expected):
            return self.value
        other = next((probe for probe in _PROBES if isinstance(probe, expected)), None)
        if port != self.first and other is not None:
            return other
        self.objections.append(port)
        return None

    def any_input(self, port: str = "x") -> Value | None:
        """Return the value."""
        return self.value

    def inputs(self, port: str = "xs") -> tuple[Value, ...] | None:
        """Return the value twice."""
        return (self.value, self.value)

    def alike(self, port: str = "xs") -> tuple[Value, ...] | None:
        """Return the value twice."""
        return (self.value, self.value)

    def leaf(self, selection: Selection, width: Dim) -> Value:
        """Return the value: whose columns they are is the schema's to say."""
        return self.value

    def features(self, selection: Selection) -> tuple[Feature, ...]:
        """Return nothing: which columns there are is the schema's to say."""
        self.objections.append("columns")
        return ()

    def table(self, name: str) -> Tower | None:
        """Return a Tower as wide as the value."""
        return Tower(self.value.width, "items")

    def require(self, holds: bool, argument: str, message: str) -> bool:  # noqa: FBT001 - the protocol's own signature
        """Hold everything: the arguments are made up."""
        return holds

    def mismatch(self, message: str, at: str, help: str = "", insert_after: str = "") -> None:
        """Remember the objection."""
        self.objections.append(at)

    first: str = "x"


def rules_of(block: Block[Any]) -> tuple[TypeRule, ...]:
    """Return the rules that `check` shows; none where it needs columns of a schema to say anything."""
    params, named = _made_up(block.Params)
    if params is None or not block.inputs:
        return ()
    found: list[TypeRule] = []
    for value in _PROBES:
        site = _ProbeSite(value, first=block.inputs[0].name)
        result = block.check(site, params)
        if result is None or site.objections:
            continue
        given = ", ".join(f"{value}, …" if port.is_variadic else str(value) for port in block.inputs[:1])
        ports: dict[str, tuple[Value, ...]] = {block.inputs[0].name: (value,)}
        sizes = Sizes(ports, None if isinstance(result, Head) else result, _KEEP, hides=False)
        cost = block.cost(sizes, params) if not named else None
        found.append(TypeRule(given, _shown(result, named, block), cost))
    return tuple(found)


def _shown(result: Type, named: str, block: Block[Any]) -> str:
    text = str(result).replace(str(_STANDS_FOR), named) if named else str(result)
    direction = getattr(result, "direction", None)
    is_telling = isinstance(block, Encoder) or direction is Direction.WHOLE
    return f"{text}, {direction}" if is_telling and direction is not None else text


def _made_up(cls: type[Any]) -> tuple[Any, str]:
    """Return parameters by their defaults, numbers made up where there is none, and whose name such a number has."""
    values: dict[str, Any] = {}
    named = ""
    for each in parameters(cls):
        if each.default is not Missing.REQUIRED:
            continue
        plain = [_bare(member) for member in members(each.hint)]
        if int in plain:
            values[each.name], named = _STANDS_FOR, each.name
        elif any(origin(hint) is tuple and int in get_args(hint) for hint in plain):
            values[each.name], named = (_STANDS_FOR,), f"{each.name}[-1]"
        elif float in plain:
            values[each.name] = 0.5
        else:
            return None, ""
    return cls(**values), named


def _bare(hint: Hint) -> Hint:
    return get_args(hint)[0] if origin(hint) is Annotated else hint
