"""`popular`: the items that training clicked most, the same for every session."""

from __future__ import annotations

from sess.compiler.block import Entry, Kind, NoParams


class Popular(Entry[NoParams]):
    """What is clicked most in the training split; ties go to the lower item code."""

    name = "popular"
    kind = Kind.BASELINE
    Params = NoParams
