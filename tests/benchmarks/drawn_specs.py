"""Random specs over the small shop: any features, blocks, encoders, objective, losses, heads and sections together."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

ATTENTIVE = ("bert", "bert4rec", "roberta", "albert", "electra", "longformer", "bsarec", "xlnet")
CAUSAL = (
    "gru(units={w})", "lstm(units={w})", "gru({w}, layers=2, dropout=0.1)", "sasrec(layers=1)", "gpt2(layers=1)",
    "transformer_xl(layers=1)", "hstu(layers=1)", "tisasrec(layers=1)", "nextitnet", "nextitnet([1, 2], kernel=2)",
    "linrec(layers=1)", "xlnet(layers=1, attention=causal)", "transformer(layers=1)",
    "transformer(layers=1, position=rotary, norm=post)", "transformer(layers=1, position=none, ffn=1)",
    "transformer(layers=1, position=sinusoidal)", "mlp([{w}]) >> hstu(layers=1, heads=1, buckets=8)",
)  # fmt: skip
WHOLE = (
    *(f"{name}(layers=1)" for name in ATTENTIVE), "bert(layers=2, dropout=0.1)", "fmlp(layers=1)",
    "longformer(layers=1, window=2)", "bsarec(layers=1, alpha=0.3, c=1)",
    "transformer(layers=1, attention=bidirectional)",
    "transformer(layers=1, attention=bidirectional, position=rotary, norm=post)",
    "transformer(layers=1, attention=bidirectional, position=sinusoidal)",
)  # fmt: skip
POOLING = ("narm(units={w})", "stamp", "caser", "caser(window=2, horizontal=2, vertical=1)")
POOLS = ("last", "first", "mean", "max", "sum", "attention_pool")
DENSE = (
    "mlp([{w}])", "mlp([24, {w}], activation=tanh, dropout=0.1)", "project({w})", "norm", "norm(kind=rms)",
    "dropout(0.2)", "cross(layers=1)", "project({w}) >> residual(norm >> mlp([{w}]))", "block",
)  # fmt: skip
LOSSES = (
    "softmax", "softmax", "sampled_softmax(n=8)", "sampled_softmax(n=8, sampler=popularity)",
    "sampled_softmax(n=0, sampler=in_batch)", "sampled_softmax(n=8, sampler=mixed)", "gbce(n=4)", "gbce(n=4, t=0.0)",
    "bce(n=4)", "bpr_max(n=8)", "bpr_max(n=8, sampler=mixed, regularization=0.0)",
    "top1_max(n=8, sampler=popularity)", "top1_max(n=8, sampler=mixed)", "sampled_softmax(n=100)",
)  # fmt: skip
OBJECTIVES = (
    "next", "next", "last", "random", "random(per_session=3)", "masked", "masked(prob=0.5, last_mix=0.5)",
    "masked(replace=[0.0, 0.5, 0.5])", "replaced", "replaced(prob=0.3, weight=5, generator=0.5)", "permuted",
    "permuted(prob=0.5)", None,
)  # fmt: skip


@dataclass
class Drawn:
    """A spec while it is drawn; `width` is that of all vectors which meet."""

    draw: Random
    world: str
    number: int
    objective: str | None = None
    width: int = 16
    lines: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    towers: list[str] = field(default_factory=list)
    has_catalogue: bool = False
    is_whole: bool = False

    def chance(self, share: float) -> bool:
        return self.draw.random() < share

    def one(self, words: object) -> str:
        return str(self.draw.choice(words))  # type: ignore[arg-type]

    def some(self, words: tuple[str, ...], least: int, most: int) -> list[str]:
        return self.draw.sample(words, self.draw.randint(least, min(most, len(words))))


def draw_spec(seed: int) -> tuple[str, str]:
    """Return a world and the text of a spec over it; the same seed gives the same."""
    draw = Random(seed)
    world = draw.choice(("whole", "whole", "texts", "lists", "search"))
    spec = Drawn(draw, world, seed, draw.choice(OBJECTIVES), draw.choice((8, 16, 16, 32)))
    spec.has_catalogue = draw.random() < 0.4
    spec.is_whole = _kind(spec) in ("masked", "replaced", "permuted")
    lines = [f"spec drawn_{seed}", 'schema "schema.pbtxt"']
    if spec.has_catalogue:
        lines.append('schema "items.pbtxt" for catalogue')
    if world == "search":
        lines.append("sequence searches = words + hits")
    lines += ["columns item = item_id", "columns context = tag(CONTEXT)", f"param width = {spec.width}"]
    lines += [f"let block = norm >> mlp([{spec.width}])", f"let who = {_row_leaf(spec)} >> project({spec.width})"]
    if spec.chance(0.5) or _ranks_bought(spec):
        lines.append("domain products = item_id + bought_id")
    lines += _tables(spec)
    lines += _heads(spec)
    lines += _sections(spec)
    return world, "\n".join(lines) + "\n"


def _kind(spec: Drawn) -> str:
    return (spec.objective or "").partition("(")[0]


def _ranks_bought(spec: Drawn) -> bool:
    return spec.number % 5 == 0


def _tables(spec: Drawn) -> list[str]:
    lines = []
    for name in ("items", "others")[: spec.draw.choice((0, 1, 1, 1, 2))]:
        options = [f"dim={spec.one((spec.width, 'width', spec.width, 8, 'auto'))}"]
        if spec.chance(0.3):
            options.append("init=0.1")
        if spec.chance(0.25):
            options.append("trainable=false")
        if spec.chance(0.25):
            options = [each for each in options if not each.startswith("dim")] + ["dim=8"]
            files = 'pretrained="vectors.parquet"', 'pretrained="vectors.npy", ids="ids.npy"'
            options.append(spec.one(files))
        lines.append(f"table {name} = embedding(item_id, {', '.join(options)})")
        spec.tables.append(name)
        if f"dim={spec.width}" in options or "dim=width" in options:
            spec.towers.append(name)
    if spec.tables and spec.chance(0.6):
        parts = [spec.tables[0]]
        if spec.has_catalogue:
            side = (
                "features(all(of=catalogue) - column(\"item_id\", of=catalogue) - tag(CATEGORICAL, of=catalogue))",
                'features(column("genres", of=catalogue))', 'embed(column("genres", of=catalogue), combiner=max)',
                'embed(column("category", of=catalogue))', 'numeric(column("weight", of=catalogue))',
                'vectors(column("image", of=catalogue))',
                'soft_one_hot(column("weight", of=catalogue), buckets=4, dim=3)',
            )  # fmt: skip
            parts += spec.some(side, 1, 3)
        joined = f"concat({', '.join(parts)})" if len(parts) > 1 else parts[0]
        lines.append(f"let tower = {joined} >> {_dense(spec, 1)}mlp([{spec.width}])")
        spec.towers.append("tower")
    return lines


def _dense(spec: Drawn, most: int) -> str:
    return "".join(f"{spec.one(DENSE).format(w=spec.width)} >> " for _ in range(spec.draw.randint(0, most)))


def _embedded(spec: Drawn) -> str:
    """Return the item's vector at every step."""
    ways = ["features(item)", "embed(item_id)"] if len(spec.tables) < 2 else ["embed(item_id, tables=items)"]
    if len(spec.tables) == 2:
        ways.append("embed(item_id, tables=others)")
    ways += [f"at({name}, item_id)" for name in (*spec.tables, *spec.towers)]
    return spec.one(ways)


