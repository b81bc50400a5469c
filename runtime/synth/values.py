"""The values of each column: a table with one entry an item, a visit or a user, looked up by every click."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sess.compiler.schema import Column, Dtype
from sess.runtime.synth.catalogue import Catalogue, Floats, Ints
from sess.runtime.synth.ids import draw_ids, room
from sess.runtime.synth.roles import OPINION_NAMES, Cast, Role
from sess.runtime.synth.stream import DAY, Stream
from sess.runtime.synth.words import titles, words_for

LABELS = 12
PRICE_WORDS = ("price", "cost", "amount", "spend")
TITLE_WORDS = ("title", "name", "description")
VECTOR = 8  # the width of a list of floats whose length the schema leaves open


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that values come from."""

    cast: Cast
    catalogue: Catalogue
    stream: Stream
    seed: int

    def random(self, topic: str) -> np.random.Generator:
        """Return a generator of the topic's own, so that one more column leaves the others as they are."""
        return np.random.default_rng([self.seed, 5, zlib.crc32(topic.encode())])

    @property
    def item_ids(self) -> pa.Array:
        """(V,) the id of each item."""
        return draw_ids(self.cast.item, self.catalogue.size, self.random(self.cast.item.name))

    @property
    def users(self) -> Ints:
        """(S,) the user of each visit; the lower the number, the more visits."""
        visits = len(self.stream.first)
        return (self.random("users of visits").random(visits) ** 2 * max(1, visits // 3)).astype(np.int64)


def values_of(column: Column, role: Role, scene: Scene) -> pa.Array:
    """Return the column's value at every click, (N,) in the order of the stream."""
    stream, rng = scene.stream, scene.random(column.name)
    visits = len(stream.first)
    if column.is_nested or (column.is_list and not scene.cast.is_step(column)):
        owner = _owners(role, scene)
        return _bags(column, int(owner.max()) + 1, rng).take(pa.array(owner))
    match role:
        case Role.ITEM:
            return scene.item_ids.take(pa.array(stream.item))
        case Role.SESSION:
            return draw_ids(column, visits, rng).take(pa.array(stream.visit))
        case Role.USER:
            users = scene.users
            return draw_ids(column, int(users.max()) + 1, rng).take(pa.array(users[stream.visit]))
        case Role.TIME:
            return _numbers(column, stream.time * 1_000_000 if column.dtype is Dtype.DATETIME else stream.time)
        case Role.CLOCK:
            day = (stream.time // DAY + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
            return _numbers(column, stream.time % DAY / 3600.0 if column.name.lower() == "hour" else day)
        case Role.OPINION:
            return _opinions(column, scene, rng)
        case Role.ITEM_TRAIT:
            traits = _item_traits(column, scene, rng)
            return traits.take(pa.array(stream.item))
        case Role.VISIT_TRAIT:
            traits = _person_traits(column, stream.mood if _tells_mood(column, scene) else rng.random(visits), rng)
            return traits.take(pa.array(stream.visit))
        case Role.USER_TRAIT:
            users = scene.users
            traits = _person_traits(column, rng.random(int(users.max()) + 1), rng)
            return traits.take(pa.array(users[stream.visit]))
        case Role.BOUGHT:
            return _numbers(column, stream.is_buyer).take(pa.array(stream.visit))
        case Role.BOUGHT_ITEM:
            # Who buys nothing has no item: null, as in a left join of visits and orders.
            bought = pa.array(stream.bought, mask=stream.is_buyer == 0)
            return scene.item_ids.take(bought).take(pa.array(stream.visit))
        case Role.SPENT:
            spent = np.where(stream.is_buyer == 1, _prices(scene)[stream.bought], 0.0)
            return _numbers(column, spent).take(pa.array(stream.visit))
        case Role.INTEREST:
            labels = _labels(column, rng)
            shelf = scene.catalogue.shelf[stream.item[stream.first]]
            return labels.take(pa.array(shelf % len(labels))).take(pa.array(stream.visit))
        case _:
            assert_never(role)


def _owners(role: Role, scene: Scene) -> Ints:
    if role is Role.ITEM_TRAIT:
        return scene.stream.item
    return scene.users[scene.stream.visit] if role is Role.USER_TRAIT else scene.stream.visit


def _tells_mood(column: Column, scene: Scene) -> bool:
    told = (other for other, role in scene.cast.roles if role is Role.VISIT_TRAIT and _is_label(other))
    return column == next(told, None)


def _item_traits(column: Column, scene: Scene, rng: np.random.Generator) -> pa.Array:
    size = scene.catalogue.size
    if _is_label(column):
        if column.dtype is Dtype.STRING and _named(column, TITLE_WORDS):
            return pa.array(titles(size), pa.string())
        labels = _labels(column, rng)
        return labels.take(pa.array(scene.catalogue.shelf % len(labels)))
    if _named(column, PRICE_WORDS):
        return _numbers(column, _prices(scene))
    return _amounts(column, size, rng)


def _person_traits(column: Column, told: Floats, rng: np.random.Generator) -> pa.Array:
    if not _is_label(column):
        return _amounts(column, len(told), rng)
    labels = _labels(column, rng)
    return labels.take(pa.array(_zipf(told, len(labels))))


def _opinions(column: Column, scene: Scene, rng: np.random.Generator) -> pa.Array:
    stream = scene.stream
    liking = scene.catalogue.quality[stream.item] + rng.normal(0.0, 0.2, len(stream.item))  # (N,)
    if column.has("target") and not _named(column, OPINION_NAMES) and not column.dtype.is_float:
        return _numbers(column, liking > 0.8)
    return _numbers(column, np.clip(np.round(1.0 + 4.0 * liking), 1.0, 5.0))


def _prices(scene: Scene) -> Floats:
    shelf = scene.catalogue.shelf
    rng = scene.random("prices")
    usual = rng.normal(3.2, 0.6, int(shelf.max()) + 1)[shelf]  # (V,) things of one shelf cost about the same
    exact: Floats = np.floor(np.exp(usual + rng.normal(0.0, 0.35, len(shelf)))) + 0.99
    return exact


def _amounts(column: Column, count: int, rng: np.random.Generator) -> pa.Array:
    name = column.name.lower()
    if name == "age":
        return _numbers(column, np.clip(rng.normal(38.0, 13.0, count), 16.0, 90.0).astype(np.int64))
    if name == "year":
        return _numbers(column, 2024 - np.floor(rng.gamma(1.5, 8.0, count)))
    scale = 1.0 if column.dtype.is_float else 10.0
    return _numbers(column, rng.gamma(2.0, scale, count))


def _bags(column: Column, count: int, rng: np.random.Generator) -> pa.Array:
    length = column.inner if column.is_nested else column.length
    if column.dtype.is_float and not column.has("categorical"):
        width = length or VECTOR
        inner, sizes = _numbers(column, rng.normal(0.0, 1.0, count * width)), np.full(count, width)
    else:
        labels = _labels(column, rng)
        sizes = np.full(count, length) if length else rng.integers(1, 4, count)
        start = np.repeat(_zipf(rng.random(count), len(labels)), sizes)
        along = np.arange(len(start)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        inner = labels.take(pa.array((start + along) % len(labels)))
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(sizes)]), pa.int32()), inner)


