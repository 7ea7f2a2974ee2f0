"""The two sockets of an account: its own events, lossless and in order, and the mark prices.

At a start the socket opens, `StreamUp` is delivered (its receiver reads earlier state), and then the events that came
meanwhile, from a queue of our own.

Our own orders reveal a mute socket (`hearing`), which is reported and reopened with another form of the address. Only
the next event proves that it works again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from adapters.exchange.errors import AdapterError
from adapters.exchange.hearing import CONDITIONALS, MUTE_AFTER_MS, ORDERS, Hearing
from adapters.exchange.queries import ReadError
from adapters.exchange.rows import MalformedError
from adapters.exchange.session import Session
from adapters.exchange.settings import Backoff, Wiring
from adapters.exchange.venue import Connection, Fed, FindParent, ReadFunding, ReadOrder
from messages.base import Message
from messages.reports import (
    FillReport,
    LeverageChanged,
    OrderReport,
    StreamDown,
    StreamHeard,
    StreamMute,
    StreamUp,
)
from messages.requests import SubmitOrder
from messages.statement import NOTHING, Statement, word
from messages.types import ClientOrderId, Symbol
from messages.wording import Venue

MAX_QUEUE = 50_000
"""Queued events; more means that we are too slow, which is a gap."""
LOOKUP_DELAYS_S = (0.0, 0.3, 1.0, 3.0)
"""Delays of lookups for an unknown order's parent: the venue's lists lag behind its events."""
FUNDING_DELAY_S = 0.2
REOPENED_LEAST_NS = 60_000_000_000
"""Shortest time between reopenings of a mute socket."""
ALL_MARKS_EVERY_NS = 10_000_000_000
"""Maximum age of a price that checks an opening on a symbol without a position."""


class GapError(AdapterError):
    """The stream has lost events and has to be reopened."""


class AccountStream:
    """Keeps the account's own stream open; one per adapter, run as one task."""

    def __init__(self, wiring: Wiring, session: Session, account: Connection, *, backoff: Backoff) -> None:
        self._wiring = wiring
        self._session = session
        self._reader = account.reader
        self._events = account.events
        self._sockets = account.sockets
        self._weights = session.dialect.weights
        self._backoff = backoff
        self._queue: deque[object] = deque()
        self._arrived = asyncio.Event()
        self._down = False
        self._funding_due = False
        self._lookups: set[asyncio.Task[None]] = set()
        self._hearing = Hearing()
        self._listening = False
        self._gap: Statement = NOTHING
        self._reopened_ns: int | None = None
        self._form = self._heard_at = 0
        self._mute: set[str] = set()
        self.on_modes: Callable[[], None] = lambda: None
        """Called when an account setting besides leverage changed."""
        self.on_symbol: Callable[[Symbol], None] = lambda _symbol: None
        """Called with the symbol of every event about our orders."""

    async def run(self) -> None:
        """Open, read, and reopen until canceled."""
        try:
            while True:
                cause = await self._once()
                if not self._down:
                    self._down = True
                    stamp = self._reader.stamp()
                    self._wiring.deliver(StreamDown(account=stamp.account, ts_init=stamp.ts_init, cause=cause))
                await self._backoff.rest()
        finally:
            for task in self._lookups:
                task.cancel()

    def take(self, url: str, message: object) -> bool:
        """Queue a raw message from the socket at `url`; False when it belongs to another stream."""
        if not self._sockets.owns(url):
            return False
        self._queue.append(message)
        self._arrived.set()
        return True

    def acknowledged(self, order: SubmitOrder) -> None:
        """Expect an event of an acknowledged order, and report a lost event or a mute stream."""
        kind = CONDITIONALS if order.kind.conditional else ORDERS
        now_ns = self._wiring.clock.monotonic_ns()
        if self._listening and self._hearing.expect(order.client_order_id, kind, now_ns):
            since_ns = self._wiring.clock.time_ns()
            loop = asyncio.get_running_loop()
            loop.call_later(MUTE_AFTER_MS / 1000, self._overdue, order.client_order_id, since_ns)

    def _overdue(self, name: ClientOrderId, since_ns: int) -> None:
        missed = self._hearing.missed(name)
        if missed is None:
            return
        if missed.mute and missed.kind not in self._mute:
            self._mute.add(missed.kind)
            stamp = self._reader.stamp()
            self._wiring.deliver(
                StreamMute(
                    account=stamp.account, ts_init=stamp.ts_init, kind=missed.kind, since_ns=since_ns,
                    client_order_id=name,
                )
            )  # fmt: skip
            self._hand_on(Fed(lookups=(ReadFunding(),)))  # the socket may stay open, and its lost events are read
        now_ns = self._wiring.clock.monotonic_ns()
        if self._reopened_ns is None or now_ns - self._reopened_ns >= REOPENED_LEAST_NS:
            self._reopened_ns = now_ns
            self._form += missed.mute
            self._gap = Venue.STREAM_MUTE(kind=word(missed.kind)) if missed.mute else Venue.EVENT_MISSING(order=name)
            self._arrived.set()

    def _hear(self, kind: str, name: ClientOrderId) -> None:
        self._hearing.hear(kind, name, self._wiring.clock.monotonic_ns())
        self._heard_at = self._form
        if kind in self._mute:
            self._mute.discard(kind)
            stamp = self._reader.stamp()
            self._wiring.deliver(StreamHeard(account=stamp.account, ts_init=stamp.ts_init, kind=kind))
            self._hand_on(Fed(lookups=(ReadFunding(),)))

    async def _once(self) -> Statement:
        """Open and read one socket; return why it ended."""
        opened_s = asyncio.get_running_loop().time()
        try:
            self._queue.clear()
            async with self._sockets.opened(self._form) as ended:
                self._down, self._gap, self._listening = False, NOTHING, True
                stamp = self._reader.stamp()
                self._wiring.deliver(StreamUp(account=stamp.account, ts_init=stamp.ts_init))
                self._hand_on(Fed(lookups=(ReadFunding(),)))
                await self._read_until(ended)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  whatever ends a stream, it is opened again
            # Not every server supports every form of the address; take one that opens.
            self._form = self._form if self._listening else self._heard_at
            return self._session.text(error)
        finally:
            self._listening = False
            self._hearing.forget()
            self._backoff.after(asyncio.get_running_loop().time() - opened_s)

    async def _read_until(self, ended: "asyncio.Future[Any]") -> NoReturn:
        """Read the queue until the socket ends, and the rest of the queue after it. Raises GapError."""
        keeping = asyncio.create_task(self._keep_alive())
        try:
            while True:
                waiting = asyncio.create_task(self._arrived.wait())
                await asyncio.wait({ended, keeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                self._arrived.clear()
                self._drain()
                if keeping.done():
                    keeping.result()
                if ended.done() or self._gap:
                    raise GapError(self._session.end_of(ended) if ended.done() else self._gap)
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError, GapError):
                await keeping

    async def _keep_alive(self) -> None:
        """Prolong the stream at intervals. Raises GapError when the venue reports its end.

        Fundings are read at the same time: a funding event may be lost, and no position list shows it.
        """
        refresh_s = self._wiring.settings.listen_key_refresh_ms / 1000
        wait_s = refresh_s
        while True:
            await asyncio.sleep(wait_s)
            kept = await self._sockets.keep()
            self._hand_on(Fed(lookups=(ReadFunding(),)))
            # Without a clear answer the key may still be valid; there is time for several attempts.
            wait_s = refresh_s if kept else refresh_s / 10

    def _drain(self) -> None:
        if len(self._queue) > MAX_QUEUE:
            raise GapError(Venue.EVENTS_OVERFLOW(most=MAX_QUEUE))
        while self._queue:
            fed = self._events.feed(self._queue.popleft(), self._reader.stamp())
            if fed.order is not None:
                self._hear(*fed.order)
            if fed.modes:
                self.on_modes()
            for symbol in fed.margins:
                self._reader.symbols.note_margin_mode(symbol, None)
            self._hand_on(fed)
            if fed.gap:
                raise GapError(fed.gap)

    def _hand_on(self, fed: Fed) -> None:
        self._deliver(fed.reports)
        for lookup in fed.lookups:
            if isinstance(lookup, FindParent):
                task = asyncio.create_task(self._find_parent(lookup))
            elif isinstance(lookup, ReadFunding):
                if self._funding_due:
                    continue
                self._funding_due = True
                task = asyncio.create_task(self._read_fundings())
            else:
                task = asyncio.create_task(self._read_order(lookup))
            self._lookups.add(task)
            task.add_done_callback(self._lookups.discard)

    def _deliver(self, reports: Sequence[Message]) -> None:
        for report in reports:
            if isinstance(report, OrderReport | FillReport):
                self.on_symbol(report.symbol)
            elif isinstance(report, LeverageChanged):
                self._reader.symbols.note_leverage(report.symbol, report.leverage)
            self._wiring.deliver(report)

    async def _find_parent(self, lookup: FindParent) -> None:
        """Find an unknown order's parent. Its events are passed on in any case."""
        key = lookup.key
        why, proven = Venue.FOREIGN_ORDER(), True
        for delay_s in LOOKUP_DELAYS_S:
            await asyncio.sleep(delay_s)
            if not self._events.waiting(key):
                return
            try:
                async with self._session.turn(self._weights.LOOKUP):
                    rows = await self._reader.conditionals_of(key[0])
            except (ReadError, MalformedError) as error:
                why, proven = Venue.PARENT_UNREAD(why=error.cause), False
                continue
            why, proven = Venue.FOREIGN_ORDER(), True
            self._deliver(self._events.learn(rows, self._reader.stamp()))
        if self._events.waiting(key):
            self._deliver(self._events.give_up(key, why, self._reader.stamp(), proven=proven))

    async def _read_fundings(self) -> None:
        """Read recent fundings; a repeated report changes nothing. A failed read is caught up by the next.

        One read serves all payments before its begin: a thousand symbols are paid within a moment.
        """
        for delay_s in (FUNDING_DELAY_S, *LOOKUP_DELAYS_S[1:]):
            await asyncio.sleep(delay_s)
            with suppress(ReadError, MalformedError):
                async with self._session.turn(self._weights.FUNDINGS):
                    self._funding_due = False
                    self._deliver(await self._reader.fundings())
                    return

    async def _read_order(self, lookup: ReadOrder) -> None:
        """Query an order whose event lacks its outcome. If this fails, the sweep reads it."""
        for delay_s in LOOKUP_DELAYS_S:
            await asyncio.sleep(delay_s)
            async with self._session.turn(self._weights.SETTING):
                report = await self._reader.reread(
                    lookup.symbol, lookup.client_order_id, conditional=lookup.conditional
                )
            if report is not None:
                self._deliver((report,))
                if report.status.ended:
                    return


class MarkStream:
    """Mark prices: every one for symbols of interest, few for others. Gaps are not reported, since only the latest
    price matters.
    """

    def __init__(self, wiring: Wiring, session: Session, account: Connection, *, backoff: Backoff) -> None:
        self._wiring = wiring
        self._session = session
        self._reader = account.reader
        self._marks = account.marks
        self._backoff = backoff
        self._url = ""
        self._all_told_ns: int | None = None
        self._spoke = False
        self.symbols: set[Symbol] = set()

    async def run(self) -> None:
        clock_s = asyncio.get_running_loop().time
        silent_s = self._wiring.settings.marks_silent_ms / 1000
        while True:
            opened_s = clock_s()
            try:
                self._url, subscribe = self._marks.address(self._session)
                async with self._session.socket(self._url, subscribe) as ended:
                    self._spoke = True
                    while self._spoke and not ended.done():
                        self._spoke = False
                        await asyncio.wait({ended}, timeout=silent_s)
            except asyncio.CancelledError:
                raise
            except Exception:  # noqa: BLE001, S110  opened again, whatever ended it
                pass
            self._backoff.after(clock_s() - opened_s)
            await self._backoff.rest()

    def take(self, url: str, message: object) -> bool:
        if url != self._url:
            return False
        due = self._all_are_due()
        with suppress(MalformedError):
            reports = self._marks.reports(message, self._reader.stamp(), lambda symbol: due or symbol in self.symbols)
            if reports is not None:
                self._spoke = True
                self._all_told_ns = self._wiring.clock.monotonic_ns() if due else self._all_told_ns
                for report in reports:
                    self._wiring.deliver(report)
        return True

    def _all_are_due(self) -> bool:
        now_ns = self._wiring.clock.monotonic_ns()
        return self._all_told_ns is None or now_ns - self._all_told_ns >= ALL_MARKS_EVERY_NS
