"""Parameters of requests that Triton's clients send: honoured, refused, or harmless, by both protocols alike."""

from __future__ import annotations

import pytest

from tests.serving.gateway.conftest import Gateway
from tests.serving.gateway.requests import document, message

pytestmark = pytest.mark.triton

# Each with the statuses of its answers; microseconds.
PARAMETERS: dict[str, tuple[dict[str, object], int, str]] = {
    "time enough": ({"timeout": 60_000_000}, 200, "OK"),
    "no limit": ({"timeout": 0}, 200, "OK"),
    "no time": ({"timeout": 1}, 504, "DEADLINE_EXCEEDED"),
    "less than no time": ({"timeout": -1}, 400, "INVALID_ARGUMENT"),
    "a time in words": ({"timeout": "soon"}, 400, "INVALID_ARGUMENT"),
    "a time that is true": ({"timeout": True}, 400, "INVALID_ARGUMENT"),
    "a priority": ({"priority": 3}, 200, "OK"),
    "what another model reads": ({"temperature": "0.7"}, 200, "OK"),
    "a sequence": ({"sequence_id": 7, "sequence_start": True}, 400, "INVALID_ARGUMENT"),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_a_parameter_means_the_same_by_both_protocols(case: str, gateway: Gateway) -> None:
    parameters, status, code = PARAMETERS[case]
    assert gateway.post({**document(), "parameters": parameters})[0] == status
    found = message()
    for key, value in parameters.items():
        kind = {bool: "bool_param", int: "int64_param", str: "string_param"}[type(value)]
        setattr(found.parameters[key], kind, value)
    assert gateway.infer(found)[0] == code
