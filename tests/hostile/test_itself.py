"""A definition behind `>>` in its own pipeline is no block, and ends no check."""

from __future__ import annotations

from pathlib import Path

from sess.compiler.driver import CheckOptions, check_spec

SPEC = """
spec itself
schema "shop.pbtxt"
encoder query = features(item_id) >> query >> gru(8)
head click = query >> categorical(item_id)
train { objective = next }
"""


def test_a_stage_can_not_be_the_definition_that_it_stands_in(root: Path) -> None:
    found = check_spec(root / "specs" / "itself.sess", CheckOptions(text=SPEC)).diagnostics
    assert [(each.code.number, each.message) for each in found] == [("S212", "`query` is an encoder, not a block")]
