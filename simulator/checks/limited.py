"""I27: nothing is opened beyond the limits that are configured, over a restart too.

What counts is what the disk has: what positions hold by their fills and adjustments, what of their entries is live at
the venue, and what is asked for now. Whoever grants an opening may count more, and knows prices a few seconds later.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from decimal import Decimal

from messages import events as e
from messages.base import Event
from messages.types import OrderPurpose
from simulator.checks.check import SECOND, Check, Truth
from simulator.environment.truth import ZERO, Loss, position_of

MOVED = Decimal("1.1")
"""By so much prices may have moved since the opening was granted."""
PACE_NS = 40 * SECOND
"""Of a minute: what was granted long before may have waited for the disk, or for its leverage."""


class Limited(Check):
    """At each opening and addition."""

    invariants = ("I27",)

    def __init__(self, truth: Truth) -> None:
        super().__init__(truth)
        self.limits: Mapping[str, Decimal] = {}
        self._recent: dict[str, deque[tuple[int, int]]] = {}
        """By account: when something was opened or enlarged, and which position."""

    def forget(self, loss: Loss) -> None:
        """Of what is not on the disk any more nobody knows."""
        self._recent.clear()

    def event(self, ordinal: int, event: Event) -> None:
        if not self.limits or not isinstance(event, e.PositionRequested | e.AdditionRequested):
            return
        key = self._ledger.holder(ordinal).key
        account, symbol = str(key.account), str(key.symbol)
        price = event.limit_price if isinstance(event, e.PositionRequested) else None
        notional = event.quantity * (price or self._mark(symbol))
        self._held("order_notional", notional, event.command_id, ordinal)
        if not any(name == account for name, _ in self._books.touched):  # what a human adds is adopted without asking
            amounts = dict(self._amounts(account))
            self._held("symbol_exposure", notional + amounts.get(symbol, ZERO), event.command_id, ordinal)
            self._held("account_exposure", notional + sum(amounts.values(), ZERO), event.command_id, ordinal)
        self._pace(account, event.command_id, ordinal)

    def _held(self, name: str, amount: Decimal, command_id: str, ordinal: int) -> None:
        limit = self.limits.get(name)
        if limit is not None and amount > limit * MOVED:
            self._fail("I27", f"{command_id} makes it {amount:.2f}, and limits.{name} is {limit}", ordinal)

    def _amounts(self, account: str) -> Iterator[tuple[str, Decimal]]:
        """By symbol: what is held, and what of entries is live. What is asked for just now has no order yet."""
        amounts: dict[str, Decimal] = {}
        for ordinal, position in self._ledger.positions.items():
            if position.key.account != account or position.state.terminal:
                continue
            symbol = str(position.key.symbol)
            quantity = max(self._ledger.sums.get(ordinal, ZERO), ZERO) + self._leaves(ordinal)
            amounts[symbol] = amounts.get(symbol, ZERO) + quantity * self._mark(symbol)
        yield from amounts.items()

    def _leaves(self, ordinal: int) -> Decimal:
        leaves = ZERO
        for name, intent in self._ledger.intents.items():
            if position_of(name) == ordinal and intent.purpose is OrderPurpose.ENTRY and self._books.live(name):
                leaves += intent.quantity - self._books.executed(name)
        return leaves

    def _pace(self, account: str, command_id: str, ordinal: int) -> None:
        now_ns, limit = self._truth.now_ns(), self.limits.get("openings_per_minute")
        recent = self._recent.setdefault(account, deque())
        recent.append((now_ns, ordinal))
        while recent[0][0] < now_ns - PACE_NS:
            recent.popleft()
        # When one was opened whose history is damaged since, only that history tells.
        number = sum(known not in self._ledger.damaged for _, known in recent)
        if limit is not None and number > limit:
            text = f"{command_id} is number {number} on {account} within {PACE_NS // SECOND} s"
            self._fail("I27", f"{text}, and limits.openings_per_minute is {limit}", ordinal)

    def _mark(self, symbol: str) -> Decimal:
        return self._books.venue.exchange.markets[symbol].last
