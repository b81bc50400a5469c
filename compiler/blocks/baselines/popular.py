"""`popular`: the items that training clicked most, the same for every session."""

from __future__ import annotations

from dataclasses import dataclass

from sess.compiler.block import Keras, OneColumn, Site
from sess.compiler.prediction import BaselineBlock, LoweredBaseline
from sess.compiler.types import Head


@dataclass(frozen=True, slots=True)
class PopularParams:
    """`popular(target)`: what is clicked most in the training split; as a baseline of `evaluate` without a target."""

    target: OneColumn | None = None


class Popular(BaselineBlock[PopularParams]):
    """The score is the number of clicks; ties go to the lower item code."""

    name = "popular"
    counts_only = True

    def check(self, site: Site, params: PopularParams) -> Head | None:
        """Return a ranking head."""
        return self.head(site, params.target)

    def lower(self, keras: Keras, params: PopularParams) -> LoweredBaseline:
        """Return the clicks of training as scores."""
        return LoweredBaseline(keras.session.fit_clicks, keras.session.score_clicks)
