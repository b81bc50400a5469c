"""An artifact with an index: measured and gated at export, the same bytes twice, verified, and served."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clicks import SCHEMA

from sess.compiler.backend import SpecFiles
from sess.compiler.block import Chosen, JsonValue
from sess.compiler.codec import encode
from sess.compiler.driver import compile_spec
from sess.compiler.failures import RunFailed
from sess.compiler.plans import Program
from sess.runtime.artifact import FORMAT_VERSION, MANIFEST
from sess.runtime.build.digest import of_files
from sess.runtime.export import index as indexes
from sess.runtime.export.run import export
from sess.runtime.model import SessionModel
from sess.runtime.prepare.prepared import Prepared
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent
from sess.runtime.recommend import Recommender
from sess.runtime.verify.run import verify
from sess.runtime.vocabulary import VocabularySize

SPEC = """
spec large

schema "schema.pbtxt"

table   items = embedding(item_id, dim=16)
encoder query = features(item_id) >> gru(units=16)
head    click = query >> categorical(item_id, tied=items, bias=true)

data {
  train = "train.parquet"
  rows  = events(session=session_id, time=time)
  keep  = last(8)
}
train { objective = next }
serve {
  exclude = [seen]
  index   = hnsw(m=16)
}
"""
ITEMS = 4_000


@dataclass(frozen=True, slots=True)
class Shop:
    """A prepared catalogue of some thousand items, with drawn weights."""

    base: Path
    program: Program
    prepared: Prepared
    weights: Path

    def export(self, name: str, program: Program | None = None) -> tuple[Path, dict[str, Any]]:
        """Return a whole artifact of a name, and what was measured of its indexes."""
        chosen, out = program or self.program, self.base / name
        shutil.copytree(self.base / "prepared", out, dirs_exist_ok=True)
        files = SpecFiles(self.base, SPEC, {}, SCHEMA.encode(), None)
        measured: dict[str, JsonValue] = export(chosen, self.prepared, self.weights, files, out, Silent())
        (out / "graph.json").write_text(json.dumps({"program": encode(chosen)}))
        manifest = {"format_version": FORMAT_VERSION, "files": of_files(out, leave_out=(MANIFEST, "events"))}
        (out / MANIFEST).write_text(json.dumps(manifest))
        return out, measured


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """One of 4,000 items in 1,500 sessions."""
    base, draw = tmp_path_factory.mktemp("large"), np.random.default_rng(3)
    (base / "schema.pbtxt").write_text(SCHEMA)
    (base / "large.sess").write_text(SPEC)
    items = np.concatenate([draw.permutation(ITEMS), draw.integers(0, ITEMS, 8_000)])
    table = {"session_id": np.arange(len(items)) // 8, "time": np.arange(len(items)), "item_id": items + 10**10}
    pq.write_table(pa.table(table), base / "train.parquet")
    program = compile_spec(base / "large.sess").program
    assert program is not None
    prepared = prepare(program.workflow, base, base / "prepared", Silent())
    sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
    model = SessionModel(program.model, program.workflow.columns, sizes)
    model.save_weights(base / "weights.npz")
    found = dict(np.load(base / "weights.npz"))
    spread = {name: draw.normal(size=value.shape).astype(np.float32) for name, value in found.items()}
    np.savez(base / "weights.npz", **spread)  # type: ignore[arg-type] # its stub takes only arrays
    return Shop(base, program, prepared, base / "weights.npz")


@pytest.fixture(scope="module")
def artifact(shop: Shop) -> tuple[Path, dict[str, Any]]:
    """An artifact with an index, and what was measured of it."""
    return shop.export("artifact")


def indexed(program: Program, **params: JsonValue) -> Program:
    """Return a program with another index."""
    return replace(program, serving=replace(program.serving, index=Chosen("hnsw", params)))


def test_the_index_stands_in_the_artifact_and_in_the_model_step(artifact: tuple[Path, dict[str, Any]]) -> None:
    out, measured = artifact
    served = out / "triton" / "large__model" / "1" / "index" / "click.usearch"
    assert served.read_bytes() == (out / "index" / "click.usearch").read_bytes()
    assert measured["click"]["recall"] >= 0.95
    assert measured["click"]["is_walked"]
    assert measured["click"]["k"] == 20


def test_two_exports_give_the_same_index(shop: Shop, artifact: tuple[Path, dict[str, Any]]) -> None:
    out, measured = shop.export("again")
    assert of_files(out / "index") == of_files(artifact[0] / "index")
    served = [each / "triton" / "large__model" / "1" / "serving.json" for each in (out, artifact[0])]
    assert served[0].read_bytes() == served[1].read_bytes()
    assert measured == artifact[1]


def test_an_index_that_finds_too_few_is_refused_with_what_to_do(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "WIDEST", 64)
    with pytest.raises(RunFailed, match=r"`index = hnsw\(m=2\)` finds .*% of the exact best 20 of `click`") as failed:
        shop.export("refused", indexed(shop.program, m=2, min_recall=0.999))
    assert "raise `m`" in failed.value.help


def test_walks_are_widened_until_enough_is_found(shop: Shop) -> None:
    _, measured = shop.export("widened", indexed(shop.program, m=4, min_recall=0.99))
    assert measured["click"]["recall"] >= 0.99
    assert measured["click"]["width"] > 64


def test_a_session_never_gets_what_it_has_seen(artifact: tuple[Path, dict[str, Any]]) -> None:
    recommender = Recommender.load(artifact[0])
    session = [10**10 + item for item in range(0, 60, 2)]
    (found,) = recommender.recommend([session])
    assert len(found) == 20
    assert not {each.id for each in found} & set(session)


@pytest.mark.triton
def test_an_indexed_artifact_is_verified_against_exact_answers_and_served(
    artifact: tuple[Path, dict[str, Any]],
) -> None:
    assert verify(artifact[0], 32, Silent())["rows"] == 32
