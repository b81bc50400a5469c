"""Columns that the `prepare` section defines: computed from others, with the tags and dtype of what makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sess.compiler import codes
from sess.compiler.arguments import choose
from sess.compiler.block import Chosen, Kind
from sess.compiler.diagnostics import Label
from sess.compiler.passes.columns import ColumnScope
from sess.compiler.passes.context import Context
from sess.compiler.schema import Column, Dtype, Schema
from sess.compiler.selectors import Selector
from sess.compiler.tree import Binary, Broken, Call, Entry, Expression, Name, Pipeline

TWO_COLUMNS = ("difference", "ratio")
MAKES_WHOLE = ("time_parts", "bucketize")
MAKES_CODES = (*MAKES_WHOLE, "categorify", "hash")
_INHERITED = ("sequence", "context", "target", "item", "user")


@dataclass(frozen=True, slots=True)
class Derived:
    """A column computed from others: by `maker`, or the one source itself where that is None; then prepared."""

    maker: Chosen | None
    sources: tuple[str, ...]
    operations: tuple[Chosen, ...]
    entry: Entry


def stages_of(entry: Entry) -> tuple[Expression, ...]:
    """Return the stages of an entry's value; one that is no pipeline is its only stage."""
    return entry.value.stages if isinstance(entry.value, Pipeline) else (entry.value,)


def is_derived(entry: Entry, selector: Selector) -> bool:
    """Whether an entry's value starts at a column, and so defines a new one."""
    first = stages_of(entry)[0]
    is_made = isinstance(first, Call) and first.name.text in TWO_COLUMNS
    return is_made or isinstance(first, Binary) or selector.is_columns(first)


def read_derived(
    entries: Mapping[str, Entry], time: str | None, scope: ColumnScope, ctx: Context
) -> tuple[dict[str, Derived], Schema, frozenset[str]]:
    """Return the derived columns, each behind what it is made from, the schema that has them too, and all their keys.

    A key that isn't a column then is broken (reported).
    """
    # A key is a column that another key may start at, so that all of them are known before any is read.
    placeholders = (_placeholder(key, each) for key, each in entries.items())
    known = replace(scope.selector, schema=_with(ctx.schema, placeholders))
    meant = {key: entry for key, entry in entries.items() if is_derived(entry, known)}
    own = {key: entry for key, entry in meant.items() if not _is_taken(key, entry, ctx)}
    schema, found, waiting = ctx.schema, dict[str, Derived](), dict(own)
    while waiting:
        ready = [key for key, entry in waiting.items() if not _mentioned(stages_of(entry)[0]) & waiting.keys()]
        if not ready:
            key, entry = next(iter(waiting.items()))
            message = f"`{key}` is computed from itself: {' → '.join(f'`{each}`' for each in (*waiting, key))}"
            ctx.reporter.error(codes.CYCLE, message, entry.key.span)
            break
        for key in ready:
            entry = waiting.pop(key)
            inner = replace(scope, selector=replace(scope.selector, schema=schema))
            derived = _read(key, entry, inner)
            if derived is not None:
                found[key] = derived
                schema = _with(schema, [_column(key, derived, schema, time)])
    return found, schema, frozenset(meant)


def makes_codes(operations: Iterable[Chosen]) -> bool:
    """Whether operations end in codes of categories."""
    return any(each.name in MAKES_CODES for each in operations)


def _with(schema: Schema, columns: Iterable[Column]) -> Schema:
    more = tuple(column for column in columns if schema.find(column.name) is None)
    return Schema(schema.source, (*schema.columns, *more))


def _placeholder(key: str, entry: Entry) -> Column:
    return Column(key, Dtype.INT64, frozenset(), is_list=False, span=entry.key.span)


def _is_taken(key: str, entry: Entry, ctx: Context) -> bool:
    """Whether a new column has the name of one that is there; reported if so."""
    column = ctx.schema.find(key)
    if column is None:
        return False
    rest = " >> ".join(each.span.text for each in stages_of(entry)[1:])
    message = f"the value defines a new column, and the schema has `{key}` already"
    helps = f"to prepare `{key}` itself write `{key} = {rest}`, else choose another name" if rest else ()
    ctx.reporter.error(
        codes.GIVEN_TWICE, message, entry.key.span, help=helps, labels=[Label(column.span, "the schema's")]
    )
    return True


def _mentioned(expression: Expression) -> set[str]:
    """Return the names in an expression."""
    match expression:
        case Name(text=text):
            return {text}
        case Call(arguments=arguments):
            return set[str]().union(*(_mentioned(each.value) for each in arguments))
        case Binary(left=left, right=right):
            return _mentioned(left) | _mentioned(right)
    return set()


def _read(key: str, entry: Entry, scope: ColumnScope) -> Derived | None:
    """Return a derived column; None if it is wrong (reported)."""
    first, *rest = stages_of(entry)
    owner = f"`{key}`"
    if any(isinstance(stage, Broken) for stage in (first, *rest)):
        return None
    operations = tuple(choose(stage, Kind.PREPARE, owner, scope) for stage in rest if is_word(stage, key, scope))
    maker = None
    if isinstance(first, Call) and first.name.text in TWO_COLUMNS:
        maker = choose(first, Kind.PREPARE, owner, scope)
        if maker is None:
            return None
        sources = tuple(_name_in(maker.params[side]) for side in ("a", "b"))
    else:
        picked = scope.select(first, owner, is_single=True, kind=None)
        if picked is None:
            return None
        sources = picked.names
    chosen = tuple(each for each in operations if each is not None)
    return Derived(maker, sources, chosen, entry) if len(chosen) == len(rest) else None


def is_word(stage: Expression, key: str, scope: ColumnScope) -> bool:
    """Whether a stage can name an operation; reported if it can't."""
    if isinstance(stage, (Name, Call)):
        return True
    message = f"`{stage.span.text}` is no operation on `{key}`"
    scope.reporter.error(codes.WRONG_OPERATION, message, stage.span)
    return False


def _name_in(selection: object) -> str:
    names = selection.get("names") if isinstance(selection, dict) else None
    assert isinstance(names, list)
    return str(names[0])


def _column(key: str, derived: Derived, schema: Schema, time: str | None) -> Column:
    """Return the new column; what comes from a step, such as the time, is of every step."""
    sources = [column for name in derived.sources if (column := schema.find(name)) is not None]
    tags = {tag for column in sources for tag in _INHERITED if column.has(tag)}
    if "sequence" in tags or time in derived.sources:
        tags = (tags - {"context"}) | {"sequence"}
    if derived.maker is None and not derived.operations:
        tags |= {tag for tag in ("categorical", "continuous", "id") if sources[0].has(tag)}
    else:
        tags.add("categorical" if makes_codes(derived.operations) else "continuous")
    dtype = sources[0].dtype
    if derived.maker is not None:
        is_counted = any(each.name in ("categorify", "hash") for each in derived.operations)
        dtype = Dtype.INT64 if is_counted else Dtype.FLOAT64
    is_list = any(column.is_list for column in sources)
    return Column(key, dtype, frozenset(tags), is_list=is_list, span=derived.entry.key.span)
