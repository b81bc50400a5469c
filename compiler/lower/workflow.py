"""The preparation: which files, how they become sessions, and the operations on every column."""

from __future__ import annotations

from dataclasses import replace

from sess.compiler.block import Chosen, JsonValue, Kind, Representation
from sess.compiler.defaults import complete
from sess.compiler.graph import CheckedGraph
from sess.compiler.input_names import length_of, raw_name
from sess.compiler.lower.usage import Usage
from sess.compiler.passes.bind import Facts
from sess.compiler.passes.derived import Derived
from sess.compiler.plans import ColumnPlan, DataPlan, DomainPlan, PretrainedPlan, Role, Rows, Take, WorkflowPlan
from sess.compiler.registry import Registry
from sess.compiler.schema import Column, Dtype
from sess.compiler.signature import parameters
from sess.compiler.types import MAIN_GROUP, Level

_MAKES_CODES = ("categorify", "hash")
_MICROSECONDS = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}
_DAY = 86_400_000_000


def lower_workflow(checked: CheckedGraph, usage: Usage, registry: Registry) -> WorkflowPlan:
    """Return the plan of the preparation."""
    facts = checked.built.facts
    columns = tuple(_column(checked, column, usage, registry) for column in facts.schema.columns)
    columns += tuple(_raw(column, registry) for column in columns if column.name in usage.raw)
    group = facts.group
    read = {_group(facts, name) for name in usage.inputs if facts.levels[name] is Level.STEP}
    lengths = tuple(_length(each) for each in sorted(read - {group}))
    return WorkflowPlan(
        _data(checked), columns, _domains(checked, usage, registry), _pretrained(checked), group, lengths
    )


def _length(group: str) -> ColumnPlan:
    return ColumnPlan(
        length_of(group), "int32", Role.SESSION, is_list=False, ops=(), domain=None, is_input=True, is_target=False,
        group=group,
    )  # fmt: skip


def _group(facts: Facts, name: str) -> str:
    """Return the group of a column; the time is read with the steps that are predicted."""
    return facts.group if name == facts.time else facts.groups.get(name, MAIN_GROUP)


def _pretrained(checked: CheckedGraph) -> tuple[PretrainedPlan, ...]:
    facts = checked.built.facts
    found = []
    for node in checked.graph.order():
        path, dim = getattr(node.params, "pretrained", None), getattr(node.params, "dim", None)
        if node.kind is Kind.TABLE and isinstance(path, str) and isinstance(dim, int):
            item = node.params.item
            domain = facts.domain(item.names[0], item.level) or item.names[0]
            ids = getattr(node.params, "ids", None)
            found.append(PretrainedPlan(node.id, domain, path, ids, dim, facts.domains.columns[domain]))
    return tuple(found)


def operation(name: str, registry: Registry, **params: JsonValue) -> Chosen:
    """Return an operation with every default written out."""
    chosen = Chosen(name, params)
    entry = registry.find(name, Kind.PREPARE)
    assert entry is not None, name
    written = {
        each.name: params[each.name] if each.name in params else complete(each.default, each.hint, registry)
        for each in parameters(entry.Params)
        if each.name in params or not each.is_required
    }
    return Chosen(chosen.name, written)


def _data(checked: CheckedGraph) -> DataPlan:
    facts, data = checked.built.facts, checked.built.facts.data
    rows = data.rows.params if data.rows is not None else {}
    idle = rows.get("idle")
    assert facts.item is not None
    return DataPlan(
        train=data.train,
        valid=data.valid,
        test=data.test,
        catalogue=data.catalogue,
        catalogue_title=_title(facts),
        split=data.split,
        rows=facts.rows,
        session=facts.session,
        time=facts.time,
        unit=str(rows.get("unit", "s")),
        idle=idle if isinstance(idle, int) else None,
        dedupe=rows.get("dedupe") == "consecutive",
        keep=int(str(data.keep.params["n"])),
        context=data.context,
        min_length=data.min_length,
        item=facts.item,
        seed=checked.built.train.seed,
    )


def _title(facts: Facts) -> str | None:
    """Return the catalogue's column of titles; None if only the files can tell."""
    catalogue = facts.selector.catalogue
    if catalogue is None:
        return None
    return next(
        (name for name in ("title", "name") if (found := catalogue.find(name)) and found.dtype.value == "string"), None
    )


def _column(checked: CheckedGraph, column: Column, usage: Usage, registry: Registry) -> ColumnPlan:
    facts = checked.built.facts
    override = facts.overrides.get(column.name)
    operations = override.operations if override else ()
    derived = facts.derived.get(column.name)
    made = [*usage.raw, *(name for name in usage.inputs if name in facts.derived)]
    sources = {root for name in made for root in facts.roots(name)}
    takes = [each for each in operations if each.name == "take"]
    return ColumnPlan(
        name=column.name,
        dtype=column.dtype.value,
        role=_role(facts, column.name),
        is_list=column.is_list,
        ops=_operations(checked, column, usage, registry),
        domain=facts.domains.of[column.name] if column.name in usage.codes else None,
        is_input=column.name in usage.inputs,
        is_target=column.name in usage.targets,
        take=Take(str(takes[-1].params["which"])) if takes else _default_take(facts, column.name, usage),
        group=_group(facts, column.name),
        unit=_unit(facts, column) if column.name in usage.times else None,
        sources=derived.sources if derived else (),
        maker=_maker(facts, derived) if derived and derived.maker else None,
        is_bag=facts.is_bag(column.name) and column.name in usage.codes,
        width=facts.length(column.name) if facts.representation(column.name) is Representation.VECTORS else None,
        is_source=column.name in sources,
        is_nested=column.is_nested,
    )


