"""The spec around a block that is tried: a small shop with a catalogue, and a place for every kind of block."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from sess.compiler.block import Encoder, Entry, Kind
from sess.compiler.driver import Checked, compile_spec
from sess.compiler.plans import Program
from sess.compiler.prediction import Objective
from sess.compiler.registry import GROUP, registry
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
ITEMS_SCHEMA = """\
feature { name: "item_id" type: INT annotation { tag: "item" tag: "id" } }
feature { name: "brand" type: BYTES annotation { tag: "categorical" } }
feature { name: "colour" type: BYTES annotation { tag: "categorical" } }
feature { name: "cost" type: FLOAT annotation { tag: "continuous" } }
feature { name: "weight" type: FLOAT annotation { tag: "continuous" } }
feature { name: "kinds" type: BYTES value_count { min: 0 max: 3 } annotation { tag: "categorical" } }
feature { name: "picture" type: FLOAT value_count { min: 2 max: 2 } annotation { tag: "embedding" } }
"""
DATA = """\
data {{
  train = "train/*.parquet"
  rows  = events(session=session_id, time=timestamp)
  keep  = last(12){catalogue}
}}
evaluate {{ exclude = [seen] }}
serve {{ exclude = [seen] }}
"""
SPEC = f"""\
spec laws
schema "shop.pbtxt"
columns clicks  = tag(SEQUENCE)
columns context = tag(CONTEXT)
table   items   = {{table}}
{{tower}}let     steps   = concat(features(clicks), {{leaf}}broadcast(features(context), to=clicks)) >> mlp([16])
encoder query   = steps >> {{pipeline}}
head    click   = query >> {{fit}}categorical(item_id, tied={{tied}}, loss={{loss}})
head    buy     = query >> {{pool}}mlp([4]) >> binary(purchased)
{{head}}{DATA}train {{{{ objective = {{objective}} }}}}
"""
BASELINE = f"""\
spec laws
schema "shop.pbtxt"
head click = {{pipeline}}
{DATA}"""
CATALOGUE = """\
schema "items.pbtxt" for catalogue
columns goods = all(of=catalogue) - column("item_id", of=catalogue)
"""
KINDS = (
    Kind.ENCODER, Kind.DENSE, Kind.SHAPE, Kind.FEATURES, Kind.LOSS, Kind.OBJECTIVE, Kind.HEAD, Kind.TABLE,
    Kind.BASELINE,
)  # fmt: skip
# A call of the steps' columns with these words instead is one of a session's, or of an item's.
SESSION_WORDS = {
    "clicks": "context",
    "item_id": "device",
    "category": "country",
    "colours": "tastes",
    "look": "profile",
}
ITEM_WORDS = {
    "clicks": "goods",
    "item_id": 'column("brand", of=catalogue)',
    "category": 'column("colour", of=catalogue)',
    "price": 'column("cost", of=catalogue)',
    "hour": 'column("weight", of=catalogue)',
    "colours": 'column("kinds", of=catalogue)',
    "look": 'column("picture", of=catalogue)',
}
# Where `masked` leaves or swaps an asked step its content is there to be seen: that is what the shares mean.
HIDING = "masked(replace=[1, 0, 0])"


class LawBroken(AssertionError):
    """A block doesn't keep a law; the message begins with both names."""


class Case(NamedTuple):
    """What a spec of these trials varies; without an objective it is that of a baseline."""

    pipeline: str
    objective: str
    loss: str = "softmax"
    leaf: str = ""
    pool: str = "last >> "
    table: str = "embedding(item_id, dim=16)"
    tower: str = ""
    tied: str = "items"
    head: str = ""
    fit: str = ""

    @property
    def text(self) -> str:
        """The whole spec."""
        catalogue = '\n  catalogue = "items.parquet"' if CATALOGUE in self.tower else ""
        return (SPEC if self.objective else BASELINE).format(**self._asdict(), catalogue=catalogue)


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
        (Path(folder) / "items.pbtxt").write_text(ITEMS_SCHEMA)
        spec = Path(folder) / "laws.sess"
        spec.write_text(text)
        return compile_spec(spec)


