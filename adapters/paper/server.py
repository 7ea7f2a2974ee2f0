"""The paper venue as a server: Binance USDⓈ-M REST and websockets on one loopback port.

Unmodified clients (ccxt, the official SDK) need nothing but the base URL. Embedded, it runs on a
thread and loop of its own (`serve_in_thread`); alone, `serve_forever`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from adapters.paper.admin import Admin
from adapters.paper.live import LiveVenue
from adapters.paper.rest import RestApi, not_found
from adapters.paper.streams import PATH as STREAM_PATH
from adapters.paper.streams import PING_INTERVAL_S, Streams
from adapters.paper.venue import PaperVenue

T = TypeVar("T")

TICK_MS = 250
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0


def wall_clock_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class PaperServer:
    """One venue on one port. Construct, start and stop it on the loop that shall run it."""

    def __init__(
        self,
        venue: PaperVenue,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        clock_ms: Callable[[], int] = wall_clock_ms,
        storage: Path | None = None,
        tick_ms: int = TICK_MS,
        ping_interval_s: float = PING_INTERVAL_S,
    ) -> None:
        """`storage`: directory of the account; what lies there wins over `venue`.

        `tick_ms`: how often prices move, 0 for only on command. Raises `StorageInUseError` (an
        OSError) and `StorageDamagedError`.
        """
        self.host = host
        self.port = port
        self.streams = Streams(
            account_of=lambda listen_key: self.live.venue.account_of_listen_key(listen_key),
            now_ms=lambda: self.live.now_ms(),
            paced=tick_ms > 0,
            ping_interval_s=ping_interval_s,
        )
        self.live = LiveVenue(venue, clock_ms=clock_ms, streams=self.streams, storage=storage)
        self._tick_ms = tick_ms
        self._ticker: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Listen; the port. `OSError` when it is taken: nothing stays open then."""
        app = web.Application()
        app.add_routes(Admin(self.live, self.streams).routes())
        app.router.add_route("*", "/fapi/{path:.*}", RestApi(self.live).handle)
        app.router.add_route("*", "/{path:.*}", self._other)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2, keepalive_timeout=75
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self.port).start()
        except OSError:
            await self.stop()
            raise
        self.port = int(self._runner.addresses[0][1])
        if self._tick_ms:
            self._ticker = asyncio.get_running_loop().create_task(self._tick())
        return self.port

    async def stop(self) -> None:
        """Close every connection and leave the account on disk. A second call does nothing."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        if self._ticker is not None:
            self._ticker.cancel()
        await self.streams.close()
        await runner.cleanup()
        self.live.close()

    async def _other(self, request: web.Request) -> web.StreamResponse:
        upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        if upgrade and STREAM_PATH.match(request.path):
            return await self.streams.serve(request)
        return await not_found(request)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._tick_ms / 1000)
            await self.live.tell("advance")


class EmbeddedServer:
    """A running server seen from another thread."""

    def __init__(self, server: PaperServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self.host = server.host
        self.port = server.port
        self.identity = server.live.identity

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

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout_s)

    def tell(self, kind: str, *arguments: object, timeout_s: float = 10.0) -> None:
        """`LiveVenue.tell` from outside: `price`, `faults`, `expire`, `advance`."""
        future: Coroutine[Any, Any, None] = self._server.live.tell(kind, *arguments)
        asyncio.run_coroutine_threadsafe(future, self._loop).result(timeout_s)


@contextlib.contextmanager
def serve_in_thread(make: Callable[[], PaperServer]) -> Iterator[EmbeddedServer]:
    """Run a server on its own thread and loop until the block ends.

    `make` is called on that thread. What it or the start raises (port taken, storage in use) is
    raised here.
    """
    embedded: list[EmbeddedServer] = []
    failure: list[BaseException] = []
    started, stop = threading.Event(), threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        server = make()
        try:
            await server.start()
            ending = asyncio.Event()
            loops.append((asyncio.get_running_loop(), ending))
            embedded.append(EmbeddedServer(server, asyncio.get_running_loop()))
            started.set()
            await ending.wait()
        finally:
            await server.stop()

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for it
            failure.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=run, name="paper-venue", daemon=True)
    thread.start()
    if not started.wait(START_TIMEOUT_S):
        raise TimeoutError("the paper venue did not start in time")
    if not embedded:
        thread.join(STOP_TIMEOUT_S)
        raise failure[0]
    try:
        yield embedded[0]
    finally:
        stop.set()
        loop, ending = loops[0]
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(ending.set)
        thread.join(STOP_TIMEOUT_S)
