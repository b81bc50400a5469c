"""A small shop with every kind of column, as four worlds: whole ids, text ids, lists of sessions, and two groups."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sess.compiler.backend import SynthOptions
from sess.runtime.backend import Runtime

WORLDS = ("whole", "texts", "lists", "search")
ROWS, SESSIONS, ITEMS = 2400, 420, 40
HOLES = {"price": 0.1, "category": 0.05, "device": 0.1, "age": 0.1, "colours": 0.1, "tastes": 0.1}  # shares of nulls

STEP = (
    ("category", "BYTES", "", "categorical"),
    ("price", "FLOAT", "", "continuous"),
    ("rating", "FLOAT", "", "continuous"),
    ("hour", "FLOAT", "", "continuous"),
    ("liked", "INT", "", "target binary_classification"),
    ("colours", "BYTES", "0 9", "categorical"),
    ("look", "FLOAT", "3 3", "embedding"),
)
SESSION = (
    ("device", "BYTES", "", "context categorical"),
    ("age", "FLOAT", "", "context continuous"),
    ("tastes", "INT", "0 9", "context categorical"),
    ("profile", "FLOAT", "2 2", "context continuous"),
    ("purchased", "INT", "", "target binary_classification"),
    ("bought_id", "{item}", "", "target categorical"),
    ("spent", "FLOAT", "", "target regression"),
    ("interest", "BYTES", "", "target categorical"),
)
SEARCHES = (("words", "BYTES", "", "categorical"), ("hits", "FLOAT", "", "continuous"))
CATALOGUE = (
    ("item_id", "{item}", "", "item_id categorical"),
    ("category", "BYTES", "", "categorical"),
    ("genres", "BYTES", "0 9", "categorical"),
    ("weight", "FLOAT", "", "continuous"),
    ("image", "FLOAT", "3 3", "embedding"),
    ("title", "BYTES", "", "text"),
)


def open_shop(folder: Path) -> None:
    """Write each world to a folder of its own: `train/`, `valid/`, `schema.pbtxt`, and a catalogue with vectors."""
    for world in WORLDS:
        base = folder / world
        source = folder / f"{world}.pbtxt"
        source.write_text(_schema(world))
        rows = SESSIONS if world == "lists" else ROWS
        Runtime().synth(SynthOptions(source, base, rows, items=ITEMS))
        items: set[int | str] = set()
        for number, file in enumerate(sorted(base.glob("*/*.parquet"))):
            table = pq.read_table(file)
            items |= _items(table)
            pq.write_table(_with_holes(table, world, number), file)
        _write_catalogue(base, sorted(items, key=str), world)


def _feature(name: str, kind: str, sizes: str, tags: str, world: str, *, is_step: bool) -> str:
    is_list = world == "lists" and is_step
    kind = kind.format(item="BYTES" if world == "texts" else "INT")
    inner = "".join(f"{bound}: {size} " for bound, size in zip(("min", "max"), sizes.split(), strict=False))
    count = f"value_count {{ {inner}}}" if sizes else ""
    if is_list:
        count = f"value_counts {{ value_count {{ max: 40 }} {count} }}" if sizes else "value_count { max: 40 }"
    words = " ".join(f'tag: "{tag}"' for tag in (*tags.split(), *(["sequence"] if is_step else [])))
    return f'feature {{ name: "{name}" type: {kind} {count} annotation {{ {words} }} }}\n'


def _schema(world: str) -> str:
    made = [_feature("visit", "BYTES", "", "session id", world, is_step=False)]
    if world != "lists":
        made.append(_feature("at", "INT", "", "time", world, is_step=False))
    steps = (("item_id", "{item}", "", "item id categorical"), *STEP, *(SEARCHES if world == "search" else ()))
    made += [_feature(*each, world, is_step=True) for each in steps]
    return "".join([*made, *(_feature(*each, world, is_step=False) for each in SESSION)])


def _items(table: pa.Table) -> set[int | str]:
    column = table["item_id"].combine_chunks()
    return set((column.flatten() if pa.types.is_list(column.type) else column).to_pylist()) - {None}


def _with_holes(table: pa.Table, world: str, seed: int) -> pa.Table:
    draw = np.random.default_rng(seed)
    steps = [name for name, *_ in STEP]
    if world == "search":  # an event is a click or a search
        is_search = draw.random(len(table)) < 0.2
        for name in ("item_id", *steps):
            table = _nulled(table, name, is_search)
        for name, *_ in SEARCHES:
            table = _nulled(table, name, ~is_search)
    for name, share in HOLES.items():
        if world != "lists" or name not in steps:
            table = _nulled(table, name, draw.random(len(table)) < share)
    return table


def _nulled(table: pa.Table, name: str, where: np.ndarray) -> pa.Table:
    column = table[name].combine_chunks()
    values = [None if is_hole else value for value, is_hole in zip(column.to_pylist(), where, strict=True)]
    return table.set_column(table.column_names.index(name), name, pa.array(values, column.type))


def _write_catalogue(base: Path, items: list[int | str], world: str) -> None:
    draw = np.random.default_rng(7)
    fresh = ["never clicked"] if world == "texts" else [7_000_000_000_000_000_001]
    ids = [*items, *fresh]
    words = [f"{each:.0f}" for each in draw.integers(0, 6, len(ids))]
    table = pa.table({
        "item_id": pa.array(ids),
        "category": pa.array([None if i % 9 == 0 else f"category {word}" for i, word in enumerate(words)]),
        "genres": pa.array([None if i % 7 == 0 else [f"g{j}" for j in range(i % 4)] for i in range(len(ids))],
                           pa.list_(pa.string())),
        "weight": pa.array([None if i % 5 == 0 else math.sqrt(i) for i in range(len(ids))], pa.float32()),
        "image": pa.array(draw.normal(size=(len(ids), 3)).tolist(), pa.list_(pa.float32())),
        "title": pa.array([f"title {i}" for i in range(len(ids))]),
    })  # fmt: skip
    pq.write_table(table, base / "items.parquet")
    (base / "items.pbtxt").write_text(
        "".join(_feature(*each, "whole", is_step=False) for each in CATALOGUE).replace(
            "type: INT", "type: BYTES" if world == "texts" else "type: INT"
        )
    )
    vectors = draw.normal(size=(len(items) // 2, 8)).astype(np.float32)
    known = ids[: len(vectors)]
    pq.write_table(
        pa.table({"item_id": pa.array(known), "v": pa.array(vectors.tolist(), pa.list_(pa.float32()))}),
        base / "vectors.parquet",
    )
    np.save(base / "vectors.npy", vectors)
    np.save(base / "ids.npy", np.array(known))
