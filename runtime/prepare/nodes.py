"""The graph of the NVTabular workflow: how each column becomes codes or numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dask
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from nvtabular import WorkflowNode, ops

from sess.compiler.block import Chosen
from sess.compiler.failures import RunFailed
from sess.compiler.plans import ColumnPlan, DomainPlan, WorkflowPlan
from sess.runtime.prepare.bucket_codes import BucketCodes
from sess.runtime.prepare.operators import Computed, Floats, Intervals, TimeParts
from sess.runtime.prepare.vocabularies import buckets_of
from sess.runtime.steps.transform import Codes
from sess.runtime.vocabulary import Vocabulary

JOINT = "+"  # between the names of columns that share a vocabulary; quoted names can't hold it


class Nodes:
    """The nodes of NVTabular's graph by column."""

    def __init__(self, plan: WorkflowPlan, scratch: Path) -> None:
        self._columns = {column.name: column for column in plan.columns}
        self._scratch = scratch

    def codes(self, domain: DomainPlan, vocabulary: Vocabulary) -> list[Any]:  # nodes of NVTabular
        """Return the codes of a domain's columns: jointly of those that hold its values, one by one of the others."""
        columns = [self._columns[name] for name in domain.columns]
        joint = [name_of(column.name) for column in columns if not _is_made(column)]
        parts: list[Any] = [(joint, [joint] if len(joint) > 1 else joint)] if joint else []
        parts += [([name_of(column.name)], self._made(column)) for column in columns if _is_made(column)]
        if buckets := buckets_of(domain):
            codes = Codes.of(vocabulary.reserved, buckets, vocabulary.values)
            return [(names if node in (names, [names]) else node) >> BucketCodes(codes) for names, node in parts]
        return [node >> self._categorify(names, vocabulary) for names, node in parts]

    def numbers(self, column: ColumnPlan) -> Any:  # a node of NVTabular
        """Return a column's numbers through its operations."""
        return _through(self._values(column), column, column.ops)

    def _categorify(self, names: list[str], vocabulary: Vocabulary) -> Any:  # an operator of NVTabular
        with quietly():
            return ops.Categorify(
                encode_type="joint", dtype="int32", out_path=str(self._scratch), name_sep=JOINT,
                vocabs={tuple(names) if len(names) > 1 else names[0]: ids_of(vocabulary.values)},
            )  # fmt: skip

    def _made(self, column: ColumnPlan) -> Any:  # a node of NVTabular
        """Return the categories that are made of a column's values."""
        *before, last = column.ops[:-1] or (None,)
        if last is None:
            return self._source(column.name)
        if last.name == "time_parts":
            return self._source(column.name) >> TimeParts(str(last.params["part"]), str(last.params["unit"]))
        boundaries = last.params["boundaries"]
        assert isinstance(boundaries, list)
        return _through(self._values(column), column, before) >> Intervals(boundaries)

    def _values(self, column: ColumnPlan) -> Any:  # a node of NVTabular
        """Return a column's values as floats."""
        node = self._source(column.name)
        return node >> Floats() if column.sources else node

    def _source(self, name: str) -> Any:  # a node of NVTabular
        """Return a column of the data, or the node that computes it."""
        column = self._columns[name]
        if not column.sources:
            return [name_of(name)]
        inner = [self._source(source) for source in dict.fromkeys(column.sources)]
        joined = inner[0] if len(inner) == 1 else _node(inner[0]) + _node(inner[1])
        maker = column.maker.name if column.maker else None
        params = column.maker.params if column.maker else {}
        per = float(str(params.get("per", 1.0)))
        sources = [name_of(source) for source in column.sources]
        return joined >> Computed(name_of(name), sources, maker, per, is_whole=params.get("is_whole") is True)


def _node(columns: Any) -> Any:  # names, or a node of NVTabular
    return WorkflowNode.construct_from(columns)


def _is_made(column: ColumnPlan) -> bool:
    """Whether a column's categories aren't the values that the data has."""
    return bool(column.sources) or len(column.ops) > 1


def _through(node: Any, column: ColumnPlan, operations: Iterable[Chosen]) -> Any:  # a node of NVTabular
    for operation in operations:
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


def ids_of(values: NDArray[Any] | Sequence[Any]) -> pd.Series:
    """Return ids as the frames have them: nullable 64-bit integers, or what pandas makes of text and floats."""
    series = pd.Series(values)
    return series.astype("Int64") if series.dtype.kind == "i" else series


def name_of(column: str) -> str:
    """Return the name in NVTabular, which makes file names of names; letters, digits, `_`, `-` and `.` stay."""
    return quote(column, safe="")


@contextmanager
def quietly() -> Iterator[None]:
    """Run dask in this thread, without NVTabular's warnings about itself."""
    with warnings.catch_warnings(), dask.config.set(scheduler="synchronous"):
        warnings.simplefilter("ignore")
        yield
