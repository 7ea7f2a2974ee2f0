"""What may still be asked of the venue: its limits, what is used of them, and who may use how much.

A venue counts requests (by weight) and orders within windows of its own and bans who goes beyond. Two
accounts of ours are kept of each limit, and the larger one counts:

- what left here within the window's length and a margin. It slides, so whatever instant the venue's
  window begins at, no window of the venue can hold more of ours than this;
- what the venue last said is used, by everybody who shares the limit (another process on the same key,
  a human at the screen), with what was on its way then and what has left since.

Of each limit `share` is ours to use, and of that `reserve` only for what reduces, protects or cancels.
Questions about orders in doubt go half way into the reserve, openings end before it, and bulk reads end
at two thirds of what openings may use: so reads yield first, then openings. What a person waits for to be read may
use most of the last third, which is left for it. Of what reads may use, dear
ones (lists of all orders) end at two thirds, so that positions are read on meanwhile. An emergency may use
what the share leaves to others as well. What costs nothing of a limit is never held back by it.

Each opening brings a stop and perhaps a target after it, which must not find the orders of the moment used up:
so of a limit of orders openings themselves use a third of our share at most.

Pure. Times are monotonic nanoseconds.
"""

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from actors.copying import replace
from actors.gateway.actions import MS, SECOND
from actors.gateway.lane import Lane
from messages.reports import LimitUse
from messages.types import RateKind, RateLimit, RateUse, RequestCost

MARGIN_NS = 2 * SECOND
"""How much longer than the venue's window ours is: requests that left early in it may arrive late in the next."""
EMERGENCY_SHARE = 95
"""Percent of a limit that an emergency may use: the rest is for requests nobody here counts (the streams' keys)."""
ORDERS_AN_OPENING = 3
"""Its own, its stop and its target."""
MINUTE_MS = 60_000
BUCKET_NS = SECOND // 2
ASKED_PARTS = 10
"""Of what openings may use, reads that a person waits for leave one of so many parts to openings alone."""
DEAR_PARTS = 20
"""A read that takes more than one of so many parts of what all reads may use is dear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """In percent: `share` of a limit, `reserve` of that share."""

    share: int = 80
    reserve: int = 25

    def ceiling(self, lane: Lane, limit: int) -> int:
        """How much of a limit may be used, all together, for this lane to use more of it."""
        ours = limit * self.share // 100
        open_to_all = ours * (100 - self.reserve) // 100
        match lane:
            case Lane.EMERGENCY:
                return max(ours, limit * EMERGENCY_SHARE // 100)
            case Lane.PROTECTION | Lane.REDUCING:
                return ours
            case Lane.RESOLUTION:
                return (ours + open_to_all) // 2
            case Lane.OPENING:
                return open_to_all
            case Lane.ASKED:
                return open_to_all * (ASKED_PARTS - 1) // ASKED_PARTS
            case Lane.READING:
                return open_to_all * 2 // 3


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request uses of the venue's limits."""

    weight: int = 0
    orders: int = 0

    def of(self, kind: RateKind) -> int:
        return self.weight if kind is RateKind.WEIGHT else self.orders


