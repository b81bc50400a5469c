"""The schema of a stream of clicks: sessions, times and items, all whole numbers."""

from __future__ import annotations

SCHEMA = """
feature { name: "session_id" type: INT annotation { tag: "session" } }
feature { name: "time" type: INT annotation { tag: "time" } }
feature { name: "item_id" type: INT annotation { tag: "item" tag: "id" tag: "sequence" tag: "categorical" } }
"""
