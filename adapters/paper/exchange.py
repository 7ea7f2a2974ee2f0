"""The venue's core: markets, accounts, counters, and the elementary acts on them.

An order is opened, filled, closed; a wallet is booked; an event is emitted. Matching, conditional orders, settlement
and the endpoints use these acts, so that each bookkeeping rule exists once.
"""

from collections import deque
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.paper.account import Account, AccountSetup, Income, Position
from adapters.paper.dialect import Dialect
from adapters.paper.faults import (
    Fault,
    FaultKind,
    FaultPlan,
    FaultRecord,
    FaultState,
    Occasion,
    Quirks,
)
from adapters.paper.instruments import EIGHT_PLACES, ZERO, Instrument
from adapters.paper.limits import RateLimits, Ration
from adapters.paper.orders import AlgoOrder, Order, Trade
from adapters.paper.prices import Market, open_market
from adapters.paper.refusals import Reason, Refusal
from adapters.paper.stream_event import Row, StreamEvent

FIRST_TRADE_ID = 100_000_001
FAULT_LOG_MAX = 10_000
HISTORY_MAX = 512

PositionImage = tuple[int, str, str, Decimal, Decimal, Decimal, Decimal, Decimal, Decimal, int]
"""One leg as it stood before a change: the time of the change, then every field of Position."""


