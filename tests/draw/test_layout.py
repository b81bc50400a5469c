"""The layout: nothing overlaps, wires go down, the same picture gives the same sheet."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sess.compiler.draw.layout import lay_out
from sess.compiler.draw.picture import Card, Flow, Look, Picture, Wire


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Draw a picture without cycles: wires go from lower to higher numbers."""
    count = draw(st.integers(1, 12))
    cards = tuple(
        Card(f"c{i}", "t" * draw(st.integers(1, 30)), "", "Row[4]", Look.BLOCK, draw(st.booleans()))
        for i in range(count)
    )
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=20)) if pairs else []
    wires = tuple(
        Wire(f"c{i}", f"c{j}", "", Flow.LABELS if cards[i].is_train_only or cards[j].is_train_only else Flow.SEQ)
        for i, j in chosen
    )
    return Picture("picture", cards, wires)


@given(pictures())
@settings(max_examples=60, deadline=None)
def test_no_two_cards_overlap(picture: Picture) -> None:
    boxes = lay_out(picture).boxes
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            is_beside = one.left + one.width <= other.left + 0.01 or other.left + other.width <= one.left + 0.01
            is_below = one.top + one.height <= other.top + 0.01 or other.top + other.height <= one.top + 0.01
            assert is_beside or is_below


@given(pictures())
@settings(max_examples=60, deadline=None)
def test_every_wire_goes_down_and_stays_on_the_sheet(picture: Picture) -> None:
    layout = lay_out(picture)
    for line in layout.lines:
        heights = [y for _, y in line.points]
        assert heights == sorted(heights)
        assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in line.points)


@given(pictures())
@settings(max_examples=30, deadline=None)
def test_the_two_frames_do_not_cut_each_other(picture: Picture) -> None:
    layout = lay_out(picture)
    if layout.served and layout.training:
        left, _, width, _ = layout.served
        assert layout.training[0] >= left + width - 0.01


@given(pictures())
@settings(max_examples=30, deadline=None)
def test_every_card_stands_in_the_frame_of_its_kind(picture: Picture) -> None:
    layout = lay_out(picture)
    for box in layout.boxes:
        frame = layout.training if box.card.is_train_only else layout.served
        assert frame is not None
        left, top, width, height = frame
        assert left <= box.left and box.left + box.width <= left + width
        assert top <= box.top and box.top + box.height <= top + height


@given(pictures())
@settings(max_examples=20, deadline=None)
def test_the_same_picture_gives_the_same_layout(picture: Picture) -> None:
    assert lay_out(picture) == lay_out(picture)
