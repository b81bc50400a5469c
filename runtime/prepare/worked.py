"""Which columns the workflow prepares, reads, and takes statistics of."""

from __future__ import annotations

from sess.compiler.plans import ColumnPlan, WorkflowPlan


def fitted_columns(plan: WorkflowPlan) -> list[str]:
    """Return the columns of the data that statistics are taken of."""
    wanted = {column.name for column in plan.columns if any(each.name == "standardize" for each in column.ops)}
    return [column.name for column in _with_sources(plan, wanted) if not column.is_bag]


def worked_columns(plan: WorkflowPlan) -> tuple[ColumnPlan, ...]:
    """Return the columns that the workflow prepares."""
    return tuple(column for column in plan.columns if column.ops)


def read_columns(plan: WorkflowPlan) -> tuple[ColumnPlan, ...]:
    """Return the columns of the data that the workflow reads."""
    return _with_sources(plan, {column.name for column in worked_columns(plan)})


def _with_sources(plan: WorkflowPlan, wanted: set[str]) -> tuple[ColumnPlan, ...]:
    """Return the columns of the data among the wanted ones and what they are computed from."""
    for column in reversed(plan.columns):  # a derived column stands behind its sources
        if column.name in wanted:
            wanted = wanted | set(column.sources)
    return tuple(column for column in plan.columns if column.name in wanted and not column.sources)
