"""The numbers that a parameter may have, said in its annotation: `lr: Annotated[float, ABOVE_ZERO]`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of a number; None is no bound. `least` and `most` are in it, `above` and `below` are not."""

    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a number lies inside."""
        return (
            (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        parts = (("at least", self.least), ("above", self.above), ("at most", self.most), ("below", self.below))
        return " and ".join(f"{word} {_said(bound)}" for word, bound in parts if bound is not None)


def _said(bound: float) -> str:
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"


COUNT = Range(least=1)
NOT_NEGATIVE = Range(least=0)
ABOVE_ZERO = Range(above=0)
SHARE = Range(least=0, below=1)
