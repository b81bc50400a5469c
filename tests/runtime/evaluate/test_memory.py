"""Evaluation over a million items never holds a batch's scores: memory is those of a part, and the best so far."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MEASURE = """
import sys
import numpy as np
from sess.compiler.block import Kind
from sess.runtime.evaluate.examples import examples_of
from sess.runtime.evaluate.scorer import Scorer
from sess.runtime.model import SessionModel
from sess.runtime.progress import Silent
from sess.runtime.vocabulary import Vocabulary, VocabularySize
from sess.testing.laws import subjects_of
from sess.testing.sessions import whole
from sess.testing.subject import sizes_of
from tests.strategies.peak import peak

items, sessions = int(sys.argv[1]), int(sys.argv[2])
program = subjects_of("gru(units=16)", Kind.ENCODER)[0].program
sizes = {**sizes_of(program), "item_id": VocabularySize(3, 3 + items)}
known = {name: Vocabulary(np.arange(each.total - 3), np.ones(each.total - 3, np.int64), 3)
         for name, each in sizes.items()}
model = SessionModel(program.model, program.workflow.columns, sizes)
scorer = Scorer(program, model, known, 20)
scorer.answer(examples_of(program, whole([3, 2])), Silent(), "")
before = peak()
scorer.answer(examples_of(program, whole([3, 2] * (sessions // 2))), Silent(), "")
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize("items", [100_000, 1_000_000])
def test_peak_memory_grows_by_less_than_half_a_gigabyte(items: int) -> None:
    sessions = 1024  # two batches; the scores of one against a million items would be 2 GiB
    command = [sys.executable, "-c", MEASURE, str(items), str(sessions)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[3],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) < 512, f"{done.stdout.split()[-1]} MiB more for {items} items"
