"""The polling of open-order lists: retries, late answers, and the notice of a list that stays unreadable.

Such a list alone shows a stop whose end was not reported (I7). A failed list does not fail its reading: positions are
compared without it. Lasting failure of the list of all orders is a durable condition, notified once and ended once. A
targeted reading asks for one symbol's orders, which cost little.
"""

from actors.ports import Clock
from actors.reconciler import schedule
from actors.reconciler.account_state import AccountState, OpenOrderPoll, ReconcilerMemory, Tries, VenueSnapshot
from actors.reconciler.comparison_input import OpenOrders
from actors.reconciler.policy import SECOND
from actors.reconciler.step_builder import StepBuilder
from messages import reports as r
from messages.addresses import RECONCILER
from messages.reconciliation import OrdersReadAgain, OrdersUnread
from messages.requests import FetchOpenOrders
from messages.statement import Statement
from messages.types import Severity, Symbol
from messages.wording import Reconciler

_NOTHING = OpenOrderPoll()
"""The state of a list that is read in time; never changed."""
PATIENCE_NS = 5 * SECOND
"""How long a reading waits for the list of all orders."""
OUT_NS = 60 * SECOND
"""How long a list may wait for the venue's budget, which counts by the minute."""


class OpenOrderPolling:
    """Its state is in `AccountState`; which notices were sent is in the ledger."""

    def __init__(self, clock: Clock, memory: ReconcilerMemory, builder: StepBuilder) -> None:
        self._clock = clock
        self._memory = memory
        self._builder = builder

    def wanted(self, account_state: AccountState, symbol: Symbol | None) -> bool:
        """Return whether the list is due: its last try failed or was deferred, it came late, or it is notified as
        unread.
        """
        listing = account_state.listings.get(symbol, _NOTHING)
        notified = symbol is None and account_state.account in self._memory.ledger.unread
        return bool(listing.tries.failures) or listing.owed or listing.late is not None or notified

    def rest_ns(self, account_state: AccountState, symbol: Symbol | None) -> int:
        """Return how long (ns) it pauses after a failure."""
        return max(0, account_state.listings.get(symbol, _NOTHING).again_ns - self._clock.monotonic_ns())

    def next_ns(self, account_state: AccountState, symbol: Symbol | None) -> int:
        """Return how long (ns) until asking again is useful: after the pause, or after the one in flight."""
        out_ns = account_state.listings.get(symbol, _NOTHING).out_ns
        waits_ns = out_ns + OUT_NS - self._clock.monotonic_ns() if out_ns else 0
        return max(self.rest_ns(account_state, symbol), waits_ns)

    def out(self, account_state: AccountState, symbol: Symbol | None) -> bool:
        """Return whether one is in flight; another would wait behind it."""
        out_ns = account_state.listings.get(symbol, _NOTHING).out_ns
        return out_ns > 0 and self._clock.monotonic_ns() - out_ns < OUT_NS

    def hurry(self, account_state: AccountState, symbol: Symbol | None) -> None:
        """End the pause: a user asks."""
        account_state.listing(symbol).again_ns = 0

    def forget(self, account_state: AccountState) -> None:
        """Drop all state: the venue was reconnected, so requests in flight are lost."""
        account_state.listings.clear()

    def drop(self, account_state: AccountState, snapshot: VenueSnapshot) -> bool:
        """Return whether the reading has waited long enough for the list alone; the list is then awaited separately."""
        if snapshot.missing != {"orders"} or self._clock.monotonic_ns() - snapshot.begun_ns <= PATIENCE_NS:
            return False
        listing = account_state.listing(snapshot.symbol)
        listing.out_ns = snapshot.begun_ns
        listing.out_id = f"{RECONCILER}/{account_state.account}/{snapshot.number}/orders"
        return True

    def take_late(self, account_state: AccountState, symbol: Symbol | None, since_ns: int) -> OpenOrders | None:
        """Take the list that arrived after its reading, once, unless it was read before `since_ns` (wall)."""
        listing = account_state.listings.get(symbol)
        if listing is None:
            return None
        late, listing.late = listing.late, None
        return late if late is not None and late.begun_ns >= since_ns else None

    def came(self, account_state: AccountState, report: r.OpenOrdersReport) -> bool:
        """Apply a list; return whether it is a late one that the next reading can use."""
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
        """Return the request in flight again, marked for a user: it may still be queued."""
        return FetchOpenOrders(
            account=account_state.account, request_id=account_state.listing(symbol).out_id, symbol=symbol, asked=True
        )

    def put_off(
        self, account_state: AccountState, report: r.FetchFailed, snapshot: VenueSnapshot | None
    ) -> tuple[Symbol | None, int]:
        """Note a deferred request; return its list (None: all) and the delay (ns)."""
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
        """Note a failed try of any requester; return its list (None: all) and the pause (ns) before the next."""
        symbol = snapshot.symbol if snapshot is not None else self._late_one(account_state, report.request_id)
        now_ns, listing = self._clock.monotonic_ns(), account_state.listing(symbol)
        delay_ns = max(schedule.retry_read(listing.tries.failures), report.retry_after_ms * 1_000_000)
        listing.tries.fail(report.cause, now_ns)
        listing.again_ns = now_ns + delay_ns
        if _is_out(listing, report.request_id):
            listing.out_ns = 0
        if symbol is None:
            self._notify_unread(account_state, report.cause, listing.tries.lasting_ns(now_ns))
        return symbol, delay_ns

    def _late_one(self, account_state: AccountState, request_id: str) -> Symbol | None:
        """Return the symbol of a list in flight; None: the list of all orders, or an unknown one."""
        return next((symbol for symbol, each in account_state.listings.items() if _is_out(each, request_id)), None)

    def _notify_unread(self, account_state: AccountState, cause: Statement, unread_ns: int) -> None:
        if unread_ns and account_state.account not in self._memory.ledger.unread and _protected(account_state):
            self._builder.record(OrdersUnread, account=account_state.account, why=cause)
            text = Reconciler.ORDERS_BLIND(account=account_state.account, seconds=unread_ns // SECOND, cause=cause)
            self._notify(Severity.CRITICAL, text, account_state)

    def _notify(self, severity: Severity, text: Statement, account_state: AccountState) -> None:
        """The notice id contains the ledger version, so each occurrence is notified once."""
        self._builder.notify(
            severity, text, account_state.account, f"{account_state.account}.orders.{self._memory.ledger.version}"
        )


def _is_out(listing: OpenOrderPoll, request_id: str) -> bool:
    return bool(listing.out_ns) and listing.out_id == request_id


def _protected(account_state: AccountState) -> bool:
    """Return whether a position is held that an order at the venue should protect."""
    return any(
        view.quantity
        and (
            any(price is not None for price in (view.stop_loss, view.trailing, view.take_profit))
            or any(order.purpose.protective for order in view.orders)
        )
        for view in account_state.live()
    )
