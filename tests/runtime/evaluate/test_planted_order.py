"""What `sess synth` plants is learned, and nothing is learned where there is no order."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

from sess.compiler.diagnostics import Reporter
from sess.compiler.driver import compile_spec
from sess.compiler.schema_reader import read_schema
from sess.compiler.source import Source
from sess.runtime.evaluate.run import evaluate
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent
from sess.runtime.synth.stream import Order
from sess.runtime.synth.write import synthesize
from sess.runtime.train.run import WEIGHTS, train

SCHEMA = Path(__file__).resolve().parents[3] / "specs" / "shop.pbtxt"
SPEC = """
spec planted

schema "schema.pbtxt"

columns item = tag(ITEM_ID)
table   items = embedding(item, dim=32)
encoder query = features(item) >> sasrec(layers=1, heads=1)
head    click = query >> categorical(item, tied=items)

data {
  train = "train/*.parquet"
  valid = "valid/*.parquet"
  rows  = events(session=session_id, time=timestamp)
  keep  = last(10)
}
train {
  objective = next
  optimizer = adam(lr=5e-3)
  epochs    = 6
}
evaluate { metrics = [recall@5] }
"""


def recalls(base: Path, order: Order) -> tuple[float, float, int]:
    """Return the recall@5 of the model and of what is popular, and the number of sessions."""
    content = SCHEMA.read_bytes()
    reporter = Reporter()
    schema = read_schema(Source("shop.pbtxt", content.decode()), reporter)
    assert schema is not None, reporter.diagnostics
    synthesize(schema, content, base / "data", rows=12_000, seed=3, noise=0.0, order=order, items=100)
    spec = base / "data" / "planted.sess"
    spec.write_text(SPEC)
    checked = compile_spec(spec)
    assert checked.program is not None, checked.diagnostics
    prepared = prepare(checked.program.workflow, spec.parent, base / "prepared", Silent())
    train(checked.program, prepared, base / "trained", Silent())
    found = evaluate(checked.program, prepared, base / "trained" / WEIGHTS, Silent())
    valid, protocol = found["valid"], found["protocol"]
    counts: int = protocol["counts"]["valid"]["sessions"]  # type: ignore[index, call-overload, assignment]
    return _recall(valid, "click"), _recall(valid, "popular"), counts


def _recall(rows: object, name: str) -> float:
    assert isinstance(rows, dict)
    return float(rows[name]["recall@5"]["value"])


def test_a_deterministic_order_is_learned(tmp_path: Path) -> None:
    model, popular, _ = recalls(tmp_path, Order.PLANTED)
    assert model > 0.9 > 2 * popular


def test_a_shuffled_stream_has_nothing_to_learn_but_what_is_popular(tmp_path: Path) -> None:
    model, popular, sessions = recalls(tmp_path, Order.SHUFFLED)
    assert model <= popular + 3 * sqrt(popular * (1 - popular) / sessions)
