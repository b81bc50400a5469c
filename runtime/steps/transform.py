"""The fitted preparation as array operations: the user's values in, codes and numbers out; numpy and JSON alone.

A copy of this file stands in every served model repository, so it imports the copied files beside it alone. Codes of
a domain are 0 padding, 1 null, then one code for the unseen (or hash buckets), then the vocabulary.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bags import Bags
from .ids import NumberPlaces, TextPlaces, hash_of, load_places
from .operations import categories, computed, standardized

NULL = 1
UNSEEN = 2

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}

Array = NDArray[Any]  # of the user's dtype: whole numbers, floats, booleans, or objects (text, None)


class Codes:
    """A vocabulary as a function from values to codes."""

    def __init__(self, reserved: int, buckets: int, places: NumberPlaces | TextPlaces) -> None:
        self.reserved, self.buckets, self.places = reserved, buckets, places

    @classmethod
    def of(cls, reserved: int, buckets: int, values: Array | Sequence[str]) -> Codes:
        """Return the codes of values, which stand in the order of their codes: an array of numbers, or texts."""
        places = NumberPlaces.of(values) if isinstance(values, np.ndarray) else TextPlaces.of(values)
        return cls(reserved, buckets, places)

    def encode(self, raw: Array) -> NDArray[np.int32]:
        """Return the codes of values; null is None or NaN."""
        return self._encode_text(raw) if isinstance(self.places, TextPlaces) else self._encode_numbers(raw)

    def _encode_text(self, raw: Array) -> NDArray[np.int32]:
        values = raw.tolist()
        encoded = {value: _encoded(value) for value in dict.fromkeys(values) if not _is_null(value)}
        assert isinstance(self.places, TextPlaces)
        places = self.places.find(list(encoded.values())).tolist()
        codes = {
            value: self.reserved + place if place >= 0 else self._unseen(text)
            for (value, text), place in zip(encoded.items(), places, strict=True)
        }
        return np.array([codes.get(value, NULL) for value in values], np.int32)

    def _unseen(self, text: bytes) -> int:
        return UNSEEN + (hash_of(text) % self.buckets if self.buckets else 0)

    def _encode_numbers(self, raw: Array) -> NDArray[np.int32]:
        assert isinstance(self.places, NumberPlaces)
        is_null, numbers = _numbers(raw, self.places.ordered.dtype)
        codes = np.full(len(numbers), UNSEEN, np.int32)
        if self.buckets:
            codes += (_hash_numbers(numbers) % np.uint64(self.buckets)).astype(np.int32)
        places = self.places.find(numbers)
        codes = np.where(places >= 0, places + np.int32(self.reserved), codes)
        codes[is_null] = NULL
        return codes


class Transform:
    """Every column's fitted operations, by the column's name."""

    def __init__(self, workflow: Mapping[str, Any], codes: Mapping[str, Codes]) -> None:
        self.workflow, self.codes = workflow, codes

    @classmethod
    def load(cls, folder: Path, vocabularies: Mapping[str, str]) -> Transform:
        """Return the transform of `workflow.json` and the vocabularies of its domains, which are folders there."""
        workflow = json.loads((folder / "workflow.json").read_text(encoding="utf-8"))
        codes = {
            name: Codes(domain["reserved"], domain["buckets"], load_places(folder / vocabularies[name]))
            for name, domain in workflow["domains"].items()
        }
        return cls(workflow, codes)

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


def _is_null(value: object) -> bool:
    return value is None or value != value


def _encoded(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


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
