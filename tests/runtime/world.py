"""What the tests of the runtime share: a word of each priority, an actor made of functions, a quiet system."""

from collections.abc import Callable
from dataclasses import dataclass

from actors.runtime import Actor, ActorSystem, Context, SimulatedDispatcher
from actors.runtime.cell import Observer
from messages.priority import PRIORITY, Priority

MS = 1_000_000
SECOND = 1_000 * MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    n: int = 0


class Critical(Say):
    __slots__ = ()


class High(Say):
    __slots__ = ()


class Medium(Say):
    __slots__ = ()


class Low(Say):
    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Telemetry of which only the latest per key matters."""

    conflation_key: str
    n: int


PRIORITIES = {
    **PRIORITY,
    Critical: Priority.CRITICAL,
    High: Priority.HIGH,
    Medium: Priority.MEDIUM,
    Low: Priority.LOW,
    Tick: Priority.LOW,
}
ALL = (Critical, High, Medium, Low)


def _nothing(_context: Context) -> None:
    """Most actors of the tests start and stop without a word."""


def _deaf(_context: Context, message: object) -> None:
    raise AssertionError(f"no signal was expected, least of all {message!r}")


class Hand(Actor[object]):
    """An actor whose handlers are given as functions of its context and the message."""

    def __init__(
        self,
        context: Context,
        receive: Callable[[Context, object], None],
        signal: Callable[[Context, object], None] = _deaf,
        start: Callable[[Context], None] = _nothing,
        stop: Callable[[Context], None] = _nothing,
    ) -> None:
        super().__init__(context)
        self._handle, self._signal, self._start, self._end = receive, signal, start, stop

    def on_start(self) -> None:
        self._start(self.context)

    def receive(self, message: object) -> None:
        self._handle(self.context, message)

    def receive_signal(self, message: object) -> None:
        self._signal(self.context, message)

    def on_stop(self) -> None:
        self._end(self.context)


def hand(
    receive: Callable[[Context, object], None],
    signal: Callable[[Context, object], None] = _deaf,
    start: Callable[[Context], None] = _nothing,
    stop: Callable[[Context], None] = _nothing,
) -> Callable[[Context], Hand]:
    return lambda context: Hand(context, receive, signal, start, stop)


def keeper(kept: list[object]) -> Callable[[Context], Hand]:
    """An actor that keeps what it gets."""
    return hand(lambda _context, message: kept.append(message), lambda _context, message: kept.append(message))


def simulated(
    seed: int = 1,
    *,
    max_queue_size: int = 1000,
    dead_letter_limit: int = 1000,
    supervisor_address: str | None = None,
    observer: Observer | None = None,
) -> tuple[ActorSystem, SimulatedDispatcher]:
    dispatcher = SimulatedDispatcher(seed)
    system = ActorSystem(
        dispatcher,
        PRIORITIES,
        dispatcher.clock,
        max_queue_size=max_queue_size,
        dead_letter_limit=dead_letter_limit,
        supervisor_address=supervisor_address,
        observer=observer,
    )
    return system, dispatcher


def numbers(kept: list[object]) -> list[int]:
    return [message.n for message in kept if isinstance(message, Say | Tick)]


def assert_books_balance(system: ActorSystem) -> None:
    """Every message that a mailbox took is accounted for; holds for lanes without dead addresses' letters."""
    lanes = [lane for lane in system.metrics().lanes if lane.name != "SIGNAL"]
    accepted = sum(lane.accepted for lane in lanes)
    accounted = sum(lane.processed + lane.dead + lane.waiting for lane in lanes)
    assert accepted == accounted + system.metrics().lapsed
