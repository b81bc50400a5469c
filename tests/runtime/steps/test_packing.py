"""What the prepare step sends is what the model step reads, whatever a request holds."""

from __future__ import annotations

import numpy as np
import pytest

from sess.runtime.steps.packing import packed, unpacked
from sess.runtime.steps.request import Asked

CODES = np.arange(5, dtype=np.int32)
COLUMNS = ("item", "time", "age", "vector")


def asked(rows: int, steps: int, allow: np.ndarray | None = None) -> Asked:
    """Return a request of so many sessions."""
    draw = np.random.default_rng(rows)
    return Asked(
        columns={
            "item": draw.integers(0, 9, (rows, steps)).astype(np.int32),
            "time": draw.normal(size=(rows, steps)),
            "age": draw.normal(size=rows).astype(np.float32),
            "vector": draw.normal(size=(rows, steps, 3)).astype(np.float32),
        },
        mask=draw.integers(0, 2, (rows, steps)).astype(bool),
        k=7,
        seen=CODES[:rows],
        seen_counts=np.ones(rows, np.int64),
        allow=allow,
        deny=CODES[:3],
    )


@pytest.mark.parametrize("rows", [0, 1, 3, 5])
@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("allow", [None, CODES, CODES[:0]], ids=["all", "some", "none"])
def test_a_request_comes_back_as_it_went_in(rows: int, steps: int, allow: np.ndarray | None) -> None:
    sent = asked(rows, steps, allow)
    found = unpacked(packed(sent), COLUMNS)
    assert (found.k, found.allow is None) == (7, allow is None)
    pairs = [(sent.columns[name], found.columns[name]) for name in COLUMNS]
    pairs += [(getattr(sent, name), getattr(found, name)) for name in ("mask", "seen", "seen_counts", "deny")]
    pairs += [] if sent.allow is None or found.allow is None else [(sent.allow, found.allow)]
    for before, after in pairs:
        assert before.dtype == after.dtype
        np.testing.assert_array_equal(before, after)


def test_there_is_a_row_for_every_session_and_one_for_none() -> None:
    assert [len(packed(asked(rows, 2))) for rows in (0, 1, 3)] == [1, 1, 3]
