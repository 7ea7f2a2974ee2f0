"""The websocket server: user data and market streams as on Binance USDⓈ-M.

Source: "Websocket Market Streams" and "User Data Streams" of the USDⓈ-M futures documentation. A socket is opened at
`/ws/<name>`, `/ws` (then SUBSCRIBE), or `/stream?streams=<a>/<b>` (events are wrapped as `{"stream", "data"}`), each
also below `/public`, `/market` and `/private`. A listenKey is a stream name, or comes as `?listenKey=`, optionally with
the wanted events as `&events=A/B`. An unknown or expired key gives a socket that opens and stays mute.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from adapters.listening.door import prove
from adapters.paper.live import LiveVenue
from adapters.paper.sockets import reset
from adapters.paper.stream_event import MarketEvent, StreamEvent

PATH = re.compile(r"^(?:/(?:public|market|private))?/(?P<kind>ws|stream)(?:/(?P<names>.+))?$")

MAX_STREAMS_PER_SOCKET = 1_024
MAX_MESSAGES_PER_SECOND = 10
MAX_BACKLOG = 10_000
PING_INTERVAL_S = 180.0
PONG_DEADLINE_S = 600.0
LIFETIME_MS = 24 * 60 * 60 * 1_000


class Socket:
    """One client connection: its subscriptions and its unsent events."""

    def __init__(self, request: web.Request, *, combined: bool, names: Iterable[str], opened_ms: int) -> None:
        self.names = set(names)
        self.events = frozenset(_names_of(request.query.get("events")))
        self.combined = combined
        self.opened_ms = opened_ms
        self.response = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=65_536)
        self._request = request
        self._backlog: asyncio.Queue[str] = asyncio.Queue(MAX_BACKLOG)
        self._arrivals: deque[float] = deque(maxlen=MAX_MESSAGES_PER_SECOND)

    def offer(self, name: str, event: str) -> None:
        """Queue one event, serialized; a reader that falls too far behind is cut off."""
        self.write(f'{{"stream":{json.dumps(name)},"data":{event}}}' if self.combined else event)

    def write(self, text: str) -> None:
        try:
            self._backlog.put_nowait(text)
        except asyncio.QueueFull:
            self.cut()

    def cut(self) -> None:
        """Reset the connection, as a network does: no close frame."""
        if self._request.transport is not None:
            reset(self._request.transport)

    def too_fast(self, now_s: float) -> bool:
        """More than ten incoming messages within a second; such a socket is disconnected."""
        hasty = len(self._arrivals) == MAX_MESSAGES_PER_SECOND and now_s - self._arrivals[0] < 1
        self._arrivals.append(now_s)
        return hasty

    async def drain(self) -> None:
        """Write the backlog until canceled."""
        with contextlib.suppress(ConnectionError):
            while True:
                await self.response.send_str(await self._backlog.get())


class Streams:
    """Every open socket of the server; belongs to the server's loop thread."""

    def __init__(
        self,
        live: LiveVenue,
        *,
        paced: bool,
        ping_interval_s: float = PING_INTERVAL_S,
    ) -> None:
        """`paced`: mark prices at most once a second per stream, as on Binance; else each one."""
        self._live = live
        self._paced = paced
        self._ping_interval_s = ping_interval_s
        self._sockets: set[Socket] = set()
        self._marks: dict[str, dict[str, Any]] = {}
        self._marks_sent_ms = {"@1s": 0, "": 0}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handler of every websocket path."""
        path = PATH.match(request.path)
        assert path is not None
        socket = Socket(
            request,
            combined=path["kind"] == "stream",
            names=_names_of(path["names"], request.query.get("streams"), request.query.get("listenKey")),
            opened_ms=self._live.now_ms(),
        )
        if any(self._live.venue.account_of_listen_key(name) is not None for name in socket.names):
            prove(request)
        # Registered before the handshake's answer: an event after it must reach the client.
        self._sockets.add(socket)
        tasks: list[asyncio.Task[None]] = []
        try:
            await socket.response.prepare(request)
            tasks = [asyncio.create_task(socket.drain()), asyncio.create_task(self._ping(socket))]
            await self._read(socket)
        finally:
            self._sockets.discard(socket)
            for task in tasks:
                task.cancel()
        return socket.response

    def publish(self, events: Sequence[StreamEvent], market: Sequence[MarketEvent], now_ms: int) -> None:
        """Send account events to their account's sockets and market events to their subscribers."""
        for event in events:
            if event.delay_ms:
                loop = asyncio.get_running_loop()
                loop.call_later(event.delay_ms / 1000, self._send_account, event)
            else:
                self._send_account(event)
        for quote in market:
            self._send_market(quote.event)
        self._send_marks(now_ms)
        for socket in [socket for socket in self._sockets if now_ms - socket.opened_ms >= LIFETIME_MS]:
            socket.cut()

    def disconnect(self, listen_key: str | None = None) -> int:
        """Reset the sockets of one listenKey, or all of them; return how many."""
        chosen = [s for s in self._sockets if listen_key is None or listen_key in s.names]
        for socket in chosen:
            socket.cut()
        return len(chosen)

    async def close(self) -> None:
        """Close every socket with code 1001."""
        for socket in list(self._sockets):
            await socket.response.close(code=WSCloseCode.GOING_AWAY, message=b"server stops")

    def _send_account(self, event: StreamEvent) -> None:
        text = json.dumps(event.event, separators=(",", ":"))
        for socket in list(self._sockets):
            for name in socket.names:
                if not self._concerns(name, event):
                    continue
                if event.disconnect:
                    socket.cut()
                elif self._wants(socket, event):
                    socket.offer(name, text)

    def _wants(self, socket: Socket, event: StreamEvent) -> bool:
        if socket.events:
            return event.event.get("e") in socket.events
        return not self._live.venue.exchange.quirks.events_must_be_named

    def _concerns(self, name: str, event: StreamEvent) -> bool:
        if event.event.get("e") == "listenKeyExpired":
            # The model has already forgotten the key: this is its socket's last event.
            return bool(event.event["listenKey"] == name)
        return self._live.venue.account_of_listen_key(name) == event.account

    def _send_market(self, event: dict[str, Any]) -> None:
        kind, symbol = event["e"], str(event["s"]).lower()
        if kind == "markPriceUpdate":
            self._marks[event["s"]] = event
            return
        self._send({f"{symbol}@{kind}", f"!{kind}"}, event)

    def _send_marks(self, now_ms: int) -> None:
        """The latest mark price of each symbol, once a second and once in three."""
        for suffix, interval_ms in (("@1s", 1_000), ("", 3_000)):
            if not self._marks or (self._paced and now_ms - self._marks_sent_ms[suffix] < interval_ms):
                continue
            self._marks_sent_ms[suffix] = now_ms
            for symbol, event in self._marks.items():
                self._send({f"{symbol.lower()}@markPrice{suffix}"}, event)
            self._send({f"!markPrice@arr{suffix}"}, list(self._marks.values()))
        if not self._paced:
            self._marks.clear()

    def _send(self, names: set[str], event: object) -> None:
        text: str | None = None
        for socket in list(self._sockets):
            for name in names & socket.names:
                text = text or json.dumps(event, separators=(",", ":"))
                socket.offer(name, text)

    async def _ping(self, socket: Socket) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await asyncio.sleep(self._ping_interval_s)
                await socket.response.ping(str(self._live.now_ms()).encode())

    async def _read(self, socket: Socket) -> None:
        loop = asyncio.get_running_loop()
        heard_s = loop.time()
        deadline_s = self._ping_interval_s * PONG_DEADLINE_S / PING_INTERVAL_S
        while True:
            try:
                message = await socket.response.receive(timeout=heard_s + deadline_s - loop.time())
            except TimeoutError:
                socket.cut()
                return
            if message.type is WSMsgType.PONG:
                heard_s = loop.time()
            elif message.type is WSMsgType.PING:
                await socket.response.pong(message.data)
            elif message.type is not WSMsgType.TEXT:
                return
            elif socket.too_fast(loop.time()):
                await socket.response.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Too many requests")
                return
            else:
                socket.write(json.dumps(_reply_to(message.data, socket)))


