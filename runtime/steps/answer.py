"""The answers of a served model: many prepared requests in one batch through its SavedModel, and codes back to ids.

A copy of this file stands in every served model repository: it imports numpy, TensorFlow, pyarrow and the copied files
beside it alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .popular import Popular
from .request import Asked

Array = NDArray[Any]  # ids in the user's dtype, scores, or vectors
HEADS = "serving_default"


class Answerer:
    """A SavedModel with the vocabularies that turn its codes into the user's ids."""

    def __init__(self, folder: str | Path) -> None:
        import tensorflow as tf  # takes seconds, so that it waits until a model is loaded
        from pyarrow import parquet

        root = Path(folder)
        self.facts = json.loads((root / "serving.json").read_text(encoding="utf-8"))
        self._constant = tf.constant
        self._loaded = tf.saved_model.load(str(root / self.facts["model"]))  # the signatures die with it
        self._signatures = self._loaded.signatures
        self._ids: dict[str, Array] = {}
        self._popular: dict[str, Popular] = {}
        for name, domain in self.facts["domains"].items():
            table = parquet.read_table(root / domain["file"], columns=["id", "count"])
            ids = table.column("id")
            is_text = domain["dtype"] == "string"
            self._ids[name] = np.array(ids.to_pylist(), object) if is_text else ids.to_numpy().astype(domain["dtype"])
            self._popular[name] = Popular(table.column("count").to_numpy(), domain["reserved"])

    @property
    def outputs(self) -> frozenset[str]:
        """The names of all outputs."""
        return frozenset(self.facts["outputs"])

    def answer(self, asked: Sequence[Asked], wanted: Sequence[Collection[str]]) -> list[dict[str, Array]]:
        """Return each request's wanted outputs; requests are run together, and only what they want is computed."""
        found: list[dict[str, Array]] = [{} for _ in asked]
        for signature in [HEADS, *self.facts["encoders"]]:
            names = set(self._outputs_of(signature))
            places = [i for i, outputs in enumerate(wanted) if names & set(outputs)]
            if not places:
                continue
            raw = self._run(signature, [asked[i] for i in places])
            begin = 0
            for i in places:
                end = begin + len(asked[i].mask)
                mine = {name: values[begin:end] for name, values in raw.items()}
                made = self.decoded(mine, asked[i]) if signature == HEADS else {f"{signature}.vector": mine["vector"]}
                found[i].update({name: values for name, values in made.items() if name in wanted[i]})
                begin = end
        return found

    def _outputs_of(self, signature: str) -> list[str]:
        if signature != HEADS:
            return [f"{signature}.vector"]
        encoders = {f"{encoder}.vector" for encoder in self.facts["encoders"]}
        return [name for name in self.facts["outputs"] if name not in encoders]

    def _run(self, signature: str, asked: Sequence[Asked]) -> dict[str, Array]:
        """Return a signature's outputs for the rows of all requests, computed by at most `batch_max` rows at once."""
        longest = max(request.mask.shape[1] for request in asked)
        mask = np.concatenate([_padded(request.mask, longest) for request in asked])  # (B, T)
        columns = {
            name: np.concatenate([_padded(request.columns[name], longest) for request in asked])
            for name in self.facts["inputs"]
        }
        k = max(request.k for request in asked)
        owner = np.repeat(np.arange(len(asked)), [len(request.mask) for request in asked])
        seen = np.concatenate([request.seen for request in asked])
        ends = np.cumsum(np.concatenate([request.seen_counts for request in asked]))
        most, parts = self.facts["batch_max"], []
        for begin in range(0, max(1, len(mask)), most):
            rows = slice(begin, min(begin + most, len(mask)))
            feeds = {argument: columns[name][rows] for name, argument in self.facts["arguments"].items()}
            feeds["mask"] = mask[rows]
            if signature == HEADS:
                own = [seen[ends[i - 1] if i else 0 : ends[i]] for i in range(rows.start, rows.stop)]
                mine = [asked[i] for i in owner[rows]]
                feeds["k"] = np.array(k, np.int32)
                feeds["exclude"] = _stacked([np.concatenate([s, r.deny]) for s, r in zip(own, mine, strict=True)])
                nothing = np.zeros(0, np.int32)
                feeds["allow"] = _stacked([nothing if r.allow is None else r.allow for r in mine])
            made = self._signatures[signature](**{name: self._constant(values) for name, values in feeds.items()})
            part = {name: values.numpy() for name, values in made.items()}
            if signature == HEADS:
                self._fill_empty(part, feeds, k)
            parts.append(part)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _fill_empty(self, part: dict[str, Array], feeds: dict[str, Array], k: int) -> None:
        """Answer what is popular to sessions without a step."""
        if not self.facts["has_steps"]:
            return
        for row in np.flatnonzero(~feeds["mask"].any(axis=1)):
            for head, facts in self.facts["rankings"].items():
                is_item = facts["is_item"]
                nothing = np.zeros(0, np.int32)
                exclude, allow = (feeds[name][row] if is_item else nothing for name in ("exclude", "allow"))
                codes, scores = self._popular[facts["domain"]].rank(k, exclude, allow)
                part[f"{head}.codes"] = _writable(part[f"{head}.codes"])
                part[f"{head}.scores"] = _writable(part[f"{head}.scores"])
                part[f"{head}.codes"][row], part[f"{head}.scores"][row] = codes, scores

    def decoded(self, raw: dict[str, Array], asked: Asked) -> dict[str, Array]:
        """Return the answer in the user's ids; as many places as `k`, or as the session with most candidates has."""
        made: dict[str, Array] = {}
        for name, values in raw.items():
            head, _, kind = name.rpartition(".")
            if kind == "score":
                made[name] = values[:, None]  # (B, 1): Triton's batching needs a second dimension
            elif kind == "codes":
                most = int((values[:, : asked.k] > 0).sum(axis=1).max(initial=0))
                domain = self.facts["rankings"][head]["domain"]
                made[f"{head}.ids"] = self._ids_of(domain, values[:, :most])
                made[f"{head}.scores"] = raw[f"{head}.scores"][:, :most]
        return made

    def _ids_of(self, domain: str, codes: Array) -> Array:
        """Return ids of codes; a place without a candidate has 0 or an empty text, and the lowest score."""
        ids, reserved = self._ids[domain], self.facts["domains"][domain]["reserved"]
        if not len(ids):
            return np.zeros(codes.shape, ids.dtype)
        found: Array = ids[np.maximum(codes - reserved, 0)]
        if (codes == 0).any():
            found[codes == 0] = "" if ids.dtype == object else 0
        return found


def _padded(values: Array, longest: int) -> Array:
    """Return (B, T) padded on the right; (B,) as it is."""
    if values.ndim == 1 or values.shape[1] == longest:
        return values
    return np.pad(values, ((0, 0), (0, longest - values.shape[1])))


def _stacked(lists: Sequence[Array]) -> Array:
    """Return lists of codes as one array (B, S), 0 for nothing."""
    stacked = np.zeros((len(lists), max([1, *map(len, lists)])), np.int32)
    for row, codes in enumerate(lists):
        stacked[row, : len(codes)] = codes
    return stacked


def _writable(values: Array) -> Array:
    return values if values.flags.writeable else values.copy()
