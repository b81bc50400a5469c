"""Why a request is not answered: one reason, with its status on both protocols, and words that leak nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Status:
    """An HTTP status and the name of its gRPC code."""

    http: int
    grpc: str


class Reason(Enum):
    """The reasons for which the gateway says no."""

    INVALID = Status(400, "INVALID_ARGUMENT")
    NOT_FOUND = Status(404, "NOT_FOUND")
    NO_METHOD = Status(405, "UNIMPLEMENTED")
    TOO_SLOW = Status(408, "DEADLINE_EXCEEDED")
    NO_LENGTH = Status(411, "INVALID_ARGUMENT")
    TOO_LARGE = Status(413, "RESOURCE_EXHAUSTED")
    ENCODED = Status(415, "INVALID_ARGUMENT")
    FAILED = Status(500, "INTERNAL")
    NOT_READY = Status(503, "UNAVAILABLE")
    TIMED_OUT = Status(504, "DEADLINE_EXCEEDED")


class Refusal(Exception):
    """A request that is not answered; `rule` is the word under which it is counted."""

    def __init__(self, reason: Reason, message: str, rule: str) -> None:
        super().__init__(message)
        self.reason, self.message, self.rule = reason, message, rule


def invalid(message: str, rule: str) -> Refusal:
    """Return the refusal of a request that breaks a rule of the contract."""
    return Refusal(Reason.INVALID, message, rule)
