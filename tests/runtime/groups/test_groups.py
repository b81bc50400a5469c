"""Steps of another group: what a session has of them, what comes before a step, and what the model learns from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sess.compiler.input_names import before_of, length_of
from sess.compiler.plans import Program
from sess.runtime.evaluate.examples import examples_of
from sess.runtime.prepare.prepared import Prepared, Sessions
from sess.runtime.train.windows import MASK, dense, last_steps

Searched = tuple[Program, Prepared, Path]
GROUP = "searches"


def test_an_event_is_a_step_where_a_column_of_its_group_has_a_value(searched: Searched) -> None:
    sessions = searched[1].train
    assert None not in sessions.raw_steps["item_id"].tolist()
    assert None not in sessions.others[GROUP].raw_steps["query"].tolist()


def test_only_the_searches_before_the_time_of_a_click_count_before_it(searched: Searched) -> None:
    sessions = searched[1].train
    other = sessions.others[GROUP]
    last = sessions.offsets[1:] - 1
    # The search behind the last click, or at its very time, is not before it.
    assert (other.before[last] == np.diff(other.offsets) - 1).all()


def test_numbers_of_a_group_are_standardised_over_its_own_steps(searched: Searched) -> None:
    words = searched[1].train.others[GROUP].steps["words"]
    assert abs(float(words.mean())) < 1e-4
    assert abs(float(words.std()) - 1) < 1e-3


def test_prepared_sessions_survive_their_files(searched: Searched, tmp_path: Path) -> None:
    sessions = searched[1].train
    sessions.save(tmp_path)
    again = Sessions.load(tmp_path)
    assert (again.others[GROUP].offsets == sessions.others[GROUP].offsets).all()
    assert (again.others[GROUP].steps["query"] == sessions.others[GROUP].steps["query"]).all()
    assert (again.others[GROUP].before == sessions.others[GROUP].before).all()


def test_an_evaluation_ends_the_searches_where_the_answer_begins(searched: Searched) -> None:
    program, prepared, _ = searched
    assert prepared.valid is not None
    examples = examples_of(program, prepared.valid)
    batch = dense(examples.sessions, examples.windows, ["query"], [length_of(GROUP)])
    lengths = np.diff(prepared.valid.others[GROUP].offsets)[examples.windows.rows]
    assert (batch[length_of(GROUP)] == np.minimum(lengths - 1, program.model.keep)).all()


def test_training_knows_how_many_searches_came_before_each_click(searched: Searched) -> None:
    sessions = searched[1].train
    windows = last_steps(sessions, np.arange(20), longest=7, others=6)
    batch = dense(sessions, windows, ["item_id", "query"], [length_of(GROUP)], [GROUP])
    counts, lengths = batch[before_of(GROUP)], batch[length_of(GROUP)]
    last = batch[MASK].sum(axis=1) - 1
    assert (counts[np.arange(20), last] == lengths - 1).all()
