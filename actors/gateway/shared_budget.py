"""One address, whichever accounts are behind it: what may still be asked of a venue that counts by address.

Binance counts weight by address ("IP Limits"), so all gateways behind one share what is left of it. What leaves is
counted where it leaves, by the adapters, to the last request of their own; what a gateway has let go and is not
answered yet is held for it; what the venue says is used, by another program behind the same address too, counts
where it is more.

What finds no room stands in line, one line for dear lists, one for what a person waits for, and one for everything
else: the first of a line is served first, so that each account is read in turn, and more slowly the more accounts there
are. A part is kept for the lists, which would else never find room behind many small reads. What reduces, protects or
cancels stands in none.

The one thing that actors share. It never waits, and every call is short.
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum, auto
from threading import Lock

from actors.copying import replace
from actors.gateway.actions import SECOND
from actors.gateway.budget import MARGIN_NS, MINUTE_MS, Meter, Policy
from actors.gateway.lane import Lane
from actors.ports import Clock
from messages.types import RateKind

SERVED = 8
"""How many at the head of a line are looked at: the others ask again within a second."""
TOLD_AGAIN_NS = 3_600 * SECOND
"""Between two notices of what others use."""
PATIENCE_NS = 5 * SECOND
"""Who has not asked again for so long stands in line no more."""
DEAR_PARTS = 40
"""A read that takes more than one of so many parts of what reads may use is dear: lists of all orders, of fundings."""
KEPT_PARTS = 3
"""One of so many parts of what reads may use is kept for dear ones, and one for all others, which may also use half of
what openings may use beyond that: at a start they tell who is there."""


class _Line(Enum):
    LISTS = auto()
    ASKED = auto()
    REST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Of the venue's minute: its limit (0: none), what is used of it, how much of that by others, by how many of us.

    `until_ns`: so long the venue's last word of it counts (monotonic).
    """

    limit: int
    used: int
    others: int
    members: int
    until_ns: int = 0

    @property
    def ours(self) -> int:
        return self.used - self.others


