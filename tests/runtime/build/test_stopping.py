"""SIGTERM ends a build also where someone else's code takes the exception that it raises."""

from __future__ import annotations

import contextlib
import os
import signal

import pytest

from sess.runtime.stopping import EXIT_CODE, unwinding


def test_an_exit_that_something_took_is_raised_again_and_said() -> None:
    said: list[str] = []

    def work() -> None:
        with unwinding(said.append) as stop_if_told:
            stop_if_told()
            with contextlib.suppress(BaseException):
                os.kill(os.getpid(), signal.SIGTERM)
            stop_if_told()

    with pytest.raises(SystemExit) as raised:
        work()
    assert raised.value.code == EXIT_CODE
    assert said == ["stopped by SIGTERM: the same command goes on from there"]
