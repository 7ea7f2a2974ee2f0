"""A venue that answers as its moods say, and knows what is true: which orders it ever executed.

A mood says what becomes of one request. When the moods are used up it is honest and prompt.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from actors.gateway.actions import MS, SECOND
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.types import ClientOrderId, OrderStatus, RejectReason
from tests.gateway import stage

MOODS = ("honest", "answer lost", "request lost", "late", "not executed", "refused", "mute", "stale", "throttled")
LATE_NS = 4 * SECOND
"""How long a request may wander before it takes effect: within the validity window of 5 s."""


@dataclass
class ShiftyVenue:
    """`deliver` is told the answers; `later` runs something after a delay."""

    moods: Iterable[str]
    deliver: Callable[[Message], None]
    later: Callable[[int, Callable[[], None]], None]
    working: set[ClientOrderId] = field(default_factory=set)
    executed: dict[ClientOrderId, int] = field(default_factory=dict)
    submits: dict[ClientOrderId, int] = field(default_factory=dict)
    declined: dict[ClientOrderId, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._moods = iter(self.moods)

    def start(self, deliver: Callable[[Message], None]) -> None:
        self.deliver = deliver

    def stop(self, deadline_ms: int) -> None:
        """Nothing of it runs by itself."""

    def request(self, message: Message) -> None:
        mood = next(self._moods, "honest")
        match message:
            case q.SubmitOrder(client_order_id=name):
                self.submits[name] = self.submits.get(name, 0) + 1
                self._submit(name, mood)
            case q.CancelOrder(client_order_id=name):
                self._cancel(name, mood)
            case q.QueryOrder(client_order_id=name):
                self._query(name, mood)
            case q.FetchFills(client_order_id=name):
                failed = mood in ("answer lost", "request lost", "throttled")
                known = stage.fills_fetched(name) if name in self.executed else stage.not_found(name)
                self._answer(stage.query_failed(name) if failed else known)
            case q.FetchOpenOrders() | q.FetchPositions():
                self._answer(stage.read_answer(message, stage.START_NS))
            case _:
                raise AssertionError(message)

    def _execute(self, name: ClientOrderId) -> None:
        self.executed[name] = self.executed.get(name, 0) + 1
        self.working.add(name)

    def _answer(self, message: Message, delay_ns: int = 20 * MS) -> None:
        self.later(delay_ns, lambda: self.deliver(message))

    def _submit(self, name: ClientOrderId, mood: str) -> None:
        match mood:
            case "answer lost":
                self._execute(name)
                self._answer(stage.unknown(name), SECOND)
            case "request lost":
                self._answer(stage.unknown(name), SECOND)
            case "late":
                self.later(SECOND + LATE_NS, lambda: self._execute(name))
                self._answer(stage.unknown(name), SECOND)
            case "not executed" | "throttled":
                self.declined[name] = self.declined.get(name, 0) + 1
                throttled = mood == "throttled"
                self._answer(stage.not_executed(name, after_ms=3_000 if throttled else 0, throttled=throttled))
            case "refused":
                self._answer(stage.rejected(name, RejectReason.FILTER))
            case "mute":
                self._execute(name)
            case _:
                self._execute(name)
                self._answer(stage.accepted(name))

    def _cancel(self, name: ClientOrderId, mood: str) -> None:
        match mood:
            case "answer lost":
                self.working.discard(name)
                self._answer(stage.unknown(name, of_cancel=True), SECOND)
            case "request lost" | "late":
                self._answer(stage.unknown(name, of_cancel=True), SECOND)
            case "not executed" | "throttled":
                self._answer(stage.not_executed(name, of_cancel=True))
            case "mute":
                pass
            case _ if name in self.working and mood != "refused":
                self.working.discard(name)
                self._answer(stage.report(name, OrderStatus.CANCELED))
            case _:
                self._answer(stage.cancel_rejected(name))

    def _query(self, name: ClientOrderId, mood: str) -> None:
        def describe() -> Message:
            if name not in self.executed:
                return stage.not_found(name)
            status = OrderStatus.WORKING if name in self.working else OrderStatus.CANCELED
            return stage.report(name, status, queried=True)

        match mood:
            case "answer lost" | "request lost" | "not executed" | "throttled":
                self._answer(stage.query_failed(name))
            case "mute":
                pass
            case "late" | "stale":
                truth = describe()  # as of now, told later
                self._answer(truth, 2 * SECOND)
            case _:
                self.later(20 * MS, lambda: self.deliver(describe()))


FINAL = (r.OrderAccepted, r.OrderRejected, r.OrderReport, r.OrderAbsent)
