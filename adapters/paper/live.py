"""Runs the venue's model in real time: one clock, one order of inputs, durable before the answer.

Every input passes one method as a record, and `apply` replays the records after a restart, so acknowledged state
returns.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.paper.answer import Answer
from adapters.paper.faults import FaultPlan
from adapters.paper.input_log import (
    InputLog,
    Record,
    StorageDamagedError,
    sync,
)
from adapters.paper.limits import RateLimits
from adapters.paper.refusals import Refusal
from adapters.paper.stream_event import MarketEvent, StreamEvent
from adapters.paper.venue import PaperModel

Announce = Callable[[Sequence[StreamEvent], Sequence[MarketEvent], int], None]


def _unheard(events: Sequence[StreamEvent], market: Sequence[MarketEvent], now_ms: int) -> None:
    """Discard events before the streams are attached."""


def apply(venue: PaperModel, record: Record) -> Answer | None:
    """Give one recorded input, `[kind, now_ms, argument …]`, to the model; live and in replay alike.

    Raises what the model raises (`Refusal` for an unknown symbol, ValueError, LookupError,
    ArithmeticError for a malformed argument) and `StorageDamagedError` for an unknown kind.
    """
    kind, now_ms, *arguments = record
    if kind == "request":
        method, path, params, api_key = arguments
        return venue.request(method, path, params, api_key=api_key, now_ms=now_ms)
    if kind == "hand":
        method, path, params, account = arguments
        return venue.trade_by_hand(method, path, params, now_ms=now_ms, account=account)
    act = _ACTS.get(kind)
    if act is None:
        raise StorageDamagedError(f"unknown kind of input in the paper venue's log: {kind!r}")
    act(venue, now_ms, *arguments)
    return None


def _set_price(venue: PaperModel, now_ms: int, symbol: str, price: str, mark: str | None = None) -> None:
    venue.set_price(symbol, Decimal(price), now_ms, mark=None if mark is None else Decimal(mark))


def _deleverage(venue: PaperModel, now_ms: int, symbol: str, quantity: str, *leg: str) -> None:
    account, side = leg
    venue.deleverage(symbol, Decimal(quantity), now_ms, account=account, side=side)


_ACTS: dict[str, Callable[..., None]] = {
    "advance": lambda venue, now_ms: venue.advance(now_ms),
    "price": _set_price,
    "faults": lambda venue, _, plan: venue.set_faults(FaultPlan.from_dict(plan)),
    "expire": lambda venue, now_ms, listen_key: venue.expire_listen_key(listen_key, now_ms),
    "transfer": lambda venue, now_ms, amount, account: venue.transfer(Decimal(amount), now_ms, account=account),
    "deleverage": _deleverage,
    "delist": lambda venue, now_ms, symbol: venue.delist(symbol, now_ms),
    "account": lambda venue, now_ms, name: venue.open_account(name, now_ms),
    "rules": lambda venue, now_ms, symbol, changes: venue.change_rules(symbol, changes, now_ms),
    "revoke": lambda venue, _, api_key: venue.revoke_key(api_key),
    "rotate": lambda venue, _, api_key, new_key, new_secret: venue.rotate_key(api_key, new_key, new_secret),
    "limits": lambda venue, _, limits: venue.set_limits(RateLimits(**limits)),
    "volatility": lambda venue, _, ppm, symbol: venue.set_volatility(int(ppm), symbol),
    "funding": lambda venue, _, symbol, rate: venue.set_funding_rate(symbol, Decimal(rate)),
}


class LiveVenue:
    """Owns the model, its clock and its log. Every method belongs to the server's loop thread."""

    def __init__(
        self,
        venue: PaperModel,
        *,
        clock_ms: Callable[[], int],
        storage: Path | None,
    ) -> None:
        """Raises StorageInUseError and StorageDamagedError.

        The state on disk replaces `venue`, which is used at the very first start only.
        """
        self.venue = venue
        self._clock_ms = clock_ms
        self.announce: Announce = _unheard
        self._log = None if storage is None else InputLog(storage)
        self._last_ms = 0
        self._offset_ms = 0
        self._effects = 0
        self._synced = 0
        self._sync: asyncio.Future[None] | None = None
        self._failure: OSError | None = None
        self._outbox: deque[tuple[int, list[StreamEvent], list[MarketEvent]]] = deque()
        if self._log is None:
            return
        try:
            self._recover(self._log)
        except BaseException:
            self._log.close()
            raise

    @property
    def identity(self) -> str | None:
        """Return the identity that a journal is bound to; None for a venue in memory."""
        return None if self._log is None else self._log.identity

    def now_ms(self) -> int:
        """The venue's time: never backwards, also not over a restart or a moved wall clock."""
        self._last_ms = max(self._last_ms, self._clock_ms() + self._offset_ms)
        return self._last_ms

    def move_clock(self, milliseconds: int) -> None:
        """Advance the venue's clock against ours, in ms."""
        if milliseconds < 0:
            raise ValueError("the venue's clock only moves forward")
        self._offset_ms += milliseconds

    async def ask(self, method: str, path: str, params: Mapping[str, str], *, api_key: str | None) -> Answer:
        """Answer a request once everything that the answer shows is durable.

        Reads wait as well: they may show an effect that is still being synced. Raises OSError when the disk fails; then
        nothing is accepted any more.
        """
        record = ["request", self.now_ms(), method, path, dict(params), api_key]
        return await self._answer(record, effect=method != "GET")

    async def trade(self, method: str, path: str, params: Mapping[str, str], *, account: str = "") -> Answer:
        """Execute a manual request without limits and faults."""
        record = ["hand", self.now_ms(), method, path, dict(params), account]
        return await self._answer(record, effect=True)

    async def tell(self, kind: str, *arguments: object) -> None:
        """Any other input, one of `advance`, `price`, `faults`, `expire` …; raises as `apply` does."""
        self._take([kind, self.now_ms(), *arguments], effect=kind != "advance")
        await self._durable(self._effects)

    def close(self) -> None:
        """Write a snapshot, so that the next start replays nothing."""
        if self._log is None:
            return
        try:
            if self._failure is None:
                self._log.begin(self._stored())
        finally:
            self._log.close()

    async def _answer(self, record: Record, *, effect: bool) -> Answer:
        answer = self._take(record, effect=effect)
        assert answer is not None
        await self._durable(self._effects)
        return answer

    def _take(self, record: Record, *, effect: bool) -> Answer | None:
        if self._failure is not None:
            raise self._failure
        # The record goes first: a full disk refuses the input before it has had any effect.
        self._record(record)
        answer = apply(self.venue, record)
        events, market = self.venue.drain_events(), self.venue.drain_market()
        if effect or events:
            self._effects += 1
        self._outbox.append((self._effects, events, market))
        if self._log is None:
            self._synced = self._effects
        self._flush()
        return answer

    def _record(self, record: Record) -> None:
        if self._log is None:
            return
        try:
            if self._log.full():
                self._log.begin(self._stored())
            self._log.append(record)
        except OSError as error:
            self._failure = error
            raise

    async def _durable(self, wanted: int) -> None:
        while self._synced < wanted:
            if self._failure is not None:
                raise self._failure
            if self._sync is None:
                self._sync = asyncio.ensure_future(self._sync_to(self._effects))
            # Shielded: many answers share one sync, and a caller that hangs up must not end it.
            await asyncio.shield(self._sync)

    async def _sync_to(self, target: int) -> None:
        assert self._log is not None
        try:
            await asyncio.to_thread(sync, self._log.descriptor())
            self._synced = target
        except OSError as error:
            # A sync that failed once may have dropped its pages: trying again would prove nothing.
            self._failure = error
        finally:
            self._sync = None
        self._flush()

    def _flush(self) -> None:
        """Announce what is durable, in the order in which it happened."""
        while self._outbox and self._outbox[0][0] <= self._synced:
            _, events, market = self._outbox.popleft()
            self.announce(events, market, self._last_ms)

    def _stored(self) -> dict[str, Any]:
        return {"now_ms": self._last_ms, "venue": self.venue.snapshot()}

    def _recover(self, log: InputLog) -> None:
        state, records = log.recover()
        if state is not None:
            self.venue, self._last_ms = _restored(state, type(self.venue))
        for record in records:
            # A replayed input raises what it raised before, at the same point.
            with contextlib.suppress(Refusal, ArithmeticError, LookupError, TypeError, ValueError):
                apply(self.venue, record)
            self._last_ms = max(self._last_ms, int(record[1]))
        # Replayed events were sent before the stop, or their socket is gone: a client resyncs.
        self.venue.drain_events()
        self.venue.drain_market()
        self._offset_ms = max(0, self._last_ms - self._clock_ms())
        log.begin(self._stored())


def _restored(state: dict[str, Any], model: type[PaperModel]) -> tuple[PaperModel, int]:
    try:
        return model.restore(state["venue"]), int(state["now_ms"])
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise StorageDamagedError(
            f"this version cannot read the stored paper account ({error!r}); move its directory away to begin a new one"
        ) from error
