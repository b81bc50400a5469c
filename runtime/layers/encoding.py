"""The layers and functions that only encoders are made of, by the names under which blocks find them."""

from __future__ import annotations

from sess.runtime.layers.convolution import CausalConvolution
from sess.runtime.layers.dense import small
from sess.runtime.layers.frequencies import FrequencyRescale, SpectralFilter
from sess.runtime.layers.interval_attention import IntervalAttention, IntervalMarks, Intervals
from sess.runtime.layers.last_steps import LastSteps
from sess.runtime.layers.pointwise_attention import PointwiseAttention, time_buckets
from sess.runtime.layers.transformer import TransformerLayer

ENCODING_LAYERS = (
    CausalConvolution,
    FrequencyRescale,
    IntervalAttention,
    IntervalMarks,
    Intervals,
    LastSteps,
    PointwiseAttention,
    SpectralFilter,
    TransformerLayer,
)

ENCODING_FUNCTIONS = {"small": small, "time_buckets": time_buckets}
