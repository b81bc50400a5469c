"""The laws by name, which of them concern a case, and how one that is broken is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from sess.compiler.block import Kind
from sess.testing import asking, checking, compared, learned, listed, served
from sess.testing.subject import Subject
from sess.testing.trial import LawBroken, cases_of


@dataclass(frozen=True, slots=True)
class Law:
    """A law: what holds it, and whom it concerns."""

    hold: Callable[[Subject], None]
    concerns: Callable[[Subject], bool] = lambda subject: True


def _reads(subject: Subject) -> bool:
    return not subject.is_baseline


def _is_causal(subject: Subject) -> bool:
    return subject.case.objective == "next"


def _is_cut(subject: Subject) -> bool:
    return _reads(subject) and bool(subject.objective.lookahead)


def _appends(subject: Subject) -> bool:
    return _reads(subject) and bool(subject.objective.appends)


def _compares(subject: Subject) -> bool:
    return subject.entry.kind in (Kind.HEAD, Kind.LOSS)


def _lists(subject: Subject) -> bool:
    return subject.entry.kind in (Kind.HEAD, Kind.TABLE, Kind.BASELINE, Kind.OBJECTIVE) or subject.case.tied != "items"


def _has_items(subject: Subject) -> bool:
    return subject.entry.kind is Kind.TABLE or subject.case.tied != "items"


LAWS: Mapping[str, Law] = {
    "check never raises": Law(checking.check_never_raises),
    "parameters are JSON": Law(learned.parameters_are_json),
    "the checked type is the shape": Law(served.the_checked_type_is_the_shape, _reads),
    "padding does not exist": Law(served.padding_does_not_exist),
    "neighbours do not exist": Law(served.neighbours_do_not_exist),
    "the future does not exist": Law(served.the_future_does_not_exist, _is_causal),
    "no state knows the answer": Law(asking.no_state_knows_the_answer, _reads),
    "evaluation is serving": Law(served.evaluation_is_serving, _reads),
    "training stays in training": Law(served.training_stays_in_training),
    "an empty session gets numbers": Law(served.an_empty_session_gets_numbers),
    "every item is scored, and no reserved code": Law(served.every_item_is_scored_and_no_reserved_code),
    "what is seen is not listed": Law(listed.what_is_seen_is_not_listed, _lists),
    "an item has one vector": Law(listed.an_item_has_one_vector, _has_items),
    "labels are what was asked": Law(asking.labels_are_what_was_asked, _reads),
    "what is read ends before what is asked": Law(asking.what_is_read_ends_before_what_is_asked, _is_cut),
    "random places obey their ticket": Law(asking.random_places_obey_their_ticket, _appends),
    "serving asks once": Law(asking.serving_asks_once, _reads),
    "a loss raises its target": Law(compared.a_loss_raises_its_target, lambda subject: subject.entry.kind is Kind.LOSS),
    "a bias is that of its item": Law(
        compared.a_bias_is_that_of_its_item, lambda subject: subject.entry.kind is Kind.LOSS
    ),
    "all items drawn are the whole softmax": Law(
        compared.with_all_items_drawn_the_loss_is_the_whole_softmax, compared.estimates
    ),
    "chances to be drawn are taken off": Law(compared.chances_to_be_drawn_are_taken_off, compared.estimates),
    "a head learns what came": Law(compared.a_head_learns_what_came, _compares),
    "padding is never learned": Law(learned.padding_is_never_learned, _reads),
    "every weight learns": Law(learned.every_weight_learns, _reads),
    "a plan decides its weights": Law(learned.a_plan_decides_its_weights),
    "weights survive a file": Law(learned.weights_survive_a_file),
}


def hold(law: str, subject: Subject) -> None:
    """Try a law; LawBroken, with the law's name, if it doesn't hold."""
    try:
        LAWS[law].hold(subject)
    except AssertionError as error:
        meaning = (LAWS[law].hold.__doc__ or "").strip()
        raise LawBroken(
            f'`{subject.call}` breaks the law "{law}", tried in {subject.place}: {meaning}\n{error}'
        ) from error


@cache
def subjects_of(call: str, kind: Kind | None = None) -> tuple[Subject, ...]:
    """Return a call in every spec in which it is tried, so that the laws share its models."""
    return tuple(Subject(call, case, kind, place) for place, case in cases_of(call, kind).items())
