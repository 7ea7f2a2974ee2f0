"""Watches the account's position mode and assets mode, which can be switched at the venue while flat.

The venue announces no change of the position mode and refuses every order made for the other mode. Both modes are read
at intervals, and at once when a refusal hints at a change. A restored or unusable mode is reported; openings are held
until the venue agrees.
"""

import asyncio
from contextlib import suppress

from adapters.exchange.outcome import Ask, Rejected, Verdict
from adapters.exchange.queries import ReadError
from adapters.exchange.rows import MalformedError
from adapters.exchange.session import Session
from adapters.exchange.settings import Wiring
from adapters.exchange.venue import Connection
from messages.reports import AccountModes
from messages.types import MarginMode, ModeFault, PositionMode

FAULTY_S = 10.0
"""Interval of reads while a mode is wrong."""
HINTED_LEAST_S = 5.0


class ModesWatch:
    """One per adapter; runs as one task after the first connection."""

    def __init__(self, wiring: Wiring, session: Session, account: Connection) -> None:
        self._settings = wiring.settings
        self._deliver = wiring.deliver
        self._session = session
        self._requests, self._reader = account.requests, account.reader
        self._hints = session.dialect.codes.mode_hints
        self._hinted = asyncio.Event()
        self._reported: tuple[PositionMode, bool | None, ModeFault | None] | None = None

    def judge(self, verdict: Verdict) -> None:
        """Inspect an answer to an order or a setting for a hint at a mode change."""
        if isinstance(verdict, Rejected) and verdict.code in self._hints:
            self.look_soon()

    def look_soon(self) -> None:
        self._hinted.set()

    async def run(self) -> None:
        """Read at intervals and on hints until canceled."""
        while True:
            await self._session.spare()
            with suppress(ReadError, MalformedError):
                await self.look()
            faulty = self._reported is not None and self._reported[2] is not None
            usual_s = self._settings.settings_max_age_ms / 1000
            await asyncio.sleep(min(HINTED_LEAST_S, usual_s))
            with suppress(TimeoutError):
                async with asyncio.timeout(FAULTY_S if faulty else usual_s):
                    await self._hinted.wait()
            self._hinted.clear()

    async def look(self) -> None:
        """Read both modes, restore the permitted ones, and report changes. Raises ReadError, MalformedError."""
        mode, joined = await self._reader.modes()
        wanted, restored = self._settings.position_mode, False
        if mode is not wanted and self._settings.set_position_mode and not self._settings.watch_only:
            await self._session.ask(Ask.SETTING, self._requests.set_position_mode(wanted))
            mode, joined = await self._reader.modes()
            restored = mode is wanted
        self.tell(mode, joined=joined, restored=restored)

    def tell(self, mode: PositionMode, *, joined: bool | None, restored: bool = False) -> None:
        """Report what differs from the last report."""
        found = (mode, joined, self._fault(mode, joined=joined))
        if found != self._reported or restored:
            self._reported = found
            stamp = self._reader.stamp()
            said = AccountModes(
                account=stamp.account, ts_init=stamp.ts_init, position_mode=mode, multi_assets=joined,
                fault=found[2], restored=restored,
            )  # fmt: skip
            self._deliver(said)

    def _fault(self, mode: PositionMode, *, joined: bool | None) -> ModeFault | None:
        if mode is not self._settings.position_mode:
            return ModeFault.POSITION_MODE
        isolated = self._settings.margin_mode is MarginMode.ISOLATED
        return ModeFault.ISOLATED_UNDER_MULTI_ASSETS if isolated and joined else None
