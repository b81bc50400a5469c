"""What a build must survive, in numbers: kills at any moment, and a disk that refuses any one call.

usage: python -m tests.benchmarks.interruptions [kills=20] [refusals=20] [seed=1]

Every build is a whole `sess compile` of a small cycle of items, half of them over an older artifact. Fails at the first
artifact that is neither the older nor the newer one, and at the first build that doesn't go on to the same bytes.
"""

from __future__ import annotations

import errno
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.runtime.faults.conftest import Project, cycle_project
from tests.runtime.faults.refusing import built_library, refusing
from tests.serving.faults.processes import family, left_behind, wait_until_gone

WANTED = {"kills": 20, "refusals": 20, "seed": 1}
OLDER, NEWER = ("--epochs", "1", "--seed", "7", "--until", "export"), ("--epochs", "4")
TOO_LATE = "none, for it had ended"
Tree = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Builds:
    """A project with its older and its newer artifact, and how long the newer one takes in seconds."""

    folder: Path
    older: Tree
    newer: Tree
    seconds: float

    @property
    def out(self) -> Path:
        """Where every build writes."""
        return self.folder / "out"

    def begin(self, *, is_over_older: bool) -> Tree | None:
        """Clear the place of a build; return the artifact that is there, None if none is."""
        for place in (self.out, self.folder / ".out.work"):
            shutil.rmtree(place, ignore_errors=True)
        if is_over_older:
            shutil.copytree(self.folder / "older", self.out)
        return self.older if is_over_older else None

    def start(self, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start the newer build."""
        return Project(self.folder).start("out", *NEWER, environment=environment)

    def stage(self) -> str:
        """Return the last stage that a build began."""
        begun = sorted((self.folder / ".out.work").glob("*/started.json"), key=lambda path: path.stat().st_mtime)
        return begun[-1].parent.name if begun else "start"

    def require(self, *allowed: Tree | None) -> None:
        """Fail if what lies at the build's place isn't one of these."""
        found = tree(self.out) if self.out.exists() else None
        assert found in allowed, f"{self.out} is neither of {len(allowed)} artifacts"

    def finish(self) -> None:
        """Run the build to its end, and fail if it isn't the newer artifact byte for byte."""
        run = self.start()
        said = run.communicate(timeout=600)[1]
        assert run.returncode == 0, said
        self.require(self.newer)


def main() -> None:
    """Run what the command line asks for."""
    asked = WANTED | {name: int(count) for name, count in (word.split("=") for word in sys.argv[1:])}
    with tempfile.TemporaryDirectory(prefix="sess-bench-") as scratch:
        builds = first_builds(Path(scratch) / "project")
        print(f"a whole build takes {builds.seconds:.1f} s", flush=True)
        draw = random.Random(asked["seed"])
        if asked["kills"]:
            print(kills(builds, asked["kills"], draw), flush=True)
        if asked["refusals"]:
            print(refusals(builds, built_library(Path(scratch)), asked["refusals"]), flush=True)


def kills(builds: Builds, count: int, draw: random.Random) -> str:
    """Kill builds at moments drawn from their whole time; return in which stages."""
    stages: Counter[str] = Counter()
    while stages.total() - stages[TOO_LATE] < count:
        number = stages.total()
        before = builds.begin(is_over_older=number % 2 == 1)
        run = builds.start()
        time.sleep(draw.uniform(0, builds.seconds))
        is_late, children = run.poll() is not None, list(family(run.pid))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        stage = TOO_LATE if is_late else builds.stage()
        builds.require(before, builds.newer)
        assert not wait_until_gone(children, within=15), "a process is left"
        builds.finish()
        assert not left_behind(run.pid)
        stages[stage] += 1
        print(f"kill {number + 1}: {stage}", flush=True)
    return f"{count} kills, of which in {_listed(stages)}: old or new each time, and the same bytes after going on"


def refusals(builds: Builds, library: Path, count: int) -> str:
    """Refuse the n-th call that writes, for `count` values of n over a whole build; return how builds ended."""
    total = builds.folder / "calls"
    builds.begin(is_over_older=True)
    run = builds.start(refusing(library, builds.folder, 0, total) | {"REFUSE_TOTAL": str(total)})
    assert run.wait(600) == 0
    calls = int(total.with_name(f"calls.{run.pid}").read_text())
    ends: Counter[str] = Counter()
    for number in range(count):
        before = builds.begin(is_over_older=number % 2 == 1)
        n = 1 + (calls - 1) * number // max(1, count - 1)
        mark = builds.folder.with_name(f"refused {n}")
        error = (errno.ENOSPC, errno.EIO)[number // 2 % 2]
        run = builds.start(refusing(library, builds.folder, n, mark, error))
        said = run.communicate(timeout=600)[1]
        stage = builds.stage()
        assert mark.exists(), f"call {n} of {calls} never came"
        assert run.returncode in (0, 4) and "Traceback" not in said, said
        is_new = run.returncode == 0 or "the artifact is at" in said
        builds.require(builds.newer if is_new else before)
        builds.finish()
        end = f"{stage} ({'not needed' if run.returncode == 0 else 'exit 4'})"
        ends[end] += 1
        print(f"call {n} of {calls}: {end}", flush=True)
    return f"{count} of {calls:,} calls refused, in {_listed(ends)}: old or new each time, and the same bytes after"


def first_builds(folder: Path) -> Builds:
    """Return a project whose older and newer artifact were built without a disturbance."""
    folder.mkdir()
    project = cycle_project(folder)
    code, said = project.compile("older", *OLDER)
    assert code == 0, said
    began = time.monotonic()
    code, said = project.compile("newer", *NEWER)
    assert code == 0, said
    return Builds(folder, tree(folder / "older"), tree(folder / "newer"), time.monotonic() - began)


def tree(folder: Path) -> Tree:
    """Return the bytes of every file but the logs, which hold clocks."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    names = ((str(path.relative_to(folder)), path) for path in files)
    return {name: path.read_bytes() for name, path in names if not name.startswith("events")}


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


if __name__ == "__main__":
    main()
