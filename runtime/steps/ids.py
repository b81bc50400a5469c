"""The ids of a vocabulary: by place, and their places by id; a copy of this file stands in every served repository.

A server maps both from files and builds nothing: numbers are searched in their order, text in the order of its hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # whole numbers or floats
Ints = NDArray[np.int32]


class Texts:
    """Text by place: UTF-8 of all, one after the other, and where each ends."""

    dtype = np.dtype(object)

    def __init__(self, content: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self.content, self.ends = content, ends

    @classmethod
    def of(cls, values: Sequence[str]) -> Texts:
        """Return texts as arrays."""
        encoded = [value.encode() for value in values]
        ends = np.cumsum([len(each) for each in encoded], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), ends)

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, places: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """Return the texts of places, of any shape."""
        found = np.empty(places.shape, object)
        found.ravel()[:] = [self.encoded(place).decode() for place in places.ravel().tolist()]
        return found

    def encoded(self, place: int) -> bytes:
        """Return the UTF-8 of one place."""
        begin = self.ends[place - 1] if place else 0
        return self.content[begin : self.ends[place]].tobytes()


class NumberPlaces:
    """Numbers in order, and the place of each."""

    def __init__(self, ordered: Array, places: Ints) -> None:
        self.ordered, self.places = ordered, places

    @classmethod
    def of(cls, values: Array) -> NumberPlaces:
        """Return the places of numbers, which stand in the order of their places."""
        order = np.argsort(values, kind="stable")
        return cls(values[order], order.astype(np.int32))

    def find(self, numbers: Array) -> Ints:
        """Return the place of every number, -1 for one that has none."""
        found = np.full(len(numbers), -1, np.int32)
        if len(self.ordered):
            near = np.minimum(np.searchsorted(self.ordered, numbers), len(self.ordered) - 1)
            is_known = self.ordered[near] == numbers
            found[is_known] = self.places[near[is_known]]
        return found


class TextPlaces:
    """Hashes of texts in order, and the place of each; a text is what it is, whatever shares its hash."""

    def __init__(self, hashes: NDArray[np.uint64], places: Ints, texts: Texts) -> None:
        self.hashes, self.places, self.texts = hashes, places, texts

    @classmethod
    def of(cls, values: Sequence[str]) -> TextPlaces:
        """Return the places of texts, which stand in the order of their places."""
        hashes = np.array([hash_of(value.encode()) for value in values], np.uint64)
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], order.astype(np.int32), Texts.of(values))

    def find(self, encoded: Sequence[bytes]) -> Ints:
        """Return the place of every text, given in UTF-8; -1 for one that has none."""
        wanted = np.array([hash_of(each) for each in encoded], np.uint64)
        begins, ends = (np.searchsorted(self.hashes, wanted, side).tolist() for side in ("left", "right"))
        found = np.full(len(encoded), -1, np.int32)
        for i, each in enumerate(encoded):
            for place in self.places[begins[i] : ends[i]].tolist():
                if self.texts.encoded(place) == each:
                    found[i] = place
        return found


def hash_of(encoded: bytes) -> int:
    """Return a hash that every process agrees on."""
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "little")


def mapped(path: Path) -> Array:
    """Return an array of a file that is mapped: processes share its memory, and what isn't read isn't loaded."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def load_ids(folder: Path) -> Array | Texts:
    """Return the ids of a vocabulary by place."""
    if (folder / "ends.npy").exists():
        return Texts(mapped(folder / "bytes.npy"), mapped(folder / "ends.npy"))
    return mapped(folder / "values.npy")


def load_places(folder: Path) -> NumberPlaces | TextPlaces:
    """Return the places of a vocabulary's ids."""
    places = mapped(folder / "places.npy")
    if (folder / "hashes.npy").exists():
        texts = Texts(mapped(folder / "bytes.npy"), mapped(folder / "ends.npy"))
        return TextPlaces(mapped(folder / "hashes.npy"), places, texts)
    return NumberPlaces(mapped(folder / "ordered.npy"), places)
