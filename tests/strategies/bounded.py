"""Run a command on a hostile spec, with a limit on its time, and say what it cost."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from pathlib import Path

from bombs import Bomb

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 60  # of CPU time: a hang is killed, and its exit code is none of ours

# A small process in between: the peak of a child begins at the size of who started it.
_WATCH = (
    "import os, resource, subprocess, sys\n"
    "code = subprocess.call(sys.argv[1:])\n"
    "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
    "print('\\nused', code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
)


def lay(bomb: Bomb, folder: Path) -> None:
    """Write a hostile spec and what it names into a folder."""
    shutil.copy(ROOT / "specs" / "shop.pbtxt", folder)
    (folder / "spec.sess").write_text(bomb.text, encoding="utf-8")
    for name, content in bomb.files.items():
        (folder / name).write_text(content, encoding="utf-8")


def run(folder: Path, *arguments: str) -> tuple[int, str, float, float]:
    """Return exit code, all output, CPU seconds and peak megabytes of `sess` in a folder."""
    return watch([sys.executable, "-m", "sess.compiler.cli.main", *arguments], folder)


def watch(command: list[str], folder: Path) -> tuple[int, str, float, float]:
    """Return exit code, all output, CPU seconds and peak megabytes of a command in a folder."""
    whole = [sys.executable, "-c", _WATCH, *command]
    done = subprocess.run(whole, cwd=folder, capture_output=True, text=True, preexec_fn=_limit)
    output, _, used = done.stdout.rpartition("\nused ")
    code, seconds, megabytes = used.split()
    return int(code), output + done.stderr, float(seconds), float(megabytes)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
