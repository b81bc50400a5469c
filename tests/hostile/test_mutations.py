"""Right and wrong specs, mutated: a check never raises, never hangs, and its findings stand inside of their texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from specs_strategy import Draw, spec_texts

from sess.compiler.diagnostics import Diagnostic
from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.report import concise, text
from sess.compiler.report.paint import Paint

ROOT = Path(__file__).parents[2]
FOLDERS = ("specs", "tests/golden", "tests/errors", "tests/corpus")
CORPUS = {path: path.read_text(encoding="utf-8", errors="replace") for folder in FOLDERS
          for path in sorted((ROOT / folder).rglob("*.sess"))}  # fmt: skip
WORDS = (
    "(", ")", "[", "]", "{", "}", '"', ",", "=", ">>", "+", "-", "&", "#", "@", "1e999", "-1", "0", "5d", "let",
    "head", "data", "tag", "column", "gru", "concat", "categorical", "item_id", "x", "true", "in", "\n", "\x00",
    "\u202e", "9" * 30, "data {", "for catalogue", "import", "param", "residual(", "[1, -2", "\\u",
)  # fmt: skip

UNHURRIED = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


@st.composite
def mutants(draw: Draw) -> tuple[Path, str]:
    """Return a spec of the repository with up to four pieces cut out, doubled or replaced, and where it lives."""
    path = draw(st.sampled_from(sorted(CORPUS)))
    words = CORPUS[path]
    donor = CORPUS[draw(st.sampled_from(sorted(CORPUS)))]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(words)))
        end = min(len(words), start + draw(st.sampled_from([0, 1, 1, 2, 5, 20])))
        at = draw(st.integers(0, len(donor)))
        piece = draw(
            st.one_of(st.sampled_from(WORDS), st.just(""), st.just(donor[at : at + 40]), st.just(words[start:end] * 2))
        )
        words = words[:start] + piece + words[end:]
    return path, words


def _sound(path: Path, words: str) -> Sequence[Diagnostic]:
    """Return the findings of a text, after a look at each."""
    found = check_spec(path, CheckOptions(text=words)).diagnostics
    for each in found:
        spans = [
            each.span,
            *(label.span for label in each.labels),
            *(edit.span for fix in each.fixes for edit in fix.edits),
        ]
        assert all(0 <= span.start <= span.end <= len(span.source.text) for span in spans), each
        assert each.message.isprintable()
        assert each.message
    assert text.render(found, Paint(is_on=False)).count("[S") >= len(found)
    concise.render(found, [str(path)])
    return found


@UNHURRIED
@given(mutants())
def test_a_mutated_spec_gets_findings_or_none(mutant: tuple[Path, str]) -> None:
    checked = _sound(*mutant)
    if not any(each.code.severity == "error" for each in checked):
        assert check_spec(mutant[0], CheckOptions(text=mutant[1])).program is not None


@UNHURRIED
@given(spec_texts())
def test_a_text_of_the_grammar_gets_findings_or_none(words: str) -> None:
    _sound(ROOT / "specs" / "fuzz.sess", 'schema "shop.pbtxt"\n' + words)


@UNHURRIED
@given(st.text(max_size=200))
def test_any_text_gets_a_finding(words: str) -> None:
    assert _sound(ROOT / "specs" / "fuzz.sess", words)