def _leaf(spec: Drawn) -> str:
    ways = [
        "features(category + price)", "embed(category)", "numeric(price + rating)", "numeric(hour)",
        "soft_one_hot(price, buckets=4, dim=3)", "soft_one_hot(price + rating, 3, 2)", "cyclic(hour, period=24)",
        "vectors(look)", "embed(colours)", "embed(colours, combiner=sum)", "embed(colours, combiner=max)",
        "embed(colours, combiner=sqrtn)", "features(colours + look)", "broadcast(who, to=item_id)",
        "features(category + price + hour, each=project(4) >> norm)", "numeric(liked)",
    ]  # fmt: skip
    if spec.world != "search":
        ways.append("features(tag(SEQUENCE) - item_id)")
    if spec.world != "lists":
        ways += ["time_gap", "time_gap(buckets=8)"]
    if spec.is_whole or _kind(spec) in ("last", "random", ""):
        pooled = "words" if spec.world == "search" else "category"
        ways.append(f"broadcast(embed({pooled}) >> mean, to=item_id)")
    return spec.one(ways)


def _row_leaf(spec: Drawn) -> str:
    ways = [
        "features(context)", "embed(device)", "numeric(age)", "vectors(profile)", "embed(tastes, combiner=sqrtn)",
        "features(device + tastes)", "concat(embed(device), numeric(age) >> norm)",
        "soft_one_hot(age, buckets=4, dim=3)", "features(context, each=project(4))",
    ]  # fmt: skip
    return spec.one(ways)


def _steps(spec: Drawn) -> str:
    """Return a Seq as wide as all that meets."""
    leaves = [_embedded(spec), *(_leaf(spec) for _ in range(spec.draw.randint(0, 3)))]
    spec.draw.shuffle(leaves)
    width = spec.width
    way = spec.draw.randint(0, 5)
    if way == 0:
        other = spec.one(("add", "multiply", "gate"))
        steps = f"{other}({', '.join(f'{leaf} >> project({width})' for leaf in leaves)})"
        if len(leaves) == 1 and other != "gate":
            steps = f"{leaves[0]} >> project(width)"
    else:
        steps = f"concat({', '.join(leaves)})" if len(leaves) > 1 else leaves[0]
    steps += f" >> {_dense(spec, 2)}project({width})"
    for word, share in (
        ("swap_noise(0.1)", 0.15), ("latent_cross(who)", 0.2), ("gate", 0.1), ("position", 0.1),
        ("position(kind=sinusoidal)", 0.1), ("position(kind=rotary)", 0.05), ("norm", 0.1), ("block", 0.1),
    ):  # fmt: skip
        if spec.chance(share):
            steps += f" >> {word}"
    return steps


