"""I21: money is the venue's own trades and incomes, to the last digit that it books.

Average cost depends on the order in which trades are heard of; what came in and went out does not. For a long position
the result less what the rest has cost is what its sales brought less what its purchases took.
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
    """In peace: result, entry price and fees of each position that is only Albra's; funding of each such symbol."""

    invariants = ("I21",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._brought: dict[int, Decimal] = {}
        """What its trades have brought in, less what they took, without fees."""
        self._fees: dict[int, Decimal] = {}
        self._booked_by_hand: set[int] = set()
        self._symbols: set[tuple[str, str]] = set()
        """Account and symbol of which something is lost, booked by hand or damaged: its funding is not compared."""

    def forget(self, loss: Loss) -> None:
        for ordinal, key in loss.keys.items():
            self._leave_out(ordinal, str(key.account), str(key.symbol))

    def event(self, ordinal: int, event: Event) -> None:
        if isinstance(event, e.QuantityAdjusted | e.PositionAdopted | e.OrderWrittenOff):
            key = self._ledger.positions[ordinal].key
            self._leave_out(ordinal, str(key.account), str(key.symbol))

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
        return found + [("I21", text, 0) for text in self._fundings()]

    def _leave_out(self, ordinal: int, account: str, symbol: str) -> None:
        self._booked_by_hand.add(ordinal)
        self._symbols.add((account, symbol))

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

    def _fundings(self) -> Iterator[str]:
        """What the venue paid or took of a symbol is shared among its positions, and nothing of it is left."""
        paid: dict[tuple[str, str], Decimal] = {}
        for account in self._books.accounts:
            for income in account.incomes:
                if income.kind == "FUNDING_FEE":
                    place = (account.name, income.symbol)
                    paid[place] = paid.get(place, ZERO) + income.amount
        booked: dict[tuple[str, str], Decimal] = {}
        for position in self._ledger.positions.values():
            place = (str(position.key.account), str(position.key.symbol))
            booked[place] = booked.get(place, ZERO) + dict(position.funding).get(DOLLARS, ZERO)
        for place, amount in paid.items():
            if place in self._books.touched | self._symbols or any(
                (str(p.key.account), str(p.key.symbol)) == place for p in self._ledger.damaged.values()
            ):
                continue
            if booked.get(place, ZERO) != amount:
                yield f"{place[1]} of {place[0]} has {amount} of funding, and {booked.get(place, ZERO)} is booked"
