"""Parameters of a request (Triton's extensions of KServe v2): honoured, refused, or harmless.

`timeout` is a deadline. What would change an answer or read this machine's memory is refused. The rest changes nothing
here: a `priority`, since requests don't queue, and what clients send for models of their own.
"""

from __future__ import annotations

from collections.abc import Iterable

from sess.runtime.serve.gateway.refusal import invalid

TIMEOUT = "timeout"
LONGEST = 2**63 - 1  # microseconds, as far as the protocol's numbers go


def refuse_unserved(parameters: Iterable[str], owner: str) -> None:
    """Refuse the parameters that nothing here serves."""
    for key in parameters:
        if key.startswith(("shared_memory", "classification", "sequence")):
            raise invalid(f"{owner} has the parameter `{key[:32]}`, which is not served", "bad parameter")


def seconds_of(timeout: object) -> float | None:
    """Return how long a client waits, from microseconds; None for 0, which is no limit."""
    if type(timeout) is not int or not 0 <= timeout <= LONGEST:
        raise invalid(
            f"the request has the parameter `{TIMEOUT}`, which is a whole number of microseconds", "bad timeout"
        )
    return timeout / 1e6 or None
