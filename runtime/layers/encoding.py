"""The layers that only encoders are made of, by the names under which blocks find them."""

from __future__ import annotations

from sess.runtime.layers.dense import Sinusoids
from sess.runtime.layers.transformer import TransformerLayer

ENCODING_LAYERS = (
    Sinusoids,
    TransformerLayer,
)
