"""Our encoders beside the models of keras-hub with the same weights, session by session.

    python -m pip install --target oracles --no-deps keras-hub==0.32.0 kagglehub kagglesdk regex tokenizers
    PYTHONPATH=oracles:. python tests/benchmarks/encoders_beside.py

keras-hub is no dependency, so it stands in a folder of its own. Its models read tokens: the vectors of a session are
put into their tables, in the order of the session, and segment vectors are zero. Prints a row for every encoder; fails
beyond 1e-5. ELECTRA isn't there: keras-hub takes its GELU by tanh, and the authors' code takes the exact one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras_hub.models as hub
import numpy as np
from numpy.typing import NDArray

from tests.runtime.encoders.bench import HEADS, LAYERS, LENGTHS, LONGEST, WIDTH, Bench

Array = NDArray[Any]
Weights = Mapping[str, Array]
TOKENS = 7
SIZES = {
    "num_layers": LAYERS, "num_heads": HEADS, "hidden_dim": WIDTH, "intermediate_dim": 4 * WIDTH, "dropout": 0.0,
}  # fmt: skip


def put_layer(layer: Any, weights: Weights, name: str) -> None:
    """Put the weights of a transformer layer into one of keras-hub."""
    attention, inner = layer._self_attention_layer, WIDTH // HEADS
    joined, bias = weights[f"{name}/attention/query_key_value"], weights[f"{name}/attention/query_key_value_bias"]
    parts = zip(np.split(joined, 3, axis=1), np.split(bias, 3), strict=True)
    for dense, (kernel, shift) in zip(
        (attention._query_dense, attention._key_dense, attention._value_dense), parts, strict=True
    ):
        dense.kernel.assign(kernel.reshape(WIDTH, HEADS, inner))
        dense.bias.assign(shift.reshape(HEADS, inner))
    attention._output_dense.kernel.assign(weights[f"{name}/attention/output"].reshape(HEADS, inner, WIDTH))
    attention._output_dense.bias.assign(weights[f"{name}/attention/output_bias"])
    put_norm(layer._self_attention_layer_norm, weights, f"{name}/norm_1")
    put_norm(layer._feedforward_layer_norm, weights, f"{name}/norm_2")
    put_dense(layer._feedforward_intermediate_dense, weights, f"{name}/feed/first")
    put_dense(layer._feedforward_output_dense, weights, f"{name}/feed/second")


def put_norm(norm: Any, weights: Weights, name: str) -> None:
    """Put a norm's scale and shift into another."""
    norm.gamma.assign(weights[f"{name}/gamma"])
    norm.beta.assign(weights[f"{name}/beta"])


def put_dense(dense: Any, weights: Weights, name: str) -> None:
    """Put a dense layer's weights into another."""
    dense.kernel.assign(weights[f"{name}/kernel"])
    dense.bias.assign(weights[f"{name}/bias"])


def put_places(positions: Any, weights: Weights) -> None:
    """Put learned positions into others."""
    positions.position_embeddings.assign(weights["positions_1/positions"])


def bert(name: str, weights: Weights) -> Any:
    """Return BERT, RoBERTa or ALBERT with our weights."""
    match name:
        case "bert":
            model = hub.BertBackbone(vocabulary_size=TOKENS, max_sequence_length=LONGEST, **SIZES)
        case "roberta":
            model = hub.RobertaBackbone(vocabulary_size=TOKENS, max_sequence_length=LONGEST, **SIZES)
        case _:
            model = hub.AlbertBackbone(
                vocabulary_size=TOKENS, max_sequence_length=LONGEST, embedding_dim=WIDTH, **SIZES
            )
            model.embeddings_projection.kernel.assign(np.eye(WIDTH))
    put_places(model.embeddings.position_embedding if name == "roberta" else model.position_embedding, weights)
    put_norm(model.embeddings_layer_norm, weights, "layernormalization_1")
    layers = [each for group in model.transformer_layers for each in group] if name == "albert" else None
    for i, layer in enumerate(layers or model.transformer_layers, 1):
        put_layer(layer, weights, f"transformerlayer_{i}")
    if name != "roberta":
        model.segment_embedding.embeddings.assign(np.zeros_like(model.segment_embedding.embeddings))
    return model


