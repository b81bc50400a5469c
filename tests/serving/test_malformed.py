"""Requests that break a rule: the tensor and the rule are named, and nobody else notices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sess.compiler.plans import Program
from sess.runtime.serve.client import Array, Client, Refused
from sess.runtime.serve.golden import ask
from sess.runtime.serve.tensors import tensors_of
from tests.serving.test_answers import row

pytestmark = pytest.mark.triton

Tensors = dict[str, Array]


def replaced(name: str, values: object, dtype: str = "int32") -> Callable[[Tensors], Tensors]:
    """Return a change of one tensor."""
    return lambda tensors: {**tensors, name: np.array(values, dtype)}


def without(name: str) -> Callable[[Tensors], Tensors]:
    """Return a request that lacks a tensor."""
    return lambda tensors: {key: value for key, value in tensors.items() if key != name}


CASES: dict[str, tuple[Callable[[Tensors], Tensors], str]] = {
    "offsets are missing": (without("item_id__offsets"), "item_id__offsets"),
    "values are missing": (without("price__values"), "price__values"),
    "a context column is missing": (without("age"), "age"),
    "offsets decrease": (replaced("item_id__offsets", [0, 3, 2, 5]), "item_id__offsets"),
    "offsets begin behind 0": (replaced("item_id__offsets", [1, 2, 3, 5]), "item_id__offsets"),
    "offsets are negative": (replaced("item_id__offsets", [0, -1, 3, 5]), "item_id__offsets"),
    "offsets end too late": (replaced("item_id__offsets", [0, 2, 3, 9]), "item_id__offsets"),
    "offsets end too early": (replaced("item_id__offsets", [0, 2, 3, 4]), "item_id__offsets"),
    "offsets are empty": (replaced("item_id__offsets", []), "item_id__offsets"),
    "lists of a session differ": (replaced("price__offsets", [0, 1, 3, 5]), "price__offsets"),
    "rows disagree": (replaced("age", [1.0], "float32"), "age"),
    "a number is not finite": (replaced("age", [1.0, np.nan, 2.0], "float32"), "age"),
    "k is 0": (replaced("k", [0]), "k"),
    "k is negative": (replaced("k", [-1]), "k"),
    "k is more than top_k": (replaced("k", [11]), "k"),
}


def good(program: Program) -> Tensors:
    """Return the tensors of three sessions of five steps."""
    return tensors_of([row(1, 2), row(3), row(4, 5)], program.serving.request)


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_named_and_the_next_request_is_answered(case: str, client: Client, program: Program) -> None:
    change, tensor = CASES[case]
    before = ask(client, program, [row(1, 2)])
    with pytest.raises(Refused, match=tensor) as refused:
        client.infer("shop", change(good(program)))
    assert "Traceback" not in refused.value.message
    assert ".py" not in refused.value.message
    after = ask(client, program, [row(1, 2)])
    np.testing.assert_array_equal(before["click.ids"], after["click.ids"])


def test_a_wrong_dtype_is_refused(client: Client, program: Program) -> None:
    with pytest.raises(Refused, match="item_id__values"):
        client.infer("shop", replaced("item_id__values", [1, 2, 3, 4, 5], "float32")(good(program)))


def test_no_sessions_get_no_rows(client: Client, program: Program) -> None:
    answer = client.infer("shop", tensors_of([], program.serving.request))
    assert answer["click.ids"].shape[0] == 0
