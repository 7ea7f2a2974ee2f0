"""Both sides of an account as plain values, and an account that answers: nothing here is the code under test."""

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from actors.reconciler.account_state import ReconcilerMemory
from actors.reconciler.compare import compare
from actors.reconciler.comparison_input import Comparison, ComparisonInput, OpenOrders
from actors.reconciler.core import Core, ReconcilerSettings, Step
from actors.reconciler.ledger import HISTORY
from actors.reconciler.policy import DEFAULT_ACTIONS, Policy, Thresholds
from actors.runtime.simulated import VirtualClock
from messages import commands as c
from messages import reports as r
from messages import requests as q
from messages.base import Event, Message
from messages.discrepancy_type import Action, DiscrepancyType
from messages.ids import client_order_id, position_id
from messages.reconciliation import CheckDue, Discrepancy, FetchTrades, HoldKey, ReleaseKey, TradesReport
from messages.statement import verbatim
from messages.types import (
    MANUAL,
    AccountId,
    ClientOrderId,
    CommandId,
    Instrument,
    JournalId,
    Key,
    OrderPurpose,
    OrderStatus,
    PositionMode,
    PositionSide,
    PositionState,
    Side,
    StrategyId,
    Symbol,
    TradeId,
    VenueOrderId,
)

MAIN, BTC = AccountId("main"), Symbol("BTCUSDT")
JOURNAL_ID = JournalId("abcd1234")
LONG, SHORT = PositionSide.LONG, PositionSide.SHORT
SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND
D = Decimal


def instrument(symbol: Symbol = BTC) -> Instrument:
    return Instrument(
        symbol=symbol,
        quantity_step=D("0.001"),
        price_step=D("0.1"),
        min_quantity=D("0.001"),
        max_quantity=D(1000),
        max_market_quantity=D(100),
        min_notional=D(5),
    )


def view(ordinal: int = 1, quantity: str | Decimal = "1", side: PositionSide = LONG, **changes: Any) -> r.PositionView:
    symbol = Symbol(changes.get("symbol", BTC))
    strategy = StrategyId(changes.get("strategy", "trend"))
    key = Key(account=MAIN, symbol=symbol, side=side, strategy=strategy)
    plain = r.PositionView(
        position_id=position_id(key, ordinal),
        ordinal=ordinal,
        account=MAIN,
        symbol=symbol,
        strategy=strategy,
        side=side,
        state=PositionState.ACTIVE,
        previous=None,
        since_ns=NOW - 3600 * SECOND,
        transitions=2,
        version=5,
        quantity=D(quantity),
        entry_price=D(100),
        realized_pnl=D(0),
        fees=D(0),
        leverage=5,
        stop_loss=None,
        take_profit=None,
        protected=False,
        in_doubt=False,
        goal_quantity=None,
        reason=verbatim(""),
        touched_ns=NOW - 3600 * SECOND,
    )
    return replace(plain, **{name: value for name, value in changes.items() if name not in ("symbol", "strategy")})


def row(quantity: str | Decimal, side: PositionSide = LONG, **changes: Any) -> r.PositionRow:
    plain = r.PositionRow(
        symbol=BTC,
        side=side,
        quantity=D(quantity),
        entry_price=D(100),
        mark_price=D(100),
        unrealized_pnl=D(0),
        leverage=5,
    )
    return replace(plain, **changes)


def own_id(ordinal: int, number: int = 1) -> ClientOrderId:
    return client_order_id(JOURNAL_ID, ordinal, number)


def order_view(ordinal: int, purpose: OrderPurpose, quantity: str = "1", **changes: Any) -> r.OrderView:
    plain = r.OrderView(
        client_order_id=own_id(ordinal, changes.pop("number", 1)),
        purpose=purpose,
        phase="working",
        quantity=D(quantity),
        filled_quantity=D(0),
        price=D(90),
    )
    return replace(plain, **changes)


def open_order(name: str, quantity: str = "1", **changes: Any) -> r.OrderReport:
    plain = r.OrderReport(
        account=MAIN,
        symbol=BTC,
        client_order_id=ClientOrderId(name),
        venue_order_id=VenueOrderId("7"),
        status=OrderStatus.WORKING,
        side=Side.SELL,
        quantity=D(quantity),
        filled_quantity=D(0),
    )
    return replace(plain, **changes)


