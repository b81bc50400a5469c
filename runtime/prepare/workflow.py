"""The preparation as an NVTabular workflow on flat event rows: built from the plan, fitted on the training split.

A session's value counts in the statistics once for each of its steps. Vocabularies are given to Categorify (see
`vocabularies.py`), so that the one workflow has ids of all files and statistics of the training split. Dask runs in
this thread alone: no ports, the same order in every run.
"""

from __future__ import annotations

import json
import platform
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cloudpickle  # type: ignore[import-untyped]
import dask
import numpy as np
import pandas as pd
import pyarrow as pa
from merlin.core.dispatch import DataFrameType
from merlin.dag import Graph, iter_nodes
from merlin.dag.ops.stat_operator import StatOperator
from merlin.io import Dataset
from merlin.io.worker import clean_worker_cache
from numpy.typing import NDArray
from nvtabular import Workflow, ops

from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, DomainPlan, WorkflowPlan
from sess.runtime.prepare.bucket_codes import BucketCodes
from sess.runtime.prepare.values import numbers
from sess.runtime.prepare.vocabularies import buckets_of, comparable
from sess.runtime.steps.transform import Codes
from sess.runtime.vocabulary import Vocabulary

STORAGE = "@storage"  # stands in the saved form for its own folder; quoted names can't hold an @
JOINT = "+"  # between the names of columns that share a vocabulary; quoted names can't hold it either


class ColumnWork:
    """A fitted NVTabular workflow with the columns that it reads."""

    def __init__(
        self, plan: WorkflowPlan, vocabularies: Mapping[str, Vocabulary], train: pa.Table, scratch: Path
    ) -> None:
        self.columns = worked_columns(plan)
        self._vocabularies = vocabularies
        nodes = [_codes(domain, vocabularies[domain.name], scratch) for domain in plan.domains]
        nodes += [_numbers(column) for column in self.columns if column.domain is None]
        self.workflow = Workflow(sum(nodes[1:], nodes[0]))
        with _quietly():
            self.workflow.fit(Dataset(self._frame(train), npartitions=1))
        self._check_statistics()

    def transform(self, table: pa.Table) -> dict[str, NDArray[Any]]:
        """Return the prepared values of rows that have the workflow's columns."""
        frame = pd.concat([self._frame(table), self._guard()], ignore_index=True)
        with _quietly():
            found: DataFrameType = self.workflow.transform(Dataset(frame, npartitions=1)).to_ddf().compute()
        prepared: dict[str, NDArray[Any]] = {}
        for column in self.columns:
            dtype = np.float32 if column.domain is None else np.int32
            prepared[column.name] = found[_name(column.name)].to_numpy(dtype)[:-1].copy()
            if column.domain is None:
                _require_finite(column, prepared[column.name], table.column(column.name))
        return prepared

    def statistics(self, column: str) -> tuple[float, float | None]:
        """Return mean and standard deviation of the training split; None for the deviation of one lone value."""
        for operator in self._operators():
            if isinstance(operator, ops.Normalize) and _name(column) in operator.means:
                deviation = operator.stds[_name(column)]
                return operator.means[_name(column)], None if np.isnan(deviation) else deviation
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
        """Return the workflow's columns as pandas has them: an index from 0, nullable whole numbers."""
        return pd.DataFrame({_name(column.name): _series(column, table.column(column.name)) for column in self.columns})

    def _guard(self) -> pd.DataFrame:
        """Return one row with known values: Categorify fails on columns that are all null, and on no rows."""
        found: dict[str, pd.Series] = {}
        for column in self.columns:
            if column.domain is None:
                found[_name(column.name)] = pd.Series(
                    [0.0], dtype="float32" if column.dtype == "float32" else "float64"
                )
            else:
                values = self._vocabularies[column.domain].values
                found[_name(column.name)] = _ids(
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


def worked_columns(plan: WorkflowPlan) -> tuple[ColumnPlan, ...]:
    """Return the columns that the workflow prepares."""
    return tuple(column for column in plan.columns if column.ops)


def _codes(domain: DomainPlan, vocabulary: Vocabulary, scratch: Path) -> Any:  # a node of NVTabular
    names = [_name(column) for column in domain.columns]
    if buckets := buckets_of(domain):
        return names >> BucketCodes(Codes(domain.dtype, vocabulary.reserved, buckets, vocabulary.values))
    with _quietly():
        categorify = ops.Categorify(
            encode_type="joint", dtype="int32", out_path=str(scratch), name_sep=JOINT,
            vocabs={tuple(names) if len(names) > 1 else names[0]: _ids(vocabulary.values)},
        )  # fmt: skip
    return ([names] if len(names) > 1 else names) >> categorify


def _numbers(column: ColumnPlan) -> Any:  # a node of NVTabular
    node: Any = [_name(column.name)]
    for operation in column.ops:
        match operation.name:
            case "fill":
                node = node >> ops.FillMissing(operation.params["value"])
            case "log1p":
                node = node >> ops.LogOp()
            case "clip" if operation.params["lo"] is operation.params["hi"] is None:
                continue  # NVTabular refuses a clip without bounds
            case "clip":
                node = node >> ops.Clip(operation.params["lo"], operation.params["hi"])
            case "standardize":
                node = node >> ops.Normalize(out_dtype=np.float32)
            case other:
                raise RunFailed(f"`{other}` of `{column.name}` is not supported by this version", "leave it out")
    return node


def _series(column: ColumnPlan, values: pa.ChunkedArray) -> pd.Series:
    if column.domain is None:
        return pd.Series(numbers(values))
    whole = pa.chunked_array([comparable(part) for part in values.chunks], None if values.num_chunks else values.type)
    if pa.types.is_integer(whole.type):
        return pd.Series(whole.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get))
    return pd.Series(whole.to_pandas())


def _ids(values: NDArray[Any] | Sequence[Any]) -> pd.Series:
    """Return ids as the frames have them: nullable 64-bit integers, or what pandas makes of text and floats."""
    series = pd.Series(values)
    return series.astype("Int64") if series.dtype.kind == "i" else series


def _require_finite(column: ColumnPlan, prepared: NDArray[Any], values: pa.ChunkedArray) -> None:
    wrong = np.flatnonzero(~np.isfinite(prepared))
    if len(wrong):
        steps = " >> ".join(each.name for each in column.ops)
        raise RunFailed(
            f"`{column.name}` is {values[int(wrong[0])].as_py()} in a row, which `{steps}` makes no finite number of",
            f"clip it: `prepare {{ {column.name} = clip(lo, hi) }}`, or mend the data",
        )


def _name(column: str) -> str:
    """Return the name in NVTabular, which makes file names of names; letters, digits, `_`, `-` and `.` stay."""
    return quote(column, safe="")


@contextmanager
def _quietly() -> Iterator[None]:
    """Run dask in this thread, without NVTabular's warnings about itself."""
    with warnings.catch_warnings(), dask.config.set(scheduler="synchronous"):
        warnings.simplefilter("ignore")
        yield
