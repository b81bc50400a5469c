"""The preparation as an NVTabular workflow on flat event rows: built from the plan, fitted on the training split.

A session's value counts in the statistics once for each of its steps. Vocabularies are given to Categorify (see
`vocabularies.py`), so that the one workflow has ids of all files and statistics of the training split. Dask runs in
this thread alone: no ports, the same order in every run.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from merlin.core.dispatch import DataFrameType
from merlin.dag import Graph, iter_nodes
from merlin.dag.ops.stat_operator import StatOperator
from merlin.io import Dataset
from merlin.io.worker import clean_worker_cache
from numpy.typing import NDArray
from nvtabular import Workflow, ops

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, WorkflowPlan
from sess.runtime.prepare.blocks import Blocks
from sess.runtime.prepare.nodes import Nodes, ids_of, name_of, quietly
from sess.runtime.prepare.values import numbers, to_raw
from sess.runtime.prepare.vocabularies import comparable
from sess.runtime.prepare.worked import read_columns, worked_columns
from sess.runtime.steps.bags import Bags
from sess.runtime.vocabulary import Vocabulary

STORAGE = "@storage"  # stands in the saved form for its own folder; quoted names can't hold an @


class ColumnWork:
    """A fitted NVTabular workflow with the columns that it reads."""

    def __init__(
        self, plan: WorkflowPlan, vocabularies: Mapping[str, Vocabulary], train: Blocks, scratch: Path
    ) -> None:
        self.columns = worked_columns(plan)
        self._inputs = read_columns(plan)
        self._vocabularies = vocabularies
        nodes = Nodes(plan, scratch)
        parts = [
            part for domain in plan.domains if domain.columns for part in nodes.codes(domain, vocabularies[domain.name])
        ]
        parts += [nodes.numbers(column) for column in self.columns if column.domain is None]
        self.workflow = Workflow(sum(parts[1:], parts[0]))
        with quietly():
            self.workflow.fit(self._training(train))
        self._check_statistics()

    def transform(self, table: pa.Table) -> dict[str, Any]:  # arrays, and Bags of lists
        """Return the prepared values of rows that have the workflow's columns."""
        found = self._through(self._frame(table))
        bags = [column for column in self.columns if column.is_bag]
        prepared: dict[str, Any] = self._bags(table, bags) if bags else {}
        for column in self.columns:
            if column.is_bag:
                continue
            dtype = np.float32 if column.domain is None else np.int32
            prepared[column.name] = found[name_of(column.name)].to_numpy(dtype)[:-1].copy()
            if column.domain is None:
                _require_finite(column, prepared[column.name], table)
        return prepared

    def _training(self, train: Blocks) -> Dataset:
        """Return what statistics are taken of, a partition a block; other columns have a known value."""

        def frame(number: int) -> pd.DataFrame:
            return self._frame(train[number])

        if len(train) == 1:
            return Dataset(frame(0), npartitions=1)
        return Dataset(dd.from_map(frame, range(len(train)), meta=self._guard().iloc[:0], token="training"))

    def _through(self, frame: pd.DataFrame) -> DataFrameType:
        whole = pd.concat([frame, self._guard()], ignore_index=True)
        with quietly():
            return self.workflow.transform(Dataset(whole, npartitions=1)).to_ddf().compute()

    def _bags(self, table: pa.Table, columns: Sequence[ColumnPlan]) -> dict[str, Bags]:
        """Return the codes of lists: their values go through the workflow as rows of their own."""
        raw = {column.name: to_raw(table.column(column.name)) for column in columns}
        longest = max(len(bags.values) for bags in raw.values())
        rows: dict[str, pa.ChunkedArray] = {}
        for column in self._inputs:
            values = table.column(column.name)
            if column.is_bag:
                flat = pc.list_flatten(values.combine_chunks())
                rows[column.name] = pa.chunked_array([flat, pa.nulls(longest - len(flat), flat.type)])
            else:
                rows[column.name] = pa.chunked_array([pa.nulls(longest, values.type)])
        found = self._through(_frame_of(self._inputs, pa.table(rows)))
        return {
            name: Bags(found[name_of(name)].to_numpy(np.int32)[: len(bags.values)].copy(), bags.offsets)
            for name, bags in raw.items()
        }

    def statistics(self, column: str) -> tuple[float, float | None]:
        """Return mean and standard deviation of the training split; None for the deviation of one lone value."""
        for operator in self._operators():
            if isinstance(operator, ops.Normalize) and name_of(column) in operator.means:
                deviation = operator.stds[name_of(column)]
                return operator.means[name_of(column)], None if np.isnan(deviation) else deviation
        raise KeyError(column)

    def save(self, folder: Path) -> None:
        """Write NVTabular's own form, without the clock and the places that it would hold; the workflow ends here."""
        self.workflow.save(str(folder))
        for operator in self._operators():
            operator.set_storage_path(STORAGE, copy=False)
            if isinstance(operator, ops.Categorify):
                operator.vocabs = dict(operator.categories)
        for node in iter_nodes([self.workflow.output_node]):
            for schema in (node.input_schema, node.output_schema):
                for column in schema or ():
                    if "cat_path" in column.properties:
                        column.properties["cat_path"] = STORAGE
        (folder / "workflow.pkl").write_bytes(cloudpickle.dumps(self.workflow))
        metadata = json.loads((folder / "metadata.json").read_text())
        del metadata["generated_timestamp"]
        metadata["versions"]["python"] = platform.python_version()
        (folder / "metadata.json").write_text(json.dumps(metadata, indent=2, sort_keys=True) + "\n")
        clean_worker_cache("cats")

    def _operators(self) -> list[Any]:  # NVTabular has no types
        return [node.op for node in Graph.get_nodes_by_op_type([self.workflow.output_node], StatOperator)]

    def _frame(self, table: pa.Table) -> pd.DataFrame:
        """Return the columns of the data as pandas has them.

        Lists go their own way, and have a known value here, as columns that the table lacks have.
        """
        guard = self._guard()
        found = {
            name_of(column.name): _series(column, table.column(column.name))
            if column.name in table.column_names and not column.is_bag
            else guard[name_of(column.name)].repeat(len(table)).reset_index(drop=True)
            for column in self._inputs
        }
        return pd.DataFrame(found)

    def _guard(self) -> pd.DataFrame:
        """Return one row with known values: Categorify fails on columns that are all null, and on no rows."""
        found: dict[str, pd.Series] = {}
        for column in self._inputs:
            if _is_number(column):
                found[name_of(column.name)] = pd.Series(
                    [0.0], dtype="float32" if column.dtype == "float32" else "float64"
                )
            else:
                is_plain = column.domain is not None and len(column.ops) == 1
                values = self._vocabularies[column.domain].values if is_plain and column.domain else ()
                found[name_of(column.name)] = ids_of(
                    values[:1] if len(values) else [""] if column.dtype == "string" else [0]
                )
        return pd.DataFrame(found)

    def _check_statistics(self) -> None:
        for column in self.columns:
            if any(each.name == "standardize" for each in column.ops) and not np.isfinite(
                self.statistics(column.name)[0]
            ):
                raise RunFailed(
                    f"`{column.name}` has no mean: it holds infinite numbers",
                    "clip them: `clip(lo, hi) >> standardize`",
                )


