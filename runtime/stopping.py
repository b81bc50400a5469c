"""What SIGTERM does to a build: it ends by an exception, so that children are ended, and a training is saved first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from sess.compiler.failures import Failure

EXIT_CODE = 128 + signal.SIGTERM
GOES_ON = "the same command goes on from there"
Handler = Callable[[int, FrameType | None], None]


class Terminated(Failure):
    """SIGTERM came, and what was trained so far is saved."""

    exit_code = EXIT_CODE


@contextmanager
def unwinding(say: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Let SIGTERM raise SystemExit while the context is open, and say so; no handler of errors takes it for one.

    Gives a function that raises it again if it came: a bare `except` around an import of someone else's may take it.
    """
    came = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        came.set()
        raise SystemExit(EXIT_CODE)

    def stop_if_told() -> None:
        if came.is_set():
            raise SystemExit(EXIT_CODE)

    with _handled(stop):
        try:
            yield stop_if_told
        except SystemExit as exit:
            if exit.code == EXIT_CODE:
                say(f"stopped by SIGTERM: {GOES_ON}")
            raise


@contextmanager
def heard() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether SIGTERM came, which does nothing else while the context is open."""
    came = threading.Event()
    with _handled(lambda _number, _frame: came.set()):
        yield came.is_set


@contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # Python lets no other thread set handlers
        yield
        return
    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
