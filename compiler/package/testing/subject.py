"""What the laws are tried on: the program of a case, and its model with the weights that it draws."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sess.compiler.plans import Program
from sess.compiler.prediction import Objective, Ticket
from sess.compiler.registry import registry
from sess.compiler.words import Kind
from sess.runtime.layers.bags import pointed
from sess.runtime.model import SessionModel
from sess.runtime.vocabulary import VocabularySize
from sess.testing.sessions import ITEMS, RESERVED, Batch, about_items, clicked, history
from sess.testing.trial import Case, compiled, entry_of


class Made(NamedTuple):
    """A model, and what every variable of it held when it was made, random numbers among them."""

    model: SessionModel
    begin: list[NDArray[Any]]


class Subject:
    """A case with its model; both are made once, when a law asks for them. `place` is where the call stands in it."""

    def __init__(self, call: str, case: Case, kind: Kind | None = None, place: str = "") -> None:
        self.call, self.case, self.place = call, case, place
        self.entry = entry_of(call, kind)

    @cached_property
    def program(self) -> Program:
        """The program; LawBroken if the spec has errors."""
        return compiled(self.case)

    @property
    def model(self) -> SessionModel:
        """The model, with drawn weights."""
        return self.made.model

    @cached_property
    def made(self) -> Made:
        """The model, and what it held at first."""
        return made(self.program)

    @cached_property
    def made_again(self) -> Made:
        """Another model of the same program, and what it held at first."""
        return made(self.program)

    @property
    def is_baseline(self) -> bool:
        """Whether it counts: without an objective nothing is read and nothing is learned."""
        return not self.case.objective

    @property
    def objective(self) -> Objective[Any]:
        """The objective that the case trains under."""
        found = registry().find(self.case.objective.partition("(")[0], Kind.OBJECTIVE)
        assert isinstance(found, Objective)
        return found

    def answers(self, question: Batch) -> dict[str, NDArray[Any]]:
        """Return states and scores, as serving computes them."""
        return answers(self.model, question)

    def ask(self, question: Batch, seed: int = 0) -> Ticket:
        """Return what the objective asks in training, by these random numbers."""
        state = self.model._asking.generator.state
        state.assign(np.array([seed, 0], state.dtype))
        return self.model._ticket(pointed(question, self.model.wide), is_training=True)

    def states(self, question: Batch, ticket: Ticket) -> NDArray[Any]:
        """Return what the ranking head reads of a ticket, without what is for training only."""
        outputs = self.model._run(pointed(question, self.model.wide), ticket, self.model.trunk, is_training=False)
        return np.asarray(outputs[self.model.plan.heads[0].state or ""])


def sizes_of(program: Program) -> dict[str, VocabularySize]:
    """Return the vocabularies of the trials: small ones."""
    return {
        domain.name: VocabularySize(RESERVED, RESERVED + (ITEMS if domain.is_item else 5))
        for domain in program.workflow.domains
    }


def build(program: Program) -> SessionModel:
    """Return a model of small vocabularies; its baselines are fitted."""
    sizes, catalogue = sizes_of(program), program.model.catalogue
    items = about_items(catalogue.columns if catalogue else ())
    clicks = {domain.name: clicked() for domain in program.workflow.domains if domain.is_item}
    model = SessionModel(program.model, program.workflow.columns, sizes, clicks, items)
    for baseline in model.baselines.values():
        baseline.fit(history())
    return model


def made(program: Program) -> Made:
    """Return a model with what it holds."""
    model = build(program)
    return Made(model, held(model))


def held(model: SessionModel) -> list[NDArray[Any]]:
    """Return what every variable of a model holds."""
    return [np.asarray(each) for each in model.variables]


def hold(model: SessionModel, values: Iterable[NDArray[Any]]) -> None:
    """Let every variable of a model hold what it held."""
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)


def answers(model: SessionModel, question: Batch) -> dict[str, NDArray[Any]]:
    """Return states and scores, as serving computes them; what a baseline reads is no state."""
    states = model.states(question)
    names = [head.name for head in model.plan.heads]
    scores = {name: model.scores(name, states[f"head:{name}"]) for name in names}
    own = {name: value for name, value in states.items() if name.partition(":")[2] not in model.baselines}
    return {name: np.asarray(value) for name, value in {**own, **scores}.items()}


def asked(ticket: Ticket) -> list[tuple[int, int, int]]:
    """Return row, place and session of every step that is asked for."""
    rows, places = np.nonzero(np.asarray(ticket.predict))
    sessions = rows if ticket.rows is None else np.asarray(ticket.rows)[rows]
    return list(zip(rows.tolist(), places.tolist(), sessions.tolist(), strict=True))