def _frame_of(columns: Sequence[ColumnPlan], rows: pa.Table) -> pd.DataFrame:
    """Return columns as pandas has them: an index from 0, nullable whole numbers."""
    return pd.DataFrame({name_of(column.name): _series(column, rows.column(column.name)) for column in columns})


def _is_number(column: ColumnPlan) -> bool:
    """Whether a column of the data goes into the frames as floats."""
    if column.domain is None:
        return bool(column.ops)
    return len(column.ops) > 1 and column.ops[0].name != "time_parts"


def _series(column: ColumnPlan, values: pa.ChunkedArray) -> pd.Series:
    if _is_number(column):
        return pd.Series(numbers(values))
    whole = pa.chunked_array([comparable(part) for part in values.chunks], None if values.num_chunks else values.type)
    if pa.types.is_integer(whole.type):
        return pd.Series(whole.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get))
    return pd.Series(whole.to_pandas())


def _require_finite(column: ColumnPlan, prepared: NDArray[Any], table: pa.Table) -> None:
    wrong = np.flatnonzero(~np.isfinite(prepared))
    if len(wrong):
        steps = " >> ".join(each.name for each in column.ops)
        if column.sources:
            values = [f"`{source}` {table.column(source)[int(wrong[0])].as_py()}" for source in column.sources]
            raise RunFailed(
                f"`{column.name}` of {', '.join(values)} is no finite number", "clip it: `… >> clip(lo, hi)`"
            )
        values = table.column(column.name)
        raise RunFailed(
            f"`{column.name}` is {values[int(wrong[0])].as_py()} in a row, which `{steps}` makes no finite number of",
            f"clip it: `prepare {{ {column.name} = clip(lo, hi) }}`, or mend the data",
        )
