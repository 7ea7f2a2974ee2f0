"""How lists of open orders are read: when one is asked for again, and who is told where it stays unread.

Only such a list tells of a stop whose end nobody told (I7). One that fails takes nothing with it: positions are
compared without it. That the list of all orders goes on failing is a condition of its own, durable, told once and
called off once. A reading of one symbol asks for the orders of that symbol, which cost a venue next to nothing.
"""

from actors.ports import Clock
from actors.reconciler import schedule
from actors.reconciler.account_state import AccountState, OpenOrderPoll, ReconcilerMemory, Tries, VenueSnapshot
from actors.reconciler.comparison_input import OpenOrders
from actors.reconciler.policy import SECOND
from actors.reconciler.resolve import RECONCILER
from actors.reconciler.step_builder import StepBuilder
from messages import reports as r
from messages.reconciliation import OrdersReadAgain, OrdersUnread
from messages.requests import FetchOpenOrders
from messages.statement import Statement
from messages.types import Severity, Symbol
from messages.wording import Reconciler

_NOTHING = OpenOrderPoll()
"""Of a list that is read as it should be; never changed."""
PATIENCE_NS = 5 * SECOND
"""So long positions wait to be compared together with the list of all orders."""
OUT_NS = 60 * SECOND
"""So long a list of all orders may wait for the venue's budget, which counts by the minute."""


