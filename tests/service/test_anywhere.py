"""Whatever stands in a text and wherever the cursor is, the service answers or says nothing: it never fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from specs_strategy import spec_texts

from sess.compiler.service.analysis import analyse
from sess.compiler.service.complete import complete
from sess.compiler.service.definition import definition
from sess.compiler.service.hover import hover
from sess.compiler.service.inlay import inlays
from sess.compiler.service.outline import outline
from sess.compiler.service.references import references
from sess.compiler.service.rename import Unnameable, rename
from sess.compiler.service.signature_help import signature_help

ROOT = Path(__file__).parents[2]
REAL = (ROOT / "specs" / "xlnet_masked.sess").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a spec would lie, beside the schema that the real one names."""
    folder = tmp_path_factory.mktemp("anywhere")
    shutil.copy(ROOT / "specs" / "shop.pbtxt", folder / "schema.pbtxt")
    return folder / "spec.sess"


@settings(deadline=None)  # on a busy machine any example may take long
@given(
    st.integers(0, len(REAL)),
    st.integers(0, 30),
    st.text('abz_ \n()[]{}"#=,>&+-@.0é', max_size=6),
    st.floats(0, 1),
)
def test_a_real_spec_with_a_hole_in_it(spec: Path, start: int, gone: int, put: str, where: float) -> None:
    _ask_everything(spec, REAL[:start] + put + REAL[start + gone :], where)


@settings(deadline=None)  # on a busy machine any example may take long
@given(spec_texts(), st.floats(0, 1))
@example('prepare { "" = a }', 0.6)
def test_specs_made_from_the_grammar(spec: Path, text: str, where: float) -> None:
    _ask_everything(spec, text, where)


def _ask_everything(spec: Path, text: str, where: float) -> None:
    offset = round(where * len(text))
    analysis = analyse(spec, text)
    found = complete(analysis, text, offset)
    assert 0 <= found.start <= offset
    hover(analysis, offset)
    definition(analysis, offset)
    signature_help(analysis.registry, text, offset)
    assert all(
        symbol.span.start <= symbol.name.start <= symbol.name.end <= symbol.span.end for symbol in outline(analysis)
    )
    list(inlays(analysis))
    for span in references(analysis, offset):
        assert span.text
    try:
        edits = rename(analysis, offset, "fresh_name")
    except Unnameable:
        return
    assert len({(edit.span.source.name, edit.span.start) for edit in edits}) == len(edits)
