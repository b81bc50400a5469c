"""A request: the user's raw tensors in, checked and prepared as the model reads them; copied into every repository.

Every rule that a request can break is checked here, and the message names the tensor, the rule and the place. Imports
numpy and the copied files beside it alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bags import Bags, gathered
from .checks import BadRequest, check_lists, check_offsets, stored, texts_of
from .transform import UNSEEN, Transform

Array = NDArray[Any]  # of the dtype that the signature gives the tensor
Ints = NDArray[np.int64]

SHOWN = 40  # characters of a value in a message
ITEM_LISTS = ("allow", "deny")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may hold: sessions, values of a tensor, values of a list, and places of padded lists."""

    sessions: int = 4096
    values: int = 1_048_576
    list: int = 1000
    places: int = 1_048_576


@dataclass(frozen=True, slots=True)
class Asked:
    """A prepared request of B sessions: what the model step reads.

    `columns` are (B, T) of steps and (B,) of sessions, bags and vectors (B, T, N) and (B, N); `mask` (B, T) has real
    steps first. `seen` are the codes of all
    items of all sessions, one session after the other, `seen_counts` (B,) how many belong to each. `allow` and `deny`
    are codes for all sessions; `allow` is None where everything is allowed.
    """

    columns: dict[str, Array]
    mask: NDArray[np.bool_]
    k: int
    seen: NDArray[np.int32]
    seen_counts: Ints
    allow: NDArray[np.int32] | None
    deny: NDArray[np.int32]


