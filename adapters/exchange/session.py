"""Unmodified ccxt.pro as a transport: it signs, sends, and holds the sockets; answers are read raw.

Two user hooks of ccxt make that possible. `on_rest_response` passes every HTTP answer, so that one table judges answers
whether or not ccxt raised (it does not for an empty 200). `handle_message` passes every stream message before ccxt
keeps only the latest of each order.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from adapters.exchange import offset
from adapters.exchange.errors import AdapterError
from adapters.exchange.neighbors import Allowance, Boundless
from adapters.exchange.offset import Offset
from adapters.exchange.outcome import (
    Answered,
    Ask,
    NotExecuted,
    Raised,
    Rejected,
    Unknown,
    Verdict,
    interpret,
    interpret_raised,
    with_secrets_masked,
)
from adapters.exchange.rate_limits import MINUTE_MS, used_weight
from adapters.exchange.redaction import scrub
from adapters.exchange.settings import Clock, ExchangeSettings
from adapters.exchange.venue import Call
from adapters.secret import Secret
from messages.statement import Statement, verbatim
from messages.types import RateKind, RateUse, RejectReason
from messages.wording import Venue

GUARD_MS = 2_000
"""Added to ccxt's timeout; then the request is abandoned."""
CLOCK_SAMPLES = 3
"""Time requests per measurement while no sample is precise enough for a timestamp."""

OTHERS_FIRST_NS = 250_000_000
"""After a pause the gateways' reducing requests leave first, for this long."""
TURN_S = 0.5
"""Interval of checks for room in the budget."""
SPARE_PERCENT = 90
"""Share of the weight limit beyond which the adapter's own requests wait for the next minute."""

_NEVER_SENT = frozenset({
    "ClientConnectorError", "ConnectionTimeoutError", "gaierror", "InvalidURL",
    # The proxy made no connection to the venue.
    "ClientHttpProxyError", "ProxyError", "ProxyConnectionError", "ProxyTimeoutError",
})  # fmt: skip


class SocketEndedError(AdapterError, ConnectionError):
    """A socket that failed to open."""


@dataclass(slots=True, kw_only=True)
class Tape:
    """The record of one request: whether it was begun, and the raw answer."""

    begun: bool = False
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


_TAPE: ContextVar[Tape | None] = ContextVar("tape", default=None)


