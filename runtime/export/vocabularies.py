"""The vocabularies of a served repository, as arrays that its steps map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sess.runtime.steps.ids import NumberPlaces, TextPlaces, Texts
from sess.runtime.vocabulary import Vocabulary


def write_places(vocabulary: Vocabulary, folder: Path) -> None:
    """Write what turns the user's ids into places."""
    if isinstance(vocabulary.values, list):
        texts = TextPlaces.of(vocabulary.values)
        _save(folder, hashes=texts.hashes, places=texts.places, bytes=texts.texts.content, ends=texts.texts.ends)
    else:
        numbers = NumberPlaces.of(vocabulary.values)
        _save(folder, ordered=numbers.ordered, places=numbers.places)


def write_ids(vocabulary: Vocabulary, dtype: str, folder: Path) -> None:
    """Write what turns places into the user's ids of a dtype, the counts of training, and the places by them."""
    if isinstance(vocabulary.values, list):
        texts = Texts.of(vocabulary.values)
        _save(folder, bytes=texts.content, ends=texts.ends)
    else:
        _save(folder, values=vocabulary.values.astype(dtype))
    by_count = np.argsort(-vocabulary.counts, kind="stable").astype(np.int32)
    _save(folder, counts=vocabulary.counts, popular=by_count)


def _save(folder: Path, **arrays: NDArray[Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(values), allow_pickle=False)