_numbers = itertools.count(1)


def trade(signed: str | Decimal, price: str = "100", order: str = "web_1", **changes: Any) -> r.FillReport:
    number = next(_numbers)
    quantity = D(signed)
    plain = r.FillReport(
        account=MAIN,
        symbol=BTC,
        client_order_id=ClientOrderId(order),
        venue_order_id=VenueOrderId(order),
        trade_id=TradeId(f"t{number}"),
        side=Side.BUY if quantity > 0 else Side.SELL,
        quantity=abs(quantity),
        price=D(price),
        fee=D(0),
        fee_currency="USDT",
        ts_event=NOW + number,
    )
    return replace(plain, **changes)


def facts(views: Iterable[r.PositionView], rows: Iterable[r.PositionRow], **changes: Any) -> ComparisonInput:
    orders = changes.pop("orders", None)
    report = r.PositionsReport(
        account=MAIN,
        request_id="r",
        begun_ns=NOW,
        positions=tuple(rows),
        symbol=changes.pop("scope", None),
    )
    symbols = {v.symbol for v in views} | {x.symbol for x in report.positions} | {BTC}
    known: dict[str, Any] = {
        "account": MAIN,
        "mode": PositionMode.ONE_WAY,
        "journal_id": JOURNAL_ID,
        "now_ns": NOW,
        "report": report,
        "views": tuple(views),
        "instruments": {symbol: instrument(symbol) for symbol in symbols},
        "thresholds": Thresholds(),
        "orders": None if orders is None else book(*orders),
    }
    return ComparisonInput(**{**known, **changes})


def book(*orders: r.OrderReport, begun_ns: int = NOW) -> OpenOrders:
    return OpenOrders(begun_ns=begun_ns, orders={order.client_order_id: order for order in orders})


def compared(views: Iterable[r.PositionView], rows: Iterable[r.PositionRow], **changes: Any) -> Comparison:
    return compare(facts(views, rows, **changes))


def types(comparison: Comparison) -> list[str]:
    return [finding.type.value for finding in comparison.findings]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waited(Message):
    """A question that has waited for the venue's budget, and is asked now."""

    question: FetchTrades


