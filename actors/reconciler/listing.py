"""How lists of open orders are read: when one is asked for again, and who is told where it stays unread.

Only such a list tells of a stop whose end nobody told (I7). One that fails takes nothing with it: positions are
compared without it. That the list of all orders goes on failing is a condition of its own, durable, told once and
called off once. A reading of one symbol asks for the orders of that symbol, which cost a venue next to nothing.
"""

from actors.ports import Clock
from actors.reconciler import schedule
from actors.reconciler.draft import Draft
from actors.reconciler.facts import OpenOrders
from actors.reconciler.policy import SECOND
from actors.reconciler.watch import Listing, Memory, Round, Tries, Watch
from messages import reports as r
from messages.addresses import RECONCILER
from messages.reconciliation import OrdersReadAgain, OrdersUnread
from messages.requests import FetchOpenOrders
from messages.statement import Statement
from messages.types import Severity, Symbol
from messages.wording import Reconciler

_NOTHING = Listing()
"""Of a list that is read as it should be; never changed."""
PATIENCE_NS = 5 * SECOND
"""So long positions wait to be compared together with the list of all orders."""
OUT_NS = 60 * SECOND
"""So long a list of all orders may wait for the venue's budget, which counts by the minute."""


class Lists:
    """The state is the watch's, what people were told the ledger's."""

    def __init__(self, clock: Clock, memory: Memory, draft: Draft) -> None:
        self._clock = clock
        self._memory = memory
        self._draft = draft

    def wanted(self, watch: Watch, symbol: Symbol | None) -> bool:
        """Whether the list is owed: its last try failed, it was told to be unread, or it came too late to be used."""
        listing = watch.listings.get(symbol, _NOTHING)
        told = symbol is None and watch.account in self._memory.ledger.unread
        return bool(listing.tries.failures) or listing.owed or listing.late is not None or told

    def rest_ns(self, watch: Watch, symbol: Symbol | None) -> int:
        """How long it is left alone since it failed."""
        return max(0, watch.listings.get(symbol, _NOTHING).again_ns - self._clock.monotonic_ns())

    def next_ns(self, watch: Watch, symbol: Symbol | None) -> int:
        """How long until it is worth asking for again: it has failed lately, or one is on its way."""
        out_ns = watch.listings.get(symbol, _NOTHING).out_ns
        waits_ns = out_ns + OUT_NS - self._clock.monotonic_ns() if out_ns else 0
        return max(self.rest_ns(watch, symbol), waits_ns)

    def out(self, watch: Watch, symbol: Symbol | None) -> bool:
        """Whether one is still on its way: another would only wait behind it."""
        out_ns = watch.listings.get(symbol, _NOTHING).out_ns
        return out_ns > 0 and self._clock.monotonic_ns() - out_ns < OUT_NS

    def hurry(self, watch: Watch, symbol: Symbol | None) -> None:
        """A human asks: that is no moment for a pause."""
        watch.listing(symbol).again_ns = 0

    def forget(self, watch: Watch) -> None:
        """The connection is another one: what was asked for before is not answered, or not usefully."""
        watch.listings.clear()

    def drop(self, watch: Watch, round_: Round) -> bool:
        """Whether the round has waited long enough for nothing but the list, which is from now on awaited by itself."""
        if round_.missing != {"orders"} or self._clock.monotonic_ns() - round_.begun_ns <= PATIENCE_NS:
            return False
        listing = watch.listing(round_.symbol)
        listing.out_ns = round_.begun_ns
        listing.out_id = f"{RECONCILER}/{watch.account}/{round_.number}/orders"
        return True

    def take_late(self, watch: Watch, symbol: Symbol | None, since_ns: int) -> OpenOrders | None:
        """The list that came after its round had gone on: once, and none that was read before (wall time)."""
        listing = watch.listings.get(symbol)
        if listing is None:
            return None
        late, listing.late = listing.late, None
        return late if late is not None and late.begun_ns >= since_ns else None

    def came(self, watch: Watch, report: r.OpenOrdersReport) -> bool:
        """The list was read; whether it is the one that no round awaits any more, and is of use to a round to come."""
        listing = watch.listing(report.symbol)
        late = _is_out(listing, report.request_id)
        if late:
            listing.late, listing.out_ns = OpenOrders.of(report), 0
        listing.tries, listing.again_ns, listing.owed = Tries(), 0, False
        if report.symbol is not None:
            if listing == _NOTHING:
                del watch.listings[report.symbol]
        elif watch.account in self._memory.ledger.unread:
            self._draft.record(OrdersReadAgain, account=watch.account)
            self._notify(Severity.WARNING, Reconciler.ORDERS_READ_AGAIN(account=watch.account), watch)
        return late

    def hasten(self, watch: Watch, symbol: Symbol | None) -> FetchOpenOrders:
        """The request for the list that is on its way, for a person who waits: it may not have left yet."""
        return FetchOpenOrders(
            account=watch.account, request_id=watch.listing(symbol).out_id, symbol=symbol, asked=True
        )

    def put_off(self, watch: Watch, report: r.FetchFailed, round_: Round | None) -> tuple[Symbol | None, int]:
        """It was not asked for: which list that is, and how long until it may be."""
        symbol = round_.symbol if round_ is not None else self._late_one(watch, report.request_id)
        delay_ns = max(0, report.until_ns - self._clock.time_ns())
        listing = watch.listing(symbol)
        listing.owed, listing.again_ns = True, self._clock.monotonic_ns() + delay_ns
        if _is_out(listing, report.request_id):
            listing.out_ns = 0
        return symbol, delay_ns

    def failed(self, watch: Watch, report: r.FetchFailed, round_: Round | None) -> tuple[Symbol | None, int]:
        """A try failed, whoever made it; which list that was, and how long until the next."""
        symbol = round_.symbol if round_ is not None else self._late_one(watch, report.request_id)
        now_ns, listing = self._clock.monotonic_ns(), watch.listing(symbol)
        delay_ns = max(schedule.retry_read(listing.tries.failures), report.retry_after_ms * 1_000_000)
        listing.tries.fail(report.cause, now_ns)
        listing.again_ns = now_ns + delay_ns
        if _is_out(listing, report.request_id):
            listing.out_ns = 0
        if symbol is None:
            self._tell_unread(watch, report.cause, listing.tries.lasting_ns(now_ns))
        return symbol, delay_ns

    def _late_one(self, watch: Watch, request_id: str) -> Symbol | None:
        """Of whose orders a list was that no round awaits: of all, where it is none that is remembered."""
        return next((symbol for symbol, each in watch.listings.items() if _is_out(each, request_id)), None)

    def _tell_unread(self, watch: Watch, cause: Statement, unread_ns: int) -> None:
        if unread_ns and watch.account not in self._memory.ledger.unread and _protected(watch):
            self._draft.record(OrdersUnread, account=watch.account, why=cause)
            text = Reconciler.ORDERS_BLIND(account=watch.account, seconds=unread_ns // SECOND, cause=cause)
            self._notify(Severity.CRITICAL, text, watch)

    def _notify(self, severity: Severity, text: Statement, watch: Watch) -> None:
        """Named after the event that was just recorded, so that each time is told, and told once."""
        self._draft.notify(severity, text, watch.account, f"{watch.account}.orders.{self._memory.ledger.version}")


def _is_out(listing: Listing, request_id: str) -> bool:
    return bool(listing.out_ns) and listing.out_id == request_id


def _protected(watch: Watch) -> bool:
    """Whether something is held that an order at the venue should limit, or take the profit of."""
    return any(
        view.quantity
        and (
            any(price is not None for price in (view.stop_loss, view.trailing, view.take_profit))
            or any(order.purpose.protective for order in view.orders)
        )
        for view in watch.live()
    )
