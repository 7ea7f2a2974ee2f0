"""Queries a venue: returns the answer's value, or raises ReadError with `silent` when no answer came."""

import asyncio
from collections.abc import Callable, Sequence

from adapters.exchange import outcome as proof
from adapters.exchange.errors import AdapterError
from adapters.exchange.outcome import Ask, Verdict
from adapters.exchange.rows import Row, rows_of
from adapters.exchange.session import Session
from adapters.exchange.settings import Wiring
from adapters.exchange.venue import Call, Stamp
from messages.statement import Statement


class ReadError(AdapterError):
    """A read without a usable answer is evidence of nothing. `silent`: the venue did not answer at all."""

    def __init__(self, cause: Statement, retry_after_ms: int = 0, *, silent: bool = False) -> None:
        super().__init__(cause)
        self.retry_after_ms = retry_after_ms
        self.silent = silent


class NoSuchOrderError(ReadError):
    """The venue answered that it knows no such order."""


class Queries:
    """The base of every exchange's reader. Raises ReadError, and MalformedError for unreadable rows."""

    def __init__(self, wiring: Wiring, session: Session) -> None:
        self._account = wiring.account
        self._clock = wiring.clock
        self._session = session
        self.suspect: Callable[[Statement], None] = lambda _cause: None
        """Called when a request got no answer: the venue may be down."""

    def stamp(self) -> Stamp:
        return Stamp(account=self._account, ts_init=self._clock.time_ns())

    async def value(self, call: Call) -> object:
        verdict = await self._session.ask(Ask.READ, call)
        if isinstance(verdict, proof.Answered):
            return verdict.value
        raise await self._error(verdict)

    async def after(self, verdict: Verdict) -> None:
        """Apply an answer's meaning for the connection: a clock error, or a venue that may be down."""
        if isinstance(verdict, proof.NotExecuted) and verdict.resync:
            await asyncio.shield(self._session.sync_clock())
        elif isinstance(verdict, proof.Unknown) or (isinstance(verdict, proof.NotExecuted) and not verdict.throttled):
            self.suspect(verdict.cause)

    async def _rows(self, call: Call, what: str) -> Sequence[Row]:
        return rows_of(await self.value(call), what)

    async def _found(self, verdict: Verdict) -> Row | None:
        """Return the row of one order; None when the venue knows none."""
        if isinstance(verdict, proof.Accepted):
            return verdict.row
        if isinstance(verdict, proof.Missing):
            return None
        raise await self._error(verdict)

    async def _error(self, verdict: Verdict) -> ReadError:
        match verdict:
            case proof.NotExecuted(cause=cause, retry_after_ms=retry_after_ms):
                await self.after(verdict)
                return ReadError(cause, retry_after_ms, silent=proof.is_silent(verdict))
            case proof.Unknown(cause=cause):
                self.suspect(cause)
                return ReadError(cause, silent=proof.is_silent(verdict))
            case _:
                return ReadError(proof.in_words(verdict))

    def _now_ms(self) -> int:
        return self._clock.time_ns() // 1_000_000
