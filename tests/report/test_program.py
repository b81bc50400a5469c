"""`render`: the sections that it writes are the spec's own, and what is left out has its reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.registry import registry
from sess.compiler.report.left_out import left_out
from sess.compiler.report.paint import Paint
from sess.compiler.report.program import as_json, render
from sess.compiler.report.sections import sections, written

SPECS = (
    "specs/quickstart.sess",
    "specs/xlnet_masked.sess",
    "tests/golden/sessions_rows/spec.sess",
    "tests/golden/shortest/spec.sess",
    "tests/golden/catalogue/spec.sess",
    "tests/golden/lists/spec.sess",
    "tests/golden/features/spec.sess",
    "RICH",
    pytest.param("../shared/specs/movies.sess", marks=pytest.mark.shared),
    pytest.param("../shared/specs/beauty_sasrec.sess", marks=pytest.mark.shared),
)
RICH = """\
spec rich "with every kind of value"
schema "shop.pbtxt"
columns item = tag(ITEM_ID)
columns price = column("price")
columns context = tag(CONTEXT)
table items = embedding(item, dim=16)
let steps = concat(features(item), numeric(price), features(weekday), features(hour)) >> dropout(0.1) >> gru(units=16)
head click = steps >> categorical(item, tied=items)
head buys = steps >> last >> binary(purchased, weight=0.5)
data {
  train = ["a.parquet", "b.parquet"]
  rows = events(session=session_id, time=timestamp, idle=30m, dedupe=consecutive)
  split = by_time(valid=7d, test=36h)
}
prepare {
  item_id = categorify(min_count=5, buckets=16)
  "price" = log1p >> standardize
  weekday = timestamp >> time_parts(weekday)
  hour = bucketize([6, 12, 18])
}
train {
  objective = next
  optimizer = adamw(lr=1e-3)
  schedule = cosine(warmup=100)
  batch = 64
  stop = early(auc, head=buys)
}
evaluate { metrics = [recall@10, auc] baselines = [] slices = [length, country] }
serve { exclude = [seen] accept = [k] batch = dynamic(max=32, delay=500us) }
"""


def options(spec: str, root: Path) -> CheckOptions:
    """Return the options that give the specs of the README their schema."""
    return CheckOptions(schema=root / "specs" / "shop.pbtxt" if spec.startswith(("specs", "RICH")) else None)


@pytest.mark.parametrize("spec", SPECS)
def test_the_sections_say_what_the_spec_says(spec: str, root: Path, tmp_path: Path) -> None:
    path = root / spec
    if spec == "RICH":
        path = tmp_path / "rich.sess"
        path.write_text(RICH)
    checked = check_spec(path, options(spec, root))
    assert checked.graph is not None and checked.program is not None, checked.diagnostics
    rendered = written(sections(checked.graph, checked.program, registry()))
    written_out = re.compile(r"^(data|prepare|train|evaluate|serve)\s*\{.*?\}$", re.DOTALL | re.MULTILINE)
    bare = written_out.sub("", path.read_text())
    found = check_spec(path, CheckOptions(schema=options(spec, root).schema, text=f"{bare}\n{rendered}"))
    assert [each.message for each in found.diagnostics if each.code.severity == "error"] == []
    assert found.program == checked.program


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec != "RICH"])
def test_a_spec_is_rendered_with_its_sections(spec: str, root: Path) -> None:
    checked = check_spec(root / spec, options(spec, root))
    assert checked.graph is not None and checked.program is not None
    text = render(checked.graph, checked.program, registry(), Paint(is_on=False))
    assert written(sections(checked.graph, checked.program, registry())) in text


def test_every_column_that_is_not_read_has_a_reason(root: Path) -> None:
    checked = check_spec(root / "specs/xlnet_masked.sess", options("specs", root))
    assert checked.graph is not None and checked.program is not None
    found = left_out(checked.graph, checked.program)
    assert found["session_id"] == "the session's key"
    assert "orders the steps" in found["timestamp"]
    assert "label" in found["purchased"]
    read = {column.name for column in checked.program.workflow.columns if column.is_input}
    assert set(found) | read == {column.name for column in checked.program.workflow.columns}


def test_text_and_json_say_the_same_of_train_and_serve(root: Path) -> None:
    checked = check_spec(root / "specs/xlnet_masked.sess", options("specs", root))
    assert checked.graph is not None and checked.program is not None
    text = render(checked.graph, checked.program, registry(), Paint(is_on=False))
    value = json.loads(json.dumps(as_json(checked.graph, checked.program, registry())))
    assert value["sections"]["train"]["batch"] == "128"
    stages = {each["step"]: each for each in value["graph"]}
    query = stages["query = xlnet(layers=2, heads=4)"]
    assert (query["training"], query["serving"]) == ("128 × 20 vectors", "1 × 21 vectors")
    assert all(each["step"] in text and each["serving"] in text for each in value["graph"])
