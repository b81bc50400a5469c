"""Completion suggests what could stand at the cursor, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sess.compiler.service.analysis import Analysis
from sess.compiler.service.complete import complete

XLNET = "xlnet(layers=2, heads=4, attention=bidirectional)"
Typing = Callable[[str, str], tuple[Analysis, str, int]]


@pytest.mark.parametrize(
    ("old", "new", "has", "lacks"),
    [
        ("\n\ntable", "\n|\n\ntable", ["columns", "let", "serve", "import"], ["concat", "item"]),
        ("\n\ntable", "\nenc|\n\ntable", ["encoder"], ["gru"]),
        ("tag(SEQUENCE)", "|", ["tag", "item", "price", "dtype"], ["concat", "steps"]),
        ("tag(SEQUENCE)", "tag(|", ["ITEM_ID", "SEQUENCE", "CATEGORICAL"], ["item", "tag"]),
        ("tag(SEQUENCE)", "tag(SE|)", ["SEQUENCE"], ["steps"]),
        ("tag(SEQUENCE)", "dtype(|)", ["int", "float32"], ["price"]),
        ("tag(SEQUENCE)", 'column("|")', ["price", "item_id"], ["item"]),
        ("embedding(item, dim=dim)", "|", ["embedding"], ["gru", "items"]),
        (f">> {XLNET}", ">> |", ["gru", "mlp", "last", "block"], ["steps", "features"]),
        (XLNET, "xlnet(|", ["layers=", "dropout=", "dim"], ["gru", "item"]),
        (XLNET, "xlnet(layers=2, |)", ["heads="], ["layers="]),
        ("attention=bidirectional", "attention=|", ["causal", "bidirectional"], ["heads=", "dim"]),
        ("concat(features(clicks)", "concat(|features(clicks)", ["features", "items", "query"], ["objective"]),
        ("features(clicks)", "features(|)", ["clicks", "tag", "price"], ["gru"]),
        ("to=clicks", "to=|", ["clicks", "context"], ["gru"]),
        ("query >> categorical", "query >> |", ["categorical", "binary"], ["embedding"]),
        ("tied=items", "tied=|", ["items"], ["clicks", "gru"]),
        ("categorical(item, tied=items)", "categorical(|)", ["tied=", "loss=", "item", "item_id"], ["gru"]),
        ("tied=items", "loss=|", ["softmax"], ["masked"]),
        ("masked(prob=0.2)", "|", ["masked", "next", "last"], ["gru", "adam"]),
        ("early(ndcg@10, patience=3)", "early(|)", ["recall@10", "patience="], ["next"]),
        ("[recall@10, mrr@10]", "[|]", ["ndcg@10", "auc"], ["next", "recall"]),
        ("[length, device]", "[|]", ["length", "device"], ["price", "gru"]),
        ("exclude = [seen]", "exclude = [|]", ["seen"], ["k"]),
        ("  keep = last(20)", "  |", ["train", "keep", "split"], ["rows", "epochs"]),
        ("serve { exclude", "serve { | exclude", ["top_k", "index"], ["exclude", "epochs"]),
        ("keep = last(20)", "keep = |", ["last"], ["mean", "first"]),
        ("session=session_id", "session=|", ["session_id", "timestamp"], ["gru"]),
        ("price = log1p() >> standardize()", "price = |", ["log1p", "clip", "categorify"], ["gru"]),
        ("price = log1p() >> standardize()", "|", ["item_id", "price"], ["log1p", "epochs"]),
        ("param dim = 64 in [32, 64]", "param dim = 64 in |", ["log", "range"], ["gru"]),
    ],
)  # fmt: skip
def test_what_could_stand_here_is_suggested(
    typing: Typing, old: str, new: str, has: list[str], lacks: list[str]
) -> None:
    analysis, text, offset = typing(old, new)
    labels = [each.label for each in complete(analysis, text, offset).suggestions]
    assert [each for each in has if each not in labels] == []
    assert [each for each in lacks if each in labels] == []
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("new", ["# some |words", "let | = 1", "param dim| = 64", 'spec a "title |"'])
def test_nothing_is_suggested_in_comments_and_for_new_names(typing: Typing, new: str) -> None:
    analysis, text, offset = typing("param dim = 64 in [32, 64]", new)
    assert complete(analysis, text, offset).suggestions == ()


def test_the_typed_part_of_a_word_is_replaced(typing: Typing) -> None:
    analysis, text, offset = typing("tag(SEQUENCE)", "tag(SEQ|)")
    assert text[complete(analysis, text, offset).start : offset] == "SEQ"


def test_schema_files_are_suggested_part_by_part(typing: Typing) -> None:
    analysis, text, offset = typing('schema "shop.pbtxt"', 'schema "./sh|')
    found = complete(analysis, text, offset)
    assert [each.label for each in found.suggestions] == ["shop.pbtxt"]
    assert text[found.start : offset] == "sh"


def test_a_block_says_its_signature_and_a_definition_its_type(typing: Typing) -> None:
    analysis, text, offset = typing("concat(features(clicks)", "concat(|features(clicks)")
    about = {each.label: each.detail for each in complete(analysis, text, offset).suggestions}
    assert about["items"] == "table Tower[64]"
    assert about["mlp"].startswith("mlp(")


def test_an_argument_says_its_default(typing: Typing) -> None:
    analysis, text, offset = typing(XLNET, "xlnet(|)")
    about = {each.label: each.detail for each in complete(analysis, text, offset).suggestions}
    assert (about["layers="], about["attention="]) == ("2", "bidirectional")
