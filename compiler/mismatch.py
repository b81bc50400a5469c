"""What is said of a value of another form than its place wants: what it is, and what to write instead."""

from __future__ import annotations

import re
from typing import Literal as Fixed
from typing import get_args

from sess.compiler.block import Chosen, MetricWord, Microseconds, Selection
from sess.compiler.diagnostics import Edit, Fix
from sess.compiler.misspelt import respelling
from sess.compiler.registry import Registry
from sess.compiler.signature import Hint, kind_of, members, origin, parameters, plain, words
from sess.compiler.similar import did_you_mean
from sess.compiler.tree import Binary, Call, Duration, Expression, ListOf, Literal, Metric, Name, Operator
from sess.compiler.words import FilePath, TableName, TowerName

_WORD = re.compile(r"[A-Za-z_]\w*")
_NUMBER = re.compile(r"-?\d[\d_]*(\.\d+)?(e-?\d+)?")
_METRIC = re.compile(r"[A-Za-z_]\w*@\d+")


def found(expression: Expression) -> str:
    """Return what a value is, with its text: `the list `[8]``."""
    text = f"`{expression.span.text}`"
    match expression:
        case Literal(value=bool()):
            return text
        case Literal(value=int() | float()):
            return f"the number {text}"
        case Literal(value=str()):
            return f"the text {text}"
        case Literal(value=Duration()):
            return f"the duration {text}"
        case Literal(value=Metric()):
            return f"the metric {text}"
        case ListOf():
            return f"the list {text}"
        case Name(text="True" | "False" | "None"):
            return text
        case Name():
            return f"the word {text}"
    return text


def remedy(expression: Expression, hint: Hint, registry: Registry) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """Return the help and the fix for a value that doesn't fit; both are empty where nothing is obvious."""
    fixed = words(hint)
    if isinstance(expression, Name):
        return did_you_mean(expression.text, fixed), respelling(expression.text, expression.span, fixed)
    for member in members(hint):
        text = _instead(expression, member, registry)
        if text is not None:
            is_safe = plain(member) not in (TableName, TowerName)  # there may be none of that name
            return (), (Fix(f"write `{text}`", (Edit(expression.span, text),), is_safe),)
    if isinstance(expression, Literal) and isinstance(expression.value, str) and expression.value in fixed:
        word = expression.value
        return (), (Fix(f"write the word `{word}`", (Edit(expression.span, word),)),)
    is_number = isinstance(expression, Literal) and type(expression.value) in (int, float)
    if is_number and any(plain(member) is Microseconds for member in members(hint)):
        return (f"a duration has a unit: `{expression.span.text}d`, `{expression.span.text}m`, …",), ()
    if isinstance(expression, Binary) and not any(plain(member) is Selection for member in members(hint)):
        return ("there is no arithmetic: write the value itself, or name it by a `param`",), ()
    return (), ()


def _instead(expression: Expression, hint: Hint, registry: Registry) -> str | None:
    """Return what the writer means by a value, as one member of a hint wants it; None if that isn't plain."""
    base, kind, text = plain(hint), kind_of(hint), expression.span.text
    if origin(base) is tuple and not isinstance(expression, ListOf):
        inner = get_args(base)[0]
        return f"[{text}]" if _is_form(expression, inner) else _in_list(_instead(expression, inner, registry))
    if isinstance(expression, ListOf) and len(expression.items) == 1 and _is_form(expression.items[0], base):
        return expression.items[0].span.text
    if base is MetricWord:
        return _metric(expression)
    value = expression.value if isinstance(expression, Literal) else None
    if base in (str, FilePath) and type(value) in (int, float):
        return f'"{text}"'
    if isinstance(value, str):
        if base in (int, float) and _NUMBER.fullmatch(value):
            return value if base is float or value.lstrip("-").replace("_", "").isdigit() else None
        if base in (Selection, TableName, TowerName) and _WORD.fullmatch(value):
            return value
        if base is Chosen and kind is not None and registry.find(value.removesuffix("()"), kind) is not None:
            return value
    if base is Chosen and kind is not None and isinstance(value, int) and not isinstance(value, bool):
        only = [entry for name in registry.names(kind) if (entry := registry.find(name, kind)) is not None]
        is_counted = len(only) == 1 and [plain(each.hint) for each in parameters(only[0].Params)][:1] == [int]
        return f"{only[0].name}({text})" if is_counted else None
    return None


def _in_list(text: str | None) -> str | None:
    return None if text is None else f"[{text}]"


def _is_form(expression: Expression, hint: Hint) -> bool:
    """Whether a value has the form of a plain hint."""
    base = plain(hint)
    value = expression.value if isinstance(expression, Literal) else None
    if base is MetricWord:
        return isinstance(value, Metric)
    if base is Chosen:
        return isinstance(expression, (Name, Call))
    if origin(base) is Fixed:
        return isinstance(expression, Name) and expression.text in get_args(base)
    if base is float:
        return type(value) in (int, float)
    return isinstance(base, type) and type(value) is base


def _metric(expression: Expression) -> str | None:
    """Return the metric that `"ndcg@10"`, `ndcg(10)` or `ndcg-10` means."""
    match expression:
        case Literal(value=str(text)) if _METRIC.fullmatch(text):
            return text
        case Call(name=name, arguments=(argument,)) if argument.value.span.text.isdigit():
            return f"{name.text}@{argument.value.span.text}"
        case Binary(operator=Operator.DIFFERENCE, left=Name(text=name), right=Literal(value=int(cutoff))):
            return f"{name}@{cutoff}"
    return None
