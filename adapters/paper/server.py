"""The paper venue as a server: its dialect's requests and sockets on one loopback port.

Unmodified clients need nothing but the base URL. Embedded, it runs on a
thread and loop of its own (`serve_in_thread`); alone, `serve_forever`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from adapters.listening.descriptors import PAPER_MOST, alone, raise_limit
from adapters.listening.door import Door
from adapters.paper.admin import Admin
from adapters.paper.faults import NO_FAULTS, FaultPlan
from adapters.paper.live import LiveVenue
from adapters.paper.registry import EMBEDDED
from adapters.paper.venue import PaperModel
from adapters.storage.private import read_plain

T = TypeVar("T")

TICK_MS = 250
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
SHUTDOWN_S = 0.2
PING_INTERVAL_S = 180.0


class ListenError(OSError):
    """The address cannot be bound; the text names it."""


def wall_clock_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class PaperServer:
    """One venue on one port. Construct, start and stop it on the loop that shall run it."""

    def __init__(
        self,
        venue: PaperModel,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        clock_ms: Callable[[], int] = wall_clock_ms,
        storage: Path | None = None,
        tick_ms: int = TICK_MS,
        ping_interval_s: float = PING_INTERVAL_S,
        most: int = PAPER_MOST,
    ) -> None:
        """`most`: connections at once. `storage`: directory of the account; what lies there wins over `venue`.

        `tick_ms`: how often prices move, 0 for only on command. Raises `StorageInUseError` (an
        OSError) and `StorageDamagedError`.
        """
        self.host = host
        self.port = port
        self.live = LiveVenue(venue, clock_ms=clock_ms, storage=storage)
        self.streams = venue.dialect.front(self.live, tick_ms > 0, ping_interval_s)
        self.live.announce = self.streams.publish
        self._tick_ms = tick_ms
        self._ticker: asyncio.Task[None] | None = None
        self._most = most
        self._door: Door | None = None

    async def start(self) -> int:
        """Listen, and return the port. Raises ListenError (an OSError) when it is taken; nothing stays open then."""
        app = web.Application()
        app.add_routes(Admin(self.live, self.streams).routes())
        app.add_routes(self.streams.routes())
        app.router.add_route("*", "/{path:.*}", self.streams.other)
        try:
            listening = socket.create_server((self.host, self.port), family=_family(self.host))
        except OSError as error:
            self.live.close()
            why = os.strerror(error.errno) if error.errno else str(error)
            raise ListenError(f"{self.host}:{self.port} cannot be bound ({why})") from error
        # A request hung by the fault plan ends when its caller disconnects.
        self._door = Door("paper", app, listening, most=self._most, cancels=True, shutdown_s=SHUTDOWN_S)
        await self._door.open()
        self.port = self._door.port
        if self._tick_ms:
            self._ticker = asyncio.get_running_loop().create_task(self._tick())
        return self.port

    async def stop(self) -> None:
        """Close every connection and leave the account on disk. A second call does nothing."""
        door, self._door = self._door, None
        if door is None:
            return
        if self._ticker is not None:
            self._ticker.cancel()
        await self.streams.close()
        await door.close()
        self.live.close()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._tick_ms / 1000)
            try:
                await self.live.tell("advance")
            except Exception as error:  # noqa: BLE001 - prices go on; the loop's handler reports it
                loop.call_exception_handler({"message": "the paper venue's tick failed", "exception": error})


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class EmbeddedServer:
    """A running server seen from another thread."""

    def __init__(self, server: PaperServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self.loop = loop
        self.host = server.host
        self.port = server.port
        self.identity = server.live.identity
        self.api_key: str = server.live.venue.default_api_key
        self.api_secret = str(server.live.venue.secret_of(self.api_key))
        self.accounts: dict[str, tuple[str, str]] = {}

    def admit(self, name: str) -> None:
        """Open the account where there is none of that name, durably; its keys are in `accounts` from now on."""
        self.tell("account", name)
        self.accounts[name] = self.call(lambda server: server.live.venue.keys_of(name))

    def keys_of(self, name: str) -> tuple[str, str]:
        """Key and secret of an account that was admitted; of the first one for every other name."""
        return self.accounts.get(name, (self.api_key, self.api_secret))

    @property
    def http_url(self) -> str:
        """Base of the REST API, without a path."""
        return f"http://{self.host}:{self.port}"

    @property
    def ws_url(self) -> str:
        """Base of the websocket streams, without a path."""
        return f"ws://{self.host}:{self.port}"

    def call(self, function: Callable[[PaperServer], T], timeout_s: float = 10.0) -> T:
        """Run a function on the server's thread and wait for its value; never from that thread."""

        async def run() -> T:
            return function(self._server)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(timeout_s)

    def tell(self, kind: str, *arguments: object, timeout_s: float = 10.0) -> None:
        """`LiveVenue.tell` from outside: `price`, `faults`, `expire`, `advance`."""
        posted = self._server.live.tell(kind, *arguments)
        asyncio.run_coroutine_threadsafe(posted, self.loop).result(timeout_s)


@contextlib.contextmanager
def serve_in_thread(make: Callable[[], PaperServer]) -> Iterator[EmbeddedServer]:
    """Run a server on its own thread and loop until the block ends.

    `make` is called on that thread. What it or the start raises (port taken, storage in use) is
    raised here.
    """
    started: Future[tuple[EmbeddedServer, asyncio.Event]] = Future()

    async def main() -> None:
        server = make()
        try:
            await server.start()
            ending = asyncio.Event()
            started.set_result((EmbeddedServer(server, asyncio.get_running_loop()), ending))
            await ending.wait()
        finally:
            await server.stop()

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run, name="paper-venue", daemon=True)
    thread.start()
    embedded, ending = started.result(START_TIMEOUT_S)
    try:
        yield embedded
    finally:
        embedded.loop.call_soon_threadsafe(ending.set)
        thread.join(STOP_TIMEOUT_S)


async def serve_forever(
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    seed: int = 0,
    storage: Path | None = None,
    faults: Path | None = None,
    accounts: tuple[str, ...] = (),
    announce: Callable[[str], object] = sys.stdout.write,
) -> None:
    """Serve the paper venue alone until canceled; prints its address and each account's key and secret.

    `accounts` are opened beside the first one where missing. `faults`: a fault plan as JSON. Raises OSError when the
    port is taken or the file unreadable, ValueError when the plan is invalid.
    """
    plan = _plan_of(faults)
    opened, most = EMBEDDED(seed=seed, now_ms=wall_clock_ms(), faults=plan), alone(raise_limit())
    server = PaperServer(opened, host, port, storage=storage, most=most)
    await server.start()
    for name in accounts:
        await server.live.tell("account", name)
    venue = server.live.venue
    keys = [("", *venue.keys_of("")), *((f" of {name}", *venue.keys_of(name)) for name in accounts)]
    announce(
        f"paper venue ({venue.dialect.name}) on http://{server.host}:{server.port} "
        f"and ws://{server.host}:{server.port}\n"
        + "".join(f"api key{whose}    {key}\napi secret{whose} {secret}\n" for whose, key, secret in keys)
    )
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await server.stop()


def _plan_of(path: Path | None) -> FaultPlan:
    if path is None:
        return NO_FAULTS
    try:
        return FaultPlan.from_dict(json.loads(read_plain(path)))
    except (RecursionError, AttributeError, TypeError, LookupError, ArithmeticError) as error:
        raise ValueError(f"{path} is no fault plan: {type(error).__name__}: {error}") from None
