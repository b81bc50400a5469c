"""A small spec on files of its own, built by the command as users build it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.runtime.train.conftest import SCHEMA, SPEC, write_cycle

SESS = (sys.executable, "-m", "sess.compiler.cli.main")


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a spec, its schema and its data."""

    folder: Path

    def start(
        self,
        out: str,
        *options: str,
        before: Callable[[], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start `sess compile` into a directory of the folder; `before` runs in the new process."""
        return subprocess.Popen(
            [*SESS, "compile", "cycle.sess", "-o", out, *options],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=before,
            env={**os.environ, "CI": "1", **(environment or {})},
        )  # fmt: skip

    def compile(self, out: str, *options: str, before: Callable[[], None] | None = None) -> tuple[int, str]:
        """Run it to its end; return the exit code and what it said on stderr."""
        run = self.start(out, *options, before=before)
        said = run.communicate(timeout=300)[1]
        return run.returncode, said

    def weights(self, out: str) -> str:
        """Return the digest of the trained weights of a build."""
        return sha256((self.folder / f".{out}.work" / "train" / "weights.npz").read_bytes()).hexdigest()


def cycle_project(folder: Path) -> Project:
    """Return a project in a folder: a deterministic cycle of items to learn."""
    (folder / "schema.pbtxt").write_text(SCHEMA)
    (folder / "cycle.sess").write_text(SPEC)
    write_cycle(folder / "train.parquet", seed=1, sessions=400)
    write_cycle(folder / "valid.parquet", seed=2, sessions=80)
    return Project(folder)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A deterministic cycle of items to learn."""
    return cycle_project(tmp_path)
