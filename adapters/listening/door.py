"""Limits an HTTP server's connections: each costs a descriptor.

At most `most` connections are open. A new one displaces another: first unauthenticated ones (no token, secret or key)
of the address with the most, oldest first; then idle ones. A flood of idle connections so displaces itself, and an
authenticated caller gets in between two of its waves. A request has `REQUEST_S` to arrive, an idle connection `IDLE_S`,
and a reader that takes nothing `STALLED_S`.

When descriptors run out, asyncio's own acceptor logs every failure of a backlog and doubles its timers; this one
pauses, drops one connection, and logs once a minute.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from adapters.listening.sparing import Sparing
from messages.statement import Statement
from messages.wording.status import Status

REQUEST_S = 10.0
"""From the connection to the last header of its first request."""
IDLE_S = 75.0
STALLED_S = 30.0
LINGER_S = 2.0
"""How long the rest of a refused body is read and discarded."""
ACCEPTS_A_TURN = 8
"""Accepts per turn of the loop: accepted connections are read before the next ones displace them."""
BACKLOG = 128
SWEEP_S = 1.0
PAUSE_S = 0.1
"""Pause after the system refused a descriptor."""

_LOG = logging.getLogger(__name__)
_HTTP = logging.getLogger(f"{__name__}.http")
_SPARING_HTTP = Sparing(_LOG)


def _no_traces_of_strangers(record: logging.LogRecord) -> bool:
    """Drop log records of malformed HTTP: a stack trace explains nothing of it."""
    error = record.exc_info[1] if record.exc_info else None
    if not isinstance(error, HttpProcessingError):
        return True
    _SPARING_HTTP.warning("a request was no HTTP and was answered 400")
    return False


_HTTP.addFilter(_no_traces_of_strangers)

Unreadable = Callable[[int], web.Response]
"""Makes the answer, with this status, to bytes that are not HTTP."""


class _Hearing(RequestHandler):
    """One connection. Malformed HTTP is answered here and never reaches the application."""

    __slots__ = ("_unreadable",)

    def __init__(self, server: web.Server, unreadable: Unreadable | None, **settings: Any) -> None:
        super().__init__(server, **settings)
        self._unreadable = unreadable

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        plain = super().handle_error(request, status, exc, message)
        if self._unreadable is None:
            return plain
        return self._apart(status)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Refuse an unknown `Expect` before the application's own text for it."""
        if isinstance(resp, web.HTTPException) and self._unreadable is not None:
            resp = self._apart(resp.status)
        return await super().finish_response(request, resp, start_time)

    def _apart(self, status: int) -> web.Response:
        assert self._unreadable is not None
        answer = self._unreadable(status)
        answer.force_close()  # the rest of the input is not read
        return answer


@dataclass(slots=True, eq=False)
class _Guest:
    """One connection. `deadline_s`: loop time, while no request is being answered."""

    address: str
    deadline_s: float
    transport: asyncio.Transport | None = None
    proven: bool = False
    busy: int = 0
    unread: int = 0
    stalled_s: float = field(default=0.0)

    @property
    def gone(self) -> bool:
        if self.transport is None:
            return False
        peer = self.transport.get_extra_info("socket")
        return peer is None or peer.fileno() < 0

    def cut(self) -> None:
        """Abort at once, unwritten data included: a peer that does not read would hold the descriptor."""
        if self.transport is not None:
            self.transport.abort()


