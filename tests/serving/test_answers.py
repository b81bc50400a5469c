"""What a running server answers: the catalogue's own ids, best first, and the same alone or in company."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sess.compiler.failures import Misused
from sess.compiler.plans import Program
from sess.runtime.recommend import Recommender
from sess.runtime.serve.client import Client
from sess.runtime.serve.golden import ask, check_golden, read_golden
from sess.runtime.serve.tensors import tensors_of
from tests.serving.conftest import CATEGORIES, FIRST_ITEM, ITEMS, STRIDE

pytestmark = pytest.mark.triton

CATALOGUE = {FIRST_ITEM + STRIDE * place for place in range(ITEMS)}
Row = dict[str, Any]  # values by column


def row(*places: int, age: float = 30.0, country: str = "de") -> Row:
    """Return a session of these items."""
    return {
        "item_id": [FIRST_ITEM + STRIDE * place for place in places],
        "category": [CATEGORIES[place % len(CATEGORIES)] for place in places],
        "price": [place * 1.5 + 1 for place in places],
        "age": age,
        "country": country,
    }


def test_golden_requests_get_their_answers(client: Client, program: Program, artifact: Path) -> None:
    check_golden(client, program, read_golden(program, artifact))


def test_answers_are_real_ids_best_first_without_the_seen(client: Client, program: Program) -> None:
    answer = ask(client, program, [row(0, 1, 2), row(5)])
    ids, scores = answer["click.ids"], answer["click.scores"]
    assert ids.shape == scores.shape == (2, 10)
    assert ids.dtype == np.int64
    assert set(ids.ravel().tolist()) <= CATALOGUE
    assert (np.diff(scores, axis=1) <= 0).all()
    assert not set(ids[0].tolist()) & set(row(0, 1, 2)["item_id"])
    assert not set(ids[1].tolist()) & set(row(5)["item_id"])


def test_seen_items_are_left_out_even_where_keep_cuts_them(client: Client, program: Program) -> None:
    places = list(range(30))
    ids = ask(client, program, [row(*places)])["click.ids"][0]
    assert not set(ids.tolist()) & set(row(*places)["item_id"])


def test_a_long_session_is_cut_to_its_last_steps(client: Client, program: Program) -> None:
    whole, cut = row(9, 9, 1, 2, 3, 4, 5, 6, 7, 8), row(1, 2, 3, 4, 5, 6, 7, 8)
    both = ask(client, program, [whole]), ask(client, program, [cut])
    np.testing.assert_allclose(both[0]["query.vector"], both[1]["query.vector"], atol=1e-6)


def test_text_comes_back_as_it_went_in(client: Client, program: Program) -> None:
    kinds = ask(client, program, [row(1)])["kind.ids"][0].tolist()
    assert set(kinds) <= set(CATEGORIES)
    assert "bøøks" in kinds


def test_k_allow_and_deny_narrow_the_answer(client: Client, program: Program) -> None:
    allow = [FIRST_ITEM + STRIDE * place for place in (3, 4, 5, 6)]
    request = tensors_of([row(1, 3)], program.serving.request, k=2, allow=allow, deny=allow[1:2])
    ids = client.infer("shop", request)["click.ids"]
    assert ids.shape == (1, 2)
    assert set(ids[0].tolist()) == set(allow[2:])


def test_an_empty_session_gets_what_is_popular_and_its_neighbours_do_not_change(
    client: Client, program: Program
) -> None:
    alone = ask(client, program, [row(2, 3)])
    beside = ask(client, program, [row(), row(2, 3)])
    np.testing.assert_array_equal(alone["click.ids"][0], beside["click.ids"][1])
    assert (np.diff(beside["click.scores"][0]) <= 0).all()
    assert FIRST_ITEM in beside["click.ids"][0].tolist()  # the item that is clicked most


def test_unknown_items_and_categories_are_data(client: Client, program: Program) -> None:
    strange = {**row(1, 2), "item_id": [-1, 2**63 - 1], "category": ["never seen", "\x00"], "country": "??"}
    ids = ask(client, program, [strange])["click.ids"]
    assert set(ids.ravel().tolist()) <= CATALOGUE


def test_sixteen_clients_at_once_get_what_one_gets(client: Client, program: Program, triton: Any) -> None:
    sessions = [row(*range(length)) for length in range(1, 17)]
    alone = [ask(client, program, [session]) for session in sessions]

    def again(place: int) -> dict[str, Any]:
        address = triton.grpc if client.is_grpc else triton.http
        with Client(address, is_grpc=client.is_grpc) as own:
            return ask(own, program, [sessions[place % 16]])

    with ThreadPoolExecutor(16) as pool:
        for place, found in enumerate(pool.map(again, range(64))):
            np.testing.assert_array_equal(found["click.ids"], alone[place % 16]["click.ids"])
            np.testing.assert_allclose(found["click.scores"], alone[place % 16]["click.scores"], atol=1e-5)


def test_the_artifact_in_process_answers_as_its_server(client: Client, program: Program, artifact: Path) -> None:
    recommender = Recommender.load(artifact)
    served = ask(client, program, [row(4, 5, 6)])
    (own,) = recommender.recommend([row(4, 5, 6)], k=10)
    assert [each.id for each in own] == served["click.ids"][0].tolist()
    np.testing.assert_allclose([each.score for each in own], served["click.scores"][0], atol=1e-5)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("item_id", [1.5]), ("item_id", ["x"]), ("item_id", [True]), ("item_id", [None]), ("item_id", [2**63]),
        ("item_id", 5), ("category", [1]), ("category", "t"), ("age", None), ("age", "30"), ("country", 7),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_in_process_and_never_bent(
    column: str, value: object, artifact: Path
) -> None:
    with pytest.raises(Misused, match=rf"`{column}` has "):
        Recommender.load(artifact).recommend([{**row(1), column: value}])
