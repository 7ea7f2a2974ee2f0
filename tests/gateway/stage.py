"""The gateway's core on a stage: a clock set by hand, its timers, and a record of all it sends and says."""

from decimal import Decimal
from typing import Any, TypeVar

from actors.gateway.actions import Action, Later, Never, Say, Send
from actors.gateway.core import SWEEP_NS, Gateway
from actors.gateway.runtime_state import GatewayMemory
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.ids import client_order_id
from messages.statement import verbatim
from messages.types import (
    AccountId,
    ClientOrderId,
    CorrelationId,
    JournalId,
    OrderKind,
    OrderStatus,
    PositionMode,
    PositionSide,
    RejectReason,
    Side,
    Symbol,
    TradeId,
    VenueOrderId,
)

MAIN = AccountId("main")
BTC = Symbol("BTCUSDT")
ONE = Decimal(1)
START_NS = 1_700_000_000_000_000_000
M = TypeVar("M", bound=Message)


def order_id(number: int = 1, ordinal: int = 1) -> ClientOrderId:
    return client_order_id(JournalId("journal1"), ordinal, number)


ID = order_id()


class HandClock:
    def __init__(self) -> None:
        self.monotonic = 0
        self.wall_offset = START_NS

    def time_ns(self) -> int:
        return self.monotonic + self.wall_offset

    def monotonic_ns(self) -> int:
        return self.monotonic


