"""The law of the checker: whatever the arguments, it finds what is wrong and never raises."""

from __future__ import annotations

from functools import cache

from sess.compiler.block import Kind
from sess.compiler.signature import parameters
from sess.testing.subject import Subject
from sess.testing.trial import checked_text, entry_of, places_of

WORDS = (
    "0", "1", "-1", "7", "1_000_000_000_000", "0.0", "0.5", "-0.5", "1.0", "1e-30", "1e300", "true", "false", '""',
    '"text"', "none", "auto", "[]", "[0]", "[4, 0.5]", "[0.8, 0.1, 0.1]", "[[1]]", "3d", "ndcg@10", "nobody", "items",
    "item_id", "price", "timestamp", "clicks", "context", "clicks - item_id", "mlp([4])", "norm", "norm >> mlp([4])",
    "gru(units=0)", "steps", "query", "softmax",
)  # fmt: skip


def check_never_raises(subject: Subject) -> None:
    """A checker that raises is a bug, whatever stands in the arguments of the block, and wherever it stands."""
    _try(subject.call, subject.entry.kind)


@cache  # whichever of its cases asks
def _try(call: str, kind: Kind) -> None:
    from hypothesis import given, settings
    from hypothesis import strategies as st

    entry = entry_of(call, kind)
    places = [case.text for _, case in places_of(call, entry)]
    for text in places:  # also where it can't stand
        checked_text(text)
    names = [each.name for each in parameters(entry.Params)]
    if not names:
        return
    arguments = st.dictionaries(st.sampled_from(names), st.sampled_from(WORDS), max_size=min(4, len(names)))

    @settings(max_examples=25, database=None, deadline=None, derandomize=True)
    @given(arguments)
    def tried(drawn: dict[str, str]) -> None:
        written = f"{entry.name}({', '.join(f'{key}={value}' for key, value in drawn.items())})"
        checked_text(places[0].replace(call, written))

    tried()
