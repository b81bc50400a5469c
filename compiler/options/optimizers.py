"""The optimizers of `train { optimizer = … }`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sess.compiler.block import Entry, Kind
from sess.compiler.ranges import ABOVE_ZERO, NOT_NEGATIVE, SHARE


@dataclass(frozen=True, slots=True)
class AdamParams:
    """`adam(lr=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7)`: Kingma and Ba 2015."""

    lr: Annotated[float, ABOVE_ZERO] = 1e-3
    beta_1: Annotated[float, SHARE] = 0.9
    beta_2: Annotated[float, SHARE] = 0.999
    epsilon: Annotated[float, ABOVE_ZERO] = 1e-7


class Adam(Entry[AdamParams]):
    """Adaptive moments."""

    name = "adam"
    kind = Kind.OPTIMIZER


@dataclass(frozen=True, slots=True)
class AdamwParams:
    """`adamw(lr=1e-3, weight_decay=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-7)`: decoupled weight decay."""

    lr: Annotated[float, ABOVE_ZERO] = 1e-3
    weight_decay: Annotated[float, NOT_NEGATIVE] = 0.01
    beta_1: Annotated[float, SHARE] = 0.9
    beta_2: Annotated[float, SHARE] = 0.999
    epsilon: Annotated[float, ABOVE_ZERO] = 1e-7


class Adamw(Entry[AdamwParams]):
    """Adam with decoupled weight decay, Loshchilov and Hutter 2019."""

    name = "adamw"
    kind = Kind.OPTIMIZER


@dataclass(frozen=True, slots=True)
class SgdParams:
    """`sgd(lr=0.01, momentum=0)`: gradient descent."""

    lr: Annotated[float, ABOVE_ZERO] = 0.01
    momentum: Annotated[float, SHARE] = 0.0


class Sgd(Entry[SgdParams]):
    """Gradient descent with momentum."""

    name = "sgd"
    kind = Kind.OPTIMIZER


@dataclass(frozen=True, slots=True)
class AdagradParams:
    """`adagrad(lr=0.05, start=0.1, epsilon=1e-7)`: Duchi 2011; `start` fills the accumulators."""

    lr: Annotated[float, ABOVE_ZERO] = 0.05
    start: Annotated[float, NOT_NEGATIVE] = 0.1
    epsilon: Annotated[float, ABOVE_ZERO] = 1e-7


class Adagrad(Entry[AdagradParams]):
    """Rates that fall with the sum of squared gradients."""

    name = "adagrad"
    kind = Kind.OPTIMIZER