class SharedBudget:
    """Made by the composition for each address; shared by the gateways and the adapters behind it. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._meter = Meter(kind=RateKind.WEIGHT, interval_ms=MINUTE_MS, limit=0)
        self._lists = Meter(kind=RateKind.WEIGHT, interval_ms=MINUTE_MS, limit=0)
        self._held: dict[str, int] = {}
        self._held_total = 0
        self._lines: dict[_Line, OrderedDict[str, int]] = {line: OrderedDict() for line in _Line}
        self._members: set[str] = set()
        self._tells_from_ns = clock.monotonic_ns() + self._meter.interval_ns + MARGIN_NS

    # Gateways --------------------------------------------------------------------------------------

    def take(self, who: str, lane: Lane, amount: int, policy: Policy) -> bool:
        """Let a request of this weight go now, and hold its weight until `completed`; False: not yet, ask again."""
        if not amount:
            return True
        with self._lock:
            if self._meter.limit and not self._finds_room(who, lane, amount, policy):
                return False
            self._held[who] = self._held.get(who, 0) + amount
            self._held_total += amount
            return True

    def asked_wait_ns(self, who: str, amount: int, policy: Policy) -> int:
        """How long a read that a person waits for stays here, where nothing leaves but those before it; 0: not long."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            self._meter = meter = self._meter.expire(now_ns)
            ahead = _place(self._lines[_Line.ASKED], who, now_ns)
            most = policy.ceiling(Lane.ASKED, meter.limit)
            return meter.wait_ns(max(0, most - amount * (ahead + 1)), now_ns) if meter.limit else 0

    def completed(self, who: str, amount: int) -> None:
        """A request is answered: what it cost has been counted as it left."""
        with self._lock:
            back = min(amount, self._held.get(who, 0))
            self._held[who] = self._held.get(who, 0) - back
            self._held_total -= back

    def begin(self, who: str) -> None:
        """A gateway begins a new life: nothing of an earlier one is on its way any more."""
        with self._lock:
            self._members.add(who)
            self._held_total -= self._held.pop(who, 0)

    # Adapters --------------------------------------------------------------------------------------

    def learn(self, weight_per_minute: int) -> None:
        """The venue's limit; 0 where it has none."""
        with self._lock:
            self._meter = replace(self._meter, limit=weight_per_minute)

    def turn(self, who: str, weight: int, *, connecting: bool = False) -> bool:
        """As `take`, for what an adapter asks of its own: a list that nobody waits for, or a connection that begins.

        A close waits for the connection of its account, so that a connection waits for no reading, and hardly for
        what other programs use.
        """
        if connecting:
            return self.take(f"{who} itself", Lane.RESOLUTION, weight, _CONNECTING)
        return self.take(f"{who} itself", Lane.READING, weight, _DEFAULT)

    def turned(self, who: str, weight: int) -> None:
        self.completed(f"{who} itself", weight)

    def left(self, weight: int) -> None:
        """A request leaves."""
        if weight:
            with self._lock:
                now_ns = self._clock.monotonic_ns()
                self._meter = self._meter.expire(now_ns).charge(weight, now_ns)

    def came(self, weight: int, used: int | None) -> None:
        """It was answered; what the venue said with it is used by everybody at this address, if it said so."""
        with self._lock:
            self._meter = self._meter.release(weight)
        if used is not None:
            self.on_reported_usage(used)

    def on_reported_usage(self, used: int) -> None:
        """The venue said how much of its minute is used, by all of us and by others."""
        with self._lock:
            self._meter = self._meter.on_reported_usage(used, self._clock.monotonic_ns())

    # Everybody -------------------------------------------------------------------------------------

    def use(self) -> Use:
        with self._lock:
            return self._use(self._clock.monotonic_ns())

    def crowded(self, policy: Policy) -> Use | None:
        """What to tell where others use more than is left to them, and our reads wait for it: once, then hourly.

        What another run of ours has used is not told from others' use, so of the first minute nothing is told.
        """
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            use = self._use(now_ns)
            left = use.limit - use.limit * policy.share // 100
            waits = use.used >= policy.ceiling(Lane.READING, use.limit)
            if not use.limit or use.others <= left or not waits or now_ns < self._tells_from_ns:
                return None
            self._tells_from_ns = now_ns + TOLD_AGAIN_NS
            return use

    def _use(self, now_ns: int) -> Use:
        self._meter = meter = self._meter.expire(now_ns)
        others = max(0, meter.told - meter.total) if now_ns < meter.told_until_ns else 0
        return Use(
            limit=meter.limit,
            used=meter.used(now_ns),
            others=others,
            members=len(self._members),
            until_ns=meter.told_until_ns,
        )

    def _finds_room(self, who: str, lane: Lane, amount: int, policy: Policy) -> bool:
        now_ns = self._clock.monotonic_ns()
        self._meter, self._lists = self._meter.expire(now_ns), self._lists.expire(now_ns)
        if lane <= Lane.REDUCING:
            return self._has_room(policy.ceiling(Lane.EMERGENCY, self._meter.limit), amount)
        most = policy.ceiling(lane, self._meter.limit)
        dear = lane is Lane.READING and amount * DEAR_PARTS > most
        if lane is Lane.READING and not dear:
            most = (most + policy.ceiling(Lane.OPENING, self._meter.limit)) // 2
        line = self._lines[_Line.LISTS if dear else _Line.ASKED if lane is Lane.ASKED else _Line.REST]
        place = _place(line, who, now_ns)
        with_those_ahead = amount * (place + 1)
        if place == SERVED or not self._may_read(lane, with_those_ahead, most, dear=dear):
            line[who] = now_ns  # whoever stands in it keeps its place
            return False
        line.pop(who, None)
        if dear:
            self._lists = self._lists.charge(amount, now_ns)
        return True

    def _may_read(self, lane: Lane, amount: int, most: int, *, dear: bool) -> bool:
        """Of what reads may use, a third is kept for lists that wait, and a third for everything else."""
        kept = most // KEPT_PARTS
        if not self._has_room(most, amount):
            return False
        if dear:
            return not self._lists.total or self._lists.total + amount <= most - kept
        if lane is not Lane.READING or not self._lines[_Line.LISTS]:
            return True
        ours = self._meter.total + self._held_total
        return ours + amount <= most - max(0, kept - self._lists.total)

    def _has_room(self, most: int, amount: int) -> bool:
        """What is dearer than its ceiling finds room where nothing else is used: it would wait for ever."""
        used = self._meter.used(self._clock.monotonic_ns()) + self._held_total
        return not used or used + amount <= most


def _place(line: OrderedDict[str, int], who: str, now_ns: int) -> int:
    """How many of those who still ask come before it; SERVED where they are so many or more."""
    ahead = 0
    gone: list[str] = []
    for each, seen_ns in line.items():
        if each == who or ahead == SERVED:
            break
        if now_ns - seen_ns > PATIENCE_NS:
            gone.append(each)
        else:
            ahead += 1
    for each in gone:
        del line[each]
    return ahead


_DEFAULT = Policy()
_CONNECTING = Policy(share=90, reserve=0)
"""What is beyond stays for cancels."""
