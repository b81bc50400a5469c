"""The spec around a block that is tried: a small shop, with a place for the block, its loss and its objective."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from sess.compiler.block import Encoder, Entry, Kind
from sess.compiler.driver import Checked, compile_spec
from sess.compiler.plans import Program
from sess.compiler.prediction import Objective
from sess.compiler.registry import registry
from sess.compiler.types import Direction

SCHEMA = """\
feature { name: "session_id" type: BYTES annotation { tag: "session" tag: "id" } }
feature { name: "timestamp" type: INT annotation { tag: "time" } }
feature { name: "item_id" type: INT annotation { tag: "item" tag: "id" tag: "sequence" tag: "categorical" } }
feature { name: "category" type: BYTES annotation { tag: "sequence" tag: "categorical" } }
feature { name: "price" type: FLOAT annotation { tag: "sequence" tag: "continuous" } }
feature { name: "hour" type: FLOAT annotation { tag: "sequence" tag: "continuous" } }
feature { name: "colours" type: INT value_count { min: 0 max: 3 } annotation { tag: "sequence" tag: "categorical" } }
feature { name: "look" type: FLOAT value_count { min: 2 max: 2 } annotation { tag: "sequence" tag: "embedding" } }
feature { name: "device" type: BYTES annotation { tag: "context" tag: "categorical" } }
feature { name: "country" type: BYTES annotation { tag: "context" tag: "categorical" } }
feature { name: "tastes" type: INT value_count { min: 0 max: 4 } annotation { tag: "context" tag: "categorical" } }
feature { name: "profile" type: FLOAT value_count { min: 2 max: 2 } annotation { tag: "context" tag: "embedding" } }
feature { name: "purchased" type: INT annotation { tag: "target" tag: "binary_classification" } }
"""
SPEC = """\
spec laws
schema "shop.pbtxt"
columns clicks  = tag(SEQUENCE)
columns context = tag(CONTEXT)
table   items   = embedding(item_id, dim=16)
let     steps   = concat(features(clicks), {leaf}broadcast(features(context), to=clicks)) >> mlp([16])
encoder query   = steps >> {pipeline}
head    click   = query >> categorical(item_id{tied}, loss={loss})
head    buy     = query >> {pool}mlp([4]) >> binary(purchased)
data {{
  train = "train/*.parquet"
  rows  = events(session=session_id, time=timestamp)
  keep  = last(12)
}}
train {{ objective = {objective} }}
"""
KINDS = (Kind.ENCODER, Kind.DENSE, Kind.SHAPE, Kind.FEATURES, Kind.LOSS, Kind.OBJECTIVE)
# Where `masked` leaves or swaps an asked step its content is there to be seen: that is what the shares mean.
HIDING = "masked(replace=[1, 0, 0])"


class LawBroken(AssertionError):
    """A block doesn't keep a law; the message begins with both names."""


class Case(NamedTuple):
    """What a spec of these trials varies."""

    pipeline: str
    objective: str
    loss: str = "softmax"
    leaf: str = ""
    pool: str = "last >> "

    @property
    def text(self) -> str:
        """The whole spec."""
        return SPEC.format(**self._asdict(), tied=", tied=items")


def compiled(case: Case) -> Program:
    """Return the program of a case; LawBroken with what the checker says if it has errors."""
    checked = checked_text(case.text)
    if checked.has_errors or checked.program is None:
        said = "; ".join(f"{each.code.number}: {each.message}" for each in checked.diagnostics)
        raise LawBroken(f"the spec around the block doesn't check: {said}\n{case.text}")
    return checked.program


def checked_text(text: str) -> Checked:
    """Return what the checker finds in a spec beside the shop's schema."""
    with tempfile.TemporaryDirectory(prefix="sess-laws-") as folder:
        (Path(folder) / "shop.pbtxt").write_text(SCHEMA)
        spec = Path(folder) / "laws.sess"
        spec.write_text(text)
        return compile_spec(spec)


def cases_of(call: str, kind: Kind | None = None) -> dict[str, Case]:
    """Return the specs in which a call is tried, by what is asked in them; LawBroken if none of them checks.

    The call stands where its kind belongs: an encoder or dense block behind the steps, a loss in the head, columns
    and shapes among what a step is made of, an objective in `train`.
    """
    entry = _entry(call, kind)
    tried = list(_candidates(call, entry))
    found = {name: case for name, case in tried if not checked_text(case.text).has_errors}
    if not found:
        compiled(tried[0][1])
    return found


def reader_of(objective: Objective[object]) -> str:
    """Return an encoder that an objective allows."""
    if objective.encoders:
        return objective.encoders[0]
    return "sasrec" if Direction.CAUSAL in objective.needs else "bert"


def _entry(call: str, kind: Kind | None) -> Entry[object]:
    word = re.match(r"\w+", call)
    entry = registry().find(word[0], *([kind] if kind else KINDS)) if word else None
    if entry is None:
        raise LawBroken(f"`{call}` names no {kind or 'block'} that the registry has: is its entry point installed?")
    return entry


def _candidates(call: str, entry: Entry[object]) -> list[tuple[str, Case]]:
    """Return every place where a call may stand; those that don't check are none."""
    if isinstance(entry, Encoder) and entry.pools:
        return [("last", Case(call, "last", pool=""))]
    if entry.kind in (Kind.ENCODER, Kind.DENSE):
        return [(name, Case(call, objective)) for name, objective in (("next", "next"), ("masked", HIDING))]
    if entry.kind is Kind.LOSS:
        return [("next", Case("sasrec()", "next", loss=call))]
    if isinstance(entry, Objective):
        return [(entry.name, Case(f"{reader_of(entry)}()", call))]
    leaf, pooled = f"{call}, ", f"broadcast(features(clicks) >> {call}, to=clicks), "
    return [
        ("next", Case("sasrec()", "next", leaf=leaf)),
        ("masked", Case("xlnet()", HIDING, leaf=leaf)),
        ("pool", Case("sasrec()", "last", leaf=pooled)),
    ]
