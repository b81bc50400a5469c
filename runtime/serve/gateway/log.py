"""Structured logs: one JSON object a line on stderr, with the request's id and nothing of its content."""

from __future__ import annotations

import datetime
import json
import sys
import threading
import time
from collections.abc import Callable

Field = str | int | float | bool | None


class Log:
    """Writes events; requests that were answered are written only on demand."""

    def __init__(self, *, has_requests: bool = False, write: Callable[[str], object] | None = None) -> None:
        self.has_requests = has_requests
        self._write = write or (lambda line: print(line, file=sys.stderr, flush=True))
        self._lock = threading.Lock()
        self._refused: dict[str, tuple[float, int]] = {}

    def event(self, event: str, **fields: Field) -> None:
        """Write one event."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event, **fields}, ensure_ascii=False)
        with self._lock:
            self._write(line)

    def refused(self, rule: str, **fields: Field) -> None:
        """Write a refused request; of the same rule at most one a second, with how many were left out."""
        now = time.monotonic()
        last, left_out = self._refused.get(rule, (0.0, 0))
        if now - last < 1.0:
            self._refused[rule] = (last, left_out + 1)
            return
        self._refused[rule] = (now, 0)
        self.event("refused", rule=rule, **fields, **({"left_out": left_out} if left_out else {}))

    def request(self, **fields: Field) -> None:
        """Write a request that was answered, if those are wanted."""
        if self.has_requests:
            self.event("request", **fields)