def gpt2(name: str, weights: Weights) -> Any:
    """Return GPT-2 with our weights."""
    model = hub.GPT2Backbone(vocabulary_size=TOKENS, max_sequence_length=LONGEST, **SIZES)
    put_places(model.position_embedding, weights)
    for i, layer in enumerate(model.transformer_layers, 1):
        put_layer(layer, weights, f"transformerlayer_{i}")
    put_norm(model.layer_norm, weights, "layernormalization_1")
    return model


def xlnet(name: str, weights: Weights) -> Any:
    """Return XLNet with our weights, without segments."""
    model, inner = hub.XLNetBackbone(vocabulary_size=TOKENS, **SIZES), WIDTH // HEADS
    for i, layer in enumerate(model.transformer_layers, 1):
        attention, own = layer.relative_attention, f"relativeattention_{i}"
        parts = np.split(weights[f"{own}/query_key_value"], 3, axis=1)
        for dense, kernel in zip(
            (attention._query_dense, attention._key_dense, attention._value_dense), parts, strict=True
        ):
            dense.kernel.assign(kernel.reshape(WIDTH, HEADS, inner))
        attention._encoding_dense.kernel.assign(weights[f"{own}/distance"].reshape(WIDTH, HEADS, inner))
        output = weights[f"{own}/output"].reshape(HEADS, inner, WIDTH)
        attention._output_dense.kernel.assign(np.moveaxis(output, 2, 0))
        layer.content_attention_bias.assign(weights[f"{own}/content_bias"][:, 0])
        layer.positional_attention_bias.assign(weights[f"{own}/distance_bias"][:, 0])
        layer.segment_encoding.assign(np.zeros_like(layer.segment_encoding))
        put_norm(layer.layer_norm, weights, f"layernormalization_{2 * i - 1}")
        put_norm(layer.layer_norm_ff, weights, f"layernormalization_{2 * i}")
        put_dense(layer.feedforward_intermediate_dense, weights, f"feedforward_{i}/first")
        put_dense(layer.feedforward_output_dense, weights, f"feedforward_{i}/second")
    return model


MODELS: dict[str, Callable[[str, Weights], Any]] = {
    "bert": bert, "roberta": bert, "albert": bert, "gpt2": gpt2, "xlnet": xlnet,
}  # fmt: skip


def apart(name: str) -> float:
    """Return how far an encoder is from keras-hub's at the real steps of all sessions."""
    bench = Bench(name, layers=LAYERS, heads=HEADS)
    model, found = MODELS[name](name, bench.weights), []
    table = model.content_query_embedding.word_embed if name == "xlnet" else model.token_embedding
    for vectors, length in zip(bench.x, LENGTHS, strict=True):
        table.embeddings.assign(vectors)
        tokens = {"token_ids": np.arange(length)[None], "padding_mask": np.ones((1, length), np.int32)}
        if any("segment" in each.name for each in model.inputs):
            tokens["segment_ids"] = np.zeros((1, length), np.int32)
        states = model(tokens)
        found.append(np.asarray(states["sequence_output"] if isinstance(states, dict) else states)[0])
    return float(np.abs(bench.found() - np.concatenate(found)).max())


def main() -> int:
    """Print the rows; return 1 if one is apart."""
    worst = 0.0
    print("| encoder | beside | apart |\n|---|---|---|")
    for name in MODELS:
        distance = apart(name)
        worst = max(worst, distance)
        print(f"| `{name}` | keras-hub | {distance:.0e} |", flush=True)
    return int(worst > 1e-5)


if __name__ == "__main__":
    sys.exit(main())
