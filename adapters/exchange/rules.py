"""Reads the symbols' rules again while the venue is up: at intervals, and when an answer hints at a change.

A symbol is halted, delisted or renamed, or its filters change, without announcement. Only differences from the last
report are reported, so an hour without changes costs one request and no message.

No refusal hints at loosened rules, since stricter ones prevent the order. So rules that just changed are read more
often for a while, and an accepted order that they forbid proves them outdated.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress

from adapters.exchange.outcome import Accepted, Rejected, Verdict
from adapters.exchange.venue import Stamp
from messages.backoff import backoff
from messages.base import Message
from messages.reports import RulesReport
from messages.requests import SubmitOrder
from messages.types import Instrument, RejectReason, Symbol

HINTS = frozenset({RejectReason.FILTER, RejectReason.SYMBOL})
"""Refusals that hint at changed rules."""
HINTED_LEAST_S = 5.0
"""Shortest interval of hinted reads, so that repeated refusals do not repeat the read."""
CLOSELY_S = 60.0
"""First interval after a change; it doubles up to the usual one."""

UNUSABLE_S = 10.0
"""First interval after rules with an unusable row; it doubles up to the usual one."""

Rules = tuple[Instrument, ...]


class RulesWatch:
    """One per adapter; runs as one task after the first connection. `read` raises what its caller may suppress."""

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
        self._next_s = max_age_s
        self._hinted = asyncio.Event()
        self.reported: Rules = ()
        """The rules last reported, here or with `VenueUp`."""
        self._missed: set[Symbol] = set()
        """Symbols with a position that were looked up once."""

    def connected(self, reported: Rules, *, complete: bool) -> None:
        """Record the rules reported with `VenueUp`. `complete`: every perpetual's row was usable.

        A position on an unusable symbol is unsupervised, so the next read comes soon.
        """
        self.reported = reported
        if not complete:
            self._next_s = min(UNUSABLE_S, self._max_age_s)
            asyncio.get_running_loop().call_later(self._next_s, self._hinted.set)

    def met(self, symbols: Collection[Symbol]) -> None:
        """Note symbols with positions; one that no rules name may be new and is looked up once."""
        missed = set(symbols) - {each.symbol for each in self.reported} - self._missed
        if missed:
            self._missed |= missed
            self._hinted.set()

    def judge(self, order: SubmitOrder, verdict: Verdict) -> None:
        """Inspect an order's verdict for a hint at changed rules."""
        forbidden = isinstance(verdict, Rejected) and verdict.reason in HINTS
        if forbidden or (isinstance(verdict, Accepted) and self._forbids(order)):
            self._hinted.set()

    @property
    def hinted(self) -> bool:
        """Return whether a hint awaits its read."""
        return self._hinted.is_set()

    def _forbids(self, order: SubmitOrder) -> bool:
        rules = next((each for each in self.reported if each.symbol == order.symbol), None)
        if rules is None:
            return True
        return order.quantity < rules.min_quantity or bool(order.quantity % rules.quantity_step)

    async def run(self) -> None:
        """Until canceled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._next_s):
                    await self._hinted.wait()
            self._hinted.clear()
            changed = await self.look()
            self._next_s = next_look_s(self._next_s, self._max_age_s, changed=changed)
            await asyncio.sleep(min(self._least_s, self._max_age_s))

    async def look(self) -> bool:
        """Read the rules; return whether they changed. A failed read proves nothing and is repeated."""
        try:
            found = await self._read()
        except Exception:  # noqa: BLE001  whatever it was, the rules that are known still hold
            return False
        if found == self.reported:
            return False
        self.reported = found
        stamp = self._stamp()
        self._deliver(RulesReport(account=stamp.account, ts_init=stamp.ts_init, instruments=found))
        return True


def next_look_s(before_s: float, max_age_s: float, *, changed: bool) -> float:
    """Return the pause in s until the next unhinted read, after a read that followed `before_s`."""
    return backoff(CLOSELY_S, max_age_s, 0) if changed else backoff(before_s, max_age_s, 1)
