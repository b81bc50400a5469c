"""A build that is killed or told to end leaves nothing half done, and goes on to the same weights."""

from __future__ import annotations

import random
import signal
import subprocess

import pytest

from tests.runtime.faults.conftest import Project

pytestmark = pytest.mark.slow
LONG = ("--epochs", "60", "--set", "train.stop=early(recall@1, patience=60)", "--until", "train")


def await_line(run: subprocess.Popen[str], start: str) -> list[str]:
    """Read what a build says until a line begins so; return the lines."""
    assert run.stderr is not None
    lines: list[str] = []
    for line in run.stderr:
        lines.append(line)
        if line.startswith(start):
            return lines
    raise AssertionError(f"no line begins with {start!r}: {lines}")


def test_kills_at_any_moment_change_nothing_of_the_weights(project: Project) -> None:
    assert project.compile("whole", *LONG)[0] == 0
    draw = random.Random(5)
    kills = 0
    for _ in range(30):
        run = project.start("killed", *LONG)
        try:
            run.wait(draw.uniform(0.5, 12.0))
            break
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            kills += 1
        assert not (project.folder / "killed").exists()
        if kills == 4:
            assert project.compile("killed", *LONG)[0] == 0
            break
    assert kills and project.weights("killed") == project.weights("whole")


def test_sigterm_in_an_epoch_saves_it_and_exits_with_143(project: Project) -> None:
    assert project.compile("whole", *LONG)[0] == 0
    run = project.start("told", *LONG)
    await_line(run, "epoch 3:")
    run.send_signal(signal.SIGTERM)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 143
    assert "SIGTERM came in epoch" in said and "the state is saved" in said
    assert not (project.folder / "told").exists()
    code, said = project.compile("told", *LONG)
    assert code == 0 and "train: going on after epoch" in said
    assert project.weights("told") == project.weights("whole")


def test_sigterm_while_data_is_prepared_exits_with_143_and_the_build_goes_on(project: Project) -> None:
    run = project.start("told", "--until", "prepare")
    await_line(run, "prepare: running")
    run.send_signal(signal.SIGTERM)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 143 and said.endswith("stopped by SIGTERM: the same command goes on from there\n")
    assert project.compile("told", "--until", "prepare")[0] == 0


def test_a_second_build_of_a_directory_ends_at_once(project: Project) -> None:
    first = project.start("out", *LONG)
    await_line(first, "train: running")
    code, said = project.compile("out", *LONG)
    first.kill()
    first.wait()
    assert code == 2 and f"another build of `{project.folder / 'out'}` is running: process {first.pid}" in said
