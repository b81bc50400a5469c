"""Names of lists in a request, as Merlin has them: of a column `x` its values, `x__values`, and where each list begins.

Lists of lists have both twice: `x__values__values`, `x__values__offsets` and `x__offsets`.
"""

from __future__ import annotations

VALUES, OFFSETS = "__values", "__offsets"
SUFFIXES = (VALUES, OFFSETS)
