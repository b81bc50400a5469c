"""Click streams with bags and vectors pass the check of the data against their own schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sess.compiler.cli import check
from sess.runtime.synth.write import synthesize
from tests.runtime.synth.test_synth_schemas import read

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize("name", ["lists", "lists_of_sessions"])
def test_a_stream_has_the_lists_that_its_schema_says(name: str, tmp_path: Path) -> None:
    schema, out = GOLDEN / name / "schema.pbtxt", tmp_path / "out"
    synthesize(read(schema), schema.read_bytes(), out, 600)
    spec = (GOLDEN / name / "spec.sess").read_text() + 'data { train = "train/*.parquet" valid = "valid/*.parquet" }\n'
    (out / "spec.sess").write_text(spec)
    result = CliRunner().invoke(
        check.command, [str(out / "spec.sess"), "--data"], standalone_mode=False, catch_exceptions=False
    )
    assert result.return_value == 0, result.output