class Session:
    """One ccxt.pro instance. Made, used and closed on one event loop."""

    def __init__(self, settings: ExchangeSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.dialect = settings.dialect
        self._uses: dict[tuple[RateKind, int], RateUse] = {}
        self._news: dict[tuple[RateKind, int], RateUse] = {}
        self._quiet_until_ns = 0
        """Until then the adapter sends no request of its own (monotonic ns)."""
        self._spent_until_ns = 0
        self.allowance: Allowance = Boundless()
        """The allowance of our address."""
        self.who = ""
        self.weight_limit = 0
        """Per minute, 0: not known."""
        self.on_use: Callable[[], None] = lambda: None
        """Called when the venue reported new usage."""
        self.on_quiet: Callable[[int, Statement], None] = lambda _for_ms, _cause: None
        """Called when any answer asks for silence; a ban binds all our requests."""
        self.on_ban: Callable[[int, Statement], None] = lambda _for_ms, _cause: None
        """Called in addition when the ban concerns all callers at our address."""
        self.on_forbidden: Callable[[], None] = lambda: None
        """Called when a request was refused for the key's permissions, which may have been revoked."""
        self.offset = Offset()
        """The estimated clock offset."""
        self._redirects: Any = None
        self.secrets = settings.secrets
        self.exchange = self.dialect.transport.build(settings)
        self._watch_answers()

    @property
    def uses(self) -> tuple[RateUse, ...]:
        """Return the venue's last reported usage of each limit."""
        return tuple(self._uses.values())

    def take_news(self) -> tuple[RateUse, ...]:
        """Return usage reported since the last call. Older values are left out: a read's answer does not report orders,
        and their window may have passed.
        """
        news, self._news = self._news, {}
        return tuple(news.values())

    def mask(self, secret: Secret) -> None:
        """Mask a secret that opens the account's stream."""
        self.secrets = (*self._settings.secrets, secret)

    async def ask(
        self, ask: Ask, call: Call, *, client_order_id: str | None = None, tape: Tape | None = None
    ) -> Verdict:
        """Send one request once and judge the answer. Raises nothing but CancelledError.

        After a cancellation `tape` shows whether the request had begun.
        """
        tape = Tape() if tape is None else tape
        signed_with = self.offset
        weight = self.dialect.weights.weight_of(call)
        self.allowance.left(weight)
        try:
            raised = await self._send(call, tape)
        finally:
            self.allowance.came(weight, used_weight(self._uses_in(tape.headers)))
        self._read_uses(tape.headers)
        now_ms = self._clock.time_ns() // 1_000_000
        if tape.body is not None:
            verdict = interpret(
                ask,
                tape.status,
                tape.headers,
                tape.body,
                codes=self.dialect.codes,
                client_order_id=client_order_id,
                now_ms=now_ms,
            )
        elif raised is not None:
            verdict = interpret_raised(ask, raised, codes=self.dialect.codes, now_ms=now_ms)
        else:
            verdict = Unknown(cause=Venue.NO_ANSWER())
        verdict = with_secrets_masked(verdict, self.secrets)
        if isinstance(verdict, NotExecuted) and verdict.resync and self.offset is signed_with:
            self.offset = offset.refuted(self.offset)
        if isinstance(verdict, NotExecuted) and verdict.throttled:
            self.hush(verdict.retry_after_ms)
            self.on_quiet(verdict.retry_after_ms, verdict.cause)
            if not verdict.alone:
                self.on_ban(verdict.retry_after_ms, verdict.cause)
        if isinstance(verdict, Rejected) and verdict.reason is RejectReason.PERMISSION:
            self.on_forbidden()
        return verdict

    def hush(self, for_ms: int) -> None:
        """Send no request of the adapter's own for `for_ms`."""
        until_ns = self._clock.monotonic_ns() + for_ms * 1_000_000 + OTHERS_FIRST_NS
        self._quiet_until_ns = max(self._quiet_until_ns, until_ns)

    async def quiet(self) -> None:
        """Wait until the venue's requested silence is over.

        Only for the adapter's own requests: more requests make a ban longer. The gateway holds back its own, and a
        waiting close leaves before the adapter's requests.
        """
        while (left_ns := self._quiet_until_ns - self._clock.monotonic_ns()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left_ns / 1_000_000_000)  # it may grow

    async def spare(self) -> None:
        """Wait until no silence is requested and the weight limit is not nearly used up."""
        while True:
            await self.quiet()
            left_ns = self._spent_until_ns - self._clock.monotonic_ns()
            if left_ns <= 0:
                return
            await asyncio.sleep(left_ns / 1_000_000_000)

    @asynccontextmanager
    async def turn(
        self, weight: int, waits: Callable[[], None] = lambda: None, *, connecting: bool = False
    ) -> AsyncIterator[None]:
        """Reserve weight for deferrable requests in this context, once the address has room.

        `waits` is called, perhaps more than once, when that takes time.
        """
        if self._spent_until_ns > self._clock.monotonic_ns():
            waits()
        await self.spare()
        while not self.allowance.turn(self.who, weight, connecting=connecting):
            waits()
            await asyncio.sleep(TURN_S)
            await self.spare()
        try:
            yield
        finally:
            self.allowance.turned(self.who, weight)

    async def sync_clock(self) -> Verdict:
        """Measure the clock offset, with which requests are signed.

        Repeats while the estimate is too imprecise; the most precise sample is kept.
        """
        skew_ms = self.dialect.capabilities.accepted_skew_ms
        first = verdict = await self._sample_clock()
        for _ in range(CLOCK_SAMPLES - 1):
            if not isinstance(verdict, Answered) or self.offset.close(self._clock.monotonic_ns(), skew_ms):
                break
            verdict = await self._sample_clock()
        return first

    async def _sample_clock(self) -> Verdict:
        before_ms, before_ns = self.exchange.milliseconds(), self._clock.monotonic_ns()
        transport = self.dialect.transport
        verdict = await self.ask(Ask.READ, transport.SERVER_TIME)
        now_ns = self._clock.monotonic_ns()
        server_ms = transport.server_ms(getattr(verdict, "value", None))
        if server_ms is not None:
            trip_ms = (now_ns - before_ns) // 1_000_000
            sample = offset.sampled(before_ms=before_ms, server_ms=server_ms, round_trip_ms=trip_ms, now_ns=now_ns)
            self.offset = offset.better(self.offset, sample)
            self.exchange.options["timeDifference"] = self.offset.ahead_ms
        return verdict

    def hear(self, handle: Callable[[Any, object], None]) -> None:
        """Pass every stream message, with its socket, to `handle` instead of ccxt's caches."""
        self.exchange.handle_message = handle

    @asynccontextmanager
    async def socket(
        self, url: str, subscribe: Mapping[str, object] | None = None
    ) -> AsyncIterator["asyncio.Future[Any]"]:
        """Open a websocket; the yielded future is done when the socket has ended (see `end_of`).

        Raises ccxt's exception when it cannot be opened. An earlier socket at this address is dropped.
        """
        self.exchange.open()
        self._refuse_redirects()
        self._forget(url)
        ended: asyncio.Future[Any] = self.exchange.watch(url, "albra", subscribe, "linear")
        ended.add_done_callback(retrieved)
        client = self.exchange.client(url)
        try:
            async with asyncio.timeout(self._settings.timeout_ms / 1000):
                # The socket is open, or the attempt has failed.
                await asyncio.wait({asyncio.ensure_future(client.connected), ended}, return_when="FIRST_COMPLETED")
            if ended.done():
                raise SocketEndedError(self.end_of(ended))
            yield ended
        finally:
            self._forget(url)
            await client.close()

    async def close(self) -> None:
        await self.exchange.close()

    def text(self, error: BaseException) -> Statement:
        """Return an error's text with secrets masked."""
        if isinstance(error, AdapterError):
            return error.cause
        return verbatim(scrub(f"{type(error).__name__}: {error}", self.secrets))

    def end_of(self, ended: "asyncio.Future[Any]") -> Statement:
        """Return why a socket ended. Awaiting the future instead could look like our own cancellation."""
        error = None if ended.cancelled() else ended.exception()
        return Venue.SOCKET_CLOSED() if error is None else self.text(error)

    async def _send(self, call: Call, tape: Tape) -> Raised | None:
        with _taped(tape):
            try:
                async with asyncio.timeout((self._settings.timeout_ms + GUARD_MS) / 1000):
                    await self.dialect.transport.send(self.exchange, call)
            except Exception as error:  # noqa: BLE001  every failure of a request is an answer about it
                return raised_of(error, begun=tape.begun, headers=tape.headers)
        return None

    def _watch_answers(self) -> None:
        send = self.exchange.fetch

        async def fetch(*args: Any, **kwargs: Any) -> Any:
            self.exchange.open(True)
            self._refuse_redirects()
            tape = _TAPE.get()
            if tape is not None:
                tape.begun = True
            return await send(*args, **kwargs)

        def on_rest_response(
            status: int, _reason: str, _url: str, _method: str, headers: Mapping[str, str], body: str, *_: object
        ) -> str:
            tape = _TAPE.get()
            if tape is not None:
                tape.status, tape.headers = status, tuple(headers.items())
                tape.body = body.encode("utf-8", errors="replace")
            return body.strip()

        self.exchange.fetch = fetch
        self.exchange.on_rest_response = on_rest_response

    def _refuse_redirects(self) -> None:
        """Refuse redirects in ccxt's current HTTP session; ccxt makes a new one after each close."""
        from adapters.exchange import redirects  # aiohttp: only where an exchange is really spoken to

        def noted(status: int, text: str) -> None:
            tape = _TAPE.get()
            if tape is not None:
                tape.status, tape.body = status, text.encode()

        if self._redirects is None:
            self._redirects = redirects.refusing(noted)
        redirects.refuse_in(self.exchange.session, self._redirects)
        if (socks := self.exchange.socksProxy) is not None:
            redirects.refuse_in(self.exchange.get_socks_proxy_session(socks), self._redirects)

    def _uses_in(self, headers: tuple[tuple[str, str], ...]) -> tuple[RateUse, ...]:
        return self.dialect.weights.uses(dict(headers))

    def _read_uses(self, headers: tuple[tuple[str, str], ...]) -> None:
        said = self._uses_in(headers)
        for use in said:
            self._uses[use.kind, use.interval_ms] = self._news[use.kind, use.interval_ms] = use
        for use in said:
            if use.kind is RateKind.WEIGHT and self.weight_limit:
                spent = use.used >= self.weight_limit * SPARE_PERCENT // 100
                self._spent_until_ns = self._clock.monotonic_ns() + self._window_left_ns() if spent else 0
        if said:
            self.on_use()

    def _window_left_ns(self) -> int:
        """Return the rest of the venue's minute in ns; it begins by the venue's clock."""
        venue_ms = self._clock.time_ns() // 1_000_000 - int(self.exchange.options.get("timeDifference", 0))
        return (MINUTE_MS - venue_ms % MINUTE_MS) * 1_000_000

    def _forget(self, url: str) -> None:
        """Re-watching must dial anew, and at our pace: ccxt would reuse the dead socket and add its own delay."""
        self.exchange.clients.pop(url, None)
        delays = getattr(self.exchange, "ws_dial_backoff", None)
        if delays:
            delays.pop(url, None)


def retrieved(ended: "asyncio.Future[Any]") -> None:
    """Retrieve the future's error: asyncio logs an error that is never retrieved."""
    if not ended.cancelled():
        ended.exception()


def raised_of(error: BaseException, *, begun: bool, headers: tuple[tuple[str, str], ...] = ()) -> Raised:
    """Describe an exception. `begun` False, or a failed connection: nothing was sent."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(chain) < 8:
        chain.append(link)
        link = link.__cause__
    classes = tuple(kind.__name__ for each in chain for kind in type(each).__mro__[:-2])
    unconnected = not _NEVER_SENT.isdisjoint(classes)
    # ccxt's text names the request, its cause the reason: no such host, or no listener.
    text = f"{error}: {chain[-1]}" if unconnected and len(chain) > 1 else str(error)
    return Raised(
        classes=classes,
        text=text,
        never_sent=not begun or unconnected,
        headers=headers,
    )


class _taped:  # noqa: N801  reads as a statement
    """Records the answers of this task's requests on `tape` within the context."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def __enter__(self) -> None:
        self._token = _TAPE.set(self._tape)

    def __exit__(self, *_: object) -> None:
        _TAPE.reset(self._token)