def _encoder(spec: Drawn) -> str:
    kind = _kind(spec)
    if kind == "permuted":
        return spec.one(("xlnet", "xlnet(layers=1, dropout=0.1)", "xlnet(layers=1, heads=4)"))
    if spec.is_whole:
        encoders = WHOLE
    elif kind in ("last", "random", ""):
        encoders = (*CAUSAL, *WHOLE, "mlp([{w}])")
    else:
        encoders = (*CAUSAL, *CAUSAL, "mlp([{w}])")
    found = spec.one(encoders)
    if spec.world == "lists" and found.startswith(("tisasrec", "mlp([{w}]) >> hstu", "hstu")):
        found = "gru(units={w})"
    return found.format(w=spec.width)


def _heads(spec: Drawn) -> list[str]:
    lines, kind = [], _kind(spec)
    states, rows = [], []
    lines.append(f"let steps = {_steps(spec)}")
    for name in ("query", "second")[: spec.draw.choice((1, 1, 1, 2))]:
        word = spec.one(("encoder", "encoder", "encoder", "let"))
        start = "steps" if name == "query" or spec.chance(0.5) else _steps(spec)
        after = spec.one(("", "", "", " >> norm", " >> dropout(0.1)", f" >> mlp([{spec.width}])"))
        if kind in ("last", "random", "") and spec.chance(0.5):
            pool = spec.one((*POOLING, *POOLS)).format(w=spec.width)
            encoder = "" if spec.chance(0.3) or pool.startswith(("narm", "stamp", "caser")) else f"{_encoder(spec)} >> "
            if pool.startswith("caser"):
                after = f" >> project({spec.width})"
            lines.append(f"{word} {name} = {start} >> {encoder}{pool}{after}")
            rows.append(name)
        else:
            lines.append(f"{word} {name} = {start} >> {_encoder(spec)}{after}")
            states.append(name)
    for i in range(spec.draw.choice((1, 1, 2, 3))):
        state = spec.one([*states, *rows])
        is_seq = state in states
        if spec.objective is None or (i and spec.chance(0.4)):
            lines.append(f"head h{i + 1} = {_session_head(spec, state, is_seq=is_seq)}")
        elif i and spec.chance(0.5):
            lines.append(f"head h{i + 1} = {_other_step_head(spec, state)}")
        else:
            lines.append(f"head h{i + 1} = {_item_head(spec, state)}")
    for word in spec.some(("popular", "vsknn", "last_item_knn", "stan"), 0, 2) if spec.chance(0.3) else []:
        lines.append(f"head base_{word} = {word}(item_id)")
    return lines


def _weight(spec: Drawn) -> str:
    return spec.one(("", "", ", weight=0.3", ", weight=2"))


def _item_head(spec: Drawn, state: str) -> str:
    options = ["item_id"]
    tied = spec.one([*spec.towers, *spec.towers, ""] if spec.towers else [""])
    if tied:
        options.append(f"tied={tied}")
    loss = spec.one(LOSSES)
    if spec.chance(0.6):
        options.append(f"loss={loss}")
    else:
        loss = "softmax"
    if loss == "softmax" and spec.chance(0.2):
        options.append("label_smoothing=0.1")
    if spec.chance(0.2):
        options.append("bias=true")
    if spec.chance(0.2):
        options.append("temperature=0.5")
    before = spec.one(("", "", "", f"mlp([{spec.width}]) >> ", "dropout(0.1) >> "))
    return f"{state} >> {before}categorical({', '.join(options)}{_weight(spec)})"


def _other_step_head(spec: Drawn, state: str) -> str:
    loss = spec.one(("", "", ", loss=sampled_softmax(n=4)", ", label_smoothing=0.1", ", loss=bce(n=2)"))
    ways = (
        f"categorical(category{loss}{_weight(spec)})", f"binary(liked{_weight(spec)})",
        f"regression(price{_weight(spec)})", f"regression(rating{_weight(spec)})",
    )  # fmt: skip
    return f"{state} >> {spec.one(ways)}"


def _session_head(spec: Drawn, state: str, *, is_seq: bool) -> str:
    pool = f"{spec.one(POOLS)} >> " if is_seq else ""
    ways = [
        f"binary(purchased{_weight(spec)})", f"regression(spent{_weight(spec)})",
        f"categorical(interest{_weight(spec)})", "categorical(interest, loss=sampled_softmax(n=4))",
    ]  # fmt: skip
    if _ranks_bought(spec):
        tied = f", tied={spec.one(spec.towers)}" if spec.towers else ""
        ways += [f"categorical(bought_id{tied})", f"categorical(bought_id{tied}, loss={spec.one(LOSSES)})"]
    beside = f"concat({state} >> {pool}project({spec.width}), who) >> " if spec.chance(0.2) else f"{state} >> {pool}"
    return f"{beside}{spec.one(ways)}"


def _sections(spec: Drawn) -> list[str]:
    from tests.benchmarks.drawn_sections import sections

    return sections(spec)
