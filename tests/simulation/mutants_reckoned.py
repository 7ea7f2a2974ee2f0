"""Planted bugs in what is booked of money: I21."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

from actors.position import fold, rules
from actors.position.draft import Draft
from actors.position.state import Position
from messages import reports as r
from messages.types import Side
from tests.simulation.mutants_plans import filled_in_halves
from tests.simulation.plan import Act, Plan
from tests.simulation.planting import Mutant, calm, mutant, patch, patch_rule

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


RECKONED: dict[str, Mutant] = {
    "the last price is the entry price": mutant(_the_last_price_is_the_entry_price, "I21", plans=_a_life),
    "a result of all that is held": mutant(_a_result_of_all_that_is_held, "I21", plans=_a_life),
    "a fee once an order": mutant(_a_fee_once_an_order, "I21", plans=filled_in_halves),
}
