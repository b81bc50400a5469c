"""The sections of random specs: how data is split and prepared, how the model is trained, measured and served."""

from __future__ import annotations

from tests.benchmarks.drawn_specs import Drawn


def sections(spec: Drawn) -> list[str]:
    """Return the lines of all sections; what isn't said is left to its default."""
    said = {
        "data": _data(spec), "prepare": _prepare(spec), "train": _train(spec), "evaluate": _evaluate(spec),
        "serve": _serve(spec),
    }  # fmt: skip
    return [f"{name} {{ {' '.join(entries)} }}" for name, entries in said.items() if entries]


def _kind(spec: Drawn) -> str:
    return (spec.objective or "").partition("(")[0]


def _data(spec: Drawn) -> list[str]:
    entries = ['train = "train/*.parquet"']
    splits = ["leave_one_out()", "by_session(valid=0.2, test=0.2)", "by_session", "none", "files"]
    if spec.world != "lists":
        splits.append("by_time(valid=1d, test=1d)")
    split = spec.one(splits)
    if split == "files":
        entries.append('valid = "valid/*.parquet"')
    elif split != "none":
        entries.append(f"split = {split}")
    if spec.world != "lists" and spec.chance(0.5):
        options = ["session=visit", "time=at"]
        options += ["idle=10m"] if spec.chance(0.2) else []
        options += ["dedupe=consecutive"] if spec.chance(0.2) else []
        entries.append(f"rows = events({', '.join(options)})")
    if spec.chance(0.6):
        entries.append(f"keep = last({spec.one((1, 2, 3, 5, 10, 50))})")
    if spec.chance(0.2):
        entries.append(f"min_length = {spec.one((2, 3))}")
    if spec.chance(0.15) and _kind(spec) in ("last", "random"):
        entries.append("context = last_step")
    if spec.has_catalogue:
        entries.append('catalogue = "items.parquet"')
    return entries


def _prepare(spec: Drawn) -> list[str]:
    ways = [
        ("category = categorify(min_count=3)", 0.1), ("category = hash(8)", 0.1),
        ("category = categorify(max_size=4, buckets=3)", 0.1), ("price = log1p >> standardize", 0.1),
        ("price = clip(1, 50)", 0.1), ("rating = fill(3)", 0.05), ("device = hash(5)", 0.1),
        ("age = clip(18, none) >> standardize", 0.05), ("tastes = hash(7)", 0.05),
        ("item_id = categorify(min_count=5)", 0.07), ("item_id = categorify(max_size=20, buckets=2)", 0.07),
        ("item_id = categorify(buckets=2)", 0.05), ("purchased = take(max)", 0.1), ("spent = take(sum)", 0.1),
        ("colours = categorify(min_count=2)", 0.05), ("colours = hash(6)", 0.05),
        ("age = take(last)", 0.05), ("rating = bucketize([2, 4])", 0.05),
        ("per_hour = ratio(price, hour) >> standardize", 0.05), ("gain = difference(price, rating)", 0.05),
    ]  # fmt: skip
    if spec.world != "lists":
        ways += [("weekday = at >> time_parts(weekday)", 0.1)]
    found: list[str] = []
    taken: set[str] = set()
    for entry, share in ways:
        key = entry.partition(" ")[0]
        if spec.chance(share * 0.6) and key not in taken:
            taken.add(key)
            found.append(entry)
    return found


def _train(spec: Drawn) -> list[str]:
    entries = [f"objective = {spec.objective}"] if spec.objective else []
    for entries_of, share in ((("adamw(lr=1e-3)", "sgd(lr=0.05, momentum=0.9)", "adagrad", "adam(lr=1e-2)"), 0.3),):
        if spec.chance(share):
            entries.append(f"optimizer = {spec.one(entries_of)}")
    if spec.chance(0.25):
        entries.append(f"schedule = {spec.one(('cosine(warmup=3)', 'linear', 'linear(warmup=100)', 'constant'))}")
    if spec.chance(0.4):
        entries.append(spec.one(("batch = 16", "batch = 1000", "tokens = 256", "tokens = 64", "batch = 128")))
    if spec.chance(0.1):
        entries.append(spec.one(("precision = mixed_bfloat16", "precision = mixed_float16")))
    for entry, share in (("seed = 7", 0.2), ("clip_norm = 1", 0.2), ("weight_decay = 0.01", 0.15)):
        if spec.chance(share):
            entries.append(entry)
    return entries


def _evaluate(spec: Drawn) -> list[str]:
    entries = []
    if spec.chance(0.3):
        words = ("recall@5", "hit@1", "ndcg@10", "mrr@20", "map@3", "precision@10", "coverage@10", "novelty@10",
                 "popularity_bias@10")  # fmt: skip
        entries.append(f"metrics = [{', '.join(spec.some(words, 1, 4))}]")
    if spec.chance(0.3):
        words = ("popular", "vsknn", "vsknn(k=5)", "last_item_knn", "stan")
        entries.append(f"baselines = [{', '.join(spec.some(words, 0, 2))}]")
    if spec.chance(0.3):
        entries.append(f"slices = [{', '.join(spec.some(('length', 'frequency', 'device', 'age'), 1, 3))}]")
    if spec.chance(0.1):
        entries.append(spec.one(("exclude = [seen]", "exclude = []")))
    return entries


def _serve(spec: Drawn) -> list[str]:
    ways = (
        (("top_k = 5", "top_k = 1", "top_k = 100"), 0.4), (("exclude = [seen]",), 0.4),
        (("accept = []", "accept = [k]", "accept = [allow, deny]"), 0.3),
        (("index = hnsw(m=8, min_recall=0.1)", "index = hnsw(min_recall=0.1)"), 0.15),
        (('platform = triton("24.10", backend=onnx)', 'platform = triton("24.10", backend=tensorflow)',
          'platform = triton("23.06", backend=python)'), 0.4),
        (("batch = dynamic(max=4, delay=1ms)", "batch = dynamic(max=1)"), 0.2),
        (("on_empty = error", "on_empty = popular"), 0.3), (("on_unknown = error", "on_unknown = unseen"), 0.3),
    )  # fmt: skip
    return [spec.one(entries) for entries, share in ways if spec.chance(share)]
