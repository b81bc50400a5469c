"""`caser`: convolutions over the last steps as over a picture (Tang and Wang 2018, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Cost, Encoder, Keras, KerasTensor, Site, Sizes
from sess.compiler.cost import dense
from sess.compiler.quantity import Quantity
from sess.compiler.types import Direction, Row, Seq


@dataclass(frozen=True, slots=True)
class CaserParams:
    """`caser(window=5, horizontal=16, vertical=4, dropout=0.5)`: one vector a session, from its last `window` steps;
    `horizontal` filters of every height, and `vertical` ones.
    """

    window: int = 5
    horizontal: int = 16
    vertical: int = 4
    dropout: float = 0.5


class Caser(Encoder[CaserParams]):
    """ReLU(W [o; õ] + b): the most that each horizontal filter finds, and weighted sums of steps (equations 3 to 8).

    Fewer steps than the window stand at its end, zeros before them. The vector of the user (equation 9) is left out: a
    session has none, and what is known of it can be joined by `concat`.
    """

    name = "caser"
    direction = Direction.WHOLE
    pools = True

    def check(self, site: Site, params: CaserParams) -> Row | None:
        """Return a Row as wide as its input."""
        for name in ("window", "horizontal", "vertical"):
            site.require(getattr(params, name) >= 1, name, "must be at least 1")
        site.require(params.window <= 1_000, "window", "must be at most 1,000")
        site.require(0.0 <= params.dropout < 1.0, "dropout", "must be in [0, 1)")
        x = site.input(Seq)
        return Row(x.width, Direction.WHOLE) if x else None

    def lower(self, keras: Keras, params: CaserParams) -> KerasTensor:
        """Return (B, D)."""
        ops, width = keras.ops, keras.inputs.x.shape[-1]
        image = keras.session.LastSteps(params.window)(keras.inputs.x, keras.mask)  # (B, L, D)
        vertical = keras.layers.Dense(params.vertical)(ops.transpose(image, (0, 2, 1)))  # (B, D, filters)
        found = [ops.reshape(vertical, (-1, width * params.vertical))]
        for height in range(1, params.window + 1):
            shaped = keras.layers.Conv1D(params.horizontal, height, activation="relu")(image)  # (B, L - h + 1, filters)
            found.append(ops.max(shaped, axis=1))
        joined = keras.layers.Dropout(params.dropout)(ops.concatenate(found, axis=-1))
        return keras.layers.Dense(width, activation="relu")(joined)  # (B, D)

    def cost(self, sizes: Sizes, params: CaserParams) -> Cost:
        """Return the filters of every height, the vertical ones, and the last layer."""
        width, found = sizes.inside, Quantity.of(params.window * params.horizontal) + sizes.inside * params.vertical
        total = dense(width, Quantity.of(params.window), Quantity.of(params.vertical))
        for height in range(1, params.window + 1):
            places = Quantity.of(params.window - height + 1)
            total += dense(places, width * height, Quantity.of(params.horizontal))
        return total + dense(Quantity.of(1), found, width)