FREE = Cost()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One limit, or with a `lane` one that we set ourselves for its requests. `out` of what left is unanswered.

    `left` holds (time, amount) of what left here, oldest first. `told` is the venue's last word, with what left
    since; it counts until `told_until_ns`.
    """

    kind: RateKind
    interval_ms: int
    limit: int
    left: tuple[tuple[int, int], ...] = ()
    total: int = 0
    out: int = 0
    told: int = 0
    told_until_ns: int = 0
    lane: Lane | None = None

    @property
    def interval_ns(self) -> int:
        return self.interval_ms * MS

    def used(self, now_ns: int) -> int:
        """After `expire`."""
        return max(self.total, self.told if now_ns < self.told_until_ns else 0)

    def expire(self, now_ns: int) -> "Meter":
        """Without what left too long ago to count."""
        oldest_ns = now_ns - self.interval_ns - MARGIN_NS
        if not self.left or self.left[0][0] > oldest_ns:
            return self
        gone = next((i for i, (at_ns, _) in enumerate(self.left) if at_ns > oldest_ns), len(self.left))
        return replace(self, left=self.left[gone:], total=self.total - sum(amount for _, amount in self.left[:gone]))

    def charge(self, amount: int, now_ns: int) -> "Meter":
        if not amount:
            return self
        left = self.left
        if left and now_ns <= left[-1][0]:
            # A bucket counts as having left at its end: it may be forgotten a little late, never early.
            left = (*left[:-1], (left[-1][0], left[-1][1] + amount))
        else:
            left = (*left, (now_ns + BUCKET_NS, amount))
        return replace(self, left=left, total=self.total + amount, out=self.out + amount, told=self.told + amount)

    def wait_ns(self, room: int, now_ns: int, *, shared: bool = False) -> int:
        """After `expire`: how long until no more than `room` is used, where nothing leaves meanwhile; 0: no more is.

        `shared`: what others use is held against somebody else.
        """
        over, waits_ns = self.total - room, 0
        for at_ns, amount in self.left:
            if over <= 0:
                break
            over, waits_ns = over - amount, at_ns + self.interval_ns + MARGIN_NS - now_ns
        if not shared and self.told > room:
            waits_ns = max(waits_ns, self.told_until_ns - now_ns)
        return max(0, waits_ns)

    def release(self, amount: int) -> "Meter":
        """What left is no longer on its way."""
        return replace(self, out=max(0, self.out - amount)) if amount and self.out else self

    def on_reported_usage(self, used: int, now_ns: int) -> "Meter":
        """The venue's word: what is on its way may not be in it yet."""
        return replace(self, told=used + self.out, told_until_ns=now_ns + self.interval_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """All limits of a venue. Without any, and for requests whose cost it does not name, nothing is held back."""

    policy: Policy = field(default_factory=Policy)
    meters: tuple[Meter, ...] = ()
    costs: Mapping[str, Cost] = field(default_factory=lambda: MappingProxyType({}))

    def cost_of(self, request: str, *, of_symbol: bool = False) -> Cost:
        """`of_symbol`: it is about one symbol, which may be cheaper."""
        known = self.costs.get(request, FREE)
        return self.costs.get(_of_symbol(request), known) if of_symbol else known

    def _ceiling(self, lane: Lane, meter: Meter) -> int:
        """Canceling may use as much of the weight as an emergency: a close on a shared leg waits for its cancels."""
        urgent = lane <= Lane.REDUCING and meter.kind is RateKind.WEIGHT
        return self.policy.ceiling(Lane.EMERGENCY if urgent else lane, meter.limit)

    def allows(self, lane: Lane, cost: Cost, now_ns: int) -> bool:
        """After `expire`."""
        for meter in self.meters:
            amount = cost.of(meter.kind) if meter.lane in (None, lane) else 0
            used = meter.total if _shared(lane, meter) else meter.used(now_ns)
            if amount and used > self._room(lane, meter, amount):
                return False
        return True

    def wait_ns(self, lane: Lane, cost: Cost, now_ns: int) -> int:
        """After `expire`: how long until it is allowed, where nothing else leaves meanwhile; 0: it is."""
        amounts = ((meter, cost.of(meter.kind)) for meter in self.meters if meter.lane in (None, lane))
        return max(
            (
                meter.wait_ns(self._room(lane, meter, amount), now_ns, shared=_shared(lane, meter))
                for meter, amount in amounts
                if amount
            ),
            default=0,
        )

    def _room(self, lane: Lane, meter: Meter, amount: int) -> int:
        """How much may be used for so much more to leave.

        What is dearer than its ceiling passes where nothing else is used: it would wait for ever.
        """
        most = meter.limit if meter.lane is not None else self._ceiling(lane, meter)
        if lane is Lane.READING and amount * DEAR_PARTS > most:
            most = most * 2 // 3
        return max(0, most - amount)


def weight_of_a_minute(limits: Iterable[RateLimit]) -> int:
    """0 where the venue has no such limit."""
    found = (each.limit for each in limits if (each.kind, each.interval_ms) == (RateKind.WEIGHT, MINUTE_MS))
    return next(found, 0)


def on_limits(budget: Budget, limits: Iterable[RateLimit], costs: Iterable[RequestCost]) -> Budget:
    """The venue's rules as it stated them last; what is used of a limit that stays is kept."""
    known = {(meter.kind, meter.interval_ms, meter.lane): meter for meter in budget.meters}
    wanted = [
        Meter(kind=each.kind, interval_ms=each.interval_ms, limit=each.limit) for each in limits if each.limit > 0
    ]
    for each in tuple(wanted):
        if each.kind is RateKind.ORDERS:
            third = max(1, each.limit * budget.policy.share // 100 // ORDERS_AN_OPENING)
            wanted.append(replace(each, limit=third, lane=Lane.OPENING))
    meters = (replace(known.get((each.kind, each.interval_ms, each.lane), each), limit=each.limit) for each in wanted)
    prices: dict[str, Cost] = {}
    for price in costs:
        prices[price.request] = Cost(weight=price.weight, orders=price.orders)
        if price.of_symbol is not None:
            prices[_of_symbol(price.request)] = Cost(weight=price.of_symbol, orders=price.orders)
    return replace(budget, meters=tuple(meters), costs=MappingProxyType(prices))


def expire(budget: Budget, now_ns: int) -> Budget:
    meters = tuple(meter.expire(now_ns) for meter in budget.meters)
    same = all(map(operator.is_, meters, budget.meters))
    return budget if same else replace(budget, meters=meters)


def charge(budget: Budget, lane: Lane, cost: Cost, now_ns: int) -> Budget:
    """One request leaves."""
    if cost == FREE:
        return budget
    meters = (
        meter.charge(cost.of(meter.kind), now_ns) if meter.lane in (None, lane) else meter for meter in budget.meters
    )
    return replace(budget, meters=tuple(meters))


def release(budget: Budget, cost: Cost) -> Budget:
    """One request is no longer on its way."""
    if cost == FREE:
        return budget
    return replace(budget, meters=tuple(meter.release(cost.of(meter.kind)) for meter in budget.meters))


def release_all(budget: Budget) -> Budget:
    """Nobody here waits for an answer any more."""
    return replace(budget, meters=tuple(replace(meter, out=0) for meter in budget.meters))


def on_reported_usage(budget: Budget, uses: Iterable[RateUse], now_ns: int) -> Budget:
    """The venue said what is used."""
    told = {(use.kind, use.interval_ms, None): use.used for use in uses}
    named = ((meter, (meter.kind, meter.interval_ms, meter.lane)) for meter in budget.meters)
    meters = tuple(meter.on_reported_usage(told[name], now_ns) if name in told else meter for meter, name in named)
    return replace(budget, meters=meters)


def limit_uses(budget: Budget, now_ns: int) -> tuple[LimitUse, ...]:
    """What is used of each limit of the venue."""
    return tuple(
        LimitUse(kind=meter.kind, interval_ms=meter.interval_ms, used=meter.used(now_ns), limit=meter.limit)
        for meter in expire(budget, now_ns).meters
        if meter.lane is None
    )


def _shared(lane: Lane, meter: Meter) -> bool:
    """What everybody at the address uses holds reads back where the address is shared (see shared_budget.py)."""
    return lane >= Lane.ASKED and meter.kind is RateKind.WEIGHT


def _of_symbol(request: str) -> str:
    return f"{request}/symbol"
