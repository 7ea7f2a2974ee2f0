"""Keeps the configured margin mode of an account's symbols; without one the venue's modes stay.

The mode belongs to a symbol and cannot be changed while the symbol has a position or an order. It is read at every
start and set where it differs, symbol by symbol, with the lowest request priority. An opening on a symbol whose mode is
not known to be right sets it first, or is refused with the venue's reason. An open position in another mode stays; the
comparison of positions reports a discrepancy.
"""

import asyncio
from dataclasses import dataclass

from adapters.exchange import outcome as proof
from adapters.exchange.outcome import Ask, NotExecuted, Rejected, in_words
from adapters.exchange.session import Session
from adapters.exchange.settings import ExchangeSettings
from adapters.exchange.venue import Connection
from messages.statement import Statement
from messages.types import RejectReason, Symbol
from messages.wording import Venue

PACE_S = 0.2
"""Pause between two symbols at the start: 300 weight per minute when hundreds differ."""
RETRY_MS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The venue's refusal to change a margin mode: its `answer`, and the consequence for an opening."""

    answer: Rejected
    text: Statement


class MarginModes:
    """Keeps the configured mode; does nothing without one."""

    def __init__(self, settings: ExchangeSettings, session: Session, account: Connection) -> None:
        self._wanted = settings.margin_mode
        self._watch_only = settings.watch_only
        self._session = session
        self._requests, self._reader = account.requests, account.reader
        self._weight = session.dialect.weights.SETTING
        self._refused: set[Symbol] = set()

    async def read(self) -> None:
        """Read every symbol's mode. Raises ReadError and MalformedError."""
        if self._wanted is not None:
            await self._reader.read_symbol_settings()
            self._refused.clear()

    async def set_all(self) -> None:
        """Set each differing symbol once; a refused one is tried again at its next opening."""
        if self._wanted is None or self._watch_only:
            return
        for symbol in self._reader.symbols.in_mode(other_than=self._wanted):
            if symbol not in self._refused:
                async with self._session.turn(self._weight):
                    await self.refusal(symbol)
                await asyncio.sleep(PACE_S)

    async def refusal(self, symbol: Symbol) -> Unchanged | NotExecuted | None:
        """Return why an opening on the symbol is refused; None when its mode is right or was set."""
        wanted = self._wanted
        if wanted is None or self._reader.symbols.margin_mode(symbol) is wanted:
            return None
        verdict = await self._session.ask(Ask.SETTING, self._requests.margin_mode(symbol, wanted))
        match verdict:
            case proof.Answered():
                self._reader.symbols.note_margin_mode(symbol, wanted)
                return None
            case proof.NotExecuted():
                await self._reader.after(verdict)
                return verdict
            case proof.Rejected(code=code, text=text) | proof.Missing(code=code, text=text):
                self._refused.add(symbol)
                return Unchanged(
                    answer=Rejected(reason=RejectReason.OTHER, code=code, text=text),
                    text=Venue.MARGIN_MODE_NOT_CHANGED(symbol=symbol, wanted=wanted, why=text.rstrip(". ")),
                )
            case _:
                cause = Venue.MARGIN_MODE_UNKNOWN(symbol=symbol, cause=in_words(verdict))
                return NotExecuted(retry_after_ms=RETRY_MS, cause=cause)
