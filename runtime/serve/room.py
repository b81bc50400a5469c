"""Room for larger requests than an artifact was exported for, where the switches of `serve` say so."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sess.compiler.plans import Program
from sess.runtime.export.names import FACTS, VERSION, model_name, prepare_name, states_name
from sess.runtime.serve.gateway.contract import Limits


def make_room(artifact: Path, program: Program, limits: Limits) -> None:
    """Let the steps of a verified private copy take as much as the gateway lets through; never less than before.

    Golden requests reach Triton beside the gateway: they may hold more than a user's.
    """
    repository, spec = artifact / "triton", program.serving.name
    path = repository / prepare_name(spec) / VERSION / FACTS
    facts = json.loads(path.read_text(encoding="utf-8"))
    own = facts["limits"]
    room = {
        "sessions": max(own["sessions"], limits.sessions),
        "values": max(own["values"], limits.values),
        "places": max(own["places"], limits.values),
    }
    if all(own[name] == most for name, most in room.items()):
        return
    path.write_text(json.dumps({**facts, "limits": {**own, **room}}, ensure_ascii=False), encoding="utf-8")
    for config in (repository / step / "config.pbtxt" for step in (states_name(spec), model_name(spec))):
        if config.exists():
            text = config.read_text(encoding="utf-8")
            most = f"max_batch_size: {room['sessions']}"
            config.write_text(re.sub(r"^max_batch_size: \d+$", most, text, flags=re.MULTILINE), encoding="utf-8")
