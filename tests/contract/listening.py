"""Reading a stream without losing anything: through unmodified ccxt, and through a bare socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from adapters.paper.server import EmbeddedServer

PATIENCE_S = 5.0


class Heard:
    """Messages in the order of their arrival."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self.all: list[Any] = []

    def add(self, message: Any) -> None:
        self._queue.put_nowait(message)

    async def next(self, matches: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next message that matches; the others are kept in `all` too."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self._queue.get()
                self.all.append(message)
                if matches(message):
                    return message

    async def event(self, kind: str, **fields: str) -> dict[str, Any]:
        """The next event of that kind whose order (or the event itself) has these fields."""

        def matches(message: Any) -> bool:
            if not isinstance(message, dict) or message.get("e") != kind:
                return False
            inner = message.get("o", message)
            return all(inner.get(name) == value for name, value in fields.items())

        return dict(await self.next(matches))

    def silent(self) -> bool:
        """Nothing waits to be read."""
        return self._queue.empty()


@asynccontextmanager
async def ccxt_listening(exchange: Any) -> AsyncIterator[Heard]:
    """The user-data stream as the exchange's own websocket client receives it, raw and lossless."""
    heard = Heard()
    handle = exchange.handle_message

    def wrapped(client: Any, message: Any) -> None:
        heard.add(message)
        handle(client, message)

    exchange.handle_message = wrapped
    await exchange.authenticate({"type": "swap"})
    url = exchange.get_private_ws_url("linear", exchange.options["linear"]["listenKey"])
    watching = asyncio.ensure_future(exchange.watch_orders())
    # The very client object that `watch_orders` is about to use.
    await exchange.client(url).connected
    try:
        yield heard
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await watching


@asynccontextmanager
async def socket_listening(server: EmbeddedServer, path: str) -> AsyncIterator[tuple[Heard, Any]]:
    """A bare websocket on `path`; what it hears (JSON decoded) and the socket itself."""
    heard = Heard()
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.ws_url}{path}", autoping=False) as socket,
    ):

        async def read() -> None:
            async for message in socket:
                text = message.type is aiohttp.WSMsgType.TEXT
                heard.add(json.loads(message.data) if text else message.type)
            heard.add(aiohttp.WSMsgType.CLOSED)

        reading = asyncio.create_task(read())
        try:
            yield heard, socket
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
