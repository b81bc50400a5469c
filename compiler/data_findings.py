"""Faults of the data files as findings: at the entry of `data`, with a label at the column in the schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sess.compiler import codes
from sess.compiler.backend import DataFault, Fault
from sess.compiler.diagnostics import Code, Diagnostic, Label, printable
from sess.compiler.driver import Checked
from sess.compiler.schema import Column
from sess.compiler.source import Source, Span
from sess.compiler.tree import Entry, Expression, ListOf, Literal, Section, SectionName

_CODES: Mapping[Fault, Code] = {
    Fault.NO_FILE: codes.NO_DATA_FILE,
    Fault.UNREADABLE: codes.UNREADABLE_DATA,
    Fault.NO_COLUMN: codes.NO_DATA_COLUMN,
    Fault.WRONG_DTYPE: codes.DATA_DTYPE,
    Fault.NO_ROWS: codes.NO_DATA_ROWS,
}


def data_findings(
    checked: Checked, faults: Iterable[DataFault], overrides: Mapping[str, str]
) -> tuple[Diagnostic, ...]:
    """Return the findings in the order of the faults; `overrides` are those of `--set`."""
    return tuple(
        Diagnostic(
            _CODES[fault.fault], printable(fault.message), _place(checked, fault, overrides),
            labels=_labels(checked, fault), help=tuple(map(printable, fault.help)),
        )
        for fault in faults
    )  # fmt: skip


def _place(checked: Checked, fault: DataFault, overrides: Mapping[str, str]) -> Span:
    """Return where the pattern stands: in the value of `--set`, in `data`, or else the entry's whole value."""
    key = f"data.{fault.key}"
    if key in overrides:
        text = Source("--set", f"{key}={overrides[key]}")
        return Span(text, len(key) + 1, len(text.text))
    for entry in _entries(checked):
        if entry.key.text == fault.key:
            values: tuple[Expression, ...] = entry.value.items if isinstance(entry.value, ListOf) else (entry.value,)
            written = (each.span for each in values if isinstance(each, Literal) and each.value == fault.pattern)
            return next(written, entry.value.span)
    return Span(checked.source, 0, min(1, len(checked.source.text)))


def _entries(checked: Checked) -> Iterator[Entry]:
    for spec in (checked.spec, *checked.imports):
        for statement in spec.statements:
            if isinstance(statement, Section) and statement.name is SectionName.DATA:
                yield from statement.entries


def _labels(checked: Checked, fault: DataFault) -> tuple[Label, ...]:
    column = _column(checked, fault)
    if column is None:
        return ()
    depth = int(column.is_list) + int(column.is_nested)
    kind = ("{}", "a list of {}", "a list of lists of {}")[depth].format(f"`{column.dtype}`")
    return (Label(column.span, f"{kind} here"),)


def _column(checked: Checked, fault: DataFault) -> Column | None:
    if fault.column is None or checked.graph is None:
        return None
    facts = checked.graph.built.facts
    catalogue = facts.selector.catalogue if fault.key == "catalogue" else None
    return (catalogue.find(fault.column) if catalogue else None) or facts.schema.find(fault.column)
