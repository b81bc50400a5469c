"""`gate`: a learned mixture of values of one width, element by element; of one value, how much of it passes."""

from __future__ import annotations

from sess.compiler.block import Cost, Keras, KerasTensor, NoParams, Port, ShapeBlock, Site, Sizes
from sess.compiler.cost import dense
from sess.compiler.types import Value, widest


class Gate(ShapeBlock[NoParams]):
    """Of several: sum_k a_k x_k, where a = softmax over k of W [x_1; …; x_n] + b (Xie et al. 2022, gating fusion; of
    two it is g x + (1 - g) y). Of one: x sigmoid(W x + b) (Dauphin et al. 2017).
    """

    name = "gate"
    inputs = (Port("xs", is_variadic=True),)

    def check(self, site: Site, params: NoParams) -> Value | None:
        """Return the kind and width of what comes in; its direction is the widest of theirs."""
        values = site.alike("xs")
        return widest(values) if values else None

    def lower(self, keras: Keras, params: NoParams) -> KerasTensor:
        """Return the mixture, shaped like each of them."""
        ops, parts = keras.ops, keras.inputs.xs
        width, count = parts[0].shape[-1], len(parts)
        joined = ops.concatenate(parts, axis=-1) if count > 1 else parts[0]  # (…, n D)
        if count == 1:
            return joined * ops.sigmoid(keras.layers.Dense(width)(joined))
        shares = ops.split(keras.layers.Dense(count * width)(joined), count, axis=-1)
        shares = ops.softmax(ops.stack(shares, axis=-1), axis=-1)  # (…, D, n)
        return ops.sum(ops.stack(parts, axis=-1) * shares, axis=-1)  # (…, D)

    def cost(self, sizes: Sizes, params: NoParams) -> Cost:
        """Return one dense layer from all to all."""
        return dense(sizes.rows, sizes.inside, sizes.inside)