class OpenOrderPolling:
    """The state is the watch's, what people were told the ledger's."""

    def __init__(self, clock: Clock, memory: ReconcilerMemory, builder: StepBuilder) -> None:
        self._clock = clock
        self._memory = memory
        self._builder = builder

    def wanted(self, account_state: AccountState, symbol: Symbol | None) -> bool:
        """Whether the list is owed: its last try failed, it was told to be unread, or it came too late to be used."""
        listing = account_state.listings.get(symbol, _NOTHING)
        told = symbol is None and account_state.account in self._memory.ledger.unread
        return bool(listing.tries.failures) or listing.owed or listing.late is not None or told

    def rest_ns(self, account_state: AccountState, symbol: Symbol | None) -> int:
        """How long it is left alone since it failed."""
        return max(0, account_state.listings.get(symbol, _NOTHING).again_ns - self._clock.monotonic_ns())

    def next_ns(self, account_state: AccountState, symbol: Symbol | None) -> int:
        """How long until it is worth asking for again: it has failed lately, or one is on its way."""
        out_ns = account_state.listings.get(symbol, _NOTHING).out_ns
        waits_ns = out_ns + OUT_NS - self._clock.monotonic_ns() if out_ns else 0
        return max(self.rest_ns(account_state, symbol), waits_ns)

    def out(self, account_state: AccountState, symbol: Symbol | None) -> bool:
        """Whether one is still on its way: another would only wait behind it."""
        out_ns = account_state.listings.get(symbol, _NOTHING).out_ns
        return out_ns > 0 and self._clock.monotonic_ns() - out_ns < OUT_NS

    def hurry(self, account_state: AccountState, symbol: Symbol | None) -> None:
        """A human asks: that is no moment for a pause."""
        account_state.listing(symbol).again_ns = 0

    def forget(self, account_state: AccountState) -> None:
        """The connection is another one: what was asked for before is not answered, or not usefully."""
        account_state.listings.clear()

    def drop(self, account_state: AccountState, snapshot: VenueSnapshot) -> bool:
        """Whether the round has waited long enough for nothing but the list, which is from now on awaited by itself."""
        if snapshot.missing != {"orders"} or self._clock.monotonic_ns() - snapshot.begun_ns <= PATIENCE_NS:
            return False
        listing = account_state.listing(snapshot.symbol)
        listing.out_ns = snapshot.begun_ns
        listing.out_id = f"{RECONCILER}/{account_state.account}/{snapshot.number}/orders"
        return True

    def take_late(self, account_state: AccountState, symbol: Symbol | None, since_ns: int) -> OpenOrders | None:
        """The list that came after its round had gone on: once, and none that was read before (wall time)."""
        listing = account_state.listings.get(symbol)
        if listing is None:
            return None
        late, listing.late = listing.late, None
        return late if late is not None and late.begun_ns >= since_ns else None

    def came(self, account_state: AccountState, report: r.OpenOrdersReport) -> bool:
        """The list was read; whether it is the one that no round awaits any more, and is of use to a round to come."""
        listing = account_state.listing(report.symbol)
        late = _is_out(listing, report.request_id)
        if late:
            listing.late, listing.out_ns = OpenOrders.of(report), 0
        listing.tries, listing.again_ns, listing.owed = Tries(), 0, False
        if report.symbol is not None:
            if listing == _NOTHING:
                del account_state.listings[report.symbol]
        elif account_state.account in self._memory.ledger.unread:
            self._builder.record(OrdersReadAgain, account=account_state.account)
            self._notify(Severity.WARNING, Reconciler.ORDERS_READ_AGAIN(account=account_state.account), account_state)
        return late

    def hasten(self, account_state: AccountState, symbol: Symbol | None) -> FetchOpenOrders:
        """The request for the list that is on its way, for a person who waits: it may not have left yet."""
        return FetchOpenOrders(
            account=account_state.account, request_id=account_state.listing(symbol).out_id, symbol=symbol, asked=True
        )

    def put_off(
        self, account_state: AccountState, report: r.FetchFailed, snapshot: VenueSnapshot | None
    ) -> tuple[Symbol | None, int]:
        """It was not asked for: which list that is, and how long until it may be."""
        symbol = snapshot.symbol if snapshot is not None else self._late_one(account_state, report.request_id)
        delay_ns = max(0, report.until_ns - self._clock.time_ns())
        listing = account_state.listing(symbol)
        listing.owed, listing.again_ns = True, self._clock.monotonic_ns() + delay_ns
        if _is_out(listing, report.request_id):
            listing.out_ns = 0
        return symbol, delay_ns

    def failed(
        self, account_state: AccountState, report: r.FetchFailed, snapshot: VenueSnapshot | None
    ) -> tuple[Symbol | None, int]:
        """A try failed, whoever made it; which list that was, and how long until the next."""
        symbol = snapshot.symbol if snapshot is not None else self._late_one(account_state, report.request_id)
        now_ns, listing = self._clock.monotonic_ns(), account_state.listing(symbol)
        delay_ns = max(schedule.retry_read(listing.tries.failures), report.retry_after_ms * 1_000_000)
        listing.tries.fail(report.cause, now_ns)
        listing.again_ns = now_ns + delay_ns
        if _is_out(listing, report.request_id):
            listing.out_ns = 0
        if symbol is None:
            self._tell_unread(account_state, report.cause, listing.tries.lasting_ns(now_ns))
        return symbol, delay_ns

    def _late_one(self, account_state: AccountState, request_id: str) -> Symbol | None:
        """Of whose orders a list was that no round awaits: of all, where it is none that is remembered."""
        return next((symbol for symbol, each in account_state.listings.items() if _is_out(each, request_id)), None)

    def _tell_unread(self, account_state: AccountState, cause: Statement, unread_ns: int) -> None:
        if unread_ns and account_state.account not in self._memory.ledger.unread and _protected(account_state):
            self._builder.record(OrdersUnread, account=account_state.account, why=cause)
            text = Reconciler.ORDERS_BLIND(account=account_state.account, seconds=unread_ns // SECOND, cause=cause)
            self._notify(Severity.CRITICAL, text, account_state)

    def _notify(self, severity: Severity, text: Statement, account_state: AccountState) -> None:
        """Named after the event that was just recorded, so that each time is told, and told once."""
        self._builder.notify(
            severity, text, account_state.account, f"{account_state.account}.orders.{self._memory.ledger.version}"
        )


def _is_out(listing: OpenOrderPoll, request_id: str) -> bool:
    return bool(listing.out_ns) and listing.out_id == request_id


def _protected(account_state: AccountState) -> bool:
    """Whether something is held that an order at the venue should limit, or take the profit of."""
    return any(
        view.quantity
        and (
            any(price is not None for price in (view.stop_loss, view.trailing, view.take_profit))
            or any(order.purpose.protective for order in view.orders)
        )
        for view in account_state.live()
    )
