"""What long work says is one line a time, whatever the names in it hold."""

from __future__ import annotations

import pytest

from sess.runtime.progress import BarProgress, LineProgress


@pytest.mark.parametrize("progress", [LineProgress(), BarProgress()], ids=["lines", "bars"])
def test_a_name_can_not_move_the_cursor(
    progress: LineProgress | BarProgress, capsys: pytest.CaptureFixture[str]
) -> None:
    progress.say("domain `a\x1b[2Jb\nerror: c`: 3 ids")
    assert capsys.readouterr().err == "domain `a\\x1b[2Jb error: c`: 3 ids\n"