def cases_of(call: str, kind: Kind | None = None) -> dict[str, Case]:
    """Return the specs in which a call is tried, by what is asked in them; LawBroken if none of them checks.

    The call stands where its kind belongs: an encoder or dense block behind the steps, a loss in the head, columns
    and shapes among what a step, a session or an item is made of, an objective in `train`, a head beside the others.
    """
    entry = entry_of(call, kind)
    places, found = places_of(call, entry), dict[str, Case]()
    for name, case in places:
        # A state of another width than the items' is projected to theirs.
        for each in (case, case._replace(fit="project(16) >> ")):
            if name not in found and not checked_text(each.text).has_errors:
                found[name] = each
    if not found:
        compiled(places[0][1])
    return found


def entry_of(call: str, kind: Kind | None = None) -> Entry[object]:
    """Return what a call names; LawBroken if the registry doesn't have it."""
    word = re.match(r"\w+", call)
    entry = registry().find(word[0], *([kind] if kind else KINDS)) if word else None
    if entry is None:
        raise LawBroken(
            f"`{call}` names no {kind or 'block'} that the registry has: is a wheel installed that names its module "
            f"under the entry points `{GROUP}`?"
        )
    return entry


def reader_of(objective: Objective[object]) -> str:
    """Return an encoder that an objective allows."""
    if objective.encoders:
        return objective.encoders[0]
    return "sasrec" if Direction.CAUSAL in objective.needs else "bert"


def places_of(call: str, entry: Entry[object]) -> list[tuple[str, Case]]:
    """Return every place where a call could stand by its kind; it may check in some of them alone."""
    if isinstance(entry, Encoder) and entry.pools:
        return [("last", Case(call, "last", pool=""))]
    match entry.kind:
        case Kind.ENCODER:
            return [("next", Case(call, "next")), ("masked", Case(call, HIDING))]
        case Kind.DENSE:
            tower = f"let tower = items >> {call} >> project(16)\n"
            of_items = ("tower", Case("sasrec()", "next", tower=tower, tied="tower"))
            return [("next", Case(call, "next")), ("masked", Case(call, HIDING)), of_items]
        case Kind.LOSS:
            return [("next", Case("sasrec()", "next", loss=call))]
        case Kind.OBJECTIVE:
            assert isinstance(entry, Objective)
            return [(entry.name, Case(f"{reader_of(entry)}()", call))]
        case Kind.HEAD:
            of_steps, of_sessions = f"head tried = query >> {call}\n", f"head tried = query >> last >> {call}\n"
            return [
                ("next", Case("sasrec()", "next", head=of_steps)),
                ("masked", Case("xlnet()", HIDING, head=of_steps)),
                ("session", Case("sasrec()", "next", head=of_sessions)),
            ]
        case Kind.TABLE:
            return [("next", Case("sasrec()", "next", table=call)), ("masked", Case("xlnet()", HIDING, table=call))]
        case Kind.BASELINE:
            return [("baseline", Case(call, ""))]
        case _:
            return _places_of_leaves(call)


def _places_of_leaves(call: str) -> list[tuple[str, Case]]:
    """Return where columns and shapes may stand: in steps, in sessions, in pools, and in what an item is made of."""
    pooled = f"broadcast(features(clicks) >> {call}, to=clicks), "
    of_sessions, of_items = _with(call, SESSION_WORDS), _with(call, ITEM_WORDS)
    tower = f"{CATALOGUE}let tower = concat(items, {of_items}) >> mlp([16])\n"
    found = [
        ("next", Case("sasrec()", "next", leaf=f"{call}, ")),
        ("masked", Case("xlnet()", HIDING, leaf=f"{call}, ")),
        ("pool", Case("sasrec()", "last", leaf=pooled)),
    ]
    if of_sessions != call:
        found.append(("session", Case("sasrec()", "next", leaf=f"broadcast({of_sessions}, to=clicks), ")))
    if of_items != call:
        found.append(("tower", Case("sasrec()", "next", tower=tower, tied="tower")))
    return found


def _with(call: str, words: dict[str, str]) -> str:
    return re.sub(r"\w+", lambda word: words.get(word[0], word[0]), call)
