"""How deep readers of a tree may go: as deep as a spec may nest, which is more than Python allows by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Brackets nest 64 deep, 300 operators stand in a row, 400 definitions build on each other: every reader goes down.
_MOST = 5_000


@contextmanager
def deep() -> Iterator[None]:
    """Allow as many frames as a spec needs, and give back what was allowed before."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _MOST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
