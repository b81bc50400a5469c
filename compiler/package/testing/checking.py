"""The law of the checker: whatever the arguments, it finds what is wrong and never raises."""

from __future__ import annotations

import re

from sess.compiler.block import Kind
from sess.compiler.registry import registry
from sess.compiler.signature import parameters
from sess.testing.subject import Subject
from sess.testing.trial import KINDS, checked_text

WORDS = (
    "0", "1", "-1", "7", "1_000_000_000_000", "0.0", "0.5", "-0.5", "1.0", "1e-30", "1e300", "true", "false", '""',
    '"text"', "none", "auto", "[]", "[0]", "[4, 0.5]", "[0.8, 0.1, 0.1]", "[[1]]", "3d", "ndcg@10", "nobody", "items",
    "item_id", "price", "timestamp", "clicks", "context", "clicks - item_id", "mlp([4])", "norm", "norm >> mlp([4])",
    "gru(units=0)", "steps", "query", "softmax",
)  # fmt: skip


def check_never_raises(subject: Subject) -> None:
    """A checker that raises is a bug, whatever stands in the arguments of the block."""
    from hypothesis import given, settings
    from hypothesis import strategies as st

    name = re.split(r"\W", subject.call)[0]
    entry = registry().find(name, *KINDS, Kind.HEAD, Kind.BASELINE, Kind.TABLE)
    names = [each.name for each in parameters(entry.Params)] if entry else []
    if not names:
        return
    arguments = st.dictionaries(st.sampled_from(names), st.sampled_from(WORDS), max_size=min(4, len(names)))

    @settings(max_examples=25, database=None, deadline=None, derandomize=True)
    @given(arguments)
    def tried(drawn: dict[str, str]) -> None:
        call = f"{name}({', '.join(f'{key}={value}' for key, value in drawn.items())})"
        checked_text(subject.case.text.replace(subject.call, call))

    tried()
