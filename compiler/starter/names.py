"""What columns of click streams are called: in public data sets, in shops, in the examples of Merlin and RecBole."""

from __future__ import annotations

import re

ITEM = ("item", "product", "article", "movie", "track", "song", "video", "news", "book", "sku", "asin", "offer", "aid")
SESSION = ("session", "visit", "basket", "order", "cart", "trip", "playlist", "query")
USER = ("user", "visitor", "customer", "member", "client", "reviewer", "account", "utrip")
TIME = ("timestamp", "time", "datetime", "date", "ts", "eventdate", "created", "at", "unixreviewtime")
ORDER = ("step", "position", "rank", "index", "sequence", "order", "seq")
OUTCOME = ("purchased", "bought", "buy", "label", "target", "converted", "conversion", "is_buy", "skipped", "churned")
CATEGORY = (
    "category",
    "code",
    "type",
    "kind",
    "class",
    "brand",
    "country",
    "city",
    "region",
    "device",
    "weekday",
    "group",
)

_SPLIT = re.compile(r"[^a-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words(name: str) -> tuple[str, ...]:
    """Return the words of a column's name in lower case: `sessionId`, `session_id` and `SESSION-ID` have the same."""
    return tuple(word for word in _SPLIT.split(_HUMP.sub("_", name).lower()) if word)


def is_id(name: str) -> bool:
    """Whether a name says that it identifies something."""
    found = words(name)
    return bool(found) and (found[-1] in {"id", "ids", "key", "uuid", "sku", "asin"} or found[-1].endswith("id"))


def speaks_of(name: str, vocabulary: tuple[str, ...]) -> bool:
    """Whether a word of a name is in the vocabulary, with or without an `id`, or an `s` at its end."""
    stems = {stem for word in words(name) for stem in (word, word.removesuffix("id"), word.removesuffix("s"))}
    return any(word in stems for word in vocabulary)
