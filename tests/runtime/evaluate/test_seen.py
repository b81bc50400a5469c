"""What a session has seen is known of long sessions too, at the price of its different items."""

from __future__ import annotations

import numpy as np

from sess.runtime.evaluate.examples import EVERYTHING, MOST_SEEN, Examples
from sess.runtime.prepare.prepared import Sessions
from sess.runtime.train.windows import last_steps

ITEMS = 50


def test_a_session_of_a_million_steps_is_as_wide_as_its_different_items() -> None:
    lengths = np.array([4, 1_000_000, 3, MOST_SEEN + 2])
    offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    items = (3 + np.random.default_rng(1).integers(0, ITEMS, offsets[-1])).astype(np.int32)
    sessions = Sessions(offsets, {"item": items}, {}, {}, {}, {"key": np.arange(len(lengths))})
    whole = last_steps(sessions, np.arange(len(lengths)), longest=EVERYTHING, leave_out=1)
    found = Examples(sessions, whole, whole, 0, has_cut_target=True).seen("item", np.array([1, 2, 0, 3]))
    assert found.shape == (4, ITEMS)
    for row, place in zip(found, (1, 2, 0, 3), strict=True):
        assert set(row[row > 0]) == set(items[offsets[place] : offsets[place + 1] - 1])
