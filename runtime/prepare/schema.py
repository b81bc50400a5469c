"""The schema of the prepared columns, as Merlin writes schemas: `schema/prepared.pbtxt`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from merlin.schema import ColumnSchema, Schema, Tags
from merlin.schema.io.tensorflow_metadata import TensorflowMetadata

from sess.compiler.plans import ColumnPlan, Role, WorkflowPlan
from sess.runtime.vocabulary import Vocabulary


def write_schema(plan: WorkflowPlan, vocabularies: Mapping[str, Vocabulary], path: Path) -> None:
    """Write the prepared columns: codes and numbers, steps as ragged lists, domains with their sizes."""
    columns = [
        _column(plan, column, vocabularies) for column in plan.columns if column.is_input or column.is_target
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = TensorflowMetadata.from_merlin_schema(Schema(columns))
    for feature in metadata.proto_schema.feature:
        feature.annotation.tag = sorted(
            feature.annotation.tag
        )  # Merlin writes a set, in another order in every process
    path.write_text(metadata.to_proto_text(), encoding="utf-8")


def _column(plan: WorkflowPlan, column: ColumnPlan, vocabularies: Mapping[str, Vocabulary]) -> ColumnSchema:
    tags = [Tags.CONTINUOUS if column.domain is None else Tags.CATEGORICAL]
    if column.name == plan.data.item:
        tags.append(Tags.ITEM_ID)
    tags.append(Tags.CONTEXT if column.role is Role.SESSION else Tags.SEQUENCE)
    if column.unit is not None:
        tags.append(Tags.TIME)
    if column.is_target and not column.is_input:
        tags.append(Tags.TARGET)
    properties: dict[str, Any] = {}  # Merlin's own kind of mapping
    if column.domain is not None:
        properties["domain"] = {"min": 0, "max": vocabularies[column.domain].size - 1, "name": column.domain}
    is_step = column.role is not Role.SESSION
    dtype = np.dtype(column.prepared)
    return ColumnSchema(
        column.name, tags=tags, properties=properties, dtype=dtype, is_list=is_step, is_ragged=is_step
    )  # fmt: skip
