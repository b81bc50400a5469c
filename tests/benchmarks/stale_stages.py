"""One option of a spec after the other is changed in one directory: each artifact must be that of a fresh build.

    python -m tests.benchmarks.stale_stages [SEED]

A stage that is kept though something it depends on changed leaves a file of the spec before. Prints which stages ran,
and the files that differ; ends with 1 if any does.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from sess.compiler.backend import CompileOptions, Stage
from sess.compiler.cli.compile import files_of
from sess.compiler.driver import CheckOptions, compile_spec
from sess.runtime.artifact import MANIFEST
from sess.runtime.backend import Runtime
from tests.benchmarks.drawn_shop import open_shop

SPEC = """\
spec stale
schema "schema.pbtxt"
param width = 8
table items = embedding(item_id, dim=width)
encoder query = concat(at(items, item_id), features(category + price), broadcast(features(tag(CONTEXT)), to=item_id))
  >> project(8) >> gru(8)
head click = query >> categorical(item_id, tied=items)
head buys = query >> last >> binary(purchased)
data { train = "train/*.parquet" split = leave_one_out() keep = last(10) min_length = 2 }
prepare { price = standardize }
train { objective = next seed = 1 }
evaluate { metrics = [recall@10] baselines = [popular] slices = [length] }
serve { top_k = 20 exclude = [] accept = [k] index = exact batch = dynamic(max=64) on_empty = popular }
"""
CHANGES = (  # what stands in the spec, and what is written there next; each on top of those before
    ("top_k = 20", "top_k = 7"), ("exclude = []", "exclude = [seen]"), ("accept = [k]", "accept = [k, allow, deny]"),
    ("index = exact", "index = hnsw(m=8, min_recall=0.1)"), ("dynamic(max=64)", "dynamic(max=5, delay=1ms)"),
    ("on_empty = popular", "on_empty = error"), ("on_empty = error", "on_empty = error on_unknown = error"),
    ("on_unknown = error", 'platform = triton("24.10", backend=onnx)'), ("spec stale", "spec fresh"),
    ("metrics = [recall@10]", "metrics = [ndcg@5]"), ("baselines = [popular]", "baselines = [vsknn]"),
    ("slices = [length]", "slices = [device]"), ("keep = last(10)", "keep = last(4)"),
    ("min_length = 2", "min_length = 3"), ("seed = 1", "seed = 2"),
    ("tied=items", "tied=items, loss=sampled_softmax(n=4)"), ("n=4", "n=8"), ("binary(purchased)",
    "binary(purchased, weight=0.5)"), ("param width = 8", "param width = 8 in [8, 16]"),
    ("price = standardize", "price = log1p"), ("leave_one_out()", "by_session"), ("head buys", "head bought"),
    ("seed = 2", "seed = 2 clip_norm = 1"), ("objective = next", "objective = next schedule = cosine"),
    ("slices = [device]", "slices = [device] exclude = []"), ("gru(8)", "gru(8, dropout=0.1)"),
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Change the options in turn; return 1 if an artifact isn't that of a fresh build."""
    text, stale = SPEC, 0
    with tempfile.TemporaryDirectory(prefix="stale-stages-") as folder:
        open_shop(Path(folder))
        base = Path(folder) / "whole"
        _compile(base, text, base / "kept", arguments)
        for old, new in CHANGES:
            assert old in text, old
            text = text.replace(old, new)
            stages = _compile(base, text, base / "kept", arguments)
            _compile(base, text, base / "fresh", arguments)
            differing = _differing(base / "kept", base / "fresh")
            stale += bool(differing)
            ran = ", ".join(name for name, how in stages.items() if how != "kept")
            print(f"{old} → {new}: {ran}{'; differs: ' + ', '.join(differing) if differing else ''}", flush=True)
            for each in base.glob("*fresh*"):
                shutil.rmtree(each) if each.is_dir() else each.unlink()
    print(f"{len(CHANGES)} changes, {stale} stale")
    return int(stale > 0)


def _compile(base: Path, text: str, out: Path, arguments: list[str]) -> dict[str, str]:
    spec = base / "spec.sess"
    spec.write_text(text)
    sets = {"train.seed": arguments[0]} if arguments else {}
    checked = compile_spec(spec, CheckOptions(sets, epochs=1))
    assert checked.program is not None, checked.diagnostics
    result = Runtime().compile(checked.program, files_of(checked), CompileOptions(out, Stage.EXPORT))
    stages = result["stages"]
    assert isinstance(stages, dict)
    return {name: str(how) for name, how in stages.items()}


def _differing(one: Path, other: Path) -> list[str]:
    """Return the files and facts of two manifests that differ."""
    first, second = (json.loads((path / MANIFEST).read_text()) for path in (one, other))
    files = [name for name in first["files"] | second["files"] if first["files"].get(name) != second["files"].get(name)]
    facts = [key for key in first | second if key != "files" and first.get(key) != second.get(key)]
    return [*sorted(files), *sorted(facts)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