def _names_of(*parts: str | None) -> list[str]:
    return [name for part in parts if part for name in part.split("/") if name]


def _reply_to(text: str, socket: Socket) -> dict[str, Any]:
    """Source: "Live Subscribing/Unsubscribing to Streams"."""
    try:
        message = json.loads(text)
        method, reference = message["method"], message.get("id")
        params = list(message.get("params", []))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {"error": {"code": 3, "msg": "Invalid JSON: malformed request"}}
    if method == "LIST_SUBSCRIPTIONS":
        return {"result": sorted(socket.names), "id": reference}
    if method == "SET_PROPERTY" and len(params) == 2 and params[0] == "combined":
        socket.combined = bool(params[1])
        return {"result": None, "id": reference}
    if method == "GET_PROPERTY" and params == ["combined"]:
        return {"result": socket.combined, "id": reference}
    if method not in ("SUBSCRIBE", "UNSUBSCRIBE") or not all(isinstance(name, str) for name in params):
        return {"error": {"code": 2, "msg": "Invalid request: unknown method or params"}, "id": reference}
    if method == "UNSUBSCRIBE":
        socket.names.difference_update(params)
    elif len(socket.names | set(params)) > MAX_STREAMS_PER_SOCKET:
        return {"error": {"code": 2, "msg": "Invalid request: too many streams"}, "id": reference}
    else:
        socket.names.update(params)
    return {"result": None, "id": reference}
