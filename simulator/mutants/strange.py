"""Planted bugs against faults 32 to 34 and 38: stuck triggers, codes and numbers in no table, no descriptor."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

from actors.gateway import retry
from actors.gateway.actions import MS
from actors.position import next_orders, report_rules
from actors.position.state import Order, OrderPhase, Position
from actors.position.step_builder import StepBuilder
from actors.supervisor import context
from adapters.exchange import outcome, rows
from adapters.exchange.binance import normalize
from adapters.exchange.codes import VenueCodes
from adapters.exchange.outcome import Ask, Verdict
from adapters.exchange.rows import Row, decimal_of
from adapters.paper.faults import Fault, FaultKind, FaultPlan, Moment
from messages.statement import Statement
from simulator.environment.network import CALM, Window
from simulator.environment.plan import Act, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch

HOUR_MS = 3_600_000
OPENING = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2, stop_ppm=10_000)


def _a_trigger_is_cover(stack: ExitStack) -> None:
    """What the venue has in hand is as good as done."""
    patch(stack, Order, "resting", property(lambda order: order.phase is OrderPhase.WORKING))


def _a_trigger_that_sticks() -> Sequence[Plan]:
    """The price falls through the stop, and the venue does nothing more for 40 seconds."""
    faults = (Fault(kind=FaultKind.TRIGGER_STUCK, count=0, delay_ms=40_000),)
    fall = Act(at_ms=8_000, do="move price", symbol="SOLUSDT", offset_ppm=-30_000)
    return [calm(OPENING, fall, faults=FaultPlan(faults=faults))]


def _a_stuck_stop_is_passed(stack: ExitStack) -> None:
    """It does nothing, so a close beside a neighbor need not wait for it."""
    in_the_way = next_orders._blocks_reduction

    def passed(step: StepBuilder, order: Order) -> bool:
        return not order.stalled and in_the_way(step, order)

    patch(stack, next_orders, "_blocks_reduction", passed)


def _a_stop_that_sells_late_beside_a_neighbor() -> Sequence[Plan]:
    """Half of a position is closed while the child of its stop is stuck; then the child sells all of it."""
    faults = (Fault(kind=FaultKind.CHILD_STUCK, count=1, delay_ms=12_000),)
    neighbor = replace(OPENING, at_ms=4_000, slot=1, strategy="beta", stop_ppm=100_000)
    fall = Act(at_ms=8_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000)
    half = Act(at_ms=14_000, do="close part", slot=0, percent=50)
    return [calm(OPENING, neighbor, fall, half, faults=FaultPlan(faults=faults))]


def _a_refused_setting_is_asked_for_again(stack: ExitStack) -> None:
    """A code that is in no table says nothing, so it is asked once a second until something does."""
    judge_code = outcome._judge_code

    def judged(ask: Ask, codes: VenueCodes, code: str, text: str, cause: Statement) -> Verdict:
        return judge_code(Ask.READ if ask is Ask.SETTING else ask, codes, code, text, cause)

    patch(stack, outcome, "_judge_code", judged)
    patch(stack, report_rules, "LEVERAGE_PATIENCE_NS", HOUR_MS * 1_000_000)
    patch(stack, report_rules, "LEVERAGE_PAUSE_MOST_MS", 1_000)


def _a_setting_that_is_refused() -> Sequence[Plan]:
    faults = (
        Fault(
            kind=FaultKind.STATUS,
            method="POST",
            path="/leverage",
            code=-4999,
            message="Not for you.",
            moment=Moment.BEFORE_EFFECT,
            count=0,
        ),
    )
    lever = Act(at_ms=6_000, do="lever", slot=0, leverage=7)
    return [calm(OPENING, lever, faults=FaultPlan(faults=faults))]


def _executed_is_believed(stack: ExitStack) -> None:
    """The venue knows how much it has executed."""

    def executed(row: Row, name: str, _quantity: Decimal, default: str | None = None) -> Decimal:
        return decimal_of(row, name, default)

    def never(_draft: StepBuilder, _order: Order, _filled: Decimal, _ordered: Decimal = Decimal(0)) -> bool:
        return False

    patch(stack, normalize, "_executed", executed)
    patch(stack, report_rules, "_is_impossible", never)


def _more_executed_than_ordered() -> Sequence[Plan]:
    """Answers and events of the entry tell of ninety."""
    faults = (
        Fault(kind=FaultKind.ABSURD_NUMBERS, method="POST", path="/order", body='"90"', count=1),
        Fault(kind=FaultKind.EVENT_ABSURD, event="ORDER_TRADE_UPDATE", body='"90"', count=2),
    )
    return [calm(OPENING, faults=FaultPlan(faults=faults))]


def _nothing_is_waited_for(stack: ExitStack) -> None:
    """What was never sent has cost nothing, and may be tried again at once."""
    patch(stack, outcome, "UNSENT_RETRY_MS", 0)
    patch(stack, retry, "delay_ns", lambda _attempts, retry_after_ms=0: retry_after_ms * MS)


def _no_descriptor_is_free() -> Sequence[Plan]:
    """For ten seconds, in which a position is to be closed."""
    exhausted = Window(what="exhausted", from_ms=8_000, until_ms=18_000)
    close = Act(at_ms=9_000, do="close", slot=0)
    return [calm(OPENING, close, weather=replace(CALM, windows=(exhausted,)))]


def _a_crumb_is_sold(stack: ExitStack) -> None:
    """What is held is asked for to its last digit."""
    patch(stack, Position, "in_steps", lambda _position, quantity: quantity)


def _a_step_that_becomes_coarser() -> Sequence[Plan]:
    acts = (
        replace(OPENING, symbol="BTCUSDT", lots=4),
        Act(at_ms=8_000, do="change filters", symbol="BTCUSDT", for_ms=60_000),
        Act(at_ms=12_000, do="close", slot=0),
    )
    return [calm(*acts)]


def _any_fee_is_believed(stack: ExitStack) -> None:
    """What stands in the row was taken."""
    for room in (rows, context):
        patch(stack, room, "can_cost", lambda _fee, _traded: True)


def _a_fee_that_no_trade_costs() -> Sequence[Plan]:
    lie = Fault(kind=FaultKind.EVENT_MALFORMED, event="ORDER_TRADE_UPDATE", key="n", value='"-250000"', count=2)
    return [calm(OPENING, faults=FaultPlan(faults=(lie,)))]


STRANGE: dict[str, Mutant] = {
    "a trigger is cover": mutant(_a_trigger_is_cover, "I7", plans=_a_trigger_that_sticks),
    "a stuck stop is passed": mutant(_a_stuck_stop_is_passed, "I8", plans=_a_stop_that_sells_late_beside_a_neighbor),
    "a refused setting is asked for again": mutant(
        _a_refused_setting_is_asked_for_again, "I10", plans=_a_setting_that_is_refused
    ),
    "nothing is waited for": mutant(_nothing_is_waited_for, "I10", plans=_no_descriptor_is_free),
    "a crumb is sold": mutant(_a_crumb_is_sold, "I10", plans=_a_step_that_becomes_coarser),
    "any fee is believed": mutant(_any_fee_is_believed, "I21", plans=_a_fee_that_no_trade_costs),
    "executed is believed": mutant(_executed_is_believed, "I4", "I5", plans=_more_executed_than_ordered),
}
