"""The symbols' rules, read anew while the venue is up: now and then, and when an answer hints that they have changed.

A symbol is halted, delisted, renamed, its filters change; an exchange announces none of it. Reported is only what
differs from the last report, so that an hour without news costs one request and no message.

No order hints at rules that have become looser again: what stricter ones forbid is not sent. So rules that have
just changed are watched closely for a while, and an order that they forbid and that the venue takes proves them old.
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
"""Refusals that say: the rules that an order was made by are not, or no longer, the venue's."""
HINTED_LEAST_S = 5.0
"""Between two reads: what is refused again and again must not have the rules read each time."""
CLOSELY_S = 60.0
"""From a change to the next look, and then twice as long each time, up to the usual age."""

UNUSABLE_S = 10.0
"""From rules of which a row could not be used to the next look, and then twice as long each time."""

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
        self._next_s = max_age_s
        self._hinted = asyncio.Event()
        self.told: Rules = ()
        """What was reported last, here or with `VenueUp`."""
        self._missed: set[Symbol] = set()
        """Symbols that were looked for once, because something is held there."""

    def connected(self, told: Rules, *, complete: bool) -> None:
        """These were told with the word that the venue is up; not `complete`: a perpetual's row could not be used.

        What is held there is not supervised until it can be, so the next look comes soon.
        """
        self.told = told
        if not complete:
            self._next_s = min(UNUSABLE_S, self._max_age_s)
            asyncio.get_running_loop().call_later(self._next_s, self._hinted.set)

    def met(self, symbols: Collection[Symbol]) -> None:
        """Something is held there. A symbol that no rules name may have been listed since; it is looked for once."""
        missed = set(symbols) - {each.symbol for each in self.told} - self._missed
        if missed:
            self._missed |= missed
            self._hinted.set()

    def judge(self, order: SubmitOrder, verdict: Verdict) -> None:
        """Every answer to an order passes here."""
        forbidden = isinstance(verdict, Rejected) and verdict.reason in HINTS
        if forbidden or (isinstance(verdict, Accepted) and self._forbids(order)):
            self._hinted.set()

    @property
    def hinted(self) -> bool:
        """Whether an answer asks for a look that has not been taken yet."""
        return self._hinted.is_set()

    def _forbids(self, order: SubmitOrder) -> bool:
        rules = next((each for each in self.told if each.symbol == order.symbol), None)
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
        """Read them; True where they are others. A read that fails says nothing of any symbol, and is made again."""
        try:
            found = await self._read()
        except Exception:  # noqa: BLE001  whatever it was, the rules that are known still hold
            return False
        if found == self.told:
            return False
        self.told = found
        stamp = self._stamp()
        self._deliver(RulesReport(account=stamp.account, ts_init=stamp.ts_init, instruments=found))
        return True


def next_look_s(before_s: float, max_age_s: float, *, changed: bool) -> float:
    """The pause until rules are read without a hint, after a look that followed the pause before."""
    return backoff(CLOSELY_S, max_age_s, 0) if changed else backoff(before_s, max_age_s, 1)
