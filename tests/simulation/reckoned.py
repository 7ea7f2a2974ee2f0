"""I21: money is the venue's own trades, to the last digit that it books.

Average cost depends on the order in which trades are heard of; what came in and went out does not. For a long position
the result less what the rest has cost is what its sales brought less what its purchases took. Funding is not compared:
what is told late is shared by what is held then, not by what was held when it was paid.
"""

from collections.abc import Iterator
from decimal import Decimal

from actors.position.state import Position
from messages import events as e
from messages.base import Event
from tests.simulation.check import Check, Finding, Truth
from tests.simulation.truth import ZERO, Deal, Loss, position_of

DIGIT = Decimal("0.00000001")
"""The venue books eight decimals (income history)."""
DOLLARS = "USDT"


class Reckoned(Check):
    """In peace: result, entry price and fees of each position that is only Albra's."""

    invariants = ("I21",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._brought: dict[int, Decimal] = {}
        """What its trades have brought in, less what they took, without fees."""
        self._fees: dict[int, Decimal] = {}
        self._booked_by_hand: set[int] = set()

    def forget(self, loss: Loss) -> None:
        self._booked_by_hand.update(loss.keys)

    def event(self, ordinal: int, event: Event) -> None:
        if isinstance(event, e.QuantityAdjusted | e.PositionAdopted | e.OrderWrittenOff):
            self._booked_by_hand.add(ordinal)

    def dealt(self, deal: Deal) -> None:
        ordinal = position_of(deal.name)
        if ordinal is None:
            return
        value = deal.trade.price * deal.trade.quantity
        self._brought[ordinal] = self._brought.get(ordinal, ZERO) + (value if deal.trade.side == "SELL" else -value)
        self._fees[ordinal] = self._fees.get(ordinal, ZERO) + deal.trade.commission

    def unsettled(self) -> list[Finding]:
        found: list[Finding] = []
        for ordinal, position in self._ledger.positions.items():
            if ordinal not in self._booked_by_hand and not self._books.disturbed(position.key):
                found += [("I21", f"{position.position_id}: {text}", ordinal) for text in self._differences(position)]
        return found

    def _differences(self, position: Position) -> Iterator[str]:
        executed = (self._books.executed(order.client_order_id) for order in position.orders)
        if sum(executed, ZERO) != sum((order.filled for order in position.orders), ZERO):
            return  # I5 waits for the rest
        spent = position.entry_price * position.quantity * position.key.side.sign
        booked = position.realized_pnl - spent
        brought = self._brought.get(position.ordinal, ZERO)
        if abs(booked - brought) >= DIGIT:
            yield f"its result is {position.realized_pnl}, what is left has cost {spent}, its trades brought {brought}"
        fees, charged = dict(position.fees).get(DOLLARS, ZERO), self._fees.get(position.ordinal, ZERO)
        if fees != charged:
            yield f"its fees are {fees}, the venue charged {charged}"
