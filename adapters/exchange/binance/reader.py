"""Reads an account: orders, fills, positions, balance. An unreadable row is never reported as absent."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from adapters.exchange import replies
from adapters.exchange.binance import calls
from adapters.exchange.binance.calls import Window
from adapters.exchange.binance.events import UserEvents, stray_event
from adapters.exchange.binance.instruments import all_usable, instruments, others
from adapters.exchange.binance.money import balance_report, funding_reports
from adapters.exchange.binance.normalize import (
    PositionList,
    about,
    cause_of,
    child_id,
    conditional_report,
    multi_assets,
    of_another_kind,
    of_foreign_order,
    order_name,
    order_report,
    position_list,
    position_mode,
    premium_marks,
    symbol_of,
    symbol_settings,
    trade_report,
)
from adapters.exchange.binance.weights import rate_limits
from adapters.exchange.outcome import Ask, Verdict
from adapters.exchange.queries import NoSuchOrderError, Queries, ReadError
from adapters.exchange.rows import (
    MalformedError,
    Row,
    instant_of,
    items_of,
    nanoseconds_of,
    row_of,
    shown,
    take,
)
from adapters.exchange.session import Session
from adapters.exchange.settings import Wiring
from adapters.exchange.symbol_settings import SymbolSettings
from adapters.exchange.venue import Stamp, TradingRules
from messages.bounded import BoundedMap
from messages.reconciliation import FetchTrades, TradesReport
from messages.reports import (
    BalanceReport,
    FillReport,
    FundingReport,
    MarkReport,
    OpenOrdersReport,
    OrderNotFound,
    OrderReport,
    PositionsReport,
    QueryFailed,
    UnreadRow,
)
from messages.requests import FetchBalance, FetchFills, FetchOpenOrders, FetchPositions, OrderRequest, QueryOrder
from messages.statement import Statement
from messages.types import NAMELESS, ClientOrderId, OrderStatus, PositionMode, Symbol, VenueOrderId
from messages.wording import Venue

MAX_ORDERS_ASKED = 20
"""Orders older than the window with trades in it that are queried one by one."""
LISTED_MS = 3_600_000
"""An order without an answer was created within this time of its sending, clock offsets included."""
MAX_TRADE_PAGES = 50
"""50,000 trades of one order; more indicates a defect."""
MAX_SKIPPED_TOLD = 1_000
"""Remembered names of unreadable orders; beyond the limit, the oldest may be reported again."""

MAX_FUNDING_PAGES = 10
FUNDING_LOOKBACK_MS = 24 * 3_600_000
"""Covers three fundings of most symbols."""
FUNDING_LONGEST_MS = 7 * FUNDING_LOOKBACK_MS
"""Lookback of the first read and after an outage; after a longer one the ledger has a gap, never a duplicate."""


CHILD_LAG_MS = 10_000
"""A query may lag behind the book by seconds; a child that is not found for longer does not exist."""


async def query(session: Session, request: OrderRequest) -> Verdict:
    """Query one order by its client order id. A miss may be the query's lag behind the book: see `Reader.fills`."""
    return await session.ask(Ask.QUERY, calls.query(request), client_order_id=request.client_order_id)


