"""The fix of a misspelt word: the nearest known one, safe where only one can have been meant."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sess.compiler.diagnostics import Edit, Fix
from sess.compiler.similar import closest, distance
from sess.compiler.source import Span

_SLIP = 2  # edits; two slips of a finger, or one pair of letters swapped and one left out


def respelling(word: str, at: Span, known: Collection[str], write: Callable[[str], str] = str) -> tuple[Fix, ...]:
    """Return the fix that writes the nearest known word; nothing if none is near."""
    near = closest(word, known)
    if not near:
        return ()
    edits = [distance(word, each) for each in near]
    is_safe = edits[0] <= min(_SLIP, len(word) // 2) and all(edits[0] < each for each in edits[1:])
    return (Fix(f"write `{near[0]}`", (Edit(at, write(near[0])),), is_safe),)
