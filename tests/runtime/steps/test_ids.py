"""Ids come back from their places and places from ids, through files too, whatever the vocabulary holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sess.runtime.export.vocabularies import write_ids, write_places
from sess.runtime.steps import ids
from sess.runtime.steps.ids import NumberPlaces, TextPlaces, load_ids, load_places
from sess.runtime.steps.popular import NEVER, Popular
from sess.runtime.vocabulary import Vocabulary

TEXTS = ["tea", "", "bøøks", "te", "shoes, red", "\0", "a" * 5_000]
NUMBERS = np.array([7, -(2**63), 3, 2**63 - 1, 0], np.int64)
NOTHING = np.zeros(0, np.int32)


def of(values: NDArray[Any] | list[str]) -> Vocabulary:
    """Return a vocabulary whose counts fall."""
    return Vocabulary(values, np.arange(len(values), 0, -1), 3)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True), st.text(alphabet="ab", max_size=3))
def test_a_text_has_its_place_and_another_has_none(values: list[str], other: str) -> None:
    places = TextPlaces.of(values)
    wanted = [*values, other]
    expected = [*range(len(values)), values.index(other) if other in values else -1]
    assert places.find([each.encode() for each in wanted]).tolist() == expected
    assert places.texts[np.arange(len(values))].tolist() == values


def test_texts_that_share_a_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "hash_of", lambda encoded: len(encoded) % 2)
    places = TextPlaces.of(TEXTS)
    assert places.find([text.encode() for text in (*TEXTS, "no", "not")]).tolist() == [*range(len(TEXTS)), -1, -1]


@pytest.mark.parametrize("values", [TEXTS, []])
def test_files_of_texts_say_what_was_written(tmp_path: Path, values: list[str]) -> None:
    write_places(of(values), tmp_path / "places")
    write_ids(of(values), "string", tmp_path / "ids")
    places = load_places(tmp_path / "places")
    assert isinstance(places, TextPlaces)
    assert places.find([text.encode() for text in [*values, "unknown"]]).tolist() == [*range(len(values)), -1]
    found = load_ids(tmp_path / "ids")
    assert found[np.arange(len(values)).reshape(1, -1)].tolist() == [values]
    assert len(found) == len(values)


@pytest.mark.parametrize("values", [NUMBERS, NUMBERS[:0], np.array([2.5, -1.0])])
def test_files_of_numbers_say_what_was_written(tmp_path: Path, values: NDArray[Any]) -> None:
    write_places(of(values), tmp_path / "places")
    write_ids(of(values), values.dtype.name, tmp_path / "ids")
    places = load_places(tmp_path / "places")
    assert isinstance(places, NumberPlaces)
    asked = np.append(values, np.array([5], values.dtype))
    assert places.find(asked).tolist() == [*range(len(values)), -1]
    assert load_ids(tmp_path / "ids")[np.arange(len(values))].tolist() == values.tolist()


def test_files_are_mapped_and_hold_no_objects(tmp_path: Path) -> None:
    write_places(of(TEXTS), tmp_path)
    places = load_places(tmp_path)
    assert isinstance(places, TextPlaces)
    for each in (places.hashes, places.places, places.texts.content, places.texts.ends):
        assert isinstance(each.base, np.memmap)
    np.save(tmp_path / "places.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        load_places(tmp_path)


def test_what_is_popular_is_ranked_by_count_then_by_code() -> None:
    counts = np.array([5, 9, 5, 0, 9])
    popular = Popular(counts, np.argsort(-counts, kind="stable").astype(np.int32), 3)
    assert [each.tolist() for each in popular.rank(3, NOTHING, None)] == [[4, 7, 3], [9, 9, 5]]
    assert popular.rank(3, np.array([4, 4, 0, 3, 99], np.int32), None)[0].tolist() == [7, 5, 6]
    codes, scores = popular.rank(4, np.array([5], np.int32), np.array([6, 5, 3, 2, 99], np.int32))
    assert (codes.tolist(), scores.tolist()) == ([3, 6, 0, 0], [5, 0, NEVER, NEVER])
