"""A fitted preparation, applied by array operations outside of a served repository."""

from __future__ import annotations

import json
from pathlib import Path

from sess.runtime.prepare.prepared import WORKFLOW
from sess.runtime.steps.transform import Codes, Transform
from sess.runtime.vocabulary import Vocabulary


def fitted_transform(folder: Path) -> Transform:
    """Return the transform of `workflow.json` and `vocabulary/` in a folder: an artifact's, or what `prepare` wrote."""
    workflow = json.loads((folder / WORKFLOW).read_text(encoding="utf-8"))
    codes = {
        name: Codes.of(
            domain["reserved"], domain["buckets"], Vocabulary.load(folder / domain["file"], domain["reserved"]).values
        )
        for name, domain in workflow["domains"].items()
    }
    return Transform(workflow, codes)
