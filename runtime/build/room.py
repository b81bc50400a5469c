"""About how many bytes the stages write, from what is known before each: data files, vocabularies, weights."""

from __future__ import annotations

from pathlib import Path

from sess.compiler.backend import Stage
from sess.compiler.plans import ModelPlan, WorkflowPlan
from sess.runtime.build.inputs import patterns
from sess.runtime.build.workspace import Workspace

NUMBER = 4  # bytes
AUTO = 64  # the width that is guessed where a table's is `auto`
PREPARED = 3  # the prepared values, which are not compressed, and the user's own, no larger than the files
SPILLED = 6  # rows in parts, which are not compressed, where there are too many for one
FEW = 1 << 20  # bytes of files that are never spilled, about
STATES = 8  # numbers for each of a table: weights twice and the optimizer's state (weights, two moments) twice
EXPORTED = 4  # copies of the weights: variables, plain arrays, the served graph's, and the vectors that are ranked


def of_prepare(workflow: WorkflowPlan, base: Path) -> int:
    """Return what sessions and vocabularies need, and rows that are spilled meanwhile."""
    from sess.runtime.prepare.files import find_files

    files = {path for pattern in patterns(workflow) if "://" not in pattern for path in find_files(pattern, base)}
    size = sum(Path(path).stat().st_size for path in files)
    return (PREPARED if size < FEW else PREPARED + SPILLED) * size


def of_train(model: ModelPlan, workspace: Workspace) -> int:
    """Return what the states of all tables need; other weights are small beside them."""
    facts = workspace.result(Stage.PREPARE)
    domains = facts["vocabularies"] if isinstance(facts, dict) else None
    assert isinstance(domains, dict)
    ids = {name: int(str(domain["ids"])) for name, domain in domains.items() if isinstance(domain, dict)}
    return STATES * NUMBER * sum((table.dim or AUTO) * ids[table.domain] for table in model.tables)


def of_export(weights: Path) -> int:
    """Return what an artifact of these weights needs."""
    return EXPORTED * weights.stat().st_size
