"""Everything between a process and the venue: requests and answers with delays and losses, and the sockets.

What has left a process travels on whether or not the process lives: a request in flight when the process
dies still reaches the venue. Nobody hears its answer.
"""

import errno
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from adapters.exchange.venue import Call
from adapters.paper.answer import Answer, Fate
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.stream_event import StreamEvent

MS = 1_000_000
TICK_MS = 250
MARKS_EVERY_MS = 3_000
SLUGGISH_MOST_MS = 1_500
"""In a sluggish window, each way."""
NO_DESCRIPTOR = f"Cannot connect to host: [Errno {errno.EMFILE}] Too many open files"
FORBIDDEN_S = 5
"""So long an account asks for nothing after a 403, as it does after any silence that the venue asks for."""
START_MS = 1_700_000_000_000
"""The venue's time when a simulation begins."""
_in_order = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of simulated time in which something is broken."""

    what: str
    from_ms: int
    until_ms: int

    def holds(self, now_ms: int) -> bool:
        return self.from_ms <= now_ms < self.until_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How the network behaves until peace. Chances in thousandths, times in milliseconds.

    `windows` may be `refused` (no connection is made), `exhausted` (none can be begun here: no descriptor is free),
    `blackhole` (requests vanish), `deaf` (answers vanish), `mute` (sockets look alive and bring nothing) or `sluggish`
    (everything takes up to `SLUGGISH_MOST_MS`).
    """

    delay_most_ms: int = 20
    slow: int = 0
    slow_most_ms: int = 6_000
    lost_request: int = 0
    lost_answer: int = 0
    reset_share: int = 500
    windows: tuple[Window, ...] = ()


CALM = Weather()


@dataclass(frozen=True, slots=True)
class Arrived:
    """An answer as it comes off the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """The connection broke, `never_sent` where it was never made."""

    text: str
    never_sent: bool = False


Hear = Callable[[Arrived | Broken], None]


@dataclass(slots=True)
class Socket:
    """One websocket. `ended` is called once; messages arrive in the order they were sent."""

    key: str
    hear: Callable[[object], None]
    ended: Callable[[str], None]
    free_ns: int = 0
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request that left a process, for whoever compares what left with what was durable."""

    call: Call
    params: Mapping[str, str]
    api_key: str
    instance: int = 0

    @property
    def account(self) -> str:
        return account_of_key(self.api_key)

    @cached_property
    def order(self) -> str:
        """The client order id that it is about; empty: none."""
        names = ("newClientOrderId", "origClientOrderId", "clientAlgoId")
        return next((self.params[name] for name in names if name in self.params), "")

    @cached_property
    def shown(self) -> str:
        """What it says, for a reader."""
        told = {name: value for name, value in self.params.items() if name not in ("recvWindow", "newOrderRespType")}
        return _in_order(told)


def account_of_key(api_key: str) -> str:
    return api_key.removesuffix("-key")


def silence_s(answer: Answer) -> int:
    """For how many seconds the venue wants to hear nothing more; 0: it does not say so.

    A proxy, or an error in its place, says the same with another status; a firewall answers with 403, and counts on.
    """
    if answer.status == 403:
        return FORBIDDEN_S
    if answer.status in (418, 429) or any(code in answer.body for code in (b'"code":-1003', b'"code":-1015')):
        return next((int(value) for name, value in answer.headers if name.lower() == "retry-after"), 60)
    return 0


def of_one_account(answer: Answer) -> bool:
    """Whether that concerns the account alone: orders are counted by account, and so is what a firewall refuses."""
    return answer.status == 403 or b'"code":-1015' in answer.body


