"""A spec with a cursor in it, analysed as an editor would have it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sess.compiler.service.analysis import Analysis, analyse

SPEC = """\
# Which item comes next?
spec shop "a shop"

schema "shop.pbtxt"

param dim = 64 in [32, 64]

columns item    = tag(ITEM_ID)
columns clicks  = tag(SEQUENCE)
columns context = tag(CONTEXT)

table items = embedding(item, dim=dim)

# Who is watching goes to every step.
let     steps = concat(features(clicks), broadcast(features(context), to=clicks)) >> mlp([dim])
let     block = mlp([64]) >> norm
encoder query = steps >> block >> xlnet(layers=2, heads=4, attention=bidirectional)
head    click = query >> categorical(item, tied=items)

data {
  rows = events(session=session_id, time=timestamp)
  keep = last(20)
}
prepare { price = log1p() >> standardize() }
train {
  objective = masked(prob=0.2)
  stop      = early(ndcg@10, patience=3)
}
evaluate {
  metrics = [recall@10, mrr@10]
  slices  = [length, device]
}
serve { exclude = [seen] }
"""

Placed = tuple[Analysis, str, int]


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    """Return a folder with the schema that the spec names."""
    shutil.copy(root / "specs" / "shop.pbtxt", tmp_path)
    return tmp_path


@pytest.fixture
def at(folder: Path) -> Callable[[str], Placed]:
    """Return a function of some words of the spec: what is known of it, its text, and the offset of the words."""

    def ask(words: str) -> Placed:
        assert words in SPEC
        return analyse(folder / "spec.sess", SPEC), SPEC, SPEC.index(words)

    return ask


@pytest.fixture
def typing(folder: Path) -> Callable[[str, str], Placed]:
    """Return a function that puts words with a `|`, the cursor, in the place of others."""

    def ask(old: str, new: str) -> Placed:
        assert old in SPEC and "|" in new
        text = SPEC.replace(old, new, 1)
        offset = text.index("|")
        text = text[:offset] + text[offset + 1 :]
        return analyse(folder / "spec.sess", text), text, offset

    return ask
