"""What the measurements of serving serve: a compiled spec over a catalogue of any size, with weights that are drawn.

Nothing is trained and every item occurs once: what is measured is time. Vectors are made of 16 drawn numbers each: an
index of vectors without any structure would have to walk everywhere, and trained ones have some.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.strategies.clicks import SCHEMA

WIDTH, STEPS, SHOWN, INNER = 64, 20, 20, 16
SPEC = """
spec bench

schema "schema.pbtxt"

table   items = embedding(item_id, dim=WIDTH)
encoder query = features(item_id) >> gru(units=WIDTH)
head    click = query >> categorical(item_id, tied=items)

data {
  train = "train.parquet"
  rows  = events(session=session_id, time=time)
  keep  = last(STEPS)
}
train { objective = next }
serve { top_k = SHOWN  index = INDEX }
"""
FIRST_ID = 10**9


def write_artifact(base: Path, items: int, width: int = WIDTH, index: str = "exact") -> Path:
    """Compile the spec on events that hold every item, with drawn weights; return the artifact."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sess.compiler.backend import SpecFiles
    from sess.compiler.codec import encode
    from sess.compiler.driver import compile_spec
    from sess.runtime.artifact import FORMAT_VERSION, MANIFEST
    from sess.runtime.build.digest import of_files
    from sess.runtime.export.run import export
    from sess.runtime.prepare.run import prepare
    from sess.runtime.progress import Silent

    values = {"WIDTH": width, "STEPS": STEPS, "SHOWN": SHOWN, "INDEX": index}
    spec = SPEC
    for name, value in values.items():
        spec = spec.replace(name, str(value))
    (base / "schema.pbtxt").write_text(SCHEMA)
    (base / "bench.sess").write_text(spec)
    ids = np.random.default_rng(0).permutation(items) + FIRST_ID
    table = {"session_id": np.arange(items) // STEPS, "time": np.arange(items), "item_id": ids}
    pq.write_table(pa.table(table), base / "train.parquet")
    program = compile_spec(base / "bench.sess").program
    assert program is not None
    out = base / "artifact"
    prepared = prepare(program.workflow, base, out, Silent())
    _draw_weights(program, prepared, width, base / "weights.npz")
    measured = export(
        program, prepared, base / "weights.npz", SpecFiles(base, spec, {}, SCHEMA.encode(), None), out, Silent()
    )
    (base / "measured.json").write_text(json.dumps(measured))
    (out / "graph.json").write_text(json.dumps({"program": encode(program)}))
    manifest = {"format_version": FORMAT_VERSION, "files": of_files(out, leave_out=(MANIFEST, "events"))}
    (out / MANIFEST).write_text(json.dumps(manifest))
    return out


def _draw_weights(program: Any, prepared: Any, width: int, path: Path) -> None:
    from sess.runtime.model import SessionModel
    from sess.runtime.vocabulary import VocabularySize

    sizes = {name: VocabularySize(v.reserved, v.size) for name, v in prepared.vocabularies.items()}
    model = SessionModel(program.model, program.workflow.columns, sizes)
    draw = np.random.default_rng(0)
    inner = draw.standard_normal((sizes["item_id"].total, INNER), dtype=np.float32)
    outer = draw.standard_normal((INNER, width), dtype=np.float32) / INNER
    model.begin_with({"items": inner @ outer})
    model.save_weights(path)


def vectors_of(artifact: Path) -> Path:
    """Return the file of the item vectors (N, D) that a served repository scans."""
    return artifact / "triton" / "bench__model" / "1" / "vectors" / "click.npy"


def question(items: int, draw: np.random.Generator) -> bytes:
    """Return one request of one session of known items, as gRPC sends it."""
    from tritonclient.grpc import service_pb2 as messages

    message = messages.ModelInferRequest(model_name="bench")
    for name, kind, values in (
        ("item_id__values", "INT64", draw.integers(0, items, STEPS) + FIRST_ID),
        ("item_id__offsets", "INT32", np.array([0, STEPS], np.int32)),
    ):
        message.inputs.add(name=name, datatype=kind, shape=values.shape)
        message.raw_input_contents.append(values.tobytes())
    raw: bytes = message.SerializeToString()
    return raw
