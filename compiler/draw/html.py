"""The graph as one HTML page that needs nothing else: zoom, pan, what a card costs, and the spec's lines beside it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from sess.compiler.draw import svg
from sess.compiler.draw.picture import Picture
from sess.compiler.draw.templates import render, text_of


def draw(picture: Picture, sources: Mapping[str, str]) -> str:
    """Return the page; `sources` are the texts of the spec and its imports by file name, which cards point into."""
    shown = {card.place.file for card in picture.cards if card.place is not None}
    files = {name: text for name, text in sources.items() if name in shown}
    cards = {
        card.id: {
            "title": card.title,
            "facts": card.facts,
            "place": None if card.place is None else [card.place.file, card.place.first, card.place.last],
        }
        for card in picture.cards
    }
    script = text_of("graph.js")
    # The page may run this one script and nothing that a name could smuggle in.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return render(
        "graph.html.jinja", picture=picture, script=script, digest=digest, data=_inert(cards),
        drawing=svg.draw(picture, is_inline=True),
        files=[(name, text.splitlines() or [""]) for name, text in files.items()],
    )  # fmt: skip


def _inert(value: object) -> str:
    """Return JSON that can stand inside a script element: no text of it can end the element."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
