"""A position told as a story: messages in, steps out, and after each of them the folded history is the live state."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, get_type_hints

from actors.position.evolve import fold
from actors.position.machine import Step, decide
from actors.position.policy import Policy
from actors.position.state import Order, Position, blank
from actors.position.transitions import TIME, TRANSITIONS, Cause, cause_of
from messages import commands as c
from messages import reports as r
from messages.base import Event, Message
from messages.events import StateChanged
from messages.requests import Notify, SubmitOrder, Wake
from messages.statement import Statement, verbatim
from messages.types import (
    AccountId,
    Address,
    ClientOrderId,
    CommandId,
    Instrument,
    JournalId,
    Key,
    OrderPurpose,
    OrderStatus,
    PositionSide,
    PositionState,
    RejectReason,
    Severity,
    StrategyId,
    Symbol,
    TradeId,
    VenueOrderId,
)

MS = 1_000_000
SECOND = 1_000 * MS
BEGIN_NS = 1_700_000_000 * SECOND
ACCOUNT = AccountId("main")
SYMBOL = Symbol("BTCUSDT")
EDGE = Address("edge")
POLICY = Policy()
BTC = Instrument(
    symbol=SYMBOL,
    quantity_step=Decimal("0.001"),
    price_step=Decimal("0.1"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(1000),
    max_market_quantity=Decimal(100),
    min_notional=Decimal(5),
)
LONG = Key(account=ACCOUNT, symbol=SYMBOL, side=PositionSide.LONG, strategy=StrategyId("trend"))
SHORT = Key(account=ACCOUNT, symbol=SYMBOL, side=PositionSide.SHORT, strategy=StrategyId("trend"))


Arrow = tuple[PositionState, Cause, PositionState]


@cache
def _statements(kind: type) -> tuple[str, ...]:
    """The fields that hold one."""
    return tuple(name for name, hint in get_type_hints(kind).items() if hint is Statement)


def dec(number: str | int | Decimal) -> Decimal:
    return Decimal(number)


@dataclass(slots=True)
class Story:
    """`steps` are all that were decided; `transitions` the (before, cause, after) that happened.

    `strict`: an undeclared transition is an error; not while they are being looked for.
    """

    key: Key = LONG
    policy: Policy = POLICY
    position: Position = field(init=False)
    now_ns: int = BEGIN_NS
    steps: list[Step] = field(default_factory=list)
    transitions: set[Arrow] = field(default_factory=set)
    _serial: int = 0
    strict: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.position = blank(self.key, 7, JournalId("j0urna1x"))

    # Telling ---------------------------------------------------------------------------------------

    def tell(self, message: Message, after_ms: int = 10) -> Step:
        """One step. I15 and the declared transitions are checked at every one of them."""
        self.now_ns += after_ms * MS
        before = self.position
        step = decide(before, message, self.now_ns, self.policy)
        assert fold(before, step.events) == step.position, "I15: the events of a step are all that changes a position"
        self._check_transition(before, message, step)
        self._check_statements(step)
        self.position = step.position
        numbers = tuple(order.number for order in self.position.orders if order.relevant)
        assert self.position.relevant_numbers == numbers, "what a decision depends on is found by its number"
        self.steps.append(step)
        return step

    def _check_transition(self, before: Position, message: Message, step: Step) -> None:
        after = step.position.state
        if before.state is after:
            return
        changes = [ev for ev in step.events if isinstance(ev, StateChanged)]
        assert [(ev.before, ev.after) for ev in changes] == [(before.state, after)], "a change of state is an event"
        cause, declared = cause_of(type(message)), TRANSITIONS[before.state].get(after)
        causes = declared.causes if declared is not None else cause
        by_time = cause not in causes and TIME in causes  # the first message after a deadline
        self.transitions.add((before.state, TIME if by_time else cause, after))
        arrow = f"{before.state} -> {after} by {type(message).__name__}"
        assert step.declared or not self.strict, f"undeclared transition {arrow}: {changes[0].because}"

    def _check_statements(self, step: Step) -> None:
        """`StepBuilder.record` takes any field: the type checker misses a sentence that lost its code there."""
        for message in (*step.events, *(effect.message for effect in step.effects)):
            kind: type = type(message)
            for name in _statements(kind):
                assert type(getattr(message, name)) is Statement, f"{kind.__name__}.{name} is plain text"

    @property
    def events(self) -> list[Event]:
        return [event for step in self.steps for event in step.events]

    @property
    def state(self) -> str:
        """By its name: mypy would hold an enumeration to be what an earlier assertion found it to be."""
        return self.position.state

    def submitted(self) -> list[SubmitOrder]:
        return [ef.message for step in self.steps for ef in step.effects if isinstance(ef.message, SubmitOrder)]

    def restart(self) -> Step:
        """The process died: what is left is the history."""
        assert fold(blank(self.key, 7, JournalId("j0urna1x")), self.events) == self.position
        return self.tell(r.Recovered(), after_ms=1_000)

    def order(self, purpose: OrderPurpose) -> Order:
        """The latest order of this purpose."""
        return next(o for o in reversed(self.position.orders) if o.purpose is purpose)

    # What people want ------------------------------------------------------------------------------

    def command(self) -> dict[str, Any]:
        self._serial += 1
        return {"command_id": CommandId(f"c{self._serial}"), "reply_to": EDGE}

    def own(self) -> dict[str, Any]:
        return {**self.command(), "position_id": self.position.position_id}

    def opening(self, quantity: str = "10", **changes: Any) -> c.OpenPosition:
        wanted: dict[str, Any] = {
            "account": ACCOUNT,
            "symbol": SYMBOL,
            "side": self.key.side,
            "strategy": self.key.strategy,
            "quantity": dec(quantity),
            "instrument": BTC,
            **self.command(),
        }
        return c.OpenPosition(**{**wanted, **changes})

    def adoption(self, quantity: str = "3") -> c.AdoptPosition:
        return c.AdoptPosition(
            account=ACCOUNT,
            symbol=SYMBOL,
            side=self.key.side,
            strategy=self.key.strategy,
            quantity=dec(quantity),
            entry_price=dec(100),
            instrument=BTC,
            evidence="position list",
            **self.command(),
        )

    # What the venue says ---------------------------------------------------------------------------

    def about(self, order: Order) -> dict[str, Any]:
        return {
            "account": ACCOUNT,
            "symbol": SYMBOL,
            "client_order_id": order.client_order_id,
            "ts_event": self.now_ns,
            "ts_init": self.now_ns,
        }

    def accepted(self, order: Order) -> r.OrderAccepted:
        return r.OrderAccepted(venue_order_id=venue_id(order), **self.about(order))

    def rejected(self, order: Order, reason: RejectReason = RejectReason.OTHER, text: str = "no") -> r.OrderRejected:
        return r.OrderRejected(reason=reason, code="-1", text=verbatim(text), **self.about(order))

    def unknown(self, order: Order, *, cancel: bool = False) -> r.OutcomeUnknown:
        return r.OutcomeUnknown(cause=verbatim("timeout"), cancel=cancel, **self.about(order))

    def report(self, order: Order, status: OrderStatus, filled: str | Decimal = "0") -> r.OrderReport:
        return r.OrderReport(
            venue_order_id=venue_id(order),
            status=status,
            side=order.side,
            quantity=order.quantity,
            filled_quantity=dec(filled),
            **self.about(order),
        )

    def absent(self, order: Order) -> r.OrderAbsent:
        return r.OrderAbsent(evidence="two queries after the window", **self.about(order))

    def fill(
        self, order: Order, quantity: str | Decimal | None = None, price: str = "100", trade: str | None = None
    ) -> r.FillReport:
        self._serial += 1
        return r.FillReport(
            venue_order_id=venue_id(order),
            trade_id=TradeId(trade or f"t{self._serial}"),
            side=order.side,
            quantity=order.leaves_quantity if quantity is None else dec(quantity),
            price=dec(price),
            fee=dec("0.04"),
            fee_currency="USDT",
            **self.about(order),
        )

    def fetched(self, order: Order, filled: str = "0") -> r.FillsFetched:
        return r.FillsFetched(filled_quantity=dec(filled), **self.about(order))

    def sweep(self, *open_orders: Order) -> r.Sweep:
        return r.Sweep(
            account=ACCOUNT,
            begun_ns=self.now_ns + 5 * MS,
            open_orders=frozenset(o.client_order_id for o in open_orders),
            ts_init=self.now_ns,
        )

    def leverage_set(self, leverage: int = 5) -> r.SettingApplied:
        return r.SettingApplied(
            account=ACCOUNT, position_id=self.position.position_id, symbol=SYMBOL, leverage=leverage
        )

    def funding(self, amount: str, at_ns: int = 0, booked: str = "0") -> r.FundingShare:
        return r.FundingShare(
            position_id=self.position.position_id,
            amount=dec(amount),
            currency="USDT",
            ts_event=at_ns or self.now_ns,
            booked=dec(booked),
        )

    def leverage_refused(self, *, unknown: bool = False) -> r.SettingRefused:
        return r.SettingRefused(
            account=ACCOUNT,
            position_id=self.position.position_id,
            symbol=SYMBOL,
            leverage=5,
            text=verbatim("no"),
            unknown=unknown,
        )

    # Chapters --------------------------------------------------------------------------------------

    def ack(self, *purposes: OrderPurpose) -> None:
        """The venue acknowledges every order of these purposes (all, where none is named) that was only sent."""
        for order in self.position.live_orders(*purposes):
            if order.phase == "sent":
                self.tell(self.accepted(order))

    def cancel_done(self) -> None:
        """The venue confirms every cancel that is asked for."""
        for order in self.position.live_orders():
            if order.cancel_intended:
                self.tell(self.report(order, OrderStatus.CANCELED, order.filled))

    def settle(self) -> None:
        """The venue acknowledges and cancels whatever is asked of it, until nothing more is."""
        for _ in range(8):
            self.ack()
            self.cancel_done()

    def fill_all(self, purpose: OrderPurpose, price: str = "100") -> Step:
        return self.tell(self.fill(self.order(purpose), price=price))


def venue_id(order: Order) -> VenueOrderId:
    return VenueOrderId(f"v{order.number}")


def stranger(order: Order) -> ClientOrderId:
    """An id in our format, of an order that was never intended."""
    return ClientOrderId(order.client_order_id[:-4] + "zzzz")


def names(items: tuple[Any, ...]) -> list[str]:
    return [type(item).__name__ for item in items]


def events_of(step: Step) -> list[str]:
    return names(step.events)


def effects_of(step: Step) -> list[str]:
    return [type(effect.message).__name__ for effect in step.effects]


def notices(step: Step, severity: Severity) -> list[str]:
    sent = (effect.message for effect in step.effects)
    return [message.text for message in sent if isinstance(message, Notify) and message.severity is severity]


def wake(step: Step, topic: str) -> Wake | None:
    return next((wake for wake in step.wakes if wake.topic == topic), None)


# Histories that end in each state: realistic ones, told through the machine ---------------------------


def opened(key: Key = LONG, **changes: Any) -> Story:
    """A market order of 10, sent and not yet answered."""
    story = Story(key=key)
    story.tell(story.opening(**changes))
    return story


def active(key: Key = LONG, **changes: Any) -> Story:
    """10 held at 100, protected where the changes say so."""
    story = opened(key, **changes)
    story.ack()
    story.fill_all(OrderPurpose.ENTRY)
    story.settle()
    assert story.state is PositionState.ACTIVE
    return story


def protected(key: Key = LONG) -> Story:
    """10 held at 100 with a stop and a target resting."""
    below, above = ("90", "120") if key.side is PositionSide.LONG else ("110", "80")
    return active(key, stop_loss=dec(below), take_profit=dec(above))
