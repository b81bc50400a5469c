"""Words for string columns that people know by name; any other column gets numbered ones."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, ...]] = {
    "category": (
        "shoes", "jackets", "shirts", "trousers", "dresses", "bags", "watches", "hats", "sports", "kitchen", "garden",
        "lighting", "books", "games", "phones", "audio", "cameras", "beauty", "toys", "tools",
    ),
    "brand": ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple", "Oak", "Pine", "Rowan"),
    "color": ("black", "white", "blue", "red", "green", "grey", "brown", "yellow"),
    "device": ("phone", "desktop", "tablet"),
    "os": ("android", "ios", "windows", "macos", "linux"),
    "browser": ("chrome", "safari", "firefox", "edge"),
    "channel": ("direct", "search", "newsletter", "ads", "social"),
    "country": ("DE", "FR", "IT", "ES", "PL", "NL", "SE", "AT", "BE", "PT", "DK", "FI"),
    "city": ("Berlin", "Paris", "Milan", "Madrid", "Warsaw", "Utrecht", "Malmö", "Vienna", "Ghent", "Porto"),
    "language": ("de", "fr", "it", "es", "pl", "nl", "sv"),
    "gender": ("F", "M"),
    "occupation": ("student", "engineer", "teacher", "artist", "doctor", "lawyer", "writer", "retired", "other"),
    "genre": ("drama", "comedy", "action", "thriller", "romance", "adventure", "crime", "animation", "western"),
}  # fmt: skip

ADJECTIVES = (
    "light",
    "classic",
    "soft",
    "bright",
    "little",
    "solid",
    "plain",
    "smart",
    "warm",
    "quick",
    "deep",
    "fine",
)


def words_for(column: str) -> tuple[str, ...]:
    """Return the words of a column, also for a plural or a compound like `item_category`; empty if none fit."""
    name = column.lower()
    for word in (name, name.rsplit("_", 1)[-1]):
        for key in (word, word.removesuffix("s"), word.removesuffix("ies") + "y", word.replace("colour", "color")):
            if key in WORDS:
                return WORDS[key]
    return ()


def titles(count: int) -> tuple[str, ...]:
    """Return so many different titles of things."""
    nouns = WORDS["category"]
    spread = len(ADJECTIVES) * len(nouns)
    return tuple(
        f"{ADJECTIVES[place % len(ADJECTIVES)]} {nouns[place // len(ADJECTIVES) % len(nouns)]} {place // spread + 1}"
        for place in range(count)
    )