class Exchange:
    """State and bookkeeping. The facade drains `outbox` (user-data events) and `touched` (symbols whose price
    has moved), and runs what is `late` (requests whose effect a fault has put off).
    """

    def __init__(
        self,
        *,
        seed: int,
        instruments: tuple[Instrument, ...],
        accounts: tuple[AccountSetup, ...],
        now_ms: int,
        faults: FaultPlan,
        volatility_ppm: int,
        limits: RateLimits,
        dialect: Dialect,
    ) -> None:
        self.dialect = dialect
        self.seed = seed
        self.now_ms = now_ms
        self.markets: dict[str, Market] = {
            each.symbol: open_market(each, seed=seed, volatility_ppm=volatility_ppm, now_ms=now_ms)
            for each in instruments
        }
        self.accounts: dict[str, Account] = {each.api_key: open_account(each) for each in accounts}
        self.next_order_id = 1_000_000_001
        self.next_algo_id = 4_000_000_000_000_001
        self.trade_ids: dict[str, int] = dict.fromkeys(self.markets, FIRST_TRADE_ID)
        """The next trade id of each symbol."""
        self.traded = 0
        """Trades since this model was made; a change means new trades."""
        self.next_transaction_id = 1
        self.fees_collected = ZERO
        self.insurance_fund = ZERO
        self.ration = Ration(limits=limits)
        self.faults = FaultState(faults)
        self.fault_log: deque[FaultRecord] = deque(maxlen=FAULT_LOG_MAX)
        self.outbox: list[StreamEvent] = []
        self.held_back: list[StreamEvent] = []
        self.late: list[dict[str, Any]] = []
        self.touched: set[str] = set()
        self._volatility_ppm = volatility_ppm
        self.history: dict[str, deque[PositionImage]] = {}

    @property
    def quirks(self) -> Quirks:
        return self.faults.plan.quirks

    @property
    def limits(self) -> RateLimits:
        return self.ration.limits

    def market_of(self, symbol: str) -> Market:
        """Raises Refusal for an unknown symbol."""
        market = self.markets.get(symbol)
        if market is None:
            raise Refusal(Reason.UNKNOWN_SYMBOL)
        return market

    def add_market(self, instrument: Instrument) -> None:
        """Open a new symbol for trading."""
        self.markets[instrument.symbol] = open_market(
            instrument, seed=self.seed, volatility_ppm=self._volatility_ppm, now_ms=self.now_ms
        )
        self.trade_ids.setdefault(instrument.symbol, FIRST_TRADE_ID)

    def close_symbol(self, symbol: str) -> None:
        """A delisted symbol: known, but closed and no longer published."""
        market = self.market_of(symbol)
        market.instrument = replace(market.instrument, status="DELISTED")

    # --- orders ---------------------------------------------------------------------------------------

    def open(self, account: Account, order: Order) -> None:
        """Enter an order into the books and announce it as NEW."""
        account.forget()
        account.orders[order.order_id] = order
        account.open_orders[order.order_id] = order
        account.orders_by_client[order.client_order_id] = order
        self.rest(account, order, order.leaves)
        self.announce(account, order, execution="NEW")

    def close(self, account: Account, order: Order, *, status: str, execution: str, reason: str = "0") -> None:
        """Take an open order out of the books unfilled or partly filled, and announce it."""
        self.rest(account, order, -order.leaves)
        order.status = status
        order.updated_ms = order.closed_ms = self.now_ms
        del account.open_orders[order.order_id]
        self.announce(account, order, execution=execution, reason=reason)
        self._finish_parent(account, order)

    def fill(
        self,
        account: Account,
        order: Order,
        price: Decimal,
        quantity: Decimal,
        *,
        maker: bool,
        execution: str = "TRADE",
    ) -> Trade:
        """Execute `quantity` of an open order at `price`: position, wallet, trade, incomes, events."""
        position = account.position_of((order.symbol, order.position_side))
        held_before = position.quantity
        trade = self._trade(account, order, position, price, quantity, maker=maker)
        account.trades.append(trade)
        if trade.realized:
            self.book(account, "REALIZED_PNL", trade.realized, order.symbol, trade_id=trade.trade_id)
        self.book(account, "COMMISSION", -trade.commission, order.symbol, trade_id=trade.trade_id)
        self.fees_collected += trade.commission
        self.rest(account, order, -quantity)
        order.executed += quantity
        order.cum_quote += price * quantity
        order.updated_ms = self.now_ms
        done = order.executed == order.quantity
        order.status = "FILLED" if done else "PARTIALLY_FILLED"
        if done:
            order.closed_ms = self.now_ms
            del account.open_orders[order.order_id]
        self._announce_fill(account, order, trade, position, execution)
        if done:
            self._finish_parent(account, order)
        if not position.quantity or position.quantity * held_before < 0:
            self.expire_orphans(account, position)
        return trade

    def _trade(
        self,
        account: Account,
        order: Order,
        position: Position,
        price: Decimal,
        quantity: Decimal,
        *,
        maker: bool,
    ) -> Trade:
        """Move the position; return the trade with its realized profit and commission."""
        self._remember(account, position)
        held_before = position.quantity
        realized = position.take(quantity if order.side == "BUY" else -quantity, price)
        instrument = self.markets[order.symbol].instrument
        rate = instrument.maker_fee if maker else instrument.taker_fee
        fee = (price * quantity * rate).quantize(EIGHT_PLACES)
        if position.quantity:
            position.fees += fee
        position.updated_ms = self.now_ms
        if account.settings_of(order.symbol).isolated:
            self._move_isolated(account, position, held_before, price)
        trade_id = self.trade_ids[order.symbol]
        self.trade_ids[order.symbol] += 1
        self.traded += 1
        return Trade(
            trade_id=trade_id,
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            position_side=order.position_side,
            price=price,
            quantity=quantity,
            commission=fee,
            realized=realized,
            maker=maker,
            time_ms=self.now_ms,
        )

    def requeue(self, account: Account, order: Order, *, price: Decimal, quantity: Decimal) -> None:
        """Change an open order in place and announce the amendment."""
        self.rest(account, order, -order.leaves)
        order.price, order.quantity = price, quantity
        order.amendments += 1
        order.updated_ms = self.now_ms
        self.rest(account, order, order.leaves)
        self.announce(account, order, execution="AMENDMENT")

    def announce(self, account: Account, order: Order, *, execution: str, reason: str = "0") -> None:
        """The event of a change that is not a fill."""
        self.emit(
            account,
            self.dialect.events.order_trade_update(
                order,
                self.markets[order.symbol].instrument,
                account.resting.get((order.symbol, order.position_side)),
                self.now_ms,
                execution=execution,
                reason=reason,
            ),
            symbol=order.symbol,
            client_id=order.client_order_id,
        )

    def expire_orphans(self, account: Account, position: Position) -> None:
        """Expire orders that could only reduce a flat or flipped position (quirk)."""
        if not self.quirks.expire_orphans:
            return
        for order in [o for o in account.open_orders.values() if o.reducing and o.symbol == position.symbol]:
            if order.position_side == position.side and not _reduces(order.side, position):
                self.close(account, order, status="EXPIRED", execution="EXPIRED", reason="8")
        for algo in [a for a in account.open_algos.values() if a.close_position and a.symbol == position.symbol]:
            if algo.position_side == position.side and algo.status == "NEW" and not _reduces(algo.side, position):
                self.close_algo(account, algo, status="EXPIRED")

    # --- conditional orders ---------------------------------------------------------------------------

    def close_algo(self, account: Account, algo: AlgoOrder, *, status: str, failure: str = "") -> None:
        """A conditional order leaves the books."""
        algo.status = status
        algo.failure = failure
        algo.updated_ms = algo.closed_ms = self.now_ms
        account.open_algos.pop(algo.algo_id, None)
        self.announce_algo(account, algo)

    def announce_algo(self, account: Account, algo: AlgoOrder) -> None:
        child = account.orders.get(algo.child_order_id)
        row = self.dialect.events.algo_update(algo, child, self.markets[algo.symbol].instrument, self.now_ms)
        self.emit(account, row, symbol=algo.symbol, client_id=algo.client_algo_id)

    def _finish_parent(self, account: Account, order: Order) -> None:
        """FINISHED: its child was filled or canceled in the matching engine."""
        algo = account.algos.get(order.algo_id) if order.algo_id else None
        if algo is not None and algo.status in ("TRIGGERING", "TRIGGERED"):
            self.close_algo(account, algo, status="FINISHED")

    # --- money ----------------------------------------------------------------------------------------

    def book(
        self, account: Account, kind: str, amount: Decimal, symbol: str, *, trade_id: int = 0, time_ms: int = 0
    ) -> None:
        """Change the wallet; every change is an income row, of now where no time is given."""
        account.wallet += amount
        account.incomes.append(
            Income(
                transaction_id=self.next_transaction_id,
                symbol=symbol,
                kind=kind,
                amount=amount,
                text=str(trade_id) if trade_id else kind,
                time_ms=time_ms or self.now_ms,
                trade_id=trade_id,
            )
        )
        self.next_transaction_id += 1

    def _move_isolated(self, account: Account, position: Position, before: Decimal, price: Decimal) -> None:
        """Margin follows the position: added by notional / leverage, released in proportion."""
        after = position.quantity
        leverage = account.settings_of(position.symbol).leverage
        if before * after < 0 or not after:
            position.isolated_wallet = ZERO
            before = ZERO
        grown = abs(after) - abs(before)
        if grown > 0:
            position.isolated_wallet += (grown * price / leverage).quantize(EIGHT_PLACES)
        elif grown < 0:
            share = position.isolated_wallet * abs(after) / abs(before)
            position.isolated_wallet = share.quantize(EIGHT_PLACES)

    def rest(self, account: Account, order: Order, quantity: Decimal) -> None:
        """Count an order's open part in the notional that could increase its leg."""
        if order.reduce_only or not order.price:
            return
        resting = account.resting_of((order.symbol, order.position_side))
        if order.side == "BUY":
            if order.position_side != "SHORT":
                resting.bids += quantity * order.price
        elif order.position_side != "LONG":
            resting.asks += quantity * order.price

    # --- events ---------------------------------------------------------------------------------------

    def _announce_fill(self, account: Account, order: Order, trade: Trade, position: Position, execution: str) -> None:
        instrument = self.markets[order.symbol].instrument
        full = self.dialect.events.order_trade_update(
            order,
            instrument,
            account.resting.get((order.symbol, order.position_side)),
            self.now_ms,
            execution=execution,
            trade=trade,
        )
        client_id, symbol = order.client_order_id, order.symbol
        if self.quirks.trade_lite:
            lite = self.dialect.events.trade_lite(order, trade, instrument, self.now_ms)
            self.emit(account, lite, symbol=symbol, client_id=client_id)
        if not self.quirks.account_update_first:
            self.emit(account, full, symbol=symbol, client_id=client_id)
        self.emit_account(account, (position,), reason="ORDER")
        if self.quirks.account_update_first:
            self.emit(account, full, symbol=symbol, client_id=client_id)

    def emit_account(
        self, account: Account, positions: tuple[Position, ...], *, reason: str, change: Decimal = ZERO
    ) -> None:
        """The event of a wallet, with the legs that changed."""
        row = self.dialect.events.account_update(
            account, positions, self.now_ms, reason=reason, change=change, markets=self.markets
        )
        self.emit(account, row, symbol=positions[0].symbol if positions else "", client_id="")

    def emit(self, account: Account, row: Row, *, symbol: str, client_id: str) -> None:
        """Put one event on the account's stream, through the stream faults of the plan."""
        event = StreamEvent(account=account.name, event=row)
        if not self.faults.on_streams:
            self.outbox.append(event)
            return
        kind = self.dialect.events.kind_of(row)
        occasion = Occasion(now_ms=self.now_ms, account=account.name, event=kind, symbol=symbol, client_id=client_id)
        fault = self.faults.strike_stream(occasion)
        if fault is None:
            self.outbox.append(event)
            self._release()
            return
        self.log_fault(fault, account=account.name, subject=kind, client_id=client_id, effect=None)
        match fault.kind:
            case FaultKind.EVENT_DUPLICATED:
                self.outbox += (event, event)
            case FaultKind.EVENT_ABSURD | FaultKind.EVENT_MALFORMED:
                spoiled = self.dialect.events.spoiled_event(fault, row)
                self.outbox.append(StreamEvent(account=account.name, event=spoiled))
            case FaultKind.EVENT_DELAYED:
                late = StreamEvent(account=account.name, event=row, delay_ms=fault.delay_ms)
                self.outbox.append(late)
            case FaultKind.EVENT_REORDERED:
                # Held back until the next event that goes out by itself, or the next advance.
                self.held_back.append(event)
                return
            case FaultKind.STREAM_DISCONNECT:
                self.outbox.append(StreamEvent(account=account.name, event={}, disconnect=True))
            case FaultKind.LISTEN_KEY_EXPIRY:
                self.expire_listen_key(account)
            case _:
                return
        self._release()

    def _release(self) -> None:
        if self.held_back:
            self.outbox += self.held_back
            self.held_back.clear()

    def release_held_back(self) -> None:
        """Emit reordered events when none follows them."""
        self._release()

    def expire_listen_key(self, account: Account) -> None:
        """Expire the key, and emit its last event."""
        if account.listen_key:
            row = self.dialect.events.listen_key_expired(account.listen_key, self.now_ms)
            self.outbox.append(StreamEvent(account=account.name, event=row))
            account.listen_key, account.listen_key_until_ms = "", 0

    def log_fault(
        self, fault: Fault, *, account: str, subject: str, client_id: str, effect: bool | None
    ) -> FaultRecord:
        """Log a fault that struck, for tests that compare with the truth."""
        record = FaultRecord(
            at_ms=self.now_ms,
            kind=fault.kind,
            name=fault.name,
            account=account,
            subject=subject,
            client_id=client_id,
            effect=effect,
        )
        self.fault_log.append(record)
        return record

    # --- the past, for stale reads --------------------------------------------------------------------

    def _remember(self, account: Account, position: Position) -> None:
        past = self.history.get(account.name)
        if past is None:
            past = self.history[account.name] = deque(maxlen=HISTORY_MAX)
        past.append(
            (
                self.now_ms,
                position.symbol,
                position.side,
                position.quantity,
                position.cost,
                position.entry,
                position.isolated_wallet,
                position.realized,
                position.fees,
                position.updated_ms,
            )
        )


def open_account(setup: AccountSetup) -> Account:
    account = Account(
        name=setup.name,
        api_key=setup.api_key,
        api_secret=setup.api_secret,
        wallet=ZERO,
        hedge=setup.hedge,
        leverage=setup.leverage,
    )
    # The deposit is an income row as well, so that a wallet is always the sum of its rows.
    account.wallet = setup.balance
    account.incomes.append(
        Income(transaction_id=0, symbol="", kind="TRANSFER", amount=setup.balance, text="TRANSFER", time_ms=0)
    )
    return account


def _reduces(side: str, position: Position) -> bool:
    return position.quantity > 0 if side == "SELL" else position.quantity < 0
