"""Every block of the registry in a spec that compiles, trains an epoch and verifies, on a part of real data.

    python tests/benchmarks/every_block.py [NAME …]

A new encoder, loss, pool, objective or baseline is taken in by being there; a block that no spec names is said to be
missing and fails the run. Prints a row of a table for every spec.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sess.compiler.block import Direction, Encoder, Entry, Kind
from sess.compiler.registry import registry
from sess.compiler.signature import Missing, parameters

DATA = Path(__file__).parents[3] / "shared" / "data"
SESS = Path(sys.executable).with_name("sess")
KINDS = (
    Kind.TABLE, Kind.FEATURES, Kind.SHAPE, Kind.DENSE, Kind.ENCODER, Kind.OBJECTIVE, Kind.HEAD, Kind.LOSS,
    Kind.BASELINE,
)  # fmt: skip
GIVEN = {"n": "16", "units": "32", "pipe": "norm >> mlp([32])", "rate": "0.1"}  # what a block can't do without
POOLS = ("last", "first", "mean", "max", "sum", "attention_pool")
LIKED = """
feature {
  name: "liked"
  type: INT
  annotation { tag: "target" tag: "binary_classification" }
}
"""
LISTS = """
feature { name: "genres" value_count { max: 6 } annotation { tag: "sequence" tag: "categorical" } }
feature { name: "look" type: FLOAT value_count { min: 2 max: 2 } annotation { tag: "sequence" tag: "embedding" } }
"""
STEPS = """\
let steps = concat(
  features(item_id),
  embed(item_id) >> position,
  numeric(rating) >> norm(kind=rms),
  embed(genres, combiner=sqrtn),
  vectors(look),
  soft_one_hot(rating, buckets=4, dim=8),
  cyclic(rating, period=5),
  time_gap(buckets=16),
  at(tower, item_id),
  latent_cross(embed(item_id), who),
  gate(embed(item_id), numeric(rating) >> project(32)),
  add(embed(item_id), position(embed(item_id), kind=sinusoidal)),
  multiply(embed(item_id), position(embed(item_id), kind=rotary)),
  broadcast(who, to=item_id),
) >> swap_noise(0.1) >> dropout(0.1) >> cross(layers=1) >> mlp([32]) >> residual(norm >> mlp([32]))
"""
FEATURES = f"""\
let tower = items >> mlp([32])
let who   = features(tag(CONTEXT)) >> project(32)
{STEPS}
encoder query = steps >> gru(units=32)
head click = query >> categorical(item_id, tied=tower, loss=sampled_softmax(n=0, sampler=in_batch))
head likes = query >> last >> binary(liked)
head worth = query >> regression(rating)
"""


class Source(NamedTuple):
    """A real data set, and how much of it is taken."""

    files: tuple[str, ...]
    sections: str
    session: str
    sessions: int


SOURCES = {
    "yoochoose100k": Source(
        ("train", "test"),
        'data {\n  train = "train.parquet"\n  test  = "test.parquet"\n'
        "  rows  = events(session=session_id, time=timestamp)\n  keep  = last(20)\n}\n",
        "session_id", 4000,
    ),
    "ml100k": Source(
        ("events",),
        'data {\n  train = "events.parquet"\n  rows  = events(session=user_id, time=timestamp)\n'
        "  split = leave_one_out()\n  keep  = last(20)\n}\n",
        "user_id", 200,
    ),
    "lastfm": Source(
        ("events",),
        'data {\n  train = "events.parquet"\n  rows  = events(session=user_id, time=step)\n'
        "  split = leave_one_out()\n  keep  = last(20)\n}\n",
        "user_id", 200,
    ),
}  # fmt: skip


class Case(NamedTuple):
    """A spec: what it is tried on, its statements behind the table, and its objective ("" if only baselines stand)."""

    data: str
    statements: str
    objective: str


def cases() -> dict[str, Case]:
    """Return the specs by name."""
    encoders = [entry for entry in registry() if isinstance(entry, Encoder)]
    causal = [_call(each) for each in encoders if not each.pools and each.direction is not Direction.WHOLE]
    whole = [_call(each) for each in encoders if not each.pools and each.direction is Direction.WHOLE]
    both = [each.name for each in encoders if any(one.name == "attention" for one in parameters(each.Params))]
    causal = [each for each in causal if each.partition("(")[0] not in both]
    whole = [each for each in whole if each.partition("(")[0] not in both]
    causal += [f"{name}(attention=causal)" for name in both]
    whole += [f"{name}(attention=bidirectional)" for name in both]
    pooling = [_call(each) for each in encoders if each.pools]
    pools = [f"gru(units=32) >> {pool}" for pool in POOLS]
    losses = [_call(entry) for entry in registry() if entry.kind is Kind.LOSS]
    samplers = [f"sampled_softmax(n=16, sampler={word})" for word in ("popularity", "mixed")]
    baselines = [f"head {name} = {name}(item_id)\n" for name in registry().names(Kind.BASELINE)]
    return {
        "causal": Case("yoochoose100k", _heads(causal), "next"),
        "losses": Case("yoochoose100k", _heads(["gru(units=32)"], [*losses, *samplers]), "next"),
        "bidirectional": Case("lastfm", _heads(whole), "masked"),
        "pooling": Case("ml100k", _heads([*pooling, *pools]), "last"),
        "features": Case("ml100k", FEATURES, "next"),
        "random": Case("ml100k", _heads(["gru(units=32)", *pooling[:1]]), "random(per_session=2)"),
        "permuted": Case("lastfm", _heads(["xlnet()"]), "permuted"),
        "replaced": Case("lastfm", _heads(["electra()"]), "replaced"),
        "baselines": Case("yoochoose100k", "".join(baselines), ""),
    }


def main(wanted: list[str]) -> int:
    """Try every spec; return 1 if one fails, or if a block is in none."""
    found = cases()
    words = set(
        re.findall(r"\w+", " ".join(f"{case.statements} {case.objective} embedding" for case in found.values()))
    )
    missing = [name for name in registry().names(*KINDS) if name not in words]
    rows, failed = [], bool(missing)
    print(f"in no spec: {', '.join(missing) or 'no block'}")
    with tempfile.TemporaryDirectory(prefix="every-block-") as folder:
        for name, case in found.items():
            if not wanted or name in wanted:
                row, is_sound = _try(name, case, Path(folder))
                failed |= not is_sound
                rows.append(row)
                print(row, flush=True)
    return int(failed)


def _call(entry: Entry[object]) -> str:
    needed = [each.name for each in parameters(entry.Params) if each.default is Missing.REQUIRED]
    return f"{entry.name}({', '.join(f'{name}={GIVEN[name]}' for name in needed)})"


def _heads(pipelines: list[str], losses: list[str] | None = None) -> str:
    """Return an encoder and a head for every pair of a pipeline and a loss."""
    made: Iterator[tuple[str, str]] = ((each, loss) for each in pipelines for loss in losses or ["softmax()"])
    return "".join(
        f"encoder e{i} = features(item_id) >> {pipeline}\n"
        f"head h{i} = e{i} >> categorical(item_id, tied=items, loss={loss})\n"
        for i, (pipeline, loss) in enumerate(made)
    )


def _try(name: str, case: Case, folder: Path) -> tuple[str, bool]:
    base = folder / name
    base.mkdir()
    _take_part_of(case.data, base, has_liked="liked" in case.statements, has_lists="vectors" in case.statements)
    table = "table items = embedding(item_id, dim=32)\n" if "items" in case.statements else ""
    train = f"train {{ objective = {case.objective} }}\n" if case.objective else ""
    text = f'spec {name}\nschema "schema.pbtxt"\n{table}{case.statements}{SOURCES[case.data].sections}{train}'
    (base / f"{name}.sess").write_text(text)
    started = time.monotonic()
    command = [str(SESS), "compile", str(base / f"{name}.sess"), "-o", str(base / "out"), "--epochs", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - started
    said = [line for line in done.stderr.splitlines() if line.startswith("verify: ") and "agree" in line]
    if done.returncode or not said:
        print(f"{text}\n{done.stdout}{done.stderr}", file=sys.stderr)
        return f"| `{name}` | {case.data} | {seconds:.0f} s | **failed** |", False
    heads = text.count("\nhead ")
    return f"| `{name}` | {case.data} | {heads} | {seconds:.0f} s | {said[0].removeprefix('verify: ')} |", True


def _take_part_of(data: str, base: Path, *, has_liked: bool, has_lists: bool) -> None:
    source = SOURCES[data]
    for file in source.files:
        events = pq.read_table(DATA / data / f"{file}.parquet")
        chosen = pc.unique(events[source.session])[: source.sessions]
        events = events.filter(pc.is_in(events[source.session], chosen))
        if has_liked:
            events = events.append_column("liked", pc.greater_equal(events["rating"], 4).cast("int64"))
        pq.write_table(_with_lists(events, data) if has_lists else events, base / f"{file}.parquet")
    schema = (DATA / data / "schema.pbtxt").read_text()
    (base / "schema.pbtxt").write_text(schema + (LIKED if has_liked else "") + (LISTS if has_lists else ""))


def _with_lists(events: pa.Table, data: str) -> pa.Table:
    """Return the events with the genres of each film, and its age and their number as a vector."""
    items = pq.read_table(DATA / data / "items.parquet")
    place = pc.index_in(events["item_id"], value_set=items["item_id"].combine_chunks())
    genres = items["genres"].take(place)
    years = [int(each) if each and each.isdigit() else None for each in items["release_year"].take(place).to_pylist()]
    counts = pc.fill_null(pc.list_value_length(genres), 0).to_pylist()
    look = [None if year is None else [(1998 - year) / 10, count] for year, count in zip(years, counts, strict=True)]
    vectors = pa.array(look, pa.list_(pa.float32()))
    return events.append_column("genres", genres).append_column("look", vectors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
