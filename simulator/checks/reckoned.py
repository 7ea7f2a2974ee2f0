"""I21: money is the venue's own trades and incomes, to the last digit that it books.

Average cost depends on the order in which trades are heard of; what came in and went out does not. For a long position
the result less what the rest has cost is what its sales brought less what its purchases took. Of a funding each
position has the part of what it held at that time by the venue's trades, whenever it was told, and whatever became of
it since.
"""

from collections.abc import Iterator
from decimal import Decimal

from actors.position.state import Position
from messages import events as e
from messages.base import Event
from messages.types import Key
from simulator.checks.check import Check, Finding, Truth
from simulator.environment.truth import ZERO, Deal, Loss, position_of

DIGIT = Decimal("0.00000001")
"""The venue books eight decimals (income history)."""
DOLLARS = "USDT"


Place = tuple[str, str]
"""Account and symbol."""


class Reckoned(Check):
    """In peace: result, entry price and fees of each position that is only Albra's; fundings of each such symbol."""

    invariants = ("I21",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self._brought: dict[int, Decimal] = {}
        """What its trades have brought in, less what they took, without fees."""
        self._fees: dict[int, Decimal] = {}
        self._booked_by_hand: set[int] = set()
        self._unclear: set[Place] = set()
        """Where something is lost, or booked by hand: who held what is not told by trades alone."""
        self._traded: dict[Place, list[tuple[int, int, Decimal]]] = {}
        """When, by which position, and how much (long positive)."""

    def forget(self, loss: Loss) -> None:
        self._booked_by_hand.update(loss.keys)
        self._unclear.update(_place(key) for key in loss.keys.values())

    def event(self, ordinal: int, event: Event) -> None:
        if isinstance(event, e.QuantityAdjusted | e.PositionAdopted | e.OrderWrittenOff):
            self._booked_by_hand.add(ordinal)
            self._unclear.add(_place(self._ledger.positions[ordinal].key))
        elif isinstance(event, e.FundingBooked):
            self._no_fortune(ordinal, event)

    def _no_fortune(self, ordinal: int, event: e.FundingBooked) -> None:
        """No rate takes a fifth of what is held."""
        position = self._ledger.positions[ordinal]
        value = abs(position.quantity) * self._books.venue.exchange.markets[position.key.symbol].mark
        if value and abs(event.amount) * 5 > value:
            text = f"{position.position_id} books a funding of {event.amount}, and holds no more than {value}"
            self._fail("I21", text, ordinal)

    def dealt(self, deal: Deal) -> None:
        ordinal = position_of(deal.name)
        if ordinal is None:
            return
        value = deal.trade.price * deal.trade.quantity
        self._brought[ordinal] = self._brought.get(ordinal, ZERO) + (value if deal.trade.side == "SELL" else -value)
        self._fees[ordinal] = self._fees.get(ordinal, ZERO) + deal.trade.commission
        change = deal.trade.quantity if deal.trade.side == "BUY" else -deal.trade.quantity
        moment = (deal.trade.time_ms, ordinal, change)
        self._traded.setdefault((deal.account, deal.trade.symbol), []).append(moment)

    def unsettled(self) -> list[Finding]:
        found: list[Finding] = []
        for ordinal, position in self._ledger.positions.items():
            if ordinal not in self._booked_by_hand and not self._books.disturbed(position.key):
                found += [("I21", f"{position.position_id}: {text}", ordinal) for text in self._differences(position)]
        return found + [("I21", text, ordinal) for ordinal, text in self._fundings()]

    def _differences(self, position: Position) -> Iterator[str]:
        if self._unread(position):
            return  # I5 waits for the rest
        spent = position.entry_price * position.quantity * position.key.side.sign
        booked = position.realized_pnl - spent
        brought = self._brought.get(position.ordinal, ZERO)
        if abs(booked - brought) >= DIGIT:
            yield f"its result is {position.realized_pnl}, what is left has cost {spent}, its trades brought {brought}"
        fees, charged = dict(position.fees).get(DOLLARS, ZERO), self._fees.get(position.ordinal, ZERO)
        if fees != charged:
            yield f"its fees are {fees}, the venue charged {charged}"

    def _fundings(self) -> Iterator[tuple[int, str]]:
        """Each position's part of all that was paid, where it is clear who held what at each of the times."""
        paid = self._paid()
        unclear = self._unclear | self._books.touched | {_place(each.key) for each in self._ledger.damaged.values()}
        # Where a trade is not known yet, I5 waits for it.
        unclear |= {_place(each.key) for each in self._ledger.positions.values() if self._unread(each)}
        due = {place: self._due(place, times) for place, times in paid.items() if place not in unclear}
        for ordinal, position in self._ledger.positions.items():
            place = _place(position.key)
            shares = due.get(place, {})
            if place in unclear or shares is None:
                continue
            booked, (amount, digits) = dict(position.funding).get(DOLLARS, ZERO), shares.get(ordinal, (ZERO, ZERO))
            if abs(booked - amount) > digits * DIGIT:
                yield ordinal, f"{position.position_id}: its funding is {booked}, what it held was paid {amount:.8f}"

    def _paid(self) -> dict[Place, dict[int, list[Decimal]]]:
        """By time: what each leg was paid."""
        paid: dict[Place, dict[int, list[Decimal]]] = {}
        for account in self._books.accounts:
            for row in account.incomes:
                if row.kind == "FUNDING_FEE":
                    paid.setdefault((account.name, row.symbol), {}).setdefault(row.time_ms, []).append(row.amount)
        return paid

    def _due(self, place: Place, times: dict[int, list[Decimal]]) -> dict[int, tuple[Decimal, Decimal]] | None:
        """By position: its part of each payment, and how many digits of the last place rounding may have taken."""
        due: dict[int, tuple[Decimal, Decimal]] = {}
        traded = self._traded.get(place, [])
        for time_ms, rows in times.items():
            if any(moment == time_ms for moment, _, _ in traded):
                return None  # it may have been before the payment, or after it
            held: dict[int, Decimal] = {}
            for moment, ordinal, change in traded:
                if moment < time_ms:
                    held[ordinal] = held.get(ordinal, ZERO) + change
            net = sum(held.values(), ZERO)
            if not net:
                return None  # the two legs of an account in hedge mode have paid each other
            for ordinal, quantity in held.items():
                amount, digits = due.get(ordinal, (ZERO, ZERO))
                share = sum(rows, ZERO) * quantity / net
                due[ordinal] = amount + share, digits + len(rows) * abs(quantity / net) + len(held)
        return due

    def _unread(self, position: Position) -> bool:
        executed = (self._books.executed(order.client_order_id) for order in position.orders)
        return sum(executed, ZERO) != sum((order.filled for order in position.orders), ZERO)


def _place(key: Key) -> Place:
    return str(key.account), str(key.symbol)
