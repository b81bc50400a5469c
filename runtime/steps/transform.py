"""The fitted preparation as array operations: the user's values in, codes and numbers out; numpy and JSON alone.

A copy of this file stands in every served model repository, so it imports the copied files beside it alone. Codes of
a domain are 0 padding, 1 null, then one code for the unseen (or hash buckets), then the vocabulary.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bags import Bags
from .operations import categories, computed, standardized

NULL = 1
UNSEEN = 2

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}

Array = NDArray[Any]  # of the user's dtype: whole numbers, floats, booleans, or objects (text, None)


class Codes:
    """A vocabulary as a function: values to codes, and codes back to the user's values."""

    def __init__(self, dtype: str, reserved: int, buckets: int, values: Array | Sequence[str]) -> None:
        self.dtype, self.reserved, self.buckets = dtype, reserved, buckets
        self.values = np.asarray(values, object if dtype == "string" else None)
        self._places: dict[str, int] = {}
        if dtype == "string":
            self._places = {str(value): reserved + i for i, value in enumerate(values)}
        else:
            order = np.argsort(self.values, kind="stable")
            self._sorted, self._codes = self.values[order], (order + reserved).astype(np.int32)

    def encode(self, raw: Array) -> NDArray[np.int32]:
        """Return the codes of values; null is None or NaN."""
        return self._encode_text(raw) if self.dtype == "string" else self._encode_numbers(raw)

    def decode(self, codes: Array) -> Array:
        """Return the user's values of codes at or above `reserved`."""
        values: Array = self.values[np.asarray(codes) - self.reserved]
        return values

    def _encode_text(self, raw: Array) -> NDArray[np.int32]:
        codes = np.empty(len(raw), np.int32)
        known: dict[object, int] = {}
        for i, value in enumerate(raw.tolist()):
            code = known.get(value)
            if code is None:
                code = known[value] = self._code_of_text(value)
            codes[i] = code
        return codes

    def _code_of_text(self, value: object) -> int:
        if value is None or value != value:
            return NULL
        text = value.decode() if isinstance(value, bytes) else str(value)
        code = self._places.get(text)
        if code is None:
            return UNSEEN + (_hash_text(text) % self.buckets if self.buckets else 0)
        return code

    def _encode_numbers(self, raw: Array) -> NDArray[np.int32]:
        is_null, numbers = _numbers(raw, self.values.dtype)
        codes = np.full(len(numbers), UNSEEN, np.int32)
        if self.buckets:
            codes += (_hash_numbers(numbers) % np.uint64(self.buckets)).astype(np.int32)
        if len(self._sorted):
            places = np.minimum(np.searchsorted(self._sorted, numbers), len(self._sorted) - 1)
            is_known = self._sorted[places] == numbers
            codes[is_known] = self._codes[places[is_known]]
        codes[is_null] = NULL
        return codes


class Transform:
    """Every column's fitted operations, by the column's name."""

    def __init__(self, workflow: Mapping[str, Any], vocabularies: Mapping[str, Array | Sequence[str]]) -> None:
        self.workflow = workflow
        self.codes = {
            name: Codes(_kind(domain["dtype"]), domain["reserved"], domain["buckets"], vocabularies[name])
            for name, domain in workflow["domains"].items()
        }

    @classmethod
    def load(cls, folder: str | Path) -> Transform:
        """Return the transform of `workflow.json` and `vocabulary/` in a folder."""
        from pyarrow import parquet  # only to read the vocabularies

        root = Path(folder)
        workflow = json.loads((root / "workflow.json").read_text(encoding="utf-8"))
        vocabularies: dict[str, Any] = {}
        for name, domain in workflow["domains"].items():
            ids = parquet.read_table(root / domain["file"], columns=["id"]).column("id")
            is_text = _kind(domain["dtype"]) == "string"
            vocabularies[name] = ids.to_pylist() if is_text else ids.to_numpy()
        return cls(workflow, vocabularies)

    def apply(self, column: str, raw: Any) -> Any:  # an array, or Bags of lists
        """Return the prepared values of a column: codes int32, times in seconds float64, or numbers float32."""
        if isinstance(raw, Bags):
            return Bags(self.apply(column, raw.values), raw.offsets)
        plan = self.workflow["columns"][column]
        if plan["domain"] is not None:
            return self.codes[plan["domain"]].encode(categories(np.asarray(raw), plan["ops"][:-1]))
        if plan["unit"] is not None:
            return seconds(np.asarray(raw), plan["unit"])
        return standardized(np.asarray(raw), plan["ops"])

    def raw(self, column: str, find: Callable[[str], Array]) -> Array:
        """Return a column's values before they are prepared; `find` gives those of the columns of the data."""
        plan = self.workflow["columns"][column]
        if not plan["sources"]:
            return find(column)
        return computed(plan["maker"], [np.asarray(self.raw(source, find)) for source in plan["sources"]])


def seconds(raw: Array, unit: str) -> NDArray[np.float64]:
    """Return times in seconds since 1970; a null is 1970 itself."""
    if raw.dtype.kind == "M":
        raw, unit = np.where(np.isnat(raw), np.datetime64(0, "us"), raw).astype("datetime64[us]").astype(np.int64), "us"
    return np.nan_to_num(raw.astype(np.float64)) / PER_SECOND[unit]


def _kind(dtype: str) -> str:
    """Return how a domain's values are kept: as text, or as numbers (times and booleans too)."""
    return "string" if dtype == "string" else "number"


def _numbers(raw: Array, dtype: np.dtype[Any]) -> tuple[NDArray[np.bool_], Array]:
    """Return which values are null, and all as numbers of the vocabulary's dtype, 0 for null."""
    if raw.dtype.kind == "O":
        is_null = np.array([value is None or value != value for value in raw.tolist()], bool)
        return is_null, np.array([0 if value is None or value != value else value for value in raw.tolist()], dtype)
    if raw.dtype.kind == "M":
        is_null = np.isnat(raw)
        return is_null, np.where(is_null, 0, raw.astype("datetime64[us]").astype(np.int64))
    if raw.dtype.kind == "f":
        is_null = np.isnan(raw)
        return is_null, np.where(is_null, 0, raw).astype(dtype)
    return np.zeros(len(raw), bool), raw.astype(dtype)


def _hash_numbers(numbers: Array) -> NDArray[np.uint64]:
    """Return splitmix64 of every number's 64 bits (Steele et al. 2014)."""
    mixed = np.ascontiguousarray(numbers.astype(np.float64 if numbers.dtype.kind == "f" else np.int64)).view(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    hashed: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return hashed


def _hash_text(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
