"""An account's margin mode: the one that is configured, or whatever the venue has where none is.

The mode belongs to a symbol at the venue, and cannot be changed while a position or an order is open there. So it is
read at every start and set where it differs, one symbol after another, below every other request. Nothing is opened on
a symbol whose mode is not known to be right: the opening sets it first, or is refused with the venue's reason. An open
position in another mode stays as it is; the comparison of positions reports it as a discrepancy.
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
"""Between two symbols that are set at the start: 300 of a minute's weight where hundreds differ."""
RETRY_MS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """The venue refuses to change a margin mode: its `answer`, and what that means for an opening."""

    answer: Rejected
    text: Statement


class MarginModes:
    """Keeps the configured mode. Without one it does nothing."""

    def __init__(self, settings: ExchangeSettings, session: Session, account: Connection) -> None:
        self._wanted = settings.margin_mode
        self._watch_only = settings.watch_only
        self._session = session
        self._requests, self._reader = account.requests, account.reader
        self._weight = session.dialect.weights.SETTING
        self._refused: set[Symbol] = set()

    async def read(self) -> None:
        """What the venue has of every symbol. Raises ReadError and MalformedError."""
        if self._wanted is not None:
            await self._reader.read_symbol_settings()
            self._refused.clear()

    async def set_all(self) -> None:
        """Every symbol that differs, once; those that cannot be changed now wait for their next opening."""
        if self._wanted is None or self._watch_only:
            return
        for symbol in self._reader.symbols.in_mode(other_than=self._wanted):
            if symbol not in self._refused:
                async with self._session.turn(self._weight):
                    await self.refusal(symbol)
                await asyncio.sleep(PACE_S)

    async def refusal(self, symbol: Symbol) -> Unchanged | NotExecuted | None:
        """Why nothing may be opened on a symbol now; None where its mode is right, or was set."""
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
