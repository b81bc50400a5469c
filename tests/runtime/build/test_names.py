"""Columns may be called anything, and hold anything: such a spec is compiled, and its last stage asks a real Triton."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from sess.compiler.cli.main import run

pytestmark = [pytest.mark.slow, pytest.mark.triton]
ROWS = 600
NAMES = (
    'a"; import os; #', "{{7*7}}", "a/b", "a.b", "../x", "new\nline", "€", "_x", "1x", "x{y}", "a\\b", "quo'te",
    "%s", "x:y",
    "mask", "hidden", "order", "predict", "seen", "is_real", "allow", "codes", "column_1", "table", "${HOME}", "CON",
    "_y", "-z", "{% raw %}", "$(id)", "/abs", " lead",
)  # fmt: skip
VALUES = ("../../etc/passwd", "{{7*7}}", "a\nb", "a\0b", "${HOME}", "x' OR 1=1")


def test_a_spec_of_columns_with_odd_names_is_compiled_and_verified(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    columns = {
        "session_id": np.arange(ROWS) // 6,
        "timestamp": 1_400_000_000 + np.arange(ROWS),
        "item_id": draw.integers(0, 40, ROWS),
    }
    for i, name in enumerate(NAMES):
        columns[name] = draw.random(ROWS) if i % 2 else draw.choice(np.array(VALUES, object), ROWS)
    pq.write_table(pa.table(columns), tmp_path / "clicks.parquet")
    assert run(["init", str(tmp_path / "clicks.parquet"), "-o", str(tmp_path), "--name", "odd"]) == 0
    assert run(["compile", str(tmp_path / "odd.sess"), "-o", str(tmp_path / "odd"), "--epochs", "1"]) == 0
    config = (tmp_path / "odd/triton/odd/config.pbtxt").read_text(encoding="utf-8")
    parsed = text_format.Parse(config, ModelConfig())
    asked = {each.name.removesuffix("__values") for each in parsed.input}
    assert set(NAMES) <= asked
