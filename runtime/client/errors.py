"""Why a served model gave no answer, as types that a caller can catch."""

from __future__ import annotations


class ServingError(Exception):
    """A request got no answer; every other error here is one."""


class BadRequest(ServingError):
    """The request breaks a rule; `tensor` is the one that the server names, None if it names none."""

    def __init__(self, message: str, tensor: str | None = None) -> None:
        super().__init__(message)
        self.tensor = tensor


class TooLarge(BadRequest):
    """The request or its answer holds more than the server takes."""


class NotFound(ServingError):
    """The server has no such model."""


class NotReady(ServingError):
    """Nothing answers, or the server says that it isn't ready; it was asked until the retries or the time were over.

    `retry_after` is for how many seconds the server wants to be left alone, None if it doesn't say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Timeout(ServingError):
    """The deadline passed."""


class Failed(ServingError):
    """The server failed on this request, or its answer is not one of the protocol."""


NO_ANSWER = "what the server answered is not KServe v2"

BY_HTTP: dict[int, type[ServingError]] = {
    400: BadRequest, 404: NotFound, 408: Timeout, 413: TooLarge, 429: NotReady, 502: NotReady, 503: NotReady,
    504: Timeout,
}  # fmt: skip
# Nobody here cancels a call: a server that ends does so with those that it hasn't begun.
BY_GRPC: dict[str, type[ServingError]] = {
    "INVALID_ARGUMENT": BadRequest, "NOT_FOUND": NotFound, "RESOURCE_EXHAUSTED": TooLarge, "UNAVAILABLE": NotReady,
    "DEADLINE_EXCEEDED": Timeout, "CANCELLED": NotReady,
}  # fmt: skip