class Door:
    """Accepts connections for one application. Made, opened and closed on the loop that serves it."""

    def __init__(
        self,
        name: str,
        application: web.Application,
        listening: socket.socket,
        *,
        most: int,
        cancels: bool = False,
        shutdown_s: float = 1.0,
        unreadable: Unreadable | None = None,
    ) -> None:
        """`listening` is a bound socket, owned by the door. `name` appears in logs.

        `cancels`: a request's work ends when its caller disconnects. `unreadable`: plain text by default.
        """
        self.name = name
        self.most = most
        self.sent_away = 0
        self.turned_away = 0
        application[DOOR] = self
        application.middlewares.insert(0, _attended)
        self._socket = listening
        self._unreadable = unreadable
        self._runner = web.AppRunner(
            application, handle_signals=False, handler_cancellation=cancels, shutdown_timeout=shutdown_s
        )
        self._guests: dict[RequestHandler, _Guest] = {}
        self._arriving: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._sparing = Sparing(_LOG)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def figures(self) -> Statement:
        """Return the counts for `albra status`; from any thread."""
        return Status.CONNECTIONS(n=len(self._guests), most=self.most, away=self.sent_away, refused=self.turned_away)

    async def open(self) -> None:
        """Accept connections from now on."""
        await self._runner.setup()
        self._socket.setblocking(False)
        self._socket.listen(BACKLOG)
        self._loop = asyncio.get_running_loop()
        self._listen()
        self._look_round()

    async def close(self) -> None:
        """Stop accepting, close all connections, free the address. Idempotent."""
        if self._socket.fileno() < 0:
            return
        for timer in (self._sweep, self._retry):
            if timer is not None:
                timer.cancel()
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        if self._arriving:
            await asyncio.wait(self._arriving)
        await self._runner.cleanup()
        for guest in self._guests.values():
            guest.cut()
        self._guests.clear()
        await asyncio.sleep(0)  # aborted connections close in the loop's next turn

    def prove(self, protocol: RequestHandler) -> None:
        """Mark a connection as authenticated."""
        if (guest := self._guests.get(protocol)) is not None:
            guest.proven = True

    def begin(self, protocol: RequestHandler) -> None:
        if (guest := self._guests.get(protocol)) is not None:
            guest.busy += 1

    def end(self, protocol: RequestHandler) -> None:
        if (guest := self._guests.get(protocol)) is not None:
            guest.busy -= 1
            guest.deadline_s = self._loop.time() + IDLE_S

    def _listen(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTS_A_TURN):
            try:
                peer, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            self._let_in(peer, str(address[0]))

    def _pause(self, error: OSError) -> None:
        """Pause accepting when descriptors or memory run out, and drop one connection."""
        self._loop.remove_reader(self._socket)
        self._make_room()
        self._retry = self._loop.call_later(PAUSE_S, self._listen)
        self._sparing.warning("a connection could not be accepted: %s: %s", self.name, error.strerror)

    def _let_in(self, peer: socket.socket, address: str) -> None:
        if len(self._guests) >= self.most and not self._make_room():
            self.turned_away += 1
            peer.close()
            self._sparing.warning("connections are turned away: %s: all %s are in use", self.name, self.most)
            return
        peer.setblocking(False)
        assert self._runner.server is not None
        protocol = self._hearing(self._runner.server)
        guest = _Guest(address=address, deadline_s=self._loop.time() + REQUEST_S)
        self._guests[protocol] = guest
        arriving = self._loop.create_task(self._connect(peer, protocol, guest))
        self._arriving.add(arriving)
        arriving.add_done_callback(self._arriving.discard)

    def _hearing(self, server: web.Server) -> RequestHandler:
        return _Hearing(
            server,
            self._unreadable,
            loop=self._loop,
            access_log=None,
            keepalive_timeout=IDLE_S,
            lingering_time=LINGER_S,
            # Compressed bodies are refused by their header; nothing is unpacked.
            auto_decompress=False,
            logger=_HTTP,
        )

    async def _connect(self, peer: socket.socket, protocol: RequestHandler, guest: _Guest) -> None:
        try:
            transport, _ = await self._loop.connect_accepted_socket(lambda: protocol, peer)
        except OSError:  # it disconnected before it was accepted
            peer.close()
            self._guests.pop(protocol, None)
            return
        assert isinstance(transport, asyncio.Transport)
        guest.transport = transport
        if protocol not in self._guests:
            guest.cut()

    def _make_room(self) -> bool:
        """Return whether one more connection fits, dropping another if needed."""
        self._forget_gone()
        if len(self._guests) < self.most:
            return True
        crowds = Counter(guest.address for guest in self._guests.values())
        leavers = [item for item in self._guests.items() if not (item[1].proven and item[1].busy)]
        if not leavers:
            return False
        # The first of equals is the oldest: the table keeps arrival order.
        chosen, guest = min(leavers, key=lambda item: (item[1].proven, -crowds[item[1].address], item[1].busy > 0))
        del self._guests[chosen]
        guest.cut()
        self.sent_away += 1
        self._sparing.warning("connections are sent away for newer ones: %s: all %s are in use", self.name, self.most)
        return True

    def _forget_gone(self) -> None:
        for protocol in [protocol for protocol, guest in self._guests.items() if guest.gone]:
            del self._guests[protocol]

    def _look_round(self) -> None:
        """Once a second, close connections past their deadline and readers that stall."""
        self._forget_gone()
        now_s = self._loop.time()
        for guest in self._guests.values():
            if (not guest.busy and now_s > guest.deadline_s) or self._stalled(guest, now_s):
                guest.cut()
        self._sweep = self._loop.call_later(SWEEP_S, self._look_round)

    @staticmethod
    def _stalled(guest: _Guest, now_s: float) -> bool:
        unread = guest.transport.get_write_buffer_size() if guest.transport is not None else 0
        if not unread or unread != guest.unread:
            guest.unread, guest.stalled_s = unread, now_s
            return False
        return now_s - guest.stalled_s > STALLED_S


DOOR = web.AppKey("door", Door)


def prove(request: web.Request) -> None:
    """Mark the request's connection as authenticated."""
    if (door := request.config_dict.get(DOOR)) is not None:
        door.prove(request.protocol)


@web.middleware
async def _attended(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    door = request.config_dict[DOOR]
    door.begin(request.protocol)
    try:
        return await handler(request)
    finally:
        door.end(request.protocol)
