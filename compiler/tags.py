"""Merlin's tags: its own in any case of letters, compound ones as their parts, and custom ones as they are written."""

from __future__ import annotations

from collections.abc import Mapping

# merlin/schema/tags.py
COMPOUND: Mapping[str, tuple[str, ...]] = {
    "user_id": ("user", "id"),
    "item_id": ("item", "id"),
    "session_id": ("session", "id"),
    "text_tokenized": ("text", "tokenized"),
}
_OWN = frozenset({
    "categorical", "continuous", "list", "sequence", "text", "tokenized", "time", "embedding", "id", "user", "item",
    "session", "context", "target", "regression", "classification", "binary", "multi_class", "binary_classification",
    "multi_class_classification", *COMPOUND,
})  # fmt: skip


def parts(tag: str) -> tuple[str, ...]:
    """Return the tags that a tag stands for: Merlin's own in lower case, a custom one as it is."""
    lower = tag.lower()
    return COMPOUND.get(lower, (lower,)) if lower in _OWN else (tag,)


def written(tag: str) -> str:
    """Return a tag as one writes it in a spec: Merlin's own in capitals."""
    return tag.upper() if tag in _OWN else tag
