"""The weight budget of one IP address, shared by all accounts that use it.

Binance counts weight by IP address ("IP Limits"). The adapters charge each request when it is sent, their own included.
Weight that a gateway was granted is held until the request is answered. The venue's reported use, which includes other
programs at the address, counts where it is larger.

A request without room queues in one of three lines: expensive lists, user-awaited reads, the rest. A line is FIFO by
account, so accounts take turns. A part is kept for lists, which would otherwise never find room behind many small
reads. Reductions, protection and cancels skip the lines.

Actors share this object. No call blocks beyond its short lock.
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
"""Entries at the head of a line that are considered; the others ask again within a second."""
NOTIFY_EVERY_NS = 3_600 * SECOND
"""Least time between two notices about other programs' use."""
PATIENCE_NS = 5 * SECOND
"""An entry that has not asked again for this long loses its place."""
DEAR_PARTS = 40
"""Divisor: a read that costs more than this part of the reads' share is expensive (lists of all orders, of fundings).
"""
KEPT_PARTS = 3
"""Divisor: this part of the reads' share is kept for lists, and as much for all other reads. Those may also use half of
the openings' share beyond it, since at a start they show what is open.
"""


class _Line(Enum):
    LISTS = auto()
    ASKED = auto()
    REST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The use of the venue's minute: `limit` (0: none), `used`, `others` of it by other programs, `members` sharing it.

    `until_ns` (monotonic): how long the venue's last report is valid.
    """

    limit: int
    used: int
    others: int
    members: int
    until_ns: int = 0

    @property
    def ours(self) -> int:
        """The weight that this process used."""
        return self.used - self.others


class SharedBudget:
    """One per IP address, made by the composition; used by the gateways and adapters behind it. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._meter = Meter(kind=RateKind.WEIGHT, interval_ms=MINUTE_MS, limit=0)
        self._lists = Meter(kind=RateKind.WEIGHT, interval_ms=MINUTE_MS, limit=0)
        self._held: dict[str, int] = {}
        self._held_total = 0
        self._lines: dict[_Line, OrderedDict[str, int]] = {line: OrderedDict() for line in _Line}
        self._members: set[str] = set()
        self._notify_from_ns = clock.monotonic_ns() + self._meter.interval_ns + MARGIN_NS

    # Gateways --------------------------------------------------------------------------------------

    def take(self, who: str, lane: Lane, amount: int, policy: Policy) -> bool:
        """Grant and hold the weight until `completed`; False: no room yet, ask again."""
        if not amount:
            return True
        with self._lock:
            if self._meter.limit and not self._finds_room(who, lane, amount, policy):
                return False
            self._held[who] = self._held.get(who, 0) + amount
            self._held_total += amount
            return True

    def asked_wait_ns(self, who: str, amount: int, policy: Policy) -> int:
        """Return how long (ns) a user-awaited read waits behind those before it, if nothing else is sent; 0: now."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            self._meter = meter = self._meter.expire(now_ns)
            ahead = _place(self._lines[_Line.ASKED], who, now_ns)
            most = policy.ceiling(Lane.ASKED, meter.limit)
            return meter.wait_ns(max(0, most - amount * (ahead + 1)), now_ns) if meter.limit else 0

    def completed(self, who: str, amount: int) -> None:
        """Release held weight: the request is answered, and was charged when it was sent."""
        with self._lock:
            back = min(amount, self._held.get(who, 0))
            self._held[who] = self._held.get(who, 0) - back
            self._held_total -= back

    def begin(self, who: str) -> None:
        """Register a gateway instance; release what its predecessor held."""
        with self._lock:
            self._members.add(who)
            self._held_total -= self._held.pop(who, 0)

    # Adapters --------------------------------------------------------------------------------------

    def learn(self, weight_per_minute: int) -> None:
        """Set the venue's weight limit per minute; 0: none."""
        with self._lock:
            self._meter = replace(self._meter, limit=weight_per_minute)

    def turn(self, who: str, weight: int, *, connecting: bool = False) -> bool:
        """`take` for an adapter's own request: a background list, or a new connection.

        A connection does not wait for reads and hardly for other programs: an account's close needs its connection.
        """
        if connecting:
            return self.take(f"{who} itself", Lane.RESOLUTION, weight, _CONNECTING)
        return self.take(f"{who} itself", Lane.READING, weight, _DEFAULT)

    def turned(self, who: str, weight: int) -> None:
        """`completed` for an adapter's own request."""
        self.completed(f"{who} itself", weight)

    def left(self, weight: int) -> None:
        """Charge the weight of a request that is sent."""
        if weight:
            with self._lock:
                now_ns = self._clock.monotonic_ns()
                self._meter = self._meter.expire(now_ns).charge(weight, now_ns)

    def came(self, weight: int, used: int | None) -> None:
        """Take an answered request out of flight; `used`: the address's use that the answer reported, None: none."""
        with self._lock:
            self._meter = self._meter.release(weight)
        if used is not None:
            self.on_reported_usage(used)

    def on_reported_usage(self, used: int) -> None:
        """Take over the venue's reported use of its minute, by all programs at the address."""
        with self._lock:
            self._meter = self._meter.on_reported_usage(used, self._clock.monotonic_ns())

    # Readers

    def use(self) -> Use:
        """Return the current use."""
        with self._lock:
            return self._use(self._clock.monotonic_ns())

    def crowded(self, policy: Policy) -> Use | None:
        """Return the use to notify: others use more than their part and our reads wait; None: nothing to notify. Hourly
        at most.

        An earlier run of ours looks like other use, so nothing is notified in the first minute.
        """
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            use = self._use(now_ns)
            left = use.limit - use.limit * policy.share // 100
            waits = use.used >= policy.ceiling(Lane.READING, use.limit)
            if not use.limit or use.others <= left or not waits or now_ns < self._notify_from_ns:
                return None
            self._notify_from_ns = now_ns + NOTIFY_EVERY_NS
            return use

    def _use(self, now_ns: int) -> Use:
        self._meter = meter = self._meter.expire(now_ns)
        others = max(0, meter.reported - meter.total) if now_ns < meter.reported_until_ns else 0
        return Use(
            limit=meter.limit,
            used=meter.used(now_ns),
            others=others,
            members=len(self._members),
            until_ns=meter.reported_until_ns,
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
            line[who] = now_ns  # an entry already in it keeps its place
            return False
        line.pop(who, None)
        if dear:
            self._lists = self._lists.charge(amount, now_ns)
        return True

    def _may_read(self, lane: Lane, amount: int, most: int, *, dear: bool) -> bool:
        """Keep a third of the reads' share for lists that wait, and a third for all other reads."""
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
        """A request above its ceiling passes while nothing else is used: otherwise it would never pass."""
        used = self._meter.used(self._clock.monotonic_ns()) + self._held_total
        return not used or used + amount <= most


def _place(line: OrderedDict[str, int], who: str, now_ns: int) -> int:
    """Return how many live entries come before `who`, at most SERVED; drops stale ones."""
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
"""The rest stays for cancels."""
