"""The data files that a spec names, and their digests: a stage runs again when their bytes change."""

from __future__ import annotations

from pathlib import Path

from sess.compiler.plans import WorkflowPlan
from sess.runtime.build.digest import of_file, of_value


def data_digests(workflow: WorkflowPlan, base: Path) -> dict[str, str]:
    """Return the digest of every file by the path that the spec gives; what can't be read fails in `prepare`."""
    from sess.runtime.prepare.files import find_files

    found: dict[str, str] = {}
    for pattern in patterns(workflow):
        digests = [of_file(Path(path)) for path in find_files(pattern, base)]
        found[pattern] = digests[0] if len(digests) == 1 else of_value(digests)
    return found


def patterns(workflow: WorkflowPlan) -> tuple[str, ...]:
    """Return the paths and globs of all files that a build reads, each once."""
    plan = workflow.data
    vectors = [path for each in workflow.pretrained for path in (each.path, each.ids) if path is not None]
    of_items = (plan.catalogue,) if plan.catalogue else ()
    return tuple(dict.fromkeys((*vectors, *plan.train, *plan.valid, *plan.test, *of_items)))
