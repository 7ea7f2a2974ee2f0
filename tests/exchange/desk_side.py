"""A real adapter on a real paper server, and what a test asks of the two."""

import itertools
import json
import queue
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from adapters.exchange.client import CcxtVenue
from adapters.exchange.settings import ExchangeSettings
from adapters.paper.binance.signature import signed_query
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms
from adapters.secret import Secret
from messages.base import Message
from messages.ids import client_order_id
from messages.reports import StreamUp, VenueUp
from messages.requests import SubmitOpening, SubmitOrder, SubmitProtection, SubmitReducing
from messages.types import (
    AccountId,
    ClientOrderId,
    CorrelationId,
    JournalId,
    OrderKind,
    PositionSide,
    Side,
    Symbol,
)

MAIN = AccountId("main")
BTC = Symbol("BTCUSDT")
JOURNAL = JournalId("journal0")
PATIENCE_S = 30.0

M = TypeVar("M", bound=Message)


class WallClock:
    def time_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


@dataclass
class Ear:
    """Everything that was delivered, in order."""

    heard: list[Message] = field(default_factory=list)
    _arrivals: "queue.SimpleQueue[Message]" = field(default_factory=queue.SimpleQueue)

    def deliver(self, message: Message) -> None:
        self._arrivals.put(message)

    def wait_for(self, kind: type[M], fits: Callable[[M], bool] = lambda _: True) -> M:
        """The first message of that kind that fits, heard already or within PATIENCE_S; it is used up."""
        for index, message in enumerate(self.heard):
            if isinstance(message, kind) and fits(message):
                return self.heard.pop(index)  # type: ignore[return-value]
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                message = self._arrivals.get(timeout=max(0.001, deadline_s - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {kind.__name__} in {self.heard}") from None
            if isinstance(message, kind) and fits(message):
                return message
            self.heard.append(message)

    def peek(self) -> list[Message]:
        """Everything heard and not used up so far."""
        while not self._arrivals.empty():
            self.heard.append(self._arrivals.get())
        return self.heard

    def all_until(self, kind: type[M], fits: Callable[[M], bool] = lambda _: True) -> list[Message]:
        """Everything heard before that message, and the message."""
        last = self.wait_for(kind, fits)
        before, self.heard = self.heard, []
        return [*before, last]


@dataclass
class Desk:
    """The adapter under test, its ear, and ids for its orders."""

    venue: CcxtVenue
    ear: Ear
    server: EmbeddedServer | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_id(self) -> ClientOrderId:
        return client_order_id(JOURNAL, 1, next(self._numbers))

    def submit(self, intent: type[SubmitOrder] = SubmitOpening, /, **fields: Any) -> SubmitOrder:
        """Send an order; buys 0.01 BTC by market where nothing else is said."""
        values: dict[str, Any] = {
            "account": MAIN,
            "symbol": BTC,
            "client_order_id": self.new_id(),
            "side": Side.BUY,
            "position_side": PositionSide.LONG,
            "kind": OrderKind.MARKET,
            "quantity": Decimal("0.01"),
            "correlation_id": CorrelationId("c1"),
        }
        message = intent(**{**values, **fields})
        self.venue.request(message)
        return message

    def stop_loss(self, price: str, **fields: Any) -> SubmitOrder:
        values: dict[str, Any] = {
            "side": Side.SELL,
            "kind": OrderKind.STOP_MARKET,
            "trigger_price": Decimal(price),
            "conditional": True,
        }
        return self.submit(SubmitProtection, **{**values, **fields})

    def reduce(self, **fields: Any) -> SubmitOrder:
        return self.submit(SubmitReducing, **{"side": Side.SELL, **fields})


def settings_for(server: EmbeddedServer, **fields: Any) -> ExchangeSettings:
    values: dict[str, Any] = {
        "exchange": "binanceusdm",
        "api_key": Secret(server.api_key),
        "api_secret": Secret(server.api_secret),
        "base_url": server.http_url,
        "timeout_ms": 5_000,
        "probe_interval_ms": 60_000,
        "backoff_min_ms": 20,
        "backoff_max_ms": 100,
    }
    return ExchangeSettings(**{**values, **fields})


@contextmanager
def adapter(settings: ExchangeSettings) -> Iterator[Desk]:
    """A started adapter, stopped at the end."""
    ear = Ear()
    venue = CcxtVenue(MAIN, settings, WallClock(), jitter=lambda: 0.5)
    venue.start(ear.deliver)
    try:
        yield Desk(venue=venue, ear=ear)
    finally:
        venue.stop(deadline_ms=200)


@contextmanager
def adapter_up(settings: ExchangeSettings) -> Iterator[Desk]:
    """An adapter that is up, with its stream open."""
    with adapter(settings) as desk:
        desk.ear.wait_for(VenueUp)
        desk.ear.wait_for(StreamUp)
        yield desk


@contextmanager
def desk_on(server: EmbeddedServer, **fields: Any) -> Iterator[Desk]:
    with adapter_up(settings_for(server, **fields)) as desk:
        desk.server = server
        yield desk


@contextmanager
def paper(**fields: Any) -> Iterator[EmbeddedServer]:
    """A paper venue on loopback whose prices move only on command."""
    with serve_in_thread(
        lambda: PaperServer(PaperVenue(seed=1, now_ms=wall_clock_ms()), tick_ms=0, **fields)
    ) as server:
        yield server
        settle(server)


def settle(server: EmbeddedServer) -> None:
    """Let the server finish accepting what came in last: one that stops meanwhile leaves that socket unclosed."""
    for _ in range(8):
        server.call(lambda _: None)


def venue_answers(server: EmbeddedServer, method: str, path: str, **params: str) -> Any:
    """A signed request by hand, beside the adapter: what the venue itself says."""
    params["timestamp"] = str(server.call(lambda paper: paper.live.now_ms()))
    url = f"{server.http_url}{path}?{signed_query(params, server.api_secret)}"
    request = urllib.request.Request(url, method=method, headers={"X-MBX-APIKEY": server.api_key})
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.loads(response.read())


def trade_by_hand(server: EmbeddedServer, **order: str) -> None:
    """What a human does at the venue itself: a market order."""
    body = json.dumps({"type": "MARKET", **order}).encode()
    request = urllib.request.Request(f"{server.http_url}/paper/trade", method="POST", data=body)
    urllib.request.urlopen(request, timeout=5).close()


def plan(server: EmbeddedServer, *faults: dict[str, Any], **quirks: bool) -> None:
    """What goes wrong at the venue from now on; nothing, when nothing is named."""
    server.tell("faults", {"faults": list(faults), "quirks": quirks})


def held(server: EmbeddedServer) -> Decimal:
    """The BTC that the venue holds for the account, signed."""
    rows = venue_answers(server, "GET", "/fapi/v3/positionRisk", symbol="BTCUSDT")
    return sum((Decimal(row["positionAmt"]) for row in rows), Decimal(0))
