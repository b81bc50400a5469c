"""The table of an evaluation says what was measured and how."""

from __future__ import annotations

from sess.compiler.report.metrics import metrics_text

FIGURE = {"value": 0.25, "low": 0.2, "high": 0.3}
METRICS = {
    "test": {
        "click": {"recall@10": FIGURE, "coverage@10": {"value": 0.5, "low": None, "high": None}},
        "popular": {"recall@10": {"value": None, "low": None, "high": None}},
        "buys": {"auc": FIGURE},
    },
    "slices": {"test": {"length": {"2-4": {"sessions": 12, "rows": {"click": {"recall@10": FIGURE}}}}}},
    "protocol": {
        "split": "leave_one_out",
        "question": "the last step from all before it",
        "ranking": "whole catalogue",
        "items": {"click": 12101},
        "keep": 50,
        "exclude": ["seen"],
        "interval": "95 %",
        "counts": {"test": {"sessions": 22363, "too_short": 2, "heads": {"click": {"unknown_targets": 3}}}},
    },
}
TEXT = """\
test (leave_one_out): 22,363 sessions
asked: the last step from all before it, of which the last 50 are read
ranking: whole catalogue (12,101 of `click`), seen items left out
interval: 95 %
left out: 2 sessions that have nothing before what is asked for
`click`: 3 targets are not in the vocabulary: misses

         recall@10               coverage@10  auc
click    0.2500 (0.2000–0.3000)  0.5000       –
popular  –                       –            –
buys     –                       –            0.2500 (0.2000–0.3000)

test by length (sessions)

          recall@10
2-4 (12)
  click   0.2500 (0.2000–0.3000)
"""


def test_an_evaluation_is_shown_with_its_protocol_and_intervals() -> None:
    assert metrics_text(METRICS) == TEXT


NARROW = """\
         recall@10               coverage@10
click    0.2500 (0.2000–0.3000)  0.5000
popular  –                       –

         auc
popular  –
buys     0.2500 (0.2000–0.3000)
"""


def test_metrics_that_do_not_fit_stand_below_with_the_rows_that_have_them() -> None:
    text = metrics_text(METRICS, 50)
    assert NARROW in text
    assert max(map(len, text[text.index("\n\n") :].splitlines())) <= 50
    assert metrics_text(METRICS, 20).count("\n\n") > text.count("\n\n"), "one metric beside the names, however narrow"


def test_an_evaluation_without_splits_says_so() -> None:
    assert "no valid and no test split" in metrics_text({"protocol": {}})
