"""A small shop, prepared, exported and served by one real Triton for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sess.compiler.backend import SpecFiles
from sess.compiler.codec import encode
from sess.compiler.driver import compile_spec
from sess.compiler.plans import Program
from sess.runtime.artifact import FORMAT_VERSION, MANIFEST
from sess.runtime.build.digest import of_files
from sess.runtime.export.run import export
from sess.runtime.model import SessionModel
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent
from sess.runtime.serve.client import Client
from sess.runtime.serve.triton import Ports, Triton, choose_port
from sess.runtime.vocabulary import VocabularySize

SCHEMA = """
feature { name: "session_id" type: INT annotation { tag: "session" } }
feature { name: "time" type: INT annotation { tag: "time" } }
feature { name: "item_id" type: INT annotation { tag: "item" tag: "id" tag: "sequence" tag: "categorical" } }
feature { name: "category" type: BYTES annotation { tag: "sequence" tag: "categorical" } }
feature { name: "price" type: FLOAT annotation { tag: "sequence" tag: "continuous" } }
feature { name: "age" type: FLOAT annotation { tag: "context" tag: "continuous" } }
feature { name: "country" type: BYTES annotation { tag: "context" tag: "categorical" } }
feature { name: "purchased" type: INT annotation { tag: "target" tag: "binary_classification" } }
"""
SPEC = """
spec shop

schema "schema.pbtxt"

columns item = tag(ITEM_ID)
table   items = embedding(item, dim=16)
let     steps = concat(features(tag(SEQUENCE)), broadcast(features(tag(CONTEXT)), to=tag(SEQUENCE))) >> mlp([16])
encoder query = steps >> sasrec(layers=1, heads=1)
head    click = query >> categorical(item, tied=items)
head    kind  = query >> categorical(category)
head    buy   = query >> mean >> binary(purchased)

data {
  train = "train.parquet"
  valid = "valid.parquet"
  rows  = events(session=session_id, time=time)
  keep  = last(8)
}
train { objective = next }
serve {
  top_k   = 10
  exclude = [seen]
}
"""
ITEMS = 40
FIRST_ITEM, STRIDE = 5_000_000_000, 17
CATEGORIES = ("bøøks", "shoes, red", 'a "quote"', "", "tea")


def write_events(path: Path, *, seed: int, sessions: int) -> None:
    """Write sessions of 1 to 14 clicks, low items being clicked more often."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, 15, sessions)
    whose = np.repeat(np.arange(sessions), lengths)
    items = np.minimum(draw.geometric(0.08, len(whose)) - 1, ITEMS - 1)
    table = pa.table(
        {
            "session_id": whose + 1000 * seed,
            "time": np.arange(len(whose)),
            "item_id": items * STRIDE + FIRST_ITEM,
            "category": [CATEGORIES[item % len(CATEGORIES)] for item in items.tolist()],
            "price": (items * 1.5 + 1).astype(np.float64),
            "age": draw.integers(18, 80, sessions)[whose].astype(np.float64),
            "country": np.array(["de", "fr", "nl"])[draw.integers(0, 3, sessions)][whose],
            "purchased": draw.integers(0, 2, len(whose)),
        }
    )
    pq.write_table(table, path)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the spec and its data."""
    base = tmp_path_factory.mktemp("shop")
    (base / "schema.pbtxt").write_text(SCHEMA)
    (base / "shop.sess").write_text(SPEC)
    write_events(base / "train.parquet", seed=1, sessions=120)
    write_events(base / "valid.parquet", seed=2, sessions=90)
    return base


@pytest.fixture(scope="session")
def program(shop: Path) -> Program:
    """The compiled spec."""
    checked = compile_spec(shop / "shop.sess")
    assert checked.program is not None, checked.diagnostics
    return checked.program


@pytest.fixture(scope="session")
def artifact(shop: Path, program: Program) -> Path:
    """A whole artifact; its weights are drawn, not trained."""
    return built(shop, program, "artifact", seed=1)


@pytest.fixture(scope="session")
def next_artifact(shop: Path, program: Program) -> Path:
    """An artifact of the same spec that answers otherwise."""
    return built(shop, program, "next", seed=2)


def built(shop: Path, program: Program, name: str, *, seed: int, spec: str = SPEC, schema: str = SCHEMA) -> Path:
    """Build an artifact whose weights are drawn."""
    out, weights = shop / name, shop / f"{name}.npz"
    prepared = prepare(program.workflow, shop, out, Silent())
    sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
    SessionModel(program.model, program.workflow.columns, sizes).save_weights(weights)
    if seed > 1:  # initial weights are the same in every run
        draw = np.random.default_rng(seed)
        with np.load(weights, allow_pickle=False) as drawn:
            np.savez(weights, **{name: each + 0.1 * draw.normal(size=each.shape) for name, each in drawn.items()})
    files = SpecFiles(shop, spec, {}, schema.encode(), None)
    export(program, prepared, weights, files, out, Silent())
    (out / "graph.json").write_text(json.dumps({"program": encode(program)}))
    manifest = {"format_version": FORMAT_VERSION, "files": of_files(out, leave_out=(MANIFEST, "events"))}
    (out / MANIFEST).write_text(json.dumps(manifest))
    return out


@pytest.fixture(scope="session")
def triton(artifact: Path) -> Iterator[Triton]:
    """A running server of the artifact."""
    ports = Ports(choose_port(None, "127.0.0.1"), choose_port(None, "127.0.0.1"))
    with Triton(artifact / "triton", "127.0.0.1", ports, relays=False) as server:
        server.wait_until_loaded()
        yield server


@pytest.fixture(params=["http", "grpc"])
def client(triton: Triton, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of the server, by either protocol."""
    is_grpc = request.param == "grpc"
    with Client(triton.grpc if is_grpc else triton.http, is_grpc=is_grpc) as found:
        yield found
