"""The estimate counts parameters as Keras does, node by node."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from sess.compiler.driver import CheckOptions, check_spec
from sess.compiler.estimate import estimate
from sess.compiler.lower.program import lower
from sess.compiler.registry import registry

# Encoders beside those that the specs have, each with what it needs to say.
ENCODERS = (
    "albert(layers=3)", "bert", "bert4rec", "electra", "gpt2", "longformer(window=8)", "lstm(units=16, layers=2)",
    "roberta", "transformer(ffn=2)", "transformer(norm=post, position=rotary)", "transformer_xl(heads=4)",
)  # fmt: skip
ENCODER = """\
spec encoder
schema "shop.pbtxt"
columns item = tag(ITEM_ID)
table items = embedding(item, dim=16)
encoder query = features(item) >> {}
head click = query >> last >> categorical(item, tied=items)
train {{ objective = last }}
"""
SPECS = (
    pytest.param("../shared/specs/movies.sess", marks=pytest.mark.shared),
    pytest.param("../shared/specs/beauty_sasrec.sess", marks=pytest.mark.shared),
    "specs/quickstart.sess",
    "specs/xlnet_masked.sess",
    "tests/golden/shape_and_dense/spec.sess",
    "HEADS",
    *ENCODERS,
)
HEADS = """\
spec heads
schema "shop.pbtxt"
columns item = tag(ITEM_ID)
columns context = tag(CONTEXT)
table items = embedding(item)
let tower = items >> mlp([24, 16]) >> norm(kind=rms)
let steps = concat(features(item), broadcast(features(context) >> norm, to=item)) >> project(24) >> dropout(0.1)
encoder query = steps >> gru(units=16, layers=2)
head click = query >> categorical(item, tied=tower, bias=true)
head again = query >> categorical(item)
head buys = query >> last >> mlp([32]) >> binary(purchased)
train { objective = next }
"""


@pytest.mark.parametrize("spec", SPECS)
def test_every_node_has_as_many_parameters_as_its_layers(spec: str, root: Path, tmp_path: Path) -> None:
    model = pytest.importorskip("sess.runtime.model")
    size = pytest.importorskip("sess.runtime.vocabulary").VocabularySize
    path = root / spec
    if not spec.endswith(".sess"):
        path = tmp_path / "written.sess"
        path.write_text(HEADS if spec == "HEADS" else ENCODER.format(spec))
        (tmp_path / "shop.pbtxt").write_text((root / "specs" / "shop.pbtxt").read_text())
    checked = check_spec(path, CheckOptions(schema=root / "specs" / "shop.pbtxt" if spec.startswith("specs") else None))
    assert checked.graph is not None
    domains = [domain.name for domain in lower(checked.graph, registry()).workflow.domains]
    sizes = {domain: 7 + 13 * place for place, domain in enumerate(domains, 1)}
    program = lower(checked.graph, registry())
    built = model.SessionModel(
        program.model, program.workflow.columns, {name: size(3, total) for name, total in sizes.items()}
    )
    counted: Counter[str] = Counter()
    for layer in built._layers.made:
        node = layer.name.rpartition(".")[0]
        counted[node] += sum(math.prod(weight.shape) for weight in layer.weights if "seed" not in weight.path)
    guessed = estimate(checked.graph, registry(), sizes)
    ours = {id: cost.parameters.at(guessed.known).known for id, cost in guessed.costs.items()}
    assert {id: count for id, count in ours.items() if count} == {id: count for id, count in counted.items() if count}
    assert guessed.parameters.known == built.parameter_count
    assert all(cost.is_exact for cost in guessed.costs.values())
