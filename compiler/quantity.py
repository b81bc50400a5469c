"""Amounts that may depend on what isn't known yet: sums of products of a number and symbols, such as `64·V(items)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sess.compiler.types import Dim

Product = tuple[str, ...]
"""Symbols multiplied with each other, sorted; one that is squared stands twice."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A polynomial; equal amounts are equal, whatever way they were computed."""

    terms: tuple[tuple[Product, float], ...] = ()

    @staticmethod
    def of(number: float) -> Quantity:
        """Return a plain number."""
        return Quantity((((), float(number)),)) if number else Quantity()

    @staticmethod
    def symbol(name: str) -> Quantity:
        """Return an amount that is only known by its name, such as `T`."""
        return Quantity((((name,), 1.0),))

    @staticmethod
    def width(dim: Dim) -> Quantity:
        """Return the amount that a width is."""
        return sum((Quantity.symbol(name) * count for name, count in dim.symbols), Quantity.of(dim.number))

    def __add__(self, other: Quantity | float) -> Quantity:
        right = other if isinstance(other, Quantity) else Quantity.of(other)
        return _collected((*self.terms, *right.terms))

    __radd__ = __add__

    def __mul__(self, other: Quantity | float) -> Quantity:
        right = other if isinstance(other, Quantity) else Quantity.of(other)
        return _collected(
            tuple(
                (tuple(sorted((*left_symbols, *right_symbols))), left * factor)
                for left_symbols, left in self.terms
                for right_symbols, factor in right.terms
            )
        )

    __rmul__ = __mul__

    def __sub__(self, other: Quantity | float) -> Quantity:
        return self + (other if isinstance(other, Quantity) else Quantity.of(other)) * -1.0

    def at(self, values: Mapping[str, float]) -> Quantity:
        """Return the amount with some symbols known."""
        found: list[tuple[Product, float]] = []
        for symbols, factor in self.terms:
            for name in symbols:
                factor *= values.get(name, 1.0)
            found.append((tuple(name for name in symbols if name not in values), factor))
        return _collected(tuple(found))

    @property
    def known(self) -> float | None:
        """The number; None while a symbol is in it."""
        if not self.terms:
            return 0.0
        return self.terms[0][1] if len(self.terms) == 1 and not self.terms[0][0] else None

    @property
    def least(self) -> float:
        """The part that is known, which is the least it can be as long as nothing is taken away."""
        return next((factor for symbols, factor in self.terms if not symbols), 0.0)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of what isn't known, sorted."""
        return tuple(sorted({name for symbols, _ in self.terms for name in symbols}))

    def show(self, *, base: int = 1000) -> str:
        """Return the amount for people: `12.6k`, `64·V(items) + 1.2k`; `base` 1024 for bytes."""
        ordered = sorted(self.terms, key=lambda term: (-len(term[0]), term[0]))
        text = "".join(
            f" {'-' if factor < 0 else '+'} {_term(symbols, abs(factor), base)}" for symbols, factor in ordered
        )
        return f"-{text[3:]}" if text.startswith(" -") else text[3:] or "0"

    def __str__(self) -> str:
        return self.show()


def scaled(number: float, *, base: int = 1000) -> str:
    """Return a number in three digits with its prefix: `12.6k`, `1.5M`; whole below a thousand."""
    for prefix in ("", "k", "M", "G", "T", "P"):
        if abs(number) < 999.5 or prefix == "P":
            digits = f"{number:.0f}" if not prefix or abs(number) >= 99.95 else f"{number:.1f}".removesuffix(".0")
            return f"{digits}{prefix}"
        number /= base
    raise AssertionError("the last prefix returns")


_POWERS = {1: "", 2: "²", 3: "³"}


def in_bytes(number: float) -> str:
    """Return a number of bytes for people: `512 B`, `24 GiB`."""
    text = scaled(number, base=1024)
    return f"{text} B" if text[-1:].isdigit() else f"{text[:-1]} {text[-1].upper()}iB"


def _term(symbols: Product, factor: float, base: int) -> str:
    if not symbols:
        return scaled(factor, base=base)
    powers = {name: symbols.count(name) for name in dict.fromkeys(symbols)}
    names = "·".join(f"{name}{_POWERS.get(power, f'^{power}')}" for name, power in powers.items())
    return names if factor == 1 else f"{scaled(factor, base=base)}·{names}"


def _collected(terms: tuple[tuple[Product, float], ...]) -> Quantity:
    found: dict[Product, float] = {}
    for symbols, factor in terms:
        found[symbols] = found.get(symbols, 0.0) + factor
    return Quantity(tuple(sorted((symbols, factor) for symbols, factor in found.items() if factor)))
