"""`last_item_knn`: the items that share most training sessions with the last one (item-kNN, Sarwar et al. 2001)."""

from __future__ import annotations

from sess.compiler.block import Entry, Kind, NoParams


class LastItemKnn(Entry[NoParams]):
    """Neighbours of the last item by the cosine of their sessions, then what is popular."""

    name = "last_item_knn"
    kind = Kind.BASELINE
    Params = NoParams
