"""The production exchange adapter, all of it, on the simulated network: only the transport below it is replaced.

`CcxtVenue`'s engine, executor, reader, streams and its table of what answers prove run as they are. What is
replaced is ccxt: a request is the same method, path and parameters, and its raw answer goes through the
same `interpret`.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

from adapters.clock import SystemClock
from adapters.exchange import client
from adapters.exchange.binance import transport
from adapters.exchange.neighbors import Neighbors
from adapters.exchange.outcome import Raised
from adapters.exchange.session import GUARD_MS, Session, Tape, retrieved
from adapters.exchange.settings import Clock, ExchangeSettings
from adapters.exchange.venue import Call
from messages.base import Message
from messages.types import AccountId
from simulator.environment.loop import SimulatedLoop, nothing_runs
from simulator.environment.network import Arrived, Broken, Network, Sent

PRIVATE = "wss://simulated/private/"
_TIMEOUT = ("RequestTimeout", "NetworkError", "OperationFailed", "BaseError", "TimeoutError")
_RESET = ("ExchangeNotAvailable", "OperationFailed", "BaseError", "ServerDisconnectedError", "ClientError")
_REFUSED = ("ExchangeNotAvailable", "OperationFailed", "BaseError", "ClientConnectorError", "ClientError")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSettings(ExchangeSettings):
    """The settings of an account, and the line it is on."""

    network: Network = field(repr=False, compare=False)
    loop: SimulatedLoop = field(repr=False, compare=False)
    instance: int = 0
    """Whose line it is, where several processes live."""


@dataclass(slots=True)
class Library:
    """What is left of ccxt: the time it signs with, and who hears what the sockets bring."""

    clock: Clock
    options: dict[str, int] = field(default_factory=dict)
    handle_message: Callable[[Any, object], None] = lambda _client, _message: None
    fetch: Callable[..., Any] = lambda *_: None
    on_rest_response: Callable[..., Any] = lambda *_: None

    def milliseconds(self) -> int:
        return self.clock.time_ns() // 1_000_000

    def get_private_ws_url(self, _market: str, listen_key: str) -> str:
        return f"{PRIVATE}{listen_key}"

    def get_ws_url(self, _market: str, _kind: str) -> str:
        return "wss://simulated/market"

    async def close(self) -> None:
        return None


class SimulatedSession(Session):
    """The production session on the simulated network: what it asked of ccxt goes there."""

    exchange: Library

    def __init__(self, settings: SimulatedSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self.exchange.clock = clock
        self._network = settings.network
        self._loop = settings.loop
        self._instance = settings.instance

    async def get(self, url: str) -> Tape:
        return Tape(begun=True)

    @asynccontextmanager
    async def socket(
        self, url: str, subscribe: Mapping[str, object] | None = None
    ) -> AsyncIterator["asyncio.Future[Any]"]:
        await asyncio.sleep(0.02)
        ended: asyncio.Future[Any] = self._loop.create_future()
        ended.add_done_callback(retrieved)
        # The key of whatever form of the address.
        key = re.split("[&/]", url.removeprefix(PRIVATE))[0] if subscribe is None else ""
        opened = self._network.open(key, lambda message: self._heard(url, message), lambda why: _end(ended, why))
        if opened is None:
            raise ConnectionError("Cannot connect to host")
        try:
            yield ended
        finally:
            self._network.close(opened)

    def _heard(self, url: str, message: object) -> None:
        if not self._loop.dead:
            self.exchange.handle_message(SimpleNamespace(url=url), message)

    async def _send(self, call: Call, tape: Tape) -> Raised | None:
        if self._loop.dead:
            raise asyncio.CancelledError
        tape.begun = True
        answer: asyncio.Future[Arrived | Broken | None] = self._loop.create_future()
        self._network.send(self._signed(call), lambda heard: _settle(answer, heard))
        guard = self._loop.call_later((self._settings.timeout_ms + GUARD_MS // 2) / 1000, _settle, answer, None)
        try:
            heard = await answer
        finally:
            guard.cancel()
        if heard is None:
            return Raised(classes=_TIMEOUT, text="request timed out")
        if isinstance(heard, Broken):
            classes = _REFUSED if heard.never_sent else _RESET
            return Raised(classes=classes, text=heard.text, never_sent=heard.never_sent)
        tape.status, tape.headers, tape.body = heard.status, heard.headers, heard.body
        return None

    def _signed(self, call: Call) -> Sent:
        params = dict(call.params)
        if call.private:
            now_ms = self.exchange.milliseconds() - self.exchange.options.get("timeDifference", 0)
            params |= {"timestamp": str(now_ms), "recvWindow": str(self._settings.recv_window_ms)}
        return Sent(call=call, params=params, api_key=self._settings.api_key.reveal(), instance=self._instance)


class SimulatedVenue(client.CcxtVenue):
    """The port `Venue` without a thread of its own."""

    def __init__(
        self, account: AccountId, settings: SimulatedSettings, clock: Clock, random: Random, neighbors: Neighbors
    ) -> None:
        super().__init__(account, settings, clock, jitter=random.random, neighbors=neighbors)
        self._loop = settings.loop

    def start(self, deliver: Callable[[Message], None]) -> None:
        self._outward = lambda message: None if self._loop.dead else deliver(message)
        self._loop.create_task(self._main())


@contextmanager
def simulated_transport() -> Iterator[None]:
    """Within it the adapter's engine makes simulated sessions."""
    real_session, real_build = vars(client)["Session"], transport.build
    setattr(client, "Session", SimulatedSession)  # noqa: B010 - a type may not be assigned to
    setattr(transport, "build", _library)  # noqa: B010 - a role of the dialect, which is this module
    try:
        yield
    finally:
        nothing_runs()
        setattr(client, "Session", real_session)  # noqa: B010
        setattr(transport, "build", real_build)  # noqa: B010


def _library(settings: ExchangeSettings) -> Any:
    return Library(SystemClock())


def _end(ended: "asyncio.Future[Any]", why: str) -> None:
    if not ended.done():
        ended.set_exception(ConnectionError(why))


def _settle(answer: "asyncio.Future[Arrived | Broken | None]", heard: Arrived | Broken | None) -> None:
    if not answer.done():
        answer.set_result(heard)