@dataclass(slots=True)
class Network:
    """Owned by the world. `weather` is replaced when peace is made."""

    later: Callable[[int, Callable[[], None]], object]
    now_ns: Callable[[], int]
    venue: PaperVenue
    weather: Weather
    random: Random
    on_sent: Callable[[Sent], None]
    on_arrival: Callable[[Sent, Answer], None]
    on_heard: Callable[[Sent, Answer], None] = lambda _sent, _answer: None
    faults: dict[str, int] = field(default_factory=dict)
    sockets: list[Socket] = field(default_factory=list)
    marks_every_ms: int = MARKS_EVERY_MS
    on_tried: Callable[[Sent], None] = lambda _sent: None
    """For a request that cannot leave: no connection is made for it."""
    on_struck: Callable[[str, "Sent | Socket"], None] = lambda _what, _whom: None
    on_event: Callable[[str, Mapping[str, object], bool], None] = lambda _account, _event, _brought: None
    _marks_ms: int = 0

    @property
    def now_ms(self) -> int:
        """Since the simulation began."""
        return self.now_ns() // MS

    @property
    def venue_ms(self) -> int:
        return START_MS + self.now_ms

    @property
    def exhausted(self) -> bool:
        """Nothing new is connected, to the venue or to the chat; what is connected goes on."""
        return self._window("exhausted")

    # Requests ----------------------------------------------------------------------------------------

    def send(self, sent: Sent, hear: Hear) -> None:
        """One request leaves; `hear` is told what comes back, if anything does."""
        if self._window("exhausted", sent):
            self.on_tried(sent)
            self.later(self._delay_ns(), lambda: hear(Broken(NO_DESCRIPTOR, never_sent=True)))
            return
        if self._window("refused", sent):
            self.on_tried(sent)
            self.later(self._delay_ns(), lambda: hear(Broken("Cannot connect to host", never_sent=True)))
            return
        self.on_sent(sent)
        if self._window("blackhole", sent) or self._strikes("lost_request", self.weather.lost_request, sent):
            self._break(hear)
            return
        self.later(self._delay_ns(), lambda: self._arrive(sent, hear))

    def _arrive(self, sent: Sent, hear: Hear) -> None:
        answer = self.venue.request(
            sent.call.method, sent.call.path, sent.params, api_key=sent.api_key, now_ms=self.venue_ms
        )
        if answer.fault is not None:
            self._count(f"{answer.fault.kind} {answer.fault.name}".strip())
        self.on_arrival(sent, answer)
        self.publish()
        if answer.fate is Fate.HANG:
            return
        if answer.fate is Fate.DROP or self._lost(sent):
            self._break(hear, always=answer.fate is Fate.DROP)
            return
        self.later(self._delay_ns() + answer.delay_ms * MS, lambda: self._brought(sent, answer, hear))

    def _brought(self, sent: Sent, answer: Answer, hear: Hear) -> None:
        self.on_heard(sent, answer)
        hear(Arrived(answer.status, answer.headers, answer.arriving))

    def _lost(self, sent: "Sent") -> bool:
        return self._window("deaf", sent) or self._strikes("lost_answer", self.weather.lost_answer, sent)

    def _break(self, hear: Hear, *, always: bool = False) -> None:
        """A reset is heard of; silence is not."""
        if always or self.random.randrange(1000) < self.weather.reset_share:
            self.later(self._delay_ns(), lambda: hear(Broken("Connection reset by peer")))

    # Streams -----------------------------------------------------------------------------------------

    def open(self, key: str, hear: Callable[[object], None], ended: Callable[[str], None]) -> Socket | None:
        """A socket for the events of a listen key, or the market's marks (an empty key); None: refused."""
        if self.exhausted or self._window("refused") or self._window("blackhole"):
            return None
        socket = Socket(key=key, hear=hear, ended=ended)
        self.sockets.append(socket)
        return socket

    def close(self, socket: Socket) -> None:
        socket.closed = True
        if socket in self.sockets:
            self.sockets.remove(socket)

    def publish(self) -> None:
        """What the venue has to say since the last time, to whoever has a socket for it."""
        for event in self.venue.drain_events():
            for socket in [each for each in self.sockets if each.key and self._concerns(each, event)]:
                self._push(socket, event)

    def publish_marks(self) -> None:
        if self.now_ms - self._marks_ms < self.marks_every_ms:
            return
        self._marks_ms = self.now_ms
        rows = [each.event for each in self.venue.drain_market() if each.event["e"] == "markPriceUpdate"]
        for socket in [each for each in self.sockets if not each.key]:
            self._push_row(socket, rows, 0)

    def _concerns(self, socket: Socket, event: StreamEvent) -> bool:
        if event.event.get("e") == "listenKeyExpired":
            return bool(event.event["listenKey"] == socket.key)
        return self.venue.account_of_listen_key(socket.key) == event.account

    def _push(self, socket: Socket, event: StreamEvent) -> None:
        if event.disconnect:
            self._count("STREAM_DISCONNECT")
            self._cut(socket, "the venue closed the socket")
        elif self._window("mute", socket):
            self._count("mute")
            self.on_event(event.account, event.event, False)
        else:
            self.on_event(event.account, event.event, True)
            self._push_row(socket, event.event, event.delay_ms)

    def _push_row(self, socket: Socket, row: object, extra_ms: int) -> None:
        text = json.dumps(row)
        delay_ns = self._delay_ns()
        if extra_ms:
            self.later(delay_ns + extra_ms * MS, lambda: self._bring(socket, text))
            return
        socket.free_ns = max(socket.free_ns, self.now_ns() + delay_ns)
        self.later(socket.free_ns - self.now_ns(), lambda: self._bring(socket, text))

    def _bring(self, socket: Socket, text: str) -> None:
        if not socket.closed:
            socket.hear(json.loads(text))

    def _cut(self, socket: Socket, why: str) -> None:
        self.close(socket)
        self.later(self._delay_ns(), lambda: socket.ended(why))

    # Weather -----------------------------------------------------------------------------------------

    def _window(self, what: str, whom: "Sent | Socket | None" = None) -> bool:
        struck = any(each.what == what and each.holds(self.now_ms) for each in self.weather.windows)
        if struck:
            self._count(what)
            if whom is not None:
                self.on_struck(what, whom)
        return struck

    def _strikes(self, name: str, thousandths: int, whom: "Sent | None" = None) -> bool:
        struck = thousandths > 0 and self.random.randrange(1000) < thousandths
        if struck:
            self._count(name)
            if whom is not None:
                self.on_struck(name, whom)
        return struck

    def _delay_ns(self) -> int:
        delay_us = self.random.randrange(200, self.weather.delay_most_ms * 1000)
        if self._strikes("slow", self.weather.slow):
            delay_us += self.random.randrange(self.weather.slow_most_ms) * 1000
        if self._window("sluggish"):
            delay_us += self.random.randrange(SLUGGISH_MOST_MS) * 1000
        return delay_us * 1000

    def _count(self, name: str) -> None:
        self.faults[name] = self.faults.get(name, 0) + 1
