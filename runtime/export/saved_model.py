"""The SavedModel of a trained model: `serving_default` answers every head, one signature more for each encoder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from sess.compiler.plans import ModelPlan, Program, Role
from sess.runtime.export.canonical import make_canonical
from sess.runtime.layers.select import select
from sess.runtime.model import SessionModel
from sess.runtime.train.windows import MASK
from sess.runtime.vocabulary import VocabularySize

Tensor = Any  # TensorFlow is untyped
HEADS = "serving_default"
VECTOR = "vector"
OWN = ("mask", "k", "exclude", "allow")
_ARGUMENT = re.compile(r"(?!(?:column|weight)_\d)[A-Za-z][A-Za-z0-9_]*")  # what TensorFlow leaves as it is


class Served(tf.Module):  # type: ignore[misc] # TensorFlow is untyped
    """Holds the weights, so that the saved model has each once (a tied table too)."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        super().__init__()
        self.weights = {name: getattr(weight, "value", weight) for name, weight in weights.items()}


def arguments(plan: ModelPlan) -> dict[str, str]:
    """Return the signature's argument of every input column: its own name, where that can be one."""
    return {
        name: name if _ARGUMENT.fullmatch(name) and name not in OWN else f"column_{i}"
        for i, name in enumerate(plan.inputs)
    }


def weight_argument(i: int) -> str:
    """Return the argument of a weight, where a signature takes some: no column is called so."""
    return f"weight_{i}"


def save(model: SessionModel, program: Program, sizes: Mapping[str, VocabularySize], folder: Path) -> None:
    """Write the model; equal weights give equal bytes, in whatever process."""
    specs = specs_of(program)
    item_domain = next((domain.name for domain in program.workflow.domains if domain.is_item), None)

    def heads(batch: dict[str, Tensor], k: Tensor, exclude: Tensor, allow: Tensor) -> dict[str, Tensor]:
        states = model.states(batch)
        nothing = tf.zeros([tf.shape(batch[MASK])[0], 1], tf.int32)  # (B, 1)
        found: dict[str, Tensor] = {}
        for head in program.model.heads:
            scores = model.scores(head.name, states[f"head:{head.name}"])  # (B, N) or (B,)
            if not head.is_ranking:
                found[f"{head.name}.score"] = tf.cast(scores, tf.float32)
                continue
            lists = (exclude, allow) if head.target_domain == item_domain else (nothing, nothing)
            codes, best = select(scores, sizes[head.target_domain or ""].reserved, k, *lists)  # (B, K)
            found |= {f"{head.name}.codes": codes, f"{head.name}.scores": best}
        return found

    signatures = {HEADS: traced(heads, program.model, specs, OWN)}
    for encoder in program.model.encoders:
        signatures[encoder.name] = traced(_vector(model, encoder.name), program.model, specs, OWN[:1])
    tf.saved_model.save(Served(model.served_weights()), str(folder), signatures=signatures)
    make_canonical(folder)


def _vector(model: SessionModel, encoder: str) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    def run(batch: dict[str, Tensor]) -> dict[str, Tensor]:
        return {VECTOR: tf.cast(model.states(batch)[f"encoder:{encoder}"], tf.float32)}  # (B, D)

    return run


def traced(run: Callable[..., Any], plan: ModelPlan, specs: Mapping[str, Any], own: tuple[str, ...]) -> Any:
    """Return the concrete function of a signature: the columns, then `own`, the mask being the first of those."""
    columns = arguments(plan)
    names = [*columns.values(), *own]

    def signature(*values: Tensor) -> Any:
        fed = dict(zip(names, values, strict=True))
        batch = {column: fed[argument] for column, argument in columns.items()}
        return run({**batch, MASK: fed["mask"]}, *(fed[name] for name in own[1:]))

    return tf.function(signature, input_signature=[specs[name] for name in names]).get_concrete_function()


def specs_of(program: Program) -> dict[str, Any]:
    columns = {column.name: column for column in program.workflow.inputs}
    specs = {
        "mask": tf.TensorSpec([None, None], tf.bool, "mask"),
        "k": tf.TensorSpec([], tf.int32, "k"),
        "exclude": tf.TensorSpec([None, None], tf.int32, "exclude"),
        "allow": tf.TensorSpec([None, None], tf.int32, "allow"),
    }
    for name, argument in arguments(program.model).items():
        shape: list[int | None] = [None] if columns[name].role is Role.SESSION else [None, None]
        shape += [columns[name].width] if columns[name].is_wide else []
        specs[argument] = tf.TensorSpec(shape, tf.as_dtype(columns[name].prepared), argument)
    return specs