class Reader:
    """Checks and prepares requests by the serving facts and the fitted transform of a folder."""

    def __init__(self, facts: Mapping[str, Any], transform: Transform, limits: Limits) -> None:
        self.facts, self.limits = facts, limits
        self._transform = transform
        self._tensors = {tensor["name"]: tensor for tensor in facts["request"]}
        self._dtypes = {name: np.dtype(stored(tensor["dtype"])) for name, tensor in self._tensors.items()}
        own = [t for t in facts["request"] if t["column"] and t["name"] not in ITEM_LISTS]
        lists = [t for t in own if t["name"] == f"{t['column']}__offsets"]
        self._steps = [t["column"] for t in lists if t["level"] == "step"]
        self.bags = [t["column"] for t in lists if t["level"] != "step"]
        self._sessions = [t["column"] for t in own if t["name"] == t["column"]]
        self._names = {t["column"]: t["name"] for t in own if not t["name"].endswith("__offsets")}
        lengths = facts["lengths"].values()
        inputs = [name for name in facts["inputs"] if name not in lengths]
        self._read = [*inputs, *([facts["item"]] if self._asks_item() else [])]
        self._reserved = {name: domain["reserved"] for name, domain in transform.workflow["domains"].items()}

    def _asks_item(self) -> bool:
        """Whether the item is in a request though the model doesn't read it: to leave out what was seen."""
        return self.facts["item"] in self._steps and self.facts["item"] not in self.facts["inputs"]

    @classmethod
    def load(cls, folder: str | Path) -> Reader:
        """Return the reader of a served prepare step's folder."""
        root = Path(folder)
        facts = json.loads((root / "serving.json").read_text(encoding="utf-8"))
        vocabularies = {name: domain["file"] for name, domain in facts["domains"].items()}
        return cls(facts, Transform.load(root, vocabularies), Limits(**facts["limits"]))

    def reserved(self, domain: str | None) -> int:
        """Return how many codes of a domain are no items; 0 for no domain."""
        return 0 if domain is None else int(self._reserved[domain])

    def read(self, tensors: Mapping[str, Array]) -> Asked:
        """Return the prepared request; BadRequest if it breaks a rule."""
        raw = self._checked(tensors)
        offsets = self._offsets(raw)
        rows = self._rows(raw, offsets)
        main = offsets.get(self.facts["group"])
        if main is not None and self.facts["on_empty"] == "error" and (np.diff(main) == 0).any():
            row = int(np.argmax(np.diff(main) == 0))
            raise BadRequest(f"`{self._first(self.facts['group'])}__offsets`: session {row} is empty")
        steps = [name for name in self._read if self._is_step(name)]
        whole = {name: self._encode(name, raw, offsets[self._group(name)]) for name in steps}
        columns: dict[str, Array] = {}
        mask = None
        for group, own in offsets.items():
            cut, real = self._cut({name: whole[name] for name in steps if self._group(name) == group}, own)
            columns |= cut
            if group == self.facts["group"]:
                mask = real
            elif group in self.facts["lengths"]:
                columns[self.facts["lengths"][group]] = real.sum(axis=1).astype(np.float32)
        for name in self._read:
            if not self._is_step(name):
                values = self._encode(name, raw, None)
                columns[name] = values.padded(np.arange(rows)) if isinstance(values, Bags) else values
        seen, seen_counts = self._seen(whole, main, rows)
        allow = self._items("allow", raw)
        if allow is not None and not len(allow):
            raise BadRequest("`allow` is empty: leave it out to allow every item")
        deny = self._items("deny", raw)
        return Asked(
            columns={name: columns[name] for name in self.facts["inputs"]},
            mask=np.ones((rows, 1), bool) if mask is None else mask,
            k=self._k(raw),
            seen=seen,
            seen_counts=seen_counts,
            allow=allow,
            deny=np.zeros(0, np.int32) if deny is None else deny,
        )

    def _checked(self, tensors: Mapping[str, Array]) -> dict[str, Array]:
        """Return the tensors with their names, dtypes, ranks and values checked, text decoded."""
        for name in tensors:
            if name not in self._tensors:
                raise BadRequest(f"`{name}` is no input; the inputs are {', '.join(f'`{n}`' for n in self._tensors)}")
        raw: dict[str, Array] = {}
        for name, tensor in self._tensors.items():
            values = tensors.get(name)
            if values is None:
                if not tensor["is_optional"]:
                    raise BadRequest(f"`{name}` is missing")
                continue
            if values.dtype != self._dtypes[name]:
                raise BadRequest(f"`{name}` is {values.dtype}, it must be {tensor['dtype']}")
            rank = len(tensor["shape"])
            if values.ndim != rank:
                raise BadRequest(f"`{name}` has rank {values.ndim}, it must have rank {rank}")
            if rank == 2 and str(values.shape[1]) != tensor["shape"][1]:
                raise BadRequest(
                    f"`{name}` has vectors of {values.shape[1]}, they must have {tensor['shape'][1]} numbers"
                )
            if values.size > self.limits.values:
                raise BadRequest(f"`{name}` holds {values.size:,} values, a request may hold {self.limits.values:,}")
            raw[name] = texts_of(name, values) if tensor["dtype"] == "string" else values
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                place = int(np.argmin(np.isfinite(values)))
                raise BadRequest(f"`{name}` is not finite: value {place} is {values.ravel()[place]}")
        return raw

    def _group(self, column: str) -> str:
        group: str = self._transform.workflow["columns"][column]["group"]
        return group

    def _first(self, group: str) -> str:
        """Return the first step column of a group."""
        return str(next(column for column in self._steps if self._group(column) == group))

    def _offsets(self, raw: Mapping[str, Array]) -> dict[str, Ints]:
        """Return the offsets that all step columns of a group share, by group."""
        found: dict[str, Ints] = {}
        for column in self._steps:
            group = self._group(column)
            name = f"{column}__offsets"
            offsets = raw[name].astype(np.int64)
            inner = raw.get(f"{column}__values__offsets")
            if inner is None:
                check_offsets(name, offsets, f"{column}__values", len(raw[f"{column}__values"]))
            else:
                values = f"{column}__values__values"
                check_offsets(f"{column}__values__offsets", inner.astype(np.int64), values, len(raw[values]))
                check_offsets(name, offsets, f"{column}__values__offsets", len(inner) - 1, "the number of lists in")
            shared = found.setdefault(group, offsets)
            first = f"{self._first(group)}__offsets"
            if len(offsets) != len(shared):
                raise BadRequest(f"`{name}` has {len(offsets) - 1} sessions, `{first}` has {len(shared) - 1}")
            if offsets is not shared and (offsets != shared).any():
                i = int(np.argmax(offsets != shared))
                raise BadRequest(
                    f"`{name}` differs from `{first}`: offset {i} is {offsets[i]} and {shared[i]};"
                    " lists of one session have the same steps"
                )
        return found

    def _rows(self, raw: Mapping[str, Array], offsets: Mapping[str, Ints]) -> int:
        """Return the number of sessions; BadRequest if there are too many, or if tensors differ in it."""
        counts = [len(own) - 1 for own in offsets.values()] + [len(raw[name]) for name in self._sessions]
        rows = [*counts, *(max(0, len(raw[f"{name}__offsets"]) - 1) for name in self.bags), 0][0]
        for group, own in offsets.items():
            if len(own) - 1 != rows:
                names = [f"`{self._first(each)}__offsets`" for each in (group, next(iter(offsets)))]
                raise BadRequest(f"{names[0]} has {len(own) - 1} sessions, {names[1]} has {rows}")
        if rows > self.limits.sessions:
            raise BadRequest(f"the request holds {rows:,} sessions, it may hold {self.limits.sessions:,}")
        for name in self._sessions:
            if len(raw[name]) != rows:
                other = f"{self._steps[0]}__offsets" if self._steps else self._sessions[0]
                raise BadRequest(f"`{name}` has {len(raw[name])} sessions, `{other}` has {rows}")
        for column in self.bags:
            name, values = f"{column}__offsets", f"{column}__values"
            check_offsets(name, raw[name].astype(np.int64), values, len(raw[values]))
            if len(raw[name]) - 1 != rows:
                firsts = [
                    *(f"{step}__offsets" for step in self._steps[:1]),
                    *self._sessions,
                    f"{self.bags[0]}__offsets",
                ]
                raise BadRequest(f"`{name}` has {len(raw[name]) - 1} sessions, `{firsts[0]}` has {rows}")
        return rows

    def _is_step(self, column: str) -> bool:
        return self._transform.workflow["columns"][column]["role"] in ("step", "time")

    def _values(self, column: str, raw: Mapping[str, Array], offsets: Ints | None) -> Array:
        """Return what `column` is before it is prepared: of the request, or computed from that."""
        is_step = self._is_step(column)

        def find(source: str) -> Array:
            values = raw[self._names[source]]
            is_repeated = is_step and not self._is_step(source) and offsets is not None
            return np.repeat(values, np.diff(offsets)) if is_repeated and offsets is not None else values

        return self._transform.raw(column, find)

    def _encode(self, column: str, raw: Mapping[str, Array], offsets: Ints | None) -> Any:  # an array, or Bags
        """Return a column's prepared values; an unknown one is refused where the spec says so."""
        values = self._values(column, raw, offsets)
        prepared = self._transform.apply(column, values)
        domain = self._transform.workflow["columns"][column]["domain"]
        is_wrong, what = None, "unknown"
        if domain is not None and self.facts["on_unknown"] == "error":
            is_wrong = (prepared >= UNSEEN) & (prepared < self._reserved[domain])
        elif prepared.dtype.kind == "f":
            # A double may be more than the model's floats hold, and a logarithm has no value below its range.
            is_wrong, what = ~np.isfinite(prepared), "out of the range that the preparation takes"
        if is_wrong is not None and is_wrong.any():
            place = int(np.argmax(is_wrong.reshape(len(is_wrong), -1).any(axis=1)))
            tensor = self._names.get(column, column)
            raise BadRequest(f"`{tensor}`: value {place} is {what}: `{str(values[place])[:SHOWN]}`", "bad value")
        if self._transform.workflow["columns"][column]["is_bag"]:
            name = f"{column}__values__offsets" if self._is_step(column) else f"{column}__offsets"
            inner = raw[name].astype(np.int64)
            steps = 1 if offsets is None else min(self.facts["keep"], int(np.diff(offsets).max(initial=0)))
            rows = len(inner) - 1 if offsets is None else len(offsets) - 1
            check_lists(name, inner, rows * steps, self.limits.list, self.limits.places)
            return Bags(prepared, inner)
        return prepared

    def _cut(self, whole: Mapping[str, Any], offsets: Ints) -> tuple[dict[str, Array], NDArray[np.bool_]]:
        """Return the last `keep` steps of every session as dense arrays (B, T), and the mask (B, T)."""
        ends = offsets[1:]
        begins = np.maximum(ends - self.facts["keep"], offsets[:-1])
        lengths = ends - begins
        across = np.arange(max(1, int(lengths.max(initial=0))))
        mask = across < lengths[:, None]  # (B, T)
        places = np.where(mask, begins[:, None] + across, 0)
        return {name: gathered(values, places, mask) for name, values in whole.items()}, mask

    def _seen(self, whole: Mapping[str, Any], offsets: Ints | None, rows: int) -> tuple[Any, Ints]:
        """Return the real items of every session, each once, also those that `keep` cuts."""
        item = self.facts["item"]
        if not self.facts["excludes_seen"] or item not in whole or offsets is None:
            return np.zeros(0, np.int32), np.zeros(rows, np.int64)
        session = np.repeat(np.arange(rows), np.diff(offsets))
        is_real = whole[item] >= self._reserved[self.facts["item_domain"]]
        pairs = np.unique((session[is_real] << 32) | whole[item][is_real].astype(np.int64))
        return (pairs & 0xFFFFFFFF).astype(np.int32), np.bincount(pairs >> 32, minlength=rows)

    def _items(self, name: str, raw: Mapping[str, Array]) -> NDArray[np.int32] | None:
        """Return the codes of a list of items; None if it isn't given. Unknown ids stay, as a code that no item has."""
        if name not in raw:
            return None
        codes: NDArray[np.int32] = np.unique(self._transform.apply(self.facts["item"], raw[name]))
        return codes

    def _k(self, raw: Mapping[str, Array]) -> int:
        most = int(self.facts["top_k"])
        if "k" not in raw:
            return most
        if raw["k"].shape != (1,):
            raise BadRequest(f"`k` has shape {list(raw['k'].shape)}, it must be [1]")
        k = int(raw["k"][0])
        if not 1 <= k <= most:
            raise BadRequest(f"`k` is {k}, it must be from 1 to {most}")
        return k
