"""Planted bugs in repairs, in what steps let out, in cancels, closes, limits and questions: I11, I23, I25 to I28."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any

from actors.gateway import outcome_resolution, request_queue, retry
from actors.gateway.lane import Lane
from actors.gateway.outcome_resolution import Resolution
from actors.gateway.pending_cancels import PendingCancels
from actors.journal import JournalActor
from actors.reconciler import attribution, resolve
from actors.reconciler.attribution import Plan as Attributed
from actors.runtime.event_sourced import EventSourced
from actors.supervisor import forced_trades, pre_trade_risk
from actors.supervisor.openings import Openings
from adapters.paper.binance.answers import ANSWERS
from adapters.paper.faults import Fault, FaultKind, FaultPlan, Moment
from messages.commands import AdjustPosition
from messages.journal import CommitFailed
from messages.types import PositionId
from simulator.environment.disk import DiskWeather
from simulator.environment.network import START_MS
from simulator.environment.plan import Act, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch
from simulator.troubles.staged import RESTING_PPM

OPENING = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=4, stop_ppm=10_000)
BESIDE = replace(OPENING, at_ms=4_000, slot=1, strategy="beta")
CHECKED = tuple(Act(at_ms=at_ms, do="reconcile") for at_ms in range(9_000, 24_000, 2_000))

# Repairs -----------------------------------------------------------------------------------------------


def _half_of_what_is_missing_is_booked(stack: ExitStack) -> None:
    """The next comparison finds the other half."""

    def halved(*arguments: Any) -> tuple[Any, ...]:
        found = commands(*arguments)
        adjusted = (each for each in found if isinstance(each, AdjustPosition))
        return tuple(replace(each, quantity_delta=each.quantity_delta / 2) for each in adjusted)

    commands = resolve._commands
    patch(stack, resolve, "_commands", halved)


def _a_human_takes_half() -> Sequence[Plan]:
    return [calm(OPENING, Act(at_ms=8_000, do="hand reduce", symbol="SOLUSDT"), *CHECKED)]


def _what_is_adopted_is_the_whole_leg(stack: ExitStack) -> None:
    """What a strategy has of it is forgotten."""

    def whole(views: Sequence[Any], difference: Decimal, step: Decimal, policy: Any) -> Attributed:
        plan = attribute(views, difference, step, policy)
        held = sum((view.quantity * view.side.sign for view in views), Decimal(0))
        return replace(plan, adopt=plan.adopt + held) if plan.adopt else plan

    attribute = attribution.attribute
    patch(stack, resolve, "attribute", whole)


def _a_human_adds_to_a_leg() -> Sequence[Plan]:
    return [calm(OPENING, Act(at_ms=8_000, do="hand trade", symbol="SOLUSDT", lots=1), *CHECKED)]


def _what_the_venue_closed_is_each_ones(stack: ExitStack) -> None:
    """On a leg that several hold, each bears all of it."""

    def each_bears_it(amount: Decimal, held: dict[PositionId, Decimal], step: Decimal) -> dict[PositionId, Decimal]:
        return {name: min(quantity, amount) for name, quantity in held.items() if quantity}

    patch(stack, forced_trades, "within", each_bears_it)


def _two_are_deleveraged() -> Sequence[Plan]:
    return [calm(OPENING, BESIDE, Act(at_ms=8_000, do="deleverage", symbol="SOLUSDT"))]


# What steps let out ------------------------------------------------------------------------------------


def _a_later_try_lets_nothing_out(stack: ExitStack) -> None:
    """What is offered to the disk again is the facts alone."""

    offered_again = EventSourced._offered_again

    def alone(self: EventSourced[Any, Any], decision: Any, failure: CommitFailed) -> bool:
        again = offered_again(self, decision, failure)
        decision.effects = ()
        return again

    patch(stack, EventSourced, "_offered_again", alone)


def _a_step_lets_one_effect_out(stack: ExitStack) -> None:
    release = JournalActor._release
    patch(stack, JournalActor, "_release", lambda self, step: release(self, replace(step, effects=step.effects[:1])))


def _the_journal_is_locked_when_it_fills() -> Sequence[Plan]:
    """Another program has it for 5 s: the commit of a fill, which orders the stop, fails and is tried again."""
    spans = ((START_MS + from_ms, START_MS + from_ms + 5_000) for from_ms in range(3_005, 3_100, 10))
    return [calm(OPENING, disk=DiskWeather(locks=(span,))) for span in spans]


def _an_opening() -> Sequence[Plan]:
    return [calm(OPENING)]


# Cancels -----------------------------------------------------------------------------------------------


def _a_cancel_pauses_for_a_minute(stack: ExitStack) -> None:
    """A venue that is overloaded is left in peace for long."""
    patch(stack, retry, "LONGEST_DELAY_MS", 60_000)
    patch(stack, retry, "FIRST_DELAY_MS", 60_000)


def _what_is_unclear_of_a_cancel_stays_so(stack: ExitStack) -> None:
    """The order works still, as its query says; nobody cancels it again."""
    patch(stack, PendingCancels, "on_resolution_end", lambda _self, _name: None)


def _a_cancel_comes_back(name: str) -> Sequence[Plan]:
    """What is sent to end a resting entry is answered like that, and changes nothing."""
    answered = replace(ANSWERS[name].at(Moment.BEFORE_EFFECT, method="DELETE", path="/order"), count=1)
    acts = (replace(OPENING, offset_ppm=RESTING_PPM), Act(at_ms=8_000, do="call off", slot=0))
    return [calm(*acts, safety_ms=60_000, faults=FaultPlan(faults=(answered,)))]


# Limits ------------------------------------------------------------------------------------------------


def _a_minute_begins_with_the_process(stack: ExitStack) -> None:
    patch(stack, Openings, "go_on", lambda _self, _restored: None)


def _opened_again_after_a_kill() -> Sequence[Plan]:
    acts = (OPENING, Act(at_ms=8_000, do="kill", for_ms=1_000), replace(BESIDE, at_ms=15_000))
    return [calm(*acts, limits=(("openings_per_minute", 1),))]


def _a_limit_is_one_openings_own(stack: ExitStack) -> None:
    """What is held already does not count."""
    patch(stack, pre_trade_risk, "exposure", lambda _held, _account: iter(()))


def _two_beyond_a_limit() -> Sequence[Plan]:
    """Each is worth 600."""
    return [calm(OPENING, replace(BESIDE, at_ms=8_000), limits=(("symbol_exposure", 800),))]


# Closes ------------------------------------------------------------------------------------------------


def _one_close_at_a_time(stack: ExitStack) -> None:
    """The next leaves when the venue has answered the one before."""
    narrow = replace(request_queue.LIMITS[Lane.REDUCING], outstanding=1)
    patch(stack, request_queue, "LIMITS", {**request_queue.LIMITS, Lane.REDUCING: narrow})


def _one_of_two_closes_hangs() -> Sequence[Plan]:
    other = replace(BESIDE, symbol="ETHUSDT")
    closes = (Act(at_ms=8_000, do="close", slot=0), Act(at_ms=8_100, do="close", slot=1))
    hangs = Fault(kind=FaultKind.HANG, method="POST", path="/order", nth=3)
    return [calm(OPENING, other, *closes, faults=FaultPlan(faults=(hangs,)))]


# Questions ---------------------------------------------------------------------------------------------


def _a_lost_answer_uses_up_the_patience(stack: ExitStack) -> None:
    """The pause after it is as long as if none of the questions before it had been answered."""

    def long(one: Resolution, now_ns: int, at_least_ns: int = 0) -> outcome_resolution.Result:
        return wait(replace(one, unanswered=one.tries) if one.failures else one, now_ns, at_least_ns)

    wait = outcome_resolution._wait
    patch(stack, outcome_resolution, "_wait", long)


def _a_question_that_failed_is_not_repeated(stack: ExitStack) -> None:
    def no_more(one: Resolution, *_: object) -> outcome_resolution.Result:
        return replace(one, pending_query=outcome_resolution.PendingQuery.NOTHING), ()

    patch(stack, outcome_resolution, "_failed", no_more)


def _an_opening_comes_to_nothing_and_questions_fail() -> Sequence[Plan]:
    """One question of those that are to prove it: the window is over by then."""
    unanswered = ANSWERS["timeout_408"].at(Moment.BEFORE_EFFECT, method="POST", path="/order")
    failed = (Fault(kind=FaultKind.RESET, method="GET", path="/order", nth=nth) for nth in range(4, 8))
    return [calm(OPENING, faults=FaultPlan(faults=(unanswered, each))) for each in failed]


ORACLES: dict[str, Mutant] = {
    "half of what is missing is booked": mutant(_half_of_what_is_missing_is_booked, "I23", plans=_a_human_takes_half),
    "what is adopted is the whole leg": mutant(_what_is_adopted_is_the_whole_leg, "I23", plans=_a_human_adds_to_a_leg),
    "what the venue closed is each one's": mutant(
        _what_the_venue_closed_is_each_ones, "I23", plans=_two_are_deleveraged
    ),
    "a later try lets nothing out": mutant(
        _a_later_try_lets_nothing_out, "I25", plans=_the_journal_is_locked_when_it_fills
    ),
    "a step lets one effect out": mutant(_a_step_lets_one_effect_out, "I25", plans=_an_opening),
    "a cancel pauses for a minute": mutant(
        _a_cancel_pauses_for_a_minute, "I26", plans=lambda: _a_cancel_comes_back("unavailable_503")
    ),
    "what is unclear of a cancel stays so": mutant(
        _what_is_unclear_of_a_cancel_stays_so, "I26", plans=lambda: _a_cancel_comes_back("timeout_408")
    ),
    "a minute begins with the process": mutant(
        _a_minute_begins_with_the_process, "I27", plans=_opened_again_after_a_kill
    ),
    "a limit is one opening's own": mutant(_a_limit_is_one_openings_own, "I27", plans=_two_beyond_a_limit),
    "one close at a time": mutant(_one_close_at_a_time, "I11", plans=_one_of_two_closes_hangs),
    "a lost answer uses up the patience": mutant(
        _a_lost_answer_uses_up_the_patience, "I28", plans=_an_opening_comes_to_nothing_and_questions_fail
    ),
    "a question that failed is not repeated": mutant(
        _a_question_that_failed_is_not_repeated, "I5", "I28", plans=_an_opening_comes_to_nothing_and_questions_fail
    ),
}
