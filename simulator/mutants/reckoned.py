"""Planted bugs in what is booked of money: I21."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

from actors.funding import Holder, Place
from actors.position import fold, rules
from actors.position.draft import Draft
from actors.position.state import Position
from actors.supervisor import fundings
from actors.supervisor.fundings import Fundings
from adapters.paper.faults import Fault, FaultKind, FaultPlan
from messages import reports as r
from messages.types import Side
from simulator.environment.network import START_MS
from simulator.environment.plan import Act, Plan
from simulator.mutants.plans import filled_in_halves
from simulator.mutants.planting import Mutant, calm, mutant, patch, patch_rule

OPENING = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=4, stop_ppm=50_000)
RISE = Act(at_ms=8_000, do="move price", symbol="SOLUSDT", offset_ppm=10_000)


def _a_life() -> Sequence[Plan]:
    """Opened, added to at another price, closed in part, and the rest a while later."""
    acts = (
        OPENING,
        RISE,
        Act(at_ms=9_000, do="add", slot=0, lots=2),
        Act(at_ms=12_000, do="close part", slot=0, percent=50),
        replace(RISE, at_ms=14_000, offset_ppm=5_000),
        Act(at_ms=15_000, do="close", slot=0),
    )
    return [calm(*acts)]


def _the_last_price_is_the_entry_price(stack: ExitStack) -> None:
    """What is added moves the entry price to its own."""
    netted = fold.netted

    def at_last(p: Position, side: Side, quantity: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
        after, average = netted(p, side, quantity, price)
        return after, price if after > p.quantity else average

    patch(stack, fold, "netted", at_last)


def _a_result_of_all_that_is_held(stack: ExitStack) -> None:
    """A part that is closed realizes what the whole would."""
    patch(stack, rules, "realized", lambda p, side, _quantity, price: fold.realized(p, side, abs(p.quantity), price))


def _a_fee_once_an_order(stack: ExitStack) -> None:
    """An order of several fills is charged for the first."""
    filled = rules.filled

    def charged(draft: Draft, message: r.FillReport) -> None:
        order = draft.position.order(message.client_order_id)
        filled(draft, replace(message, fee=Decimal(0)) if order is not None and order.trades else message)

    patch_rule(stack, r.FillReport, charged)


def _two_of_which_one_goes() -> Sequence[Plan]:
    """The one is closed right after a funding, before anything tells of that."""
    acts = (
        OPENING,
        replace(OPENING, at_ms=6_000, slot=1, strategy="beta", lots=2),
        Act(at_ms=10_000, do="fund", symbol="SOLUSDT"),
        Act(at_ms=10_010, do="close", slot=0),
    )
    return [calm(*acts)]


def _a_fill_of_which_no_event_tells() -> Sequence[Plan]:
    """A resting entry is filled before a funding, and that is read long after it."""
    lost = Fault(kind=FaultKind.EVENT_LOST, event="ORDER_TRADE_UPDATE", count=0, from_ms=START_MS + 8_000)
    acts = (
        OPENING,
        replace(OPENING, at_ms=6_000, slot=1, strategy="beta", lots=2, offset_ppm=2_000),
        replace(RISE, at_ms=9_000, offset_ppm=-3_000),
        Act(at_ms=10_000, do="fund", symbol="SOLUSDT"),
    )
    return [calm(*acts, faults=FaultPlan(faults=(replace(lost, until_ms=START_MS + 12_000),)))]


def _shared_at_telling(stack: ExitStack) -> None:
    """By what is held when a funding is told, not by what was held when it was paid."""
    patch(stack, Holder, "held_at", lambda self, _time_ns: self.quantity * self.side.sign)


def _lost_when_over(stack: ExitStack) -> None:
    """Only what is open when a funding is told has a part in it."""
    holders = Fundings._holders

    def live(self: Fundings, place: Place) -> Iterator[Holder]:
        return (holder for holder in holders(self, place) if holder.quantity)

    patch(stack, Fundings, "_holders", live)


def _counted_twice(stack: ExitStack) -> None:
    """What is booked of a funding is not remembered."""
    for module in (paid, rules):
        patch(stack, module, "booked_of", lambda _track, _time_ns, _currency: Decimal(0))


def _shared_for_good(stack: ExitStack) -> None:
    """A trade that becomes known later moves nothing of what was shared."""
    patch(stack, Fundings, "changed", lambda *_: None)


def _any_funding_is_believed(stack: ExitStack) -> None:
    """What the list says was paid."""
    patch(stack, fundings, "can_fund", lambda _amount, _held: True)


def _a_funding_that_nothing_costs() -> Sequence[Plan]:
    lie = Fault(kind=FaultKind.MALFORMED, method="GET", path="/income", key="income", value='"-250000"', count=1)
    acts = (
        OPENING,
        Act(at_ms=10_000, do="fund", symbol="SOLUSDT"),
        Act(at_ms=15_000, do="kill", for_ms=2_000),
        Act(at_ms=25_000, do="kill", for_ms=2_000),
    )
    return [calm(*acts, faults=FaultPlan(faults=(replace(lie, from_ms=START_MS + 12_000),)))]


RECKONED: dict[str, Mutant] = {
    "the last price is the entry price": mutant(_the_last_price_is_the_entry_price, "I21", plans=_a_life),
    "a result of all that is held": mutant(_a_result_of_all_that_is_held, "I21", plans=_a_life),
    "a fee once an order": mutant(_a_fee_once_an_order, "I21", plans=filled_in_halves),
    "a funding is shared at telling": mutant(_shared_at_telling, "I21", plans=_two_of_which_one_goes),
    "a funding is lost when it is over": mutant(_lost_when_over, "I21", plans=_two_of_which_one_goes),
    "a funding is counted twice": mutant(_counted_twice, "I21", plans=_two_of_which_one_goes),
    "any funding is believed": mutant(_any_funding_is_believed, "I21", plans=_a_funding_that_nothing_costs),
    "a funding is shared for good": mutant(_shared_for_good, "I21", plans=_a_fill_of_which_no_event_tells),
}
