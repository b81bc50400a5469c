"""`fmlp`: learned filters over the frequencies of a session instead of attention (Zhou et al. 2022, section 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import feed_forward, norm, positions
from sess.compiler.types import Direction, Seq


@dataclass(frozen=True, slots=True)
class FmlpParams:
    """`fmlp(layers=2, dropout=0)`: a bidirectional encoder that keeps its input's width."""

    layers: int = 2
    dropout: float = 0.0


class Fmlp(Encoder[FmlpParams]):
    """Learned positions and a norm, then LN(x + Dropout(f(x))), f a filter (equations 4, 5) or GELU of four times the
    width; ε = 1e-12.

    The transform is of a frame of as many places as the trunk ever has steps, real steps in it and zeros elsewhere. The
    authors fill the frame with positions and what layers make of them, so that padding answers with its own numbers.
    Positions count from the first kept step, not from the end of the frame.
    """

    name = "fmlp"
    direction = Direction.WHOLE

    def check(self, site: Site, params: FmlpParams) -> Seq | None:
        """Return a bidirectional Seq as wide as its input."""
        site.require(params.layers >= 1, "layers", "must be at least 1")
        site.require(0.0 <= params.dropout < 1.0, "dropout", "must be in [0, 1)")
        x = site.input(Seq)
        return replace(x, direction=Direction.WHOLE) if x else None

    def lower(self, keras: Keras, params: FmlpParams) -> KerasTensor:
        """Return (B, T, D)."""
        x = keras.session.Positions(keras.longest)(keras.inputs.x)
        x = keras.layers.Dropout(params.dropout)(keras.layers.LayerNormalization(epsilon=1e-12)(x))
        for _ in range(params.layers):
            filtered = keras.session.SpectralFilter(keras.longest)(x, keras.mask)
            x = keras.layers.LayerNormalization(epsilon=1e-12)(x + keras.layers.Dropout(params.dropout)(filtered))
            inner = keras.session.FeedForward(4 * x.shape[-1], activation="gelu")(x)
            x = keras.layers.LayerNormalization(epsilon=1e-12)(x + keras.layers.Dropout(params.dropout)(inner))
        return x  # (B, T, D)

    def cost(self, sizes: Sizes, params: FmlpParams) -> Cost:
        """Return positions and their norm, and the layers: a filter has two numbers for every frequency."""
        steps, width = sizes.rows, sizes.outside
        spectrum = width * (2 * (sizes.longest // 2 + 1))
        layer = Cost(spectrum, steps * steps * width * 2 + spectrum * (2 * sizes.longest), steps * width)
        layer += feed_forward(steps, width, width * 4) + norm(steps, width).times(2)
        return positions(steps, width, sizes.longest) + norm(steps, width) + layer.times(params.layers)
