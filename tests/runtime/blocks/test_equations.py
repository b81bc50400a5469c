"""Shape and dense blocks give what their equations give, written here in plain numpy on the same weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from sess.compiler.block import Chosen, Kind
from sess.compiler.blocks.features.cyclic import Cyclic, CyclicParams
from sess.compiler.blocks.features.soft_one_hot import SoftOneHot, SoftOneHotParams
from sess.compiler.blocks.shape.at import At, AtParams
from sess.compiler.plans import ColumnPlan, Role
from sess.compiler.types import Level
from sess.compiler.words import Selection
from sess.runtime.border import Border, Layers, Surroundings, lower
from sess.runtime.layers.bags import Pooled
from sess.runtime.layers.table import Table
from sess.runtime.layers.times import cycle
from sess.runtime.vocabulary import VocabularySize

Array = NDArray[Any]
WIDTH = 6
MASK = np.arange(5) < np.array([5, 3, 1, 0])[:, None]  # (B, T): the last session is empty
DRAW = np.random.default_rng(3)
STEPS, OTHERS = (DRAW.normal(size=(4, 5, WIDTH)).astype(np.float32) for _ in range(2))
ROW = DRAW.normal(size=(4, WIDTH)).astype(np.float32)


def run(name: str, block: Kind, inputs: dict[str, Any], **params: object) -> tuple[Array, dict[str, Array]]:
    """Return what a block gives, and its weights by layer and name, drawn anew."""
    mask, layers = keras.Input((None,), dtype="bool"), Layers()
    flat: list[Array] = []

    def symbol(value: Array) -> Any:
        flat.append(value)
        return keras.Input((None, *value.shape[2:]) if value.ndim == 3 else value.shape[1:])

    ports = {
        port: tuple(map(symbol, value)) if isinstance(value, tuple) else symbol(value) for port, value in inputs.items()
    }
    tensors = [each for value in ports.values() for each in (value if isinstance(value, tuple) else (value,))]
    border = Border(Surroundings(layers, {}, {}, {}, {}, None, mask, 9, 1), "b", ports)
    model = keras.Model([*tensors, mask], lower(Chosen(name, params), block, border))  # type: ignore[arg-type]
    draw, weights = np.random.default_rng(4), {}
    for layer in layers.made:
        for weight in layer.weights:
            weight.assign(draw.normal(0.0, 0.6, tuple(weight.shape)))
            weights[weight.path.removeprefix("b.")] = np.asarray(weight, np.float64)
    return np.asarray(model([*flat, MASK])), weights


def sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def test_multiply_is_the_product() -> None:
    found, _ = run("multiply", Kind.SHAPE, {"xs": (STEPS, OTHERS)})
    np.testing.assert_allclose(found, STEPS * OTHERS, rtol=1e-6)


def test_gate_of_two_is_g_x_and_1_less_g_y() -> None:
    found, weights = run("gate", Kind.SHAPE, {"xs": (STEPS, OTHERS)})
    scores = np.concatenate([STEPS, OTHERS], -1) @ weights["dense_1/kernel"] + weights["dense_1/bias"]
    share = sigmoid(scores[..., :WIDTH] - scores[..., WIDTH:])
    np.testing.assert_allclose(found, share * STEPS + (1 - share) * OTHERS, atol=1e-5)


def test_gate_of_one_is_x_sigmoid() -> None:
    found, weights = run("gate", Kind.SHAPE, {"xs": (STEPS,)})
    expected = STEPS * sigmoid(STEPS @ weights["dense_1/kernel"] + weights["dense_1/bias"])
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("context", [ROW, OTHERS], ids=["row", "seq"])
def test_latent_cross_scales_by_one_and_the_context(context: Array) -> None:
    found, weights = run("latent_cross", Kind.SHAPE, {"seq": STEPS, "row": context})
    np.testing.assert_allclose(found, STEPS * (1 + (context[:, None] if context.ndim == 2 else context)), rtol=1e-6)
    assert weights == {}


@pytest.mark.parametrize(("name", "pool"), [("sum", np.sum), ("max", np.max), ("mean", np.mean)])
def test_a_pool_reads_real_steps_alone(name: str, pool: Any) -> None:
    found, _ = run(name, Kind.SHAPE, {"x": STEPS})
    expected = [
        pool(row[real], axis=0) if real.any() else np.zeros(WIDTH) for row, real in zip(STEPS, MASK, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_attention_pool_weighs_real_steps_by_a_softmax() -> None:
    found, weights = run("attention_pool", Kind.SHAPE, {"x": STEPS})
    for row, real, made in zip(STEPS, MASK, found, strict=True):
        inner = np.tanh(row[real] @ weights["dense_1/kernel"] + weights["dense_1/bias"]) @ weights["dense_2/kernel"]
        shares = np.exp(inner) / max(np.exp(inner).sum(), 1e-9)
        np.testing.assert_allclose(made, (shares * row[real]).sum(axis=0), atol=1e-5)


def test_cross_multiplies_with_its_input_in_every_layer() -> None:
    found, weights = run("cross", Kind.DENSE, {"x": ROW}, layers=2)
    x = ROW
    for layer in (1, 2):
        x = ROW * (x @ weights[f"dense_{layer}/kernel"] + weights[f"dense_{layer}/bias"]) + x
    np.testing.assert_allclose(found, x, atol=1e-4)


def test_project_is_a_product_and_a_bias_alone() -> None:
    found, weights = run("project", Kind.DENSE, {"x": STEPS}, dim=3)
    np.testing.assert_allclose(found, STEPS @ weights["dense_1/kernel"] + weights["dense_1/bias"], atol=1e-5)


def test_at_reads_the_row_of_its_code() -> None:
    codes, mask, size = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="bool"), VocabularySize(3, 9)
    table = Table(size, WIDTH, init=1.0)
    border = Border(Surroundings(Layers(), {}, {}, {}, {"n": codes}, None, mask, 9, 1), "b", {"tower": table})
    model = keras.Model([codes, mask], At().lower(border, AtParams(Selection(("n",), Level.STEP, ""))))
    asked = np.array([[3, 8, 5, 0, 2]])
    np.testing.assert_allclose(model([asked, asked > 0])[0], np.asarray(table.vectors)[asked[0]])


@pytest.mark.parametrize("combiner", ["mean", "sum", "sqrtn", "max"])
def test_a_bag_is_pooled_over_what_it_holds(combiner: str) -> None:
    table = Table(VocabularySize(3, 9), WIDTH, init=1.0)
    found = np.asarray(Pooled(table, combiner)(np.array([[3, 8, 8, 0], [5, 0, 0, 0], [0, 0, 0, 0]])))
    for bag, made in zip(([3, 8, 8], [5], []), found, strict=True):
        rows = np.asarray(table.vectors)[bag]  # (n, D)
        scale = {"mean": max(1, len(bag)), "sqrtn": max(1, len(bag)) ** 0.5}.get(combiner, 1)
        expected = rows.max(axis=0, initial=-np.inf) if combiner == "max" and bag else rows.sum(axis=0) / scale
        np.testing.assert_allclose(made, expected, atol=1e-6)


def test_cyclic_reads_the_columns_own_numbers_not_the_prepared_ones() -> None:
    own, prepared = keras.Input((None,)), keras.Input((None,))
    border = Border(Surroundings(Layers(), {}, {}, {}, {"n": prepared, "n.raw": own}, None, own, 9, 1), "b", {})
    model = keras.Model([own, prepared], Cyclic().lower(border, CyclicParams(Selection(("n",), Level.STEP, ""), 24.0)))
    hours = np.array([[0.0, 6.0, 13.0]])
    np.testing.assert_allclose(model([hours, hours / 7 - 1]), cycle(hours, 24.0), atol=1e-6)


def test_residual_adds_its_pipe() -> None:
    found, _ = run("residual", Kind.DENSE, {"x": STEPS, "pipe": OTHERS}, pipe={"text": "norm"})
    np.testing.assert_allclose(found, STEPS + OTHERS, rtol=1e-6)


def test_sinusoids_are_added() -> None:
    found, _ = run("position", Kind.FEATURES, {"x": STEPS}, kind="sinusoidal")
    place, number = np.arange(5)[:, None], np.arange(WIDTH)[None, :]
    angle = place / np.power(10_000.0, (number - number % 2) / WIDTH)
    np.testing.assert_allclose(found, STEPS + np.where(number % 2 == 0, np.sin(angle), np.cos(angle)), atol=1e-6)


def test_rotary_turns_pairs_so_that_products_know_the_distance_alone() -> None:
    same = np.broadcast_to(ROW[:, None], STEPS.shape).astype(np.float32)
    found, _ = run("position", Kind.FEATURES, {"x": same}, kind="rotary")
    turned = (same[..., 0::2] + 1j * same[..., 1::2]) * np.exp(
        1j * np.arange(5)[:, None] * np.power(10_000.0, -np.arange(0, WIDTH, 2) / WIDTH)
    )
    np.testing.assert_allclose(found[..., 0::2] + 1j * found[..., 1::2], turned, atol=1e-5)
    products = np.einsum("btd,bsd->bts", found, found)
    np.testing.assert_allclose(products[:, 0, 2], products[:, 2, 4], atol=1e-4)


def test_learned_positions_are_added() -> None:
    found, weights = run("position", Kind.FEATURES, {"x": STEPS})
    np.testing.assert_allclose(found, STEPS + weights["positions_1/positions"][:5], atol=1e-6)


def test_cyclic_is_a_point_on_a_circle_exact_for_times() -> None:
    hours = np.array([[0.0, 6.0, 25.0]])
    found = np.asarray(cycle(hours, 24.0))
    np.testing.assert_allclose(found[0], [[0, 1], [1, 0], [np.sin(np.pi / 12), np.cos(np.pi / 12)]], atol=1e-6)
    midnight = 86_400.0 * 20_000 + 60.0  # a minute past a midnight in 2024
    np.testing.assert_allclose(np.asarray(cycle(np.array([midnight]), 86_400.0))[0, 0], np.sin(np.pi / 720), atol=1e-7)


def test_a_soft_one_hot_is_a_mixture_of_vectors() -> None:
    numbers, mask, layers = keras.Input((None,)), keras.Input((None,), dtype="bool"), Layers()
    column = ColumnPlan("n", "float32", Role.STEP, False, (), None, True, False)
    border = Border(Surroundings(layers, {"n": column}, {}, {}, {"n": numbers}, None, mask, 9, 1), "b", {})
    params = SoftOneHotParams(Selection(("n",), Level.STEP, ""), buckets=4, dim=3)
    model = keras.Model([numbers, mask], SoftOneHot().lower(border, params))
    (first, bias), (vectors,) = (tuple(np.asarray(weight) for weight in layer.weights) for layer in layers.made)
    scores = STEPS[..., :1] @ first + bias
    shares = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    np.testing.assert_allclose(np.asarray(model([STEPS[..., 0], MASK])), shares @ vectors, atol=1e-5)