class Reader(Queries):
    """The role `adapters.exchange.venue.Reader`."""

    def __init__(self, wiring: Wiring, session: Session, events: UserEvents) -> None:
        super().__init__(wiring, session)
        self._settings = wiring.settings
        self._deliver = wiring.deliver
        self._events = events
        self._configured = True
        self.symbols = SymbolSettings()
        self._symbols_read_ns = 0
        self._fundings_read_ms = 0
        self._skipped: BoundedMap[str, None] = BoundedMap(MAX_SKIPPED_TOLD)
        """Reported names of orders with unreadable rows."""
        self.met: Callable[[frozenset[Symbol]], None] = lambda _symbols: None
        """Called with the symbols of open positions at each read."""

    async def rules(self) -> TradingRules:
        info = await self.value(calls.EXCHANGE_INFO)
        return TradingRules(
            instruments=instruments(info), others=others(info), limits=rate_limits(info), complete=all_usable(info)
        )

    async def position_mode(self) -> PositionMode:
        """Read the position mode. accountConfig has it at a sixth of the weight, but some servers lack it."""
        try:
            return position_mode(await self.value(calls.ACCOUNT_CONFIG))
        except (ReadError, MalformedError):
            await self._session.quiet()
            return position_mode(await self.value(calls.POSITION_MODE))

    async def modes(self) -> tuple[PositionMode, bool | None]:
        """Read both modes in one request; a server without that endpoint gives the position mode alone."""
        if self._configured:
            try:
                row = row_of(await self.value(calls.ACCOUNT_CONFIG), "the account's configuration")
                return position_mode(row), multi_assets(row)
            except MalformedError:
                self._configured = False
            except ReadError as error:
                if error.silent or error.retry_after_ms:
                    raise
                self._configured = False
        return position_mode(await self.value(calls.POSITION_MODE)), None

    async def order(self, request: OrderRequest) -> OrderReport | OrderNotFound | QueryFailed:
        """Read one order, its child included. Raises nothing."""
        begun_ns = self._clock.time_ns()
        try:
            row = await self._found(await query(self._session, request))
            if row is None:
                return replies.order_not_found(request, self.stamp())
            return replies.following(replace(await self._described(request, row), begun_ns=begun_ns), request)
        except ReadError as error:
            return replies.query_failed(request, error.cause, error.retry_after_ms, self.stamp(), silent=error.silent)
        except MalformedError as error:
            return replies.query_failed(request, Venue.UNREADABLE_ANSWER(why=error.cause), 0, self.stamp())

    async def conditional(self, request: OrderRequest) -> tuple[Row, VenueOrderId] | None:
        """Read a conditional order's row and its child's id; None when it has no child.

        Raises ReadError and MalformedError.
        """
        row = await self._found(await query(self._session, request))
        if row is None:
            return None
        self._learn((row,))
        child = child_id(row)
        return None if child is None else (row, child)

    async def reread(self, symbol: Symbol, client_order_id: ClientOrderId, *, conditional: bool) -> OrderReport | None:
        """Read an order again, a conditional one with its child; None when the read fails."""
        request = QueryOrder(
            account=self._account, symbol=symbol, client_order_id=client_order_id, conditional=conditional
        )
        found = await self.order(request)
        return replace(found, queried=False) if isinstance(found, OrderReport) else None

    async def conditionals_of(self, symbol: Symbol) -> Sequence[Row]:
        """Read the recent conditional orders of a symbol, terminal ones included. Raises ReadError."""
        return await self._rows(calls.conditionals_of(symbol, self._now_ms()), "conditional orders")

    async def fills(self, request: FetchFills) -> list[FillReport]:
        """Read all trades of an order, oldest first, without duplicates; for a triggered order, its child's.

        Trades are read by the venue's order id, which is queried where unknown. Raises NoSuchOrderError when the order
        does not exist, ReadError and MalformedError when the read proves nothing.
        """
        venue_order_id = await self._trading_id(request)
        if venue_order_id is None:
            return []
        fills: dict[str, FillReport] = {}
        for window in calls.trade_windows(request.since_ns // 1_000_000, self._now_ms()):
            await self._fills_within(window, request, venue_order_id, fills)
        return sorted(fills.values(), key=lambda fill: (fill.ts_event, fill.trade_id.zfill(20)))

    async def trades(self, request: FetchTrades) -> TradesReport:
        """Read a symbol's trades since `since_ns` (a week at most), each with its order's client order id."""
        begun_ns = self._clock.time_ns()
        now_ms = self._now_ms()
        start_ms = max(request.since_ns // 1_000_000, now_ms - calls.WEEK_MS + 60_000)
        window = Window(start_ms=start_ms, end_ms=now_ms + 60_000)
        orders = await self._rows(calls.orders_of(request.symbol, window), "orders")
        names = dict(order_name(order) for order in orders)
        trades = await self._trades_within(request.symbol, window)
        for order in {trade.venue_order_id for trade in trades} - set(names):
            if len(names) - len(orders) >= MAX_ORDERS_ASKED:
                raise ReadError(Venue.OLD_ORDERS_OVERFLOW(most=MAX_ORDERS_ASKED))
            row = await self._numbered(request.symbol, order)
            names[order] = order_name(row)[1] if row else ClientOrderId("")
        # Conditional orders are read last: the parent of every child whose trade was read names it by then.
        self._learn(await self.conditionals_of(request.symbol))
        links = self._events.links
        parents = {
            order: links[request.symbol, order].client_order_id for order in names if (request.symbol, order) in links
        }
        names |= parents
        named = (_named(trade, names[trade.venue_order_id]) for trade in trades)
        report = TradesReport(
            account=self._account,
            ts_init=self._clock.time_ns(),
            request_id=request.request_id,
            symbol=request.symbol,
            since_ns=request.since_ns,
            begun_ns=begun_ns,
            trades=tuple(sorted(named, key=lambda trade: (trade.ts_event, trade.trade_id.zfill(20)))),
        )
        return replies.following(report, request)

    async def _trades_within(self, symbol: Symbol, window: Window) -> list[FillReport]:
        """Read the trades of all orders in a window, without duplicates."""
        found: dict[str, FillReport] = {}
        for _ in range(MAX_TRADE_PAGES):
            rows = await self._rows(calls.trades_of(symbol, window), "trades")
            page = [trade_report(row, self.stamp(), ClientOrderId("")) for row in rows]
            found.update({trade.trade_id: trade for trade in page})
            if len(page) < calls.TRADES_PER_PAGE:
                return list(found.values())
            window = replace(window, start_ms=max(trade.ts_event for trade in page) // 1_000_000)
        raise ReadError(Venue.PAGES_OVERFLOW(most=MAX_TRADE_PAGES))

    async def positions(self, request: FetchPositions) -> PositionsReport:
        begun_ns = self._clock.time_ns()
        value = await self.value(calls.positions(request.symbol))
        listed = self._parsed_positions(value, request.symbol)
        self.met(frozenset(row.symbol for row in listed.rows))
        if listed.rows and (self._settings_are_old() or any(x.symbol not in self.symbols.known for x in listed.rows)):
            await self._refresh_symbol_settings()
            listed = self._parsed_positions(value, request.symbol)
        report = PositionsReport(
            account=self._account,
            ts_init=self._clock.time_ns(),
            request_id=request.request_id,
            begun_ns=begun_ns,
            positions=listed.rows,
            symbol=request.symbol,
            unread=listed.unread,
        )
        return replies.following(report, request)

    def _parsed_positions(self, value: object, symbol: Symbol | None) -> PositionList:
        listed = position_list(value, self.symbols.known)
        return listed if symbol is None else about(symbol, listed)

    async def open_orders(self, request: FetchOpenOrders) -> OpenOrdersReport:
        begun_ns = self._clock.time_ns()
        # Conditional orders are read first: an order that triggers in between is then in both lists, not in none.
        conditional, regular = [
            items_of(await self.value(calls.of_symbol(call, request.symbol)), "open orders")
            for call in (calls.OPEN_CONDITIONALS, calls.OPEN_ORDERS)
        ]
        self._learn([row for row in conditional if isinstance(row, Mapping)])
        stamp = self.stamp()
        unread: dict[Symbol, UnreadRow] = {}
        orders = self._listed_orders(regular, "clientOrderId", stamp, unread)
        for name, order in self._listed_orders(conditional, "clientAlgoId", stamp, unread).items():
            orders.setdefault(name, order)
        report = OpenOrdersReport(
            account=self._account,
            ts_init=stamp.ts_init,
            request_id=request.request_id,
            begun_ns=begun_ns,
            orders=tuple(orders.values()),
            symbol=request.symbol,
            unread=tuple(_about(row, request.symbol) for row in unread.values()),
        )
        return replies.following(report, request)

    async def marks(self) -> Sequence[MarkReport]:
        """Read every symbol's mark price. Raises nothing: marks only allow additional checks."""
        try:
            return premium_marks(await self.value(calls.MARKS), self.stamp())
        except (ReadError, MalformedError):
            return []

    async def balance(self, request: FetchBalance) -> BalanceReport:
        report = balance_report(await self.value(calls.ACCOUNT), self.stamp(), request.request_id)
        return replies.following(report, request)

    async def fundings(self) -> tuple[FundingReport, ...]:
        """Read funding payments of the last `FUNDING_LOOKBACK_MS`, oldest first. Raises ReadError, MalformedError.

        The window begins at the last read where that is longer ago, so that payments during an outage are found. A day
        with more than 333 symbols takes more than one page. Pages overlap by the last time of each.
        """
        now_ms = self._now_ms()
        since_ms = max(min(self._fundings_read_ms, now_ms - FUNDING_LOOKBACK_MS), now_ms - FUNDING_LONGEST_MS)
        found: list[object] = []
        for _ in range(MAX_FUNDING_PAGES):
            page = items_of(await self.value(calls.fundings(since_ms)), "incomes")
            found.extend(page)
            if len(page) < calls.FUNDINGS_PER_PAGE:
                break
            since_ms = max(_latest_ms(page), since_ms + 1)
        self._fundings_read_ms = now_ms
        return funding_reports(found, self.stamp())

    async def read_symbol_settings(self) -> None:
        """Read every symbol's leverage and margin mode. Raises ReadError and MalformedError."""
        self.symbols.read(symbol_settings(await self.value(calls.SYMBOL_CONFIG)))
        self._symbols_read_ns = self._clock.monotonic_ns()

    async def _numbered(self, symbol: Symbol, order: VenueOrderId) -> Row | None:
        """Read an order's row by the venue's id; None when the venue knows none."""
        return await self._found(await self._session.ask(Ask.QUERY, calls.query_by_venue_id(symbol, order)))

    async def _described(self, request: OrderRequest, row: Row) -> OrderReport:
        if not request.conditional:
            return order_report(row, self.stamp())
        return conditional_report(row, await self._child_row(request.symbol, row), self.stamp())

    async def _child_row(self, symbol: Symbol, row: Row) -> Row | None:
        """Read a conditional order's child, which has its state and its fills."""
        self._learn((row,))
        child = child_id(row)
        if child is None:
            return None
        child_row = await self._numbered(symbol, child)
        if child_row is None and self._now_ms() - nanoseconds_of(row, "updateTime") // 1_000_000 < CHILD_LAG_MS:
            raise ReadError(Venue.CHILD_UNKNOWN(child=child))
        return child_row

    async def _trading_id(self, request: FetchFills) -> VenueOrderId | None:
        """Return the order that trades: a triggered order's child; None when it never traded."""
        if not request.conditional and request.venue_order_id is not None:
            return request.venue_order_id
        row = await self._found(await query(self._session, request))
        if row is None:
            row = await self._listed(request)
            if row is None:
                raise NoSuchOrderError(Venue.NO_SUCH_ORDER())
            self._deliver(await self._described(request, row))
        if not request.conditional:
            return order_report(row, self.stamp()).venue_order_id
        self._learn((row,))
        return child_id(row)

    async def _listed(self, request: FetchFills) -> Row | None:
        """Find an order that a query by its id misses: a query may lag behind the book by seconds.

        The symbol's order list names all orders; a trade of an order outside the list belongs to an older order, or to
        one not listed yet. Raises ReadError for the latter, which proves nothing. Venue order ids increase, so our
        order would be among the newest.
        """
        if request.conditional:
            listed = await self.conditionals_of(request.symbol)
            return next((row for row in listed if row.get("clientAlgoId") == request.client_order_id), None)
        start_ms = request.since_ns // 1_000_000
        if not start_ms:
            return None
        window = Window(start_ms=start_ms, end_ms=min(start_ms + LISTED_MS, self._now_ms() + 60_000))
        rows = list(await self._rows(calls.orders_of(request.symbol, window), "orders"))
        traded = {trade.venue_order_id for trade in await self._trades_within(request.symbol, window)}
        unlisted = traded - {order_name(row)[0] for row in rows}
        for order in sorted(unlisted, key=lambda number: number.zfill(20), reverse=True)[:MAX_ORDERS_ASKED]:
            row = await self._numbered(request.symbol, order)
            if row is None:
                raise ReadError(Venue.TRADED_ORDER_UNKNOWN(order=order))
            rows.append(row)
        return next((row for row in rows if order_name(row)[1] == request.client_order_id), None)

    async def _fills_within(
        self, window: Window | None, request: FetchFills, order: VenueOrderId, fills: dict[str, FillReport]
    ) -> None:
        from_id: int | None = None
        for _ in range(MAX_TRADE_PAGES):
            rows = await self._rows(calls.trades(request.symbol, order, window, from_id), "trades")
            page = [trade_report(row, self.stamp(), request.client_order_id) for row in rows]
            # The answer may hold other orders' trades.
            fills.update({fill.trade_id: fill for fill in page if fill.venue_order_id == order})
            if len(page) < calls.TRADES_PER_PAGE:
                return
            last = max(page, key=lambda fill: fill.ts_event)
            if window is not None:
                window = replace(window, start_ms=last.ts_event // 1_000_000)
            else:
                from_id = int(last.trade_id) + 1
        raise ReadError(Venue.PAGES_OVERFLOW(most=MAX_TRADE_PAGES))

    def _settings_are_old(self) -> bool:
        age_ns = self._clock.monotonic_ns() - self._symbols_read_ns
        return age_ns > self._settings.settings_max_age_ms * 1_000_000

    async def _refresh_symbol_settings(self) -> None:
        """Refresh settings; a failure is suppressed, since a position without known leverage is still a position."""
        try:
            await self.read_symbol_settings()
        except (ReadError, MalformedError):
            return

    def _learn(self, rows: Sequence[Row]) -> None:
        for report in self._events.learn(rows, self.stamp()):
            self._deliver(report)

    def _listed_orders(
        self, items: Sequence[object], name: str, stamp: Stamp, unread: dict[Symbol, UnreadRow]
    ) -> dict[tuple[Symbol, ClientOrderId], OrderReport]:
        """Parse a list of orders. An unreadable row of a foreign order hides nothing (I12).

        An unreadable row of our order, or one that names no order, goes to `unread`: its absence is not evidence.
        """
        found: dict[tuple[Symbol, ClientOrderId], OrderReport] = {}
        torn: set[tuple[Symbol, ClientOrderId]] = set()
        for each in items:
            if isinstance(each, Mapping) and of_another_kind(each.get("symbol")):
                continue
            key = None
            try:
                row = row_of(each, "an order")
                order = conditional_report(row, None, stamp) if name == "clientAlgoId" else order_report(row, stamp)
                order = self._owned(order)
                key = (order.symbol, order.client_order_id)
                take(found, key, order)
            except MalformedError as error:
                self._tell_unread(each, name, stamp, error.cause)
                if key is not None:
                    torn.add(key)
                if not self._is_foreign(each, name):
                    symbol = _named_symbol(each)
                    unread.setdefault(symbol, UnreadRow(symbol=symbol, why=error.cause))
        return {key: order for key, order in found.items() if key not in torn}

    def _is_foreign(self, item: object, name: str) -> bool:
        """Return whether the row is a foreign order's. An unlinked child looks foreign; its parent is queried by its
        own id.
        """
        if not isinstance(item, Mapping) or not of_foreign_order(item, name):
            return False
        key = (Symbol(str(item.get("symbol"))), VenueOrderId(str(item.get("orderId"))))
        return name != "clientOrderId" or key not in self._events.links

    def _tell_unread(self, item: object, name: str, stamp: Stamp, why: Statement) -> None:
        """Report an unreadable row once per order."""
        order = shown(item.get(name) or item if isinstance(item, Mapping) else item)
        if order in self._skipped:
            return
        self._skipped[order] = None
        self._deliver(stray_event(item, stamp, Venue.UNREADABLE_OPEN_ORDER(why=why)))

    def _owned(self, report: OrderReport) -> OrderReport:
        """Report an active child as its parent."""
        parent = self._events.links.get((report.symbol, report.venue_order_id))
        if parent is None:
            return report
        return replace(
            report,
            client_order_id=parent.client_order_id,
            venue_order_id=parent.algo_id,
            status=OrderStatus.TRIGGERED if report.status is OrderStatus.WORKING else report.status,
        )


def _named(trade: FillReport, name: ClientOrderId) -> FillReport:
    return replace(trade, client_order_id=name, cause=cause_of(name))


def _about(row: UnreadRow, asked: Symbol | None) -> UnreadRow:
    """Assign a nameless row to the symbol that was asked for."""
    return replace(row, symbol=asked or NAMELESS) if row.symbol == NAMELESS else row


def _named_symbol(item: object) -> Symbol:
    try:
        return symbol_of(row_of(item, "an order"), "symbol")
    except MalformedError:
        return NAMELESS


def _latest_ms(items: Sequence[object]) -> int:
    """Return the latest time in the rows, in ms; 0 when none has one."""
    latest_ns = 0
    for each in items:
        with suppress(MalformedError):
            latest_ns = max(latest_ns, instant_of(row_of(each, "a row"), "time"))
    return latest_ns // 1_000_000
