"""The symbols' rules, read anew while the venue is up: now and then, and when a refusal hints that they have changed.

A symbol is halted, delisted, renamed, its filters change; an exchange tells nobody. Told is only what differs from
what was told last, so that an hour without news costs one request and no message.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from adapters.exchange.normalize import Stamp
from adapters.exchange.outcome import Rejected, Verdict
from messages.base import Message
from messages.reports import RulesReport
from messages.types import Instrument, RejectReason

HINTS = frozenset({RejectReason.FILTER, RejectReason.SYMBOL})
"""Refusals that say: the rules that an order was made by are not, or no longer, the venue's."""
HINTED_LEAST_S = 5.0
"""Between two reads: what is refused again and again must not have the rules read each time."""

Rules = tuple[Instrument, ...]


class RulesWatch:
    """One per adapter, run as one task once the venue was up. `read` raises what its caller may suppress."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Rules]],
        deliver: Callable[[Message], None],
        stamp: Callable[[], Stamp],
        *,
        max_age_s: float,
        least_s: float = HINTED_LEAST_S,
    ) -> None:
        self._read = read
        self._deliver = deliver
        self._stamp = stamp
        self._max_age_s = max_age_s
        self._least_s = least_s
        self._hinted = asyncio.Event()
        self.told: Rules = ()
        """What was told last, here or with the word that the venue is up."""

    def judge(self, verdict: Verdict) -> None:
        """Every answer to an order passes here."""
        if isinstance(verdict, Rejected) and verdict.reason in HINTS:
            self._hinted.set()

    async def run(self) -> None:
        """Until canceled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._max_age_s):
                    await self._hinted.wait()
            self._hinted.clear()
            await self.look()
            await asyncio.sleep(min(self._least_s, self._max_age_s))

    async def look(self) -> None:
        """Read them; a read that fails says nothing of any symbol, and is made again."""
        try:
            found = await self._read()
        except Exception:  # noqa: BLE001  whatever it was, the rules that are known still hold
            return
        if found != self.told:
            self.told = found
            stamp = self._stamp()
            self._deliver(RulesReport(account=stamp.account, ts_init=stamp.ts_init, instruments=found))
