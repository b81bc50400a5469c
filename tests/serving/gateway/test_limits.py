"""The switches of `serve` set what one request may hold, below what the artifact was exported for and above it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sess.compiler.plans import Program
from sess.runtime.serve.gateway.contract import Limits
from sess.runtime.serve.gateway.json_body import read_body
from sess.runtime.serve.gateway.proto_body import read_message
from sess.runtime.serve.gateway.refusal import Refusal
from sess.runtime.serve.generation import Staged
from sess.runtime.serve.tensors import tensors_of
from sess.runtime.verify.walk import Walker
from tests.serving.gateway.requests import document, message
from tests.serving.test_answers import row
from tests.serving.test_repository import config

FEW, MANY = Limits(sessions=1, values=10), Limits(sessions=5000, values=1 << 21)


@pytest.fixture
def staged(artifact: Path, request: pytest.FixtureRequest) -> Iterator[Staged]:
    """A copy of the artifact as a server with these limits has it."""
    found = Staged.of(artifact, threading.Event(), request.param)
    yield found
    found.remove()


@pytest.mark.parametrize("staged", [FEW], indirect=True)
def test_more_sessions_are_refused_by_their_shape(staged: Staged) -> None:
    said = "`item_id__offsets` holds 2 sessions, a request may hold 1"
    with pytest.raises(Refusal, match=said):
        read_body(json.dumps(document()).encode(), None, "shop", staged.contract, FEW)
    with pytest.raises(Refusal, match=said):
        read_message(message(), staged.contract, FEW)


@pytest.mark.parametrize("staged", [FEW], indirect=True)
def test_golden_requests_of_more_sessions_are_answered_all_the_same(staged: Staged, program: Program) -> None:
    tensors = tensors_of(staged.golden.rows, program.serving.request)
    assert len(Walker(staged.artifact / "triton").infer("shop", tensors)["click.ids"]) == len(staged.golden.rows) > 1
    with pytest.raises(Refusal, match="may hold 10"):
        staged.contract.read(tensors_of([row(*range(11))], program.serving.request))


@pytest.mark.parametrize("staged", [MANY], indirect=True)
def test_more_than_the_artifact_was_exported_for_reaches_the_model(staged: Staged, program: Program) -> None:
    tensors = tensors_of([row(1)] * MANY.sessions, program.serving.request)
    assert len(staged.contract.read(tensors).mask) == MANY.sessions
    assert len(Walker(staged.artifact / "triton").infer("shop", tensors)["click.ids"]) == MANY.sessions
    assert config(staged.artifact, "shop__model").max_batch_size == MANY.sessions
