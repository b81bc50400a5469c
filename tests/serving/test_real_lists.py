"""Real films with lists: bags and vectors of steps, of sessions and of the catalogue, through a real Triton."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import sess as package
from tests.serving.test_shared_specs import served, sess

pytestmark = [pytest.mark.shared, pytest.mark.slow, pytest.mark.triton]

USERS, WIDTH = 200, 4
EVENTS = """
feature { name: "user_id" type: INT annotation { tag: "session" tag: "id" } }
feature { name: "item_id" type: INT annotation { tag: "item_id" tag: "sequence" tag: "categorical" } }
feature { name: "timestamp" type: INT annotation { tag: "time" } }
feature { name: "genres" value_count { max: 6 } annotation { tag: "sequence" tag: "categorical" } }
feature { name: "look" type: FLOAT value_count { min: 4 max: 4 } annotation { tag: "sequence" tag: "embedding" } }
feature { name: "tastes" value_count { max: 6 } annotation { tag: "context" tag: "categorical" } }
feature { name: "profile" type: FLOAT value_count { min: 2 max: 2 } annotation { tag: "context" tag: "embedding" } }
"""
ITEMS = """
feature { name: "item_id" type: INT annotation { tag: "item_id" tag: "categorical" } }
feature { name: "title" annotation { tag: "text" } }
feature { name: "genres" value_count { max: 6 } annotation { tag: "categorical" } }
feature { name: "look" type: FLOAT value_count { min: 4 max: 4 } annotation { tag: "embedding" } }
"""
SPEC = """
spec films
schema "events.pbtxt"
schema "items.pbtxt" for catalogue

domain kinds = genres + tastes
table  items = embedding(item_id, dim=32)
table  words = embedding(kinds, dim=8)

let tower = concat(
  items,
  embed(column("genres", of=catalogue), tables=words, combiner=max),
  vectors(column("look", of=catalogue)),
) >> project(32)
let who   = concat(vectors(profile), embed(tastes, combiner=sqrtn))
let steps = concat(features(item_id + look), embed(genres, combiner=sum), broadcast(who, to=item_id)) >> mlp([32])

encoder query = steps >> ENCODER
head    click = query >> categorical(item_id, tied=tower)

data {
  train     = "events.parquet"
  catalogue = "items.parquet"
  rows      = events(session=user_id, time=timestamp)
  split     = leave_one_out()
  keep      = last(20)
}
train { objective = OBJECTIVE }
serve { exclude = [seen] }
"""


def write_films(shared: Path, folder: Path) -> dict[str, Any]:
    """Write the first users' events and the films with lists of both kinds; return a session to ask with."""
    events = pq.read_table(shared / "data/ml100k/events.parquet")
    events = events.filter(pc.is_in(events["user_id"], pc.unique(events["user_id"])[:USERS]))
    films = pq.read_table(shared / "data/ml100k/items.parquet").select(["item_id", "title", "genres"])
    genres: dict[int, list[str]] = {
        item: values or []
        for item, values in zip(films["item_id"].to_pylist(), films["genres"].to_pylist(), strict=True)
    }
    names = sorted({each for values in genres.values() for each in values})
    drawn = np.random.default_rng(0).normal(size=(len(names), WIDTH)).astype(np.float32)
    looks = {item: drawn[list(map(names.index, each))].mean(axis=0).tolist() for item, each in genres.items() if each}
    items, users = events["item_id"].to_pylist(), events["user_id"].to_pylist()
    tastes: dict[int, list[str]] = {}
    for user, item in zip(users, items, strict=True):
        tastes.setdefault(user, genres.get(item, []))
    profile = [
        [age / 100, float(gender == "F")]
        for age, gender in zip(events["age"].to_pylist(), events["gender"].to_pylist(), strict=True)
    ]
    made = {
        "genres": pa.array([genres.get(item) for item in items], pa.list_(pa.string())),
        "look": pa.array([looks.get(item) for item in items], pa.list_(pa.float32())),
        "tastes": pa.array([tastes[user] for user in users], pa.list_(pa.string())),
        "profile": pa.array(profile, pa.list_(pa.float32(), 2)),
    }
    for name, values in made.items():
        events = events.append_column(name, values)
    pq.write_table(events, folder / "events.parquet")
    seen = [looks.get(item) for item in films["item_id"].to_pylist()]
    films = films.append_column("look", pa.array(seen, pa.list_(pa.float32())))
    pq.write_table(films, folder / "items.parquet")
    (folder / "events.pbtxt").write_text(EVENTS)
    (folder / "items.pbtxt").write_text(ITEMS)
    asked = items[:3]
    return {
        "item_id": asked,
        "genres": [genres[item] for item in asked],
        "look": [looks[item] for item in asked],
        "tastes": tastes[users[0]],
        "profile": profile[0],
    }


@pytest.mark.parametrize(
    ("objective", "encoder"),
    [("next", "gru(units=32)"), ("masked(prob=0.3)", "transformer(layers=1, attention=bidirectional)")],
    ids=["next", "masked"],
)
def test_films_with_lists_compile_verify_and_answer(objective: str, encoder: str, shared: Path, tmp_path: Path) -> None:
    session = write_films(shared, tmp_path)
    spec = tmp_path / "films.sess"
    spec.write_text(SPEC.replace("ENCODER", encoder).replace("OBJECTIVE", objective))
    sess("check", str(spec), "--data")
    done = sess("compile", str(spec), "-o", str(tmp_path / "out"), "--epochs", "1")
    assert "trained model, SavedModel and Triton agree" in done.stderr
    lists = [
        f"--context={name}={','.join('|'.join(map(str, each)) for each in session[name])}"
        for name in ("genres", "look")
    ]
    lists += [f"--context=tastes={','.join(session['tastes'])}"]
    lists += [f"--context=profile={'|'.join(map(str, session['profile']))}"]
    items = ",".join(map(str, session["item_id"]))
    with served(tmp_path / "out") as url:
        asked = ["query", url, "--session", items, "-k", "5", "--json", *lists]
        spelled = [each["id"] for each in json.loads(sess(*asked).stdout)["click"]]
        with package.Client(url) as client:
            (by_client,) = client.recommend([session], k=5)
    (loaded,) = package.load(tmp_path / "out").recommend([session], k=5)
    assert [each.id for each in by_client] == [each.id for each in loaded] == list(map(int, spelled))
    assert not {each.id for each in by_client} & {*session["item_id"]}