def _labels(column: Column, rng: np.random.Generator) -> pa.Array:
    if column.dtype is Dtype.BOOL:
        return pa.array([False, True])
    if column.dtype is Dtype.STRING:
        return pa.array(
            words_for(column.name) or [f"{column.name} {number}" for number in range(1, LABELS + 1)], pa.string()
        )
    if column.dtype is Dtype.DATETIME:
        return pa.array(np.arange(LABELS) * DAY * 1_000_000, pa.timestamp("us"))
    return draw_ids(column, max(1, min(LABELS, room(column))), rng)


def _zipf(told: Floats, labels: int) -> Ints:
    share = np.cumsum(1.0 / np.arange(1, labels + 1))
    return np.searchsorted(share / share[-1], told, side="right").astype(np.int64)


def _is_label(column: Column) -> bool:
    is_number = column.dtype.is_float or (column.dtype.is_integer and column.has("continuous"))
    return column.has("categorical") or not is_number


def _named(column: Column, words: tuple[str, ...]) -> bool:
    return any(word in column.name.lower() for word in words)


def _numbers(column: Column, values: Ints | Floats | npt.NDArray[np.bool_]) -> pa.Array:
    if column.dtype is Dtype.STRING:
        return pa.array([f"{value:g}" for value in values.astype(float)], pa.string())
    if column.dtype is Dtype.DATETIME:
        return pa.array(values.astype(np.int64), pa.timestamp("us"))
    if column.dtype.is_integer:
        bounds = np.iinfo(column.dtype.value)
        values = (
            np.clip(np.floor(values.astype(np.float64)), bounds.min, bounds.max) if values.dtype.kind == "f" else values
        )
    return pa.array(values.astype(column.dtype.value))
