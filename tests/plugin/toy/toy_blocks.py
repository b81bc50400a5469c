"""Blocks of a wheel that isn't ours: `running_mean` is right, and each of the others breaks a law on purpose."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sess.compiler.block import Encoder, Keras, KerasTensor, NoParams, Row, ShapeBlock, Site
from sess.compiler.types import Dim, Direction, Seq


@dataclass(frozen=True, slots=True)
class RunningMeanParams:
    """`running_mean(units)`: the mean of all steps so far, through a dense layer."""

    units: int


class RunningMean(Encoder[RunningMeanParams]):
    """A causal encoder that keeps all laws."""

    name = "running_mean"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: RunningMeanParams) -> Seq | None:
        """Return a Seq, `units` wide."""
        site.require(params.units >= 1, "units", "must be at least 1")
        x = site.input(Seq)
        return Seq(Dim(params.units), Direction.CAUSAL, x.group) if x else None

    def lower(self, keras: Keras, params: RunningMeanParams) -> KerasTensor:
        """Return (B, T, units)."""
        ops = keras.ops
        real = ops.expand_dims(ops.cast(keras.mask, "float32"), -1)  # (B, T, 1)
        count = ops.maximum(ops.cumsum(real, axis=1), 1.0)
        return keras.layers.Dense(params.units)(ops.cumsum(keras.inputs.x * real, axis=1) / count)


class ForgetfulMean(ShapeBlock[NoParams]):
    """A pool that forgets the mask."""

    name = "forgetful_mean"

    def check(self, site: Site, params: NoParams) -> Row | None:
        """Return a Row of the Seq's width."""
        x = site.input(Seq)
        return Row(x.width, Direction.WHOLE) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, D)."""
        return keras.ops.mean(keras.inputs.x, axis=1)


class Peeking(Encoder[NoParams]):
    """Says it is causal, and reads the step behind each."""

    name = "peeking"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: NoParams) -> Seq | None:
        """Return a Seq of the same width."""
        x = site.input(Seq)
        return replace(x, direction=Direction.CAUSAL) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.inputs.x
        return x + keras.ops.pad(x[:, 1:], [[0, 0], [0, 1], [0, 0]])


class Restless(Encoder[NoParams]):
    """Leaves its noise in serving."""

    name = "restless"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: NoParams) -> Seq | None:
        """Return a Seq of the same width."""
        x = site.input(Seq)
        return replace(x, direction=Direction.CAUSAL) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, T, D)."""

        class Noise(keras.keras.layers.Dropout):  # type: ignore[misc,name-defined] # Keras is untyped
            def call(self, inputs: KerasTensor, training: bool | None = None) -> KerasTensor:
                return super().call(inputs, training=True)

        return Noise(0.5)(keras.inputs.x)


class Liar(Encoder[NoParams]):
    """Gives another width than its check says."""

    name = "liar"
    direction = Direction.CAUSAL

    def check(self, site: Site, params: NoParams) -> Seq | None:
        """Return a Seq that is 7 wide."""
        x = site.input(Seq)
        return replace(x, width=Dim(7), direction=Direction.CAUSAL) if x else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return (B, T, 16)."""
        return keras.inputs.x