@dataclass
class Play:
    """The reconciler's core, an account that answers as it is told, and positions that book what they are told.

    Time passes in `run`. `refuse_reads`, `rows_told` and `deaf` make the account lie, be silent, or not act.
    """

    policy: Policy = field(default_factory=lambda: Policy(gap_ns=2 * SECOND))
    mode: PositionMode = PositionMode.ONE_WAY
    rows: dict[tuple[Symbol, PositionSide | None], r.PositionRow] = field(default_factory=dict)
    views: dict[int, r.PositionView] = field(default_factory=dict)
    orders: dict[ClientOrderId, r.OrderReport] = field(default_factory=dict)
    trades: list[r.FillReport] = field(default_factory=list)
    refuse_reads: bool = False
    withhold_orders: bool = False
    withhold_all_orders: bool = False
    """The list of all orders is not answered; those of single symbols are."""
    refuse_orders: str = ""
    """Why the list of orders, and nothing else, cannot be read."""
    refuse_symbols: dict[Symbol, str] = field(default_factory=dict)
    """Symbols that cannot be read by themselves, and why."""
    retry_after_ms: int = 0
    unread: dict[Symbol, str] = field(default_factory=dict)
    """Symbols whose rows of positions cannot be read, and why."""
    orders_take_s: float = 0.005
    trades_take_s: float = 0.005
    deaf: bool = False
    rows_told: Callable[[list[r.PositionRow]], list[r.PositionRow]] = lambda rows: rows

    def __post_init__(self) -> None:
        self.clock = VirtualClock(NOW)
        self.memory = ReconcilerMemory.of((MAIN,))
        self.core = Core(
            ReconcilerSettings(journal_id=JOURNAL_ID, accounts=(MAIN,), policy=self.policy), self.clock, self.memory
        )
        self.events: list[Event] = []
        self.asked: list[Message] = []
        self.commands: list[Message] = []
        self.notices: list[q.Notify] = []
        self.answers: list[Message] = []
        self.held: dict[Symbol, HoldKey] = {}
        self._due: list[tuple[int, int, str, Message]] = []
        self._timers: dict[str, int] = {}
        self._count = itertools.count()
        self._begin()

    def restart(self) -> None:
        """The process is another one: what is left is the journal's events, the positions, and the account."""
        self._due.clear()
        self._timers.clear()
        self.held.clear()
        self.memory = ReconcilerMemory.of((MAIN,))
        self.memory.ledger = HISTORY.fold(self.events)
        self.core = Core(
            ReconcilerSettings(journal_id=JOURNAL_ID, accounts=(MAIN,), policy=self.policy), self.clock, self.memory
        )
        self._begin()

    def _begin(self) -> None:
        self._perform(self.core.start())
        for shown in self.views.values():
            self.tell(shown)
        up = r.VenueUp(
            account=MAIN,
            venue_identity="play",
            position_mode=self.mode,
            instruments=(instrument(), instrument(Symbol("ETHUSDT"))),
            validity_window_ms=5000,
        )
        self.tell(up)

    def tell(self, message: Message) -> None:
        self._perform(self.core.step(message))

    def hold(self, shown: r.PositionView) -> None:
        """A position says how it is."""
        self.views[shown.ordinal] = shown
        self.tell(shown)

    def at_venue(self, *rows: r.PositionRow) -> None:
        hedge = self.mode is PositionMode.HEDGE
        self.rows = {(x.symbol, x.side if hedge else None): x for x in rows}

    def run(self, seconds: float) -> None:
        end_ns = self.clock.monotonic_ns() + int(seconds * SECOND)
        while self._due and self._due[0][0] <= end_ns:
            at_ns, number, topic, message = heapq.heappop(self._due)
            if topic and self._timers.get(topic) != number:
                continue
            self.clock.move_to(max(at_ns, self.clock.monotonic_ns()))
            self.tell(self._answer(message.question) if isinstance(message, _Waited) else message)
        self.clock.move_to(end_ns)

    @property
    def records(self) -> list[Discrepancy]:
        return list(self.memory.ledger.records.values())

    def net(self) -> Decimal:
        return sum((v.quantity * v.side.sign for v in self.views.values()), D(0))

    def _later(self, delay_ns: int, message: Message, topic: str = "") -> None:
        number = next(self._count)
        if topic:
            self._timers[topic] = number
        heapq.heappush(self._due, (self.clock.monotonic_ns() + delay_ns, number, topic, message))

    def _perform(self, step: Step) -> None:
        self.events += step.events
        for timer in step.timers:
            self._later(timer.delay_ns, CheckDue(topic=timer.topic), timer.topic)
        for out in (*step.effects, *step.tells):
            self._take(out.message)

    def _take(self, message: Message) -> None:
        match message:
            case q.FetchPositions() | q.FetchOpenOrders() | FetchTrades():
                self.asked.append(message)
                if isinstance(message, FetchTrades) and self.trades_take_s > 1:
                    self._later(int(self.trades_take_s * SECOND), _Waited(question=message))
                elif not self._withheld(message):
                    slow = isinstance(message, q.FetchOpenOrders)
                    self._later(int(self.orders_take_s * SECOND) if slow else 5_000_000, self._answer(message))
            case q.Notify():
                self.notices.append(message)
            case HoldKey():
                self.held[message.symbol] = message
            case ReleaseKey():
                self.held.pop(message.symbol, None)
            case c.Command() | q.CancelOrder() | q.SetLeverage() | r.Sweep():
                self.commands.append(message)
                if not self.deaf:
                    self._carry_out(message)
            case _:
                self.answers.append(message)

    def _withheld(self, message: Message) -> bool:
        if not isinstance(message, q.FetchOpenOrders):
            return False
        return self.withhold_orders or (self.withhold_all_orders and message.symbol is None)

    def _answer(self, message: q.FetchPositions | q.FetchOpenOrders | FetchTrades) -> Message:
        begun_ns = self.clock.time_ns()
        about: Symbol = getattr(message, "symbol", None) or Symbol("")
        why = "504" if self.refuse_reads else self.refuse_symbols.get(about)
        if why is not None:
            return r.FetchFailed(
                account=MAIN, request_id=message.request_id, cause=verbatim(why), retry_after_ms=self.retry_after_ms
            )
        if self.refuse_orders and isinstance(message, q.FetchOpenOrders):
            return r.FetchFailed(account=MAIN, request_id=message.request_id, cause=verbatim(self.refuse_orders))
        if isinstance(message, q.FetchPositions):
            rows = [x for x in self.rows.values() if message.symbol in (None, x.symbol)]
            unread = [r.UnreadRow(symbol=symbol, why=verbatim(why)) for symbol, why in self.unread.items()]
            return r.PositionsReport(
                account=MAIN,
                request_id=message.request_id,
                begun_ns=begun_ns,
                positions=tuple(x for x in self.rows_told(rows) if x.symbol not in self.unread),
                symbol=message.symbol,
                unread=tuple(x for x in unread if message.symbol in (None, x.symbol)),
            )
        if isinstance(message, q.FetchOpenOrders):
            return r.OpenOrdersReport(
                account=MAIN,
                request_id=message.request_id,
                begun_ns=begun_ns,
                orders=tuple(x for x in self.orders.values() if message.symbol in (None, x.symbol)),
                symbol=message.symbol,
            )
        return TradesReport(
            account=MAIN,
            request_id=message.request_id,
            symbol=message.symbol,
            since_ns=message.since_ns,
            begun_ns=begun_ns,
            trades=tuple(self.trades),
        )

    def _carry_out(self, message: Message) -> None:
        match message:
            case c.AdjustPosition():
                self._adjust(message)
            case c.AdoptPosition():
                ordinal = max(self.views, default=0) + 1
                shown = view(ordinal, message.quantity, message.side, strategy=MANUAL, symbol=message.symbol)
                self._book(shown, message, entry_price=message.entry_price, leverage=message.leverage)
            case c.PausePosition():
                self._book(self._view(message), message, state=PositionState.PAUSED)
            case c.ResumePosition():
                self._book(self._view(message), message, state=PositionState.ACTIVE)
            case q.CancelOrder():
                self.orders.pop(message.client_order_id, None)

    def _adjust(self, message: c.AdjustPosition) -> None:
        shown = self._view(message)
        if message.command_id in shown.command_ids:
            return
        quantity = shown.quantity + message.quantity_delta
        assert quantity >= 0, message
        assert message.price > 0, message
        state = PositionState.MODIFIED if quantity else PositionState.CLOSED
        price = message.entry_price or shown.entry_price
        leverage = message.leverage or shown.leverage
        self._book(shown, message, quantity=quantity, state=state, entry_price=price, leverage=leverage)

    def _view(self, message: c.AdjustPosition | c.PausePosition | c.ResumePosition) -> r.PositionView:
        return next(v for v in self.views.values() if v.position_id == message.position_id)

    def _book(self, shown: r.PositionView, message: c.Command, **changes: Any) -> None:
        ids = (*shown.command_ids, message.command_id)
        after = replace(shown, version=shown.version + 1, touched_ns=self.clock.time_ns(), command_ids=ids, **changes)
        self.views[after.ordinal] = after
        if after.state.terminal:
            del self.views[after.ordinal]
        self._later(1_000_000, after)


def command(name: str) -> dict[str, Any]:
    return {"command_id": CommandId(name), "reply_to": "control"}


def policy(**changes: Any) -> Policy:
    return replace(Policy(), **changes)


def acting(action: Action, *kinds: DiscrepancyType) -> Policy:
    """Does that about discrepancies of these kinds, or of all."""
    return policy(actions={**DEFAULT_ACTIONS, **dict.fromkeys(kinds or DiscrepancyType, action)})


def booked(play: Play) -> list[c.Command]:
    return [m for m in play.commands if isinstance(m, c.AdjustPosition | c.AdoptPosition)]


def outcomes(play: Play) -> list[tuple[str, str]]:
    return [(record.type.value, record.outcome.value) for record in play.records]


def refusal(sent: c.Command) -> q.Reply:
    return q.Reply(
        command_id=sent.command_id,
        to=sent.reply_to,
        correlation_id=sent.correlation_id,
        accepted=False,
        text=verbatim("no"),
    )
