"""One misspelt word is one finding, on its own line: nothing is reported because of something else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sess.compiler.driver import CheckOptions, check_spec

GOLDEN = Path(__file__).parents[1] / "golden"
WORDS = re.compile(r"(?<![\w@.])[A-Za-z_]\w+(?![\w@.])")
DEFINITIONS = re.compile(r"(?m)^\s*(?:spec|param|columns|sequence|domain|table|let|encoder|head)\s+(\w+)")


@pytest.mark.parametrize("case", ["context_broadcast", "two_heads_and_an_import"])
def test_a_misspelt_word_is_one_finding_on_its_line(case: str) -> None:
    path = GOLDEN / case / "spec.sess"
    text = path.read_text(encoding="utf-8")
    plain = re.sub(r'#.*|"[^"\n]*"', lambda found: " " * len(found[0]), text)
    defined = {found.start(1) for found in DEFINITIONS.finditer(plain)}
    wrong = []
    for word in WORDS.finditer(plain):
        if word.start() in defined:
            continue  # every use of it is a finding then
        misspelt = f"{text[: word.end()]}qz{text[word.end() :]}"
        found = check_spec(path, CheckOptions(text=misspelt)).diagnostics
        line = text.count("\n", 0, word.start()) + 1
        if [each.span.first.line for each in found] != [line]:
            wrong.append((line, word[0], [each.message for each in found]))
    assert wrong == []