def _raw(column: ColumnPlan, registry: Registry) -> ColumnPlan:
    """Return the plan of a column's own numbers, for what reads them beside the prepared ones."""
    return replace(
        column, name=raw_name(column.name), ops=(operation("fill", registry),), domain=None, is_input=True,
        is_target=False, sources=(column.name,), maker=None, is_source=False,
    )  # fmt: skip


def _maker(facts: Facts, derived: Derived) -> Chosen:
    """Return `difference` by how many of the column's own units it counts in, or `ratio`."""
    maker = derived.maker
    assert maker is not None
    if maker.name != "difference":
        return Chosen(maker.name)
    is_whole = any(each.name in _MAKES_CODES for each in derived.operations)
    first = facts.column(derived.sources[0])
    is_time = first.dtype is Dtype.DATETIME or first.name == facts.time or first.has("time")
    unit = maker.params["unit"]
    wanted = unit if isinstance(unit, int) else _DAY
    native = 1.0 if first.dtype is Dtype.DATETIME else _MICROSECONDS[_unit(facts, first)]
    return Chosen("difference", {"per": wanted / native if is_time else 1.0, "is_whole": is_whole})


def _unit(facts: Facts, column: Column) -> str:
    """Return in what a column of times counts; datetimes travel as microseconds."""
    rows = facts.data.rows.params if facts.data.rows is not None else {}
    return "us" if column.dtype is Dtype.DATETIME else str(rows.get("unit", "s"))


def _default_take(facts: Facts, name: str, usage: Usage) -> Take:
    """Return which event gives a session column its value: the last one for what a head predicts, else by `context`."""
    is_target = name in usage.targets and name not in usage.inputs
    return Take.LAST if is_target or facts.data.context == "last_step" else Take.FIRST


def _role(facts: Facts, name: str) -> Role:
    if name == facts.session:
        return Role.KEY
    if name == facts.time:
        return Role.TIME
    return Role.STEP if facts.levels[name] is Level.STEP else Role.SESSION


def _operations(checked: CheckedGraph, column: Column, usage: Usage, registry: Registry) -> tuple[Chosen, ...]:
    facts = checked.built.facts
    override = facts.overrides.get(column.name)
    if column.name in usage.codes:
        before = [each for each in override.operations if each.name not in ("take", *_MAKES_CODES)] if override else []
        made = (_resolved(each, column, facts) for each in before)
        return (*made, categorify(checked, facts.domains.of[column.name], registry))
    if column.name not in (*usage.inputs, *usage.targets) or column.name in usage.times:
        return ()
    own = [each for each in override.operations if each.name != "take"] if override else []
    fill = [] if any(each.name == "fill" for each in own) else [operation("fill", registry)]
    if own:
        return (*fill, *own)
    if column.name not in usage.inputs:
        return tuple(fill)  # what is predicted keeps its scale
    if facts.representation(column.name) is Representation.VECTORS:
        return ()
    return (*fill, operation("standardize", registry))


def _resolved(operation: Chosen, column: Column, facts: Facts) -> Chosen:
    """Return `time_parts` with the unit in which its times count."""
    if operation.name != "time_parts":
        return operation
    return Chosen(operation.name, {**operation.params, "unit": _unit(facts, column)})


def categorify(checked: CheckedGraph, domain: str, registry: Registry) -> Chosen:
    """Return how a domain's values become codes: by the override of one of its columns, else one code a value."""
    for name in checked.built.facts.domains.columns[domain]:
        override = checked.built.facts.overrides.get(name)
        chosen = [each for each in override.operations if each.name in _MAKES_CODES] if override else []
        if chosen:
            return chosen[0]
    return operation("categorify", registry)


def _domains(checked: CheckedGraph, usage: Usage, registry: Registry) -> tuple[DomainPlan, ...]:
    facts = checked.built.facts
    plans = []
    for domain, columns in facts.domains.columns.items():
        used = tuple(name for name in columns if name in usage.codes)
        own = tuple(name for name in usage.catalogue if facts.domains.catalogue.get(name) == domain)
        if used or own:
            dtype = facts.value_dtype(used[0]) if used else facts.column(own[0], Level.CATALOGUE).dtype
            codes = categorify(checked, domain, registry)
            plans.append(DomainPlan(domain, used, dtype.value, facts.item in columns, codes, own))
    return tuple(plans)


__all__ = ["Rows", "lower_workflow", "operation"]
