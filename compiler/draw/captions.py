"""The words on a card: arguments as a spec writes them, and costs in three digits."""

from __future__ import annotations

from collections.abc import Mapping

from sess.compiler.block import Chosen, JsonValue, Kind, Selection
from sess.compiler.codec import encode
from sess.compiler.cost import Cost
from sess.compiler.estimate import Estimate
from sess.compiler.graph import Node
from sess.compiler.quantity import Quantity, in_bytes
from sess.compiler.signature import Missing, Parameter, parameters

WORTH_SAYING = 100_000  # FLOPs; less is no cost


def arguments(of: Node | Chosen, *, is_full: bool = False) -> str:
    """Return what isn't as every such block has it, or all of it; columns and the head's target stand elsewhere."""
    if isinstance(of, Chosen):
        return ", ".join(f"{key}={value(each)}" for key, each in of.params.items() if each is not None)
    words: list[str] = []
    for each in parameters(type(of.params)):
        given = getattr(of.params, each.name)
        if isinstance(given, Selection) or (not is_full and not _is_telling(of, each, given)):
            continue
        is_alone = each.default is Missing.REQUIRED and not words
        words.append(value(encode(given)) if is_alone else f"{each.name}={value(encode(given))}")
    return ", ".join(words)


def _is_telling(node: Node, parameter: Parameter, given: object) -> bool:
    """Whether an argument belongs on a card: what was chosen, and the sizes of an encoder."""
    if parameter.name in ("loss", "weight"):
        return False
    is_size = node.kind is Kind.ENCODER and isinstance(given, int) and not isinstance(given, bool)
    return is_size or given != parameter.default


def value(each: JsonValue) -> str:
    """Return a parameter's value as it would be written."""
    match each:
        case None:
            return "none"
        case bool():
            return str(each).lower()
        case float():
            return f"{each:g}"
        case list():
            return "[" + ", ".join(value(item) for item in each) + "]"
        case dict() if each.keys() == {"text"}:
            return str(each["text"])
        case dict() if "names" in each and "level" in each:
            names = each["names"]
            return " + ".join(str(name) for name in names) if isinstance(names, list) else str(names)
        case dict() if "name" in each:
            params = each.get("params")
            inner = (
                ", ".join(f"{key}={value(item)}" for key, item in params.items()) if isinstance(params, dict) else ""
            )
            return f"{each['name']}({inner})" if inner else str(each["name"])
        case _:
            return str(each)


def cost_of(cost: Cost, known: Mapping[str, float]) -> str:
    """Return a card's cost: `53.9k parameters · 5.4 MFLOPs`; what is unknown stays a symbol."""
    texts = []
    learned, flops = cost.parameters.at(known), cost.flops.at(known)
    if learned.terms:
        texts.append(f"{'' if cost.is_exact else '≈ '}{_short(learned)} parameters")
    if flops.least >= WORTH_SAYING:
        texts.append(f"{_amount(flops)}FLOPs")
    return " · ".join(text for text in texts if text)


def costs_in_full(cost: Cost, known: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
    """Return the three amounts as formulas with the known sizes put in."""
    learned, flops, kept = (each.at(known) for each in (cost.parameters, cost.flops, cost.kept))
    about = "" if cost.is_exact else "≈ "
    return (
        ("parameters", f"{about}{learned.show()}" if learned.terms else ""),
        ("FLOPs a session", flops.show() if flops.terms else ""),
        ("kept for the gradient", (kept * 4).show(base=1024) + " bytes a session" if kept.terms else ""),
    )


def totals(found: Estimate) -> tuple[str, ...]:
    """Return what the whole spec costs: parameters, a training step, a request."""
    batch, steps = found.known["B"], found.known["T"]
    if not found.parameters.terms:
        return ("nothing is learned by gradients",)
    return (
        f"{_short(found.parameters)} parameters",
        f"a training step of {batch:,.0f} × {steps:,.0f}: {_amount(found.training_flops)}FLOPs, "
        f"{_bytes(found.training_bytes)}",
        f"a request: {_amount(found.serving_flops)}FLOPs, {_bytes(found.serving_bytes)} of weights",
    )


def _amount(amount: Quantity) -> str:
    """Return a number with its prefix apart, as units want it: `5.4 M`; at least so much while something is unknown."""
    text = Quantity.of(amount.least).show()
    spaced = f"{text[:-1]} {text[-1]}" if text[-1:].isalpha() else f"{text} "
    return spaced if amount.known is not None else f"≥ {spaced}"


def _bytes(amount: Quantity) -> str:
    return in_bytes(amount.least) if amount.known is not None else f"≥ {in_bytes(amount.least)}"


def _short(amount: Quantity) -> str:
    """Return an amount in at most three terms, the ones with most symbols first."""
    if amount.known is not None:
        return amount.show()
    terms = sorted(amount.terms, key=lambda term: (-len(term[0]), term[0]))
    if len(terms) <= 2:
        return amount.show()
    shown = [Quantity((term,)).show() for term in sorted(terms, key=_telling) if term[0]]
    rest = Quantity(tuple(term for term in terms if not term[0]))
    return " + ".join([*shown[:1], "…", *([rest.show()] if rest.terms else [])])


def _telling(term: tuple[tuple[str, ...], float]) -> tuple[bool, float]:
    """Sort first what grows with a vocabulary, and of that the largest factor."""
    symbols, factor = term
    return not any(name.startswith("V(") for name in symbols), -factor
