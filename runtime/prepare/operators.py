"""NVTabular operators that it lacks: columns computed from others, parts of times, intervals that keep their nulls.

They compute with pandas and arrow on the user's frame; what is served computes the same with numpy alone
(`steps/operations.py`), and the tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from merlin.schema import Tags
from nvtabular.ops import Bucketize, ColumnSelector, Operator

# The calendar's years 1 to 9999; a time beyond them is taken as missing.
FIRST, LAST = -62_135_596_800, 253_402_300_799  # seconds
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


class Computed(Operator):  # type: ignore[misc]  # NVTabular has no types
    """A column from others: `difference` or `ratio` of two, a copy of one where `maker` is None."""

    def __init__(self, name: str, sources: Sequence[str], maker: str | None, per: float, *, is_whole: bool) -> None:
        super().__init__()
        self.name, self.sources, self.maker, self.per, self.is_whole = name, list(sources), maker, per, is_whole

    def transform(self, col_selector: ColumnSelector, df: pd.DataFrame) -> pd.DataFrame:
        """Return a frame of the one column."""
        if self.maker is None:
            return pd.DataFrame({self.name: df[self.sources[0]]}, index=df.index)
        a, b = (as_floats(df[source]) for source in self.sources)
        if self.maker == "difference":
            found = a.sub(b).div(self.per)
            found = found.apply(np.floor).astype("Int64") if self.is_whole else found
        else:
            found = a.div(b).mask(b.eq(0) & a.notna(), 0.0)
        return pd.DataFrame({self.name: found}, index=df.index)

    def column_mapping(self, col_selector: ColumnSelector) -> dict[str, list[str]]:
        """Return which columns the new one comes from."""
        return {self.name: list(dict.fromkeys(self.sources))}

    @property
    def output_dtype(self) -> Any:  # numpy's dtype, None for that of the source
        """A computed number is a 64-bit one."""
        return None if self.maker is None else np.int64 if self.is_whole else np.float64


class Floats(Operator):  # type: ignore[misc]  # NVTabular has no types
    """Nullable whole numbers and times as floats, which NVTabular's operators on numbers want."""

    def transform(self, col_selector: ColumnSelector, df: pd.DataFrame) -> pd.DataFrame:
        """Return the selected columns as floats, float32 as it is."""
        return pd.DataFrame({name: as_floats(df[name]) for name in col_selector.names}, index=df.index)


class TimeParts(Operator):  # type: ignore[misc]  # NVTabular has no types
    """A part of times, in UTC; numbers count in `unit` from 1970."""

    def __init__(self, part: str, unit: str) -> None:
        super().__init__()
        self.part, self.unit = part, unit

    def transform(self, col_selector: ColumnSelector, df: pd.DataFrame) -> pd.DataFrame:
        """Return the part of the selected columns, null where there is no time."""
        return pd.DataFrame({name: self._part(df[name]) for name in col_selector.names}, index=df.index)

    def _part(self, values: pd.Series) -> pd.Series:
        times = pa.array(values, from_pandas=True)
        if pa.types.is_timestamp(times.type):
            times, per = times.cast(pa.timestamp("us"), safe=False).cast(pa.int64()), PER_SECOND["us"]
        else:
            per = PER_SECOND[self.unit]
        if pa.types.is_floating(times.type):
            times = pc.if_else(pc.is_finite(times), times, pa.scalar(None, times.type))
            times = pc.cast(pc.floor(times), pa.int64(), safe=False)
        seconds = pc.divide(pc.subtract(times, _remainder(times, per)), per)  # rounded down, not to zero
        is_usual = pc.and_(pc.greater_equal(seconds, FIRST), pc.less_equal(seconds, LAST))
        stamps = pc.if_else(is_usual, seconds, pa.scalar(None, pa.int64())).cast(pa.timestamp("s"))
        parts = {
            "minute": pc.minute, "hour": pc.hour, "weekday": pc.day_of_week, "day": pc.day,
            "week": pc.iso_week, "month": pc.month, "year": pc.year,
        }  # fmt: skip
        found = parts[self.part](stamps).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        return pd.Series(found.to_numpy(), index=values.index, dtype="Int64")

    @property
    def output_tags(self) -> list[Tags]:
        """Parts are categories."""
        return [Tags.CATEGORICAL]

    @property
    def output_dtype(self) -> type[np.int64]:
        """Parts are whole numbers."""
        return np.int64


class Intervals(Bucketize):  # type: ignore[misc]  # NVTabular has no types
    """NVTabular's Bucketize, but a null stays one instead of being above every boundary."""

    def transform(self, col_selector: ColumnSelector, df: pd.DataFrame) -> pd.DataFrame:
        """Return the number of the interval of every value."""
        found = super().transform(col_selector, df).astype("Int64")
        for name in col_selector.names:
            found.loc[df[name].isna().to_numpy(), name] = pd.NA
        return found


def as_floats(values: pd.Series) -> pd.Series:
    """Return floats with NaN for null: float32 as it is, all else float64; times as microseconds."""
    if values.dtype == np.float32:
        return values
    if values.dtype.kind == "M":
        micros = values.to_numpy().astype("datetime64[us]").astype(np.int64).astype(np.float64)
        return pd.Series(np.where(values.isna(), np.nan, micros), index=values.index)
    return pd.Series(values.to_numpy(np.float64, na_value=np.nan), index=values.index)


def _remainder(times: pa.Array, per: int) -> pa.Array:
    """Return what is left of times over whole seconds, never below 0."""
    left = pc.subtract(times, pc.multiply(pc.divide(times, per), per))
    return pc.if_else(pc.less(left, 0), pc.add(left, per), left)
