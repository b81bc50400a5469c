"""Sessions of other files, prepared as the training split was: what a finished model is measured on later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sess.compiler.plans import Rows, WorkflowPlan
from sess.runtime.prepare.events import read_events
from sess.runtime.prepare.explode import read_sessions
from sess.runtime.prepare.history import history_of
from sess.runtime.prepare.prepared import Sessions
from sess.runtime.prepare.run import rows_of, sessions_of
from sess.runtime.prepare.split import whole
from sess.runtime.prepare.taken import take_values
from sess.runtime.prepare.values import to_raw
from sess.runtime.steps.transform import Transform


def held_out(plan: WorkflowPlan, paths: Sequence[str], base: Path, transform: Transform) -> Sessions:
    """Return the whole sessions of files, paths relative to `base`, by the fitted workflow lowered to arrays."""
    from sess.runtime.prepare.workflow import read_columns, worked_columns  # imports TensorFlow through Merlin

    if plan.data.rows is Rows.SESSIONS:
        cut = whole(read_sessions(plan, paths, base))
    else:
        cut = whole(history_of(plan, read_events(plan, paths, base)))
    taken = take_values(plan, cut)
    names = [column.name for column in read_columns(plan)]

    def transformed(table: pa.Table) -> dict[str, NDArray[Any]]:
        def find(name: str) -> NDArray[Any]:
            return to_raw(table.column(name))

        worked = [column.name for column in worked_columns(plan)]
        return {name: transform.apply(name, transform.raw(name, find)) for name in worked}

    owner = np.repeat(np.arange(len(cut.sessions)), cut.lengths)
    steps = transformed(rows_of(cut, cut.places, taken, owner, names))
    session = transformed(rows_of(cut, cut.begins, taken, np.arange(len(cut.sessions)), names))
    return sessions_of(plan, cut, taken, steps, session)
