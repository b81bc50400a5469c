"""Sessions of other files, prepared as the training split was: what a finished model is measured on later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sess.compiler.plans import WorkflowPlan
from sess.runtime.prepare.groups import other_steps, part_of
from sess.runtime.prepare.prepared import Sessions
from sess.runtime.prepare.sessions import rows_of, sessions_of
from sess.runtime.prepare.source import read_history
from sess.runtime.prepare.split import whole
from sess.runtime.prepare.taken import take_values
from sess.runtime.prepare.values import to_raw
from sess.runtime.prepare.worked import read_columns, worked_columns
from sess.runtime.steps.transform import Transform


def held_out(plan: WorkflowPlan, paths: Sequence[str], base: Path, transform: Transform) -> Sessions:
    """Return the whole sessions of files, paths relative to `base`, by the fitted workflow lowered to arrays."""
    cut = whole(read_history(plan, paths, base))
    taken = take_values(plan, cut)
    part = part_of(plan, plan.group)
    names = [column.name for column in read_columns(part)]

    def transformed(part: WorkflowPlan, table: pa.Table) -> dict[str, Any]:
        def find(name: str) -> Any:  # an array, or Bags of lists
            return to_raw(table.column(name))

        worked = [column.name for column in worked_columns(part)]
        return {name: transform.apply(name, transform.raw(name, find)) for name in worked}

    owner = np.repeat(np.arange(len(cut.sessions)), cut.lengths)
    steps = transformed(part, rows_of(cut, cut.places, taken, owner, names))
    session = transformed(part, rows_of(cut, cut.begins, taken, np.arange(len(cut.sessions)), names))
    transforms = {group: partial(transformed, part_of(plan, group)) for group in cut.history.others}
    sessions = sessions_of(plan, cut, taken, steps, session)
    return replace(sessions, others=other_steps(plan, cut, transforms))
