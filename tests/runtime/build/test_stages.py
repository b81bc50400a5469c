"""A build on a disk that refuses any one call: what it says of the artifact is so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.runtime.faults.refusing import refusing

# Each line is what lies at the artifact's place after one build, and what was said of it; build n had call n refused.
BUILDS = """
import ctypes, shutil, sys
from pathlib import Path
from sess.compiler.backend import Stage
from sess.compiler.failures import RunFailed
from sess.runtime.build.digest import of_file
from sess.runtime.build.stages import Step, exported, is_made, run_stages
from sess.runtime.progress import Silent

out = Path(sys.argv[1])
library = ctypes.CDLL(None)

def stages(workspace):
    def export(_):
        made = exported(workspace)
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        (made / "manifest.json").write_text("new")
        return of_file(made / "manifest.json")

    return (
        Step(Stage.EVALUATE, "key", lambda _: {"recall": 1.0}),
        Step(Stage.EXPORT, "key", export, lambda: is_made(exported(workspace), workspace) or is_made(out, workspace)),
        Step(Stage.VERIFY, "key", lambda _: {"rows": 64}, lambda: is_made(out, workspace)),
    )

n = calls = 0
while calls >= n:  # the last build had none refused
    n += 1
    shutil.rmtree(out.parent, ignore_errors=True)
    out.mkdir(parents=True)
    (out / "manifest.json").write_text("before")
    library.refuse_at(n)
    said = "built"
    try:
        run_stages(stages, out, Stage.VERIFY, Silent())
    except RunFailed as failure:
        known = ("as it was", "is at", "can't be made")
        said = next((words for words in known if words in failure.shown), failure.shown)
    calls = library.refuse_counted()
    library.refuse_at(0)
    place = (out / "manifest.json").read_text()
    run_stages(stages, out, Stage.VERIFY, Silent())
    print(f"{place}, {said}, then {(out / 'manifest.json').read_text()}")
"""


def test_what_a_build_says_of_the_artifact_is_so_whichever_call_is_refused(tmp_path: Path, refuse: Path) -> None:
    disk = tmp_path / "disk"
    environment = os.environ | refusing(refuse, disk, 0, tmp_path / "refused")
    command = [sys.executable, "-c", BUILDS, disk / "out"]
    run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    ends = Counter(run.stdout.splitlines())
    assert ends.keys() == {
        f"{end}, then new" for end in ("before, can't be made", "before, as it was", "new, is at", "new, built")
    }
    assert ends["new, is at, then new"] == 1  # the flush of the folder that has the new name
    assert ends["before, as it was, then new"] > 15
