"""Memory of a preparation is that of the rows that are in it at once, however many the files have."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.runtime.prepare.conftest import write_small

FEW, MANY = 80_000, 400_000  # rows
MEASURE = """
import sys
from pathlib import Path
from sess.runtime.prepare.run import prepare
from sess.runtime.progress import Silent
from tests.runtime.prepare.conftest import plan_of
from tests.strategies.peak import peak

base = Path(sys.argv[1])
few, many = plan_of(base / "few" / "small.sess"), plan_of(base / "many" / "small.sess")

prepare(few, base / "few", base / "out", Silent(), 20_000)
begun = peak()
prepare(many, base / "many", base / "out", Silent(), 20_000)
in_parts = peak()
prepare(many, base / "many", base / "out", Silent(), 10**9)
print(in_parts - begun, peak() - in_parts)
"""


def test_more_rows_take_little_more_memory_in_parts(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    for name, rows in (("few", FEW), ("many", MANY)):
        session = draw.permutation(rows) // 6
        columns = {
            "session": pa.array([f"visit {key:09}" for key in session.tolist()]),
            "time": np.arange(rows),
            "item": draw.integers(0, 500, rows),
            "price": draw.random(rows).astype(np.float32),
            "shelf": pa.array(draw.choice(np.array(["tea", "coffee", None], object), rows), pa.string()),
        }
        write_small(tmp_path / name, {"train.parquet": pa.table(columns)}, kinds={"session": "BYTES"})
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)], capture_output=True, text=True, cwd=Path(__file__).parents[3],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    parts, whole = map(float, done.stdout.split())
    assert 2 * parts < whole, f"{parts:.0f} MiB more in parts, {whole:.0f} MiB beyond them at once"
