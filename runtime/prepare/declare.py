"""The fitted preparation as plain data: `workflow.json`, which the served steps read instead of a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from sess.compiler.block import Chosen, JsonValue
from sess.compiler.codec import encode
from sess.compiler.plans import ColumnPlan, WorkflowPlan
from sess.runtime.prepare.prepared import WORKFLOW
from sess.runtime.prepare.vocabularies import buckets_of
from sess.runtime.vocabulary import Vocabulary, file_of

FORMAT_VERSION = 1


class Fitted(Protocol):
    """What knows the statistics of the training split."""

    def statistics(self, column: str) -> tuple[float, float | None]:
        """Return mean and standard deviation; None for the deviation of one lone value."""


def write_workflow(
    plan: WorkflowPlan, vocabularies: Mapping[str, Vocabulary], work: Fitted, folder: Path
) -> dict[str, JsonValue]:
    """Write and return the fitted workflow: columns with their operations and statistics, domains with their files."""
    columns: dict[str, JsonValue] = {}
    for column in plan.columns:
        columns[column.name] = {
            "dtype": column.dtype,
            "role": column.role.value,
            "group": column.group,
            "is_list": column.is_list,
            "is_bag": column.is_bag,
            "width": column.width,
            "domain": column.domain,
            "unit": column.unit,
            "sources": list(column.sources),
            "maker": None if column.maker is None else declared(column.maker),
            "ops": _operations(plan, column, work),
        }
    domains: dict[str, JsonValue] = {
        domain.name: {
            "dtype": domain.dtype,
            "reserved": vocabularies[domain.name].reserved,
            "size": vocabularies[domain.name].size,
            "buckets": buckets_of(domain),
            "columns": list(domain.columns),
            "file": file_of(domain.name),
        }
        for domain in plan.domains
    }
    workflow: dict[str, JsonValue] = {
        "format_version": FORMAT_VERSION,
        "keep": plan.data.keep,
        "item": plan.data.item,
        "columns": columns,
        "domains": domains,
    }
    text = json.dumps(workflow, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / WORKFLOW).write_text(text + "\n", encoding="utf-8")
    return workflow


def declared(operation: Chosen) -> dict[str, JsonValue]:
    """Return an operation as the served code reads it."""
    return {"op": operation.name, **{name: encode(value) for name, value in operation.params.items()}}


def _operations(plan: WorkflowPlan, column: ColumnPlan, work: Fitted) -> list[JsonValue]:
    found: list[JsonValue] = []
    for operation in column.ops:
        written = declared(operation)
        if operation.name == "standardize":
            written["mean"], written["std"] = work.statistics(column.name)
        found.append(written)
    return found