class Stage:
    """`up=False`: the venue has not been heard of yet. Status is kept apart, it is no deed."""

    def __init__(self, *, up: bool = True, sweep_ns: int = SWEEP_NS) -> None:
        self.clock = HandClock()
        self.sweep_ns = sweep_ns
        self.memory = GatewayMemory.fresh(self.clock)
        self.sent: list[Message] = []
        self.sent_at: list[tuple[int, Message]] = []
        self.said: list[Message] = []
        self.notices: list[q.Notify] = []
        self.statuses: list[r.GatewayStatus] = []
        self.timers: dict[str, int] = {}
        self.start()
        if up:
            self.tell(venue_up())
            self.settle_resync()
            self.forget()

    def start(self) -> None:
        """A new life on the same memory."""
        self.timers = {}
        self.gateway = Gateway(MAIN, self.clock, self.memory, sweep_ns=self.sweep_ns)
        actions, promises = self.gateway.start()
        self._perform(actions)
        for promise in promises:
            self.tell(promise)

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self._perform(self.gateway.step(message))

    def advance(self, by_ns: int) -> None:
        end = self.clock.monotonic + by_ns
        while self.timers:
            topic, due = min(self.timers.items(), key=lambda item: (item[1], item[0]))
            if due > end:
                break
            del self.timers[topic]
            self.clock.monotonic = max(self.clock.monotonic, due)
            self.tell(r.Woken(topic=topic))
        self.clock.monotonic = end

    def answer_queries(self, answer: Message, for_ns: int) -> None:
        """Each question about an order has this answer at once."""
        end_ns, answered = self.clock.monotonic + for_ns, len(self.sent)
        while self.clock.monotonic < end_ns:
            self.advance(100_000_000)
            for message in self.sent[answered:]:
                answered += 1
                if isinstance(message, q.QueryOrder | q.FetchFills):
                    self.tell(answer)

    def settle_resync(self) -> None:
        for read in self.sent_of(q.FetchPositions) + self.sent_of(q.FetchOpenOrders):
            self.tell(read_answer(read, self.clock.time_ns()))

    def forget(self) -> None:
        """What happened so far is not what the test is about."""
        for record in (self.sent, self.sent_at, self.said, self.notices, self.statuses):
            record.clear()

    def sent_of(self, kind: type[M]) -> list[M]:
        return [message for message in self.sent if isinstance(message, kind)]

    def said_of(self, kind: type[M]) -> list[M]:
        return [message for message in self.said if isinstance(message, kind)]

    def rejections(self) -> list[tuple[ClientOrderId, RejectReason]]:
        return [(said.client_order_id, said.reason) for said in self.said_of(r.OrderRejected)]

    def _perform(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            match action:
                case Send(message):
                    self.sent.append(message)
                    self.sent_at.append((self.clock.monotonic, message))
                case Say(_, q.Notify() as notice):
                    self.notices.append(notice)
                case Say(_, r.GatewayStatus() as status):
                    self.statuses.append(status)
                case Say(_, message):
                    self.said.append(message)
                case Later(topic, delay_ns):
                    self.timers[topic] = self.clock.monotonic + delay_ns
                case Never(topic):
                    self.timers.pop(topic, None)
        self.gateway.commit()


def read_answer(read: Message, now_ns: int) -> Message:
    match read:
        case q.FetchPositions(request_id=name):
            return r.PositionsReport(account=MAIN, request_id=name, begun_ns=now_ns, positions=())
        case q.FetchOpenOrders(request_id=name):
            return r.OpenOrdersReport(account=MAIN, request_id=name, begun_ns=now_ns, orders=())
        case _:
            raise AssertionError(read)


def venue_up(window_ms: int = 5_000) -> r.VenueUp:
    return r.VenueUp(
        account=MAIN,
        venue_identity="paper",
        position_mode=PositionMode.ONE_WAY,
        instruments=(),
        validity_window_ms=window_ms,
    )


def venue_down(cause: str = "connection refused") -> r.VenueDown:
    return r.VenueDown(account=MAIN, cause=verbatim(cause))


def _submit(kind: type[q.SubmitOrder], name: ClientOrderId, symbol: Symbol, expires_at_ns: int) -> Any:
    return kind(
        account=MAIN,
        symbol=symbol,
        client_order_id=name,
        correlation_id=CorrelationId(f"c-{name}"),
        side=Side.BUY,
        position_side=PositionSide.LONG,
        kind=OrderKind.MARKET,
        quantity=ONE,
        expires_at_ns=expires_at_ns,
    )


def opening(name: ClientOrderId = ID, symbol: Symbol = BTC, expires_at_ns: int = 0) -> q.SubmitOpening:
    submit: q.SubmitOpening = _submit(q.SubmitOpening, name, symbol, expires_at_ns)
    return submit


def reducing(name: ClientOrderId = ID, symbol: Symbol = BTC) -> q.SubmitReducing:
    submit: q.SubmitReducing = _submit(q.SubmitReducing, name, symbol, 0)
    return submit


def emergency(name: ClientOrderId = ID, symbol: Symbol = BTC) -> q.SubmitEmergency:
    submit: q.SubmitEmergency = _submit(q.SubmitEmergency, name, symbol, 0)
    return submit


def protection(name: ClientOrderId = ID, symbol: Symbol = BTC) -> q.SubmitProtection:
    submit: q.SubmitProtection = _submit(q.SubmitProtection, name, symbol, 0)
    return submit


def cancel(name: ClientOrderId = ID) -> q.CancelOrder:
    return q.CancelOrder(account=MAIN, symbol=BTC, client_order_id=name)


def resolve(name: ClientOrderId = ID, sent_ns: int = START_NS) -> q.ResolveOrder:
    return q.ResolveOrder(account=MAIN, symbol=BTC, client_order_id=name, sent_ns=sent_ns)


def fetch_fills(name: ClientOrderId = ID) -> q.FetchFills:
    return q.FetchFills(account=MAIN, symbol=BTC, client_order_id=name, since_ns=START_NS)


def _about(name: ClientOrderId) -> dict[str, Any]:
    return {"account": MAIN, "symbol": BTC, "client_order_id": name}


def accepted(name: ClientOrderId = ID) -> r.OrderAccepted:
    return r.OrderAccepted(**_about(name), venue_order_id=VenueOrderId("7"))


def rejected(name: ClientOrderId = ID, reason: RejectReason = RejectReason.FILTER) -> r.OrderRejected:
    return r.OrderRejected(**_about(name), reason=reason)


def unknown(name: ClientOrderId = ID, *, of_cancel: bool = False) -> r.OutcomeUnknown:
    return r.OutcomeUnknown(**_about(name), cause=verbatim("-1007 timeout"), cancel=of_cancel)


def not_executed(
    name: ClientOrderId = ID, *, after_ms: int = 0, throttled: bool = False, of_cancel: bool = False
) -> r.NotExecuted:
    return r.NotExecuted(
        **_about(name), retry_after_ms=after_ms, cause=verbatim("503"), throttled=throttled, cancel=of_cancel
    )


def untimely(name: ClientOrderId = ID) -> r.NotExecuted:
    return r.NotExecuted(
        **_about(name), retry_after_ms=50, cause=verbatim("-1021 outside of the recvWindow"), untimely=True
    )


def report(
    name: ClientOrderId = ID,
    status: OrderStatus = OrderStatus.WORKING,
    filled: Decimal = Decimal(0),
    *,
    queried: bool = False,
) -> r.OrderReport:
    return r.OrderReport(
        **_about(name),
        venue_order_id=VenueOrderId("7"),
        status=status,
        side=Side.BUY,
        quantity=ONE,
        filled_quantity=filled,
        queried=queried,
    )


def not_found(name: ClientOrderId = ID) -> r.OrderNotFound:
    return r.OrderNotFound(**_about(name))


def query_failed(name: ClientOrderId = ID, retry_after_ms: int = 0) -> r.QueryFailed:
    return r.QueryFailed(**_about(name), cause=verbatim("timeout"), retry_after_ms=retry_after_ms)


def cancel_rejected(name: ClientOrderId = ID) -> r.CancelRejected:
    return r.CancelRejected(**_about(name), code="-2011")


def fill(name: ClientOrderId = ID) -> r.FillReport:
    return r.FillReport(
        **_about(name),
        venue_order_id=VenueOrderId("7"),
        trade_id=TradeId("1"),
        side=Side.BUY,
        quantity=ONE,
        price=Decimal(60_000),
        fee=Decimal(0),
        fee_currency="USDT",
    )


def fills_fetched(name: ClientOrderId = ID, filled: Decimal = Decimal(0)) -> r.FillsFetched:
    return r.FillsFetched(**_about(name), filled_quantity=filled)
