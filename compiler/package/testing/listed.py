"""The laws of items: each has one vector, and what a session has seen is listed neither in evaluation nor served."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from sess.runtime.evaluate.examples import examples_of
from sess.runtime.evaluate.scorer import Scorer, excludes_items
from sess.runtime.progress import Silent
from sess.runtime.steps.rank import Catalogue, Question
from sess.runtime.train.windows import dense
from sess.runtime.vocabulary import Vocabulary
from sess.testing.sessions import ITEMS, RESERVED, whole
from sess.testing.subject import Subject, sizes_of

LENGTHS = [20, 17, 6, 3, 2]  # the first two are longer than `keep`


def an_item_has_one_vector(subject: Subject) -> None:
    """A table or tower gives an item the same vector however it is asked, and alone as beside others."""
    codes = np.random.default_rng(6).permutation(np.arange(RESERVED, RESERVED + ITEMS)).astype(np.int32)
    for name, items in subject.model._surroundings.tables.items():
        count = items.items.total - items.items.reserved
        mine = codes[codes < RESERVED + count]
        real = np.asarray(items.real())
        assert len(real) == count, f"`{name}` has not one vector for every real item"
        ways = {"looked up": items(tf.constant(mine)), "of a head": items.at(tf.constant(mine))}
        for way, vectors in ways.items():
            np.testing.assert_allclose(np.asarray(vectors), real[mine - RESERVED], atol=1e-6, err_msg=f"{name}, {way}")
        alone = np.asarray(items(tf.constant(mine[:1])))
        np.testing.assert_allclose(alone, real[mine[:1] - RESERVED], atol=1e-6, err_msg=f"{name}, alone")


def what_is_seen_is_not_listed(subject: Subject) -> None:
    """`exclude = [seen]` leaves out every item of the session, also those that `keep` cuts, and no other one.

    What evaluation ranks for a session less its last step is what serving ranks for it, the target being out of sight.
    """
    program, model, sessions = subject.program, subject.model, whole(LENGTHS)
    values = {name: np.arange(size.total - size.reserved) for name, size in sizes_of(program).items()}
    known = {name: Vocabulary(each, np.ones(len(each), np.int64), RESERVED) for name, each in values.items()}
    examples = examples_of(program, sessions)
    found = Scorer(program, model, known, None).answer(examples, Silent(), "")
    question = dense(sessions, examples.windows, sessions.steps, sessions.session)
    states = model.states({name: tf.constant(each) for name, each in question.items()})
    scores = {head: np.asarray(model.scores(head, states[f"head:{head}"]), np.float32) for head in found}
    for row, end in enumerate(sessions.offsets[1:] - 1):
        before = sessions.steps["item_id"][sessions.offsets[row] : end]
        assert examples.windows.ends[row] == end, "the target is not cut from what is evaluated"
        for head in program.model.heads:
            if not head.is_ranking or not excludes_items(program, head):
                continue
            listed = found[head.name][row]
            listed = listed[listed > 0]
            assert not set(listed.tolist()) & set(before.tolist()), f"`{head.name}` lists what session {row} has seen"
            assert len(listed) == ITEMS - len(set(before.tolist())), f"`{head.name}` leaves out what is not seen"
            asked = Question(ITEMS, before.astype(np.int32), None)
            mine = scores[head.name][row : row + 1]  # (1, V)
            ((served, _),) = Catalogue(RESERVED, ITEMS, None, None).rank(mine, [asked])
            here, there = (mine[0, each - RESERVED] for each in (listed, served[served > 0]))
            np.testing.assert_allclose(here, there, atol=1e-5, err_msg=f"{head.name}, evaluated beside served")
