"""The venue's request limits, their use, and how much of each a lane may use.

A venue limits weight and orders per window and bans an account that exceeds a limit. The used amount is the larger of
two counts:

- our own: what was sent within the window and a margin. The count slides, so it bounds every window of the venue;
- the venue's: the use it last reported, by every program on the same key, plus what was in flight then and what was
  sent since.

Shares of a limit, from the most urgent lane:

- an emergency may use `EMERGENCY_SHARE`;
- protection, reductions and cancels may use `share`; the last `reserve` of it is theirs;
- order queries may use half of the reserve;
- openings may use what is below the reserve;
- reads that a user waits for may use nine tenths of the openings' part;
- background reads may use two thirds of it, and expensive ones (lists of all orders) two thirds of that, so that
  positions are still read.

Reads therefore yield first, openings next. A request without cost is never held. Openings may use at most a third of
`share` of an order limit: each opening is followed by a stop and perhaps a target.

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
"""Margin on the venue's window: a request that is sent early in one window may arrive late in the next."""
EMERGENCY_SHARE = 95
"""Percent of a limit for emergencies. The rest is for requests that are not counted here (stream keys)."""
ORDERS_AN_OPENING = 3
"""The entry, its stop and its target."""
MINUTE_MS = 60_000
BUCKET_NS = SECOND // 2
ASKED_PARTS = 10
"""Divisor: the part of the openings' share that user-awaited reads leave to openings."""
DEAR_PARTS = 20
"""Divisor: a read that costs more than this part of the reads' share is expensive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Percentages: `share` of a limit, `reserve` of that share."""

    share: int = 80
    reserve: int = 25

    def ceiling(self, lane: Lane, limit: int) -> int:
        """Return the total use of `limit` up to which `lane` may send, in the units of `limit`."""
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
    """What one request adds to the venue's limits: weight and number of orders."""

    weight: int = 0
    orders: int = 0

    def of(self, kind: RateKind) -> int:
        """Return the amount that counts against limits of `kind`."""
        return self.weight if kind is RateKind.WEIGHT else self.orders


FREE = Cost()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """The use of one limit.

    `left`: (monotonic ns, amount) of what was sent, oldest first; `total` is its sum. `out`: the amount in flight.
    `reported`: the venue's last reported use plus what was sent since; valid until `reported_until_ns`. `lane`: set for
    a limit of our own that applies to that lane only.
    """

    kind: RateKind
    interval_ms: int
    limit: int
    left: tuple[tuple[int, int], ...] = ()
    total: int = 0
    out: int = 0
    reported: int = 0
    reported_until_ns: int = 0
    lane: Lane | None = None

    @property
    def interval_ns(self) -> int:
        """The venue's window in nanoseconds."""
        return self.interval_ms * MS

    def used(self, now_ns: int) -> int:
        """Return the used amount; call `expire` first."""
        return max(self.total, self.reported if now_ns < self.reported_until_ns else 0)

    def expire(self, now_ns: int) -> "Meter":
        """Return the meter without the amounts that have left the window."""
        oldest_ns = now_ns - self.interval_ns - MARGIN_NS
        if not self.left or self.left[0][0] > oldest_ns:
            return self
        gone = next((i for i, (at_ns, _) in enumerate(self.left) if at_ns > oldest_ns), len(self.left))
        return replace(self, left=self.left[gone:], total=self.total - sum(amount for _, amount in self.left[:gone]))

    def charge(self, amount: int, now_ns: int) -> "Meter":
        """Return the meter with `amount` more sent and in flight."""
        if not amount:
            return self
        left = self.left
        if left and now_ns <= left[-1][0]:
            # A bucket counts from its end: it may expire late, never early.
            left = (*left[:-1], (left[-1][0], left[-1][1] + amount))
        else:
            left = (*left, (now_ns + BUCKET_NS, amount))
        return replace(
            self, left=left, total=self.total + amount, out=self.out + amount, reported=self.reported + amount
        )

    def wait_ns(self, room: int, now_ns: int, *, shared: bool = False) -> int:
        """Return the nanoseconds until at most `room` is used, if nothing else is sent; 0: now. Call `expire` first.

        `shared`: ignore the venue's reported use; SharedBudget applies it.
        """
        over, waits_ns = self.total - room, 0
        for at_ns, amount in self.left:
            if over <= 0:
                break
            over, waits_ns = over - amount, at_ns + self.interval_ns + MARGIN_NS - now_ns
        if not shared and self.reported > room:
            waits_ns = max(waits_ns, self.reported_until_ns - now_ns)
        return max(0, waits_ns)

    def release(self, amount: int) -> "Meter":
        """Return the meter with `amount` less in flight."""
        return replace(self, out=max(0, self.out - amount)) if amount and self.out else self

    def on_reported_usage(self, used: int, now_ns: int) -> "Meter":
        """Take over the venue's reported use; add what is in flight, which the report may not include."""
        return replace(self, reported=used + self.out, reported_until_ns=now_ns + self.interval_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """All limits of a venue and the cost of each request class. A request without a known cost is free."""

    policy: Policy = field(default_factory=Policy)
    meters: tuple[Meter, ...] = ()
    costs: Mapping[str, Cost] = field(default_factory=lambda: MappingProxyType({}))

    def cost_of(self, request: str, *, of_symbol: bool = False) -> Cost:
        """Return the cost of a request class. `of_symbol`: use the price for one symbol where the venue has one."""
        known = self.costs.get(request, FREE)
        return self.costs.get(_of_symbol(request), known) if of_symbol else known

    def _ceiling(self, lane: Lane, meter: Meter) -> int:
        """Cancels may use as much weight as an emergency: a close on a shared leg waits for its cancels."""
        urgent = lane <= Lane.REDUCING and meter.kind is RateKind.WEIGHT
        return self.policy.ceiling(Lane.EMERGENCY if urgent else lane, meter.limit)

    def allows(self, lane: Lane, cost: Cost, now_ns: int) -> bool:
        """Return whether `lane` may send a request of `cost` now; call `expire` first."""
        for meter in self.meters:
            amount = cost.of(meter.kind) if meter.lane in (None, lane) else 0
            used = meter.total if _shared(lane, meter) else meter.used(now_ns)
            if amount and used > self._room(lane, meter, amount):
                return False
        return True

    def wait_ns(self, lane: Lane, cost: Cost, now_ns: int) -> int:
        """Return the nanoseconds until `allows` holds, if nothing else is sent; 0: now. Call `expire` first."""
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
        """Return the use up to which `amount` may be added.

        An amount above its ceiling passes while nothing else is used: otherwise it would never pass.
        """
        most = meter.limit if meter.lane is not None else self._ceiling(lane, meter)
        if lane is Lane.READING and amount * DEAR_PARTS > most:
            most = most * 2 // 3
        return max(0, most - amount)


def weight_of_a_minute(limits: Iterable[RateLimit]) -> int:
    """Return the venue's weight limit per minute; 0: none."""
    found = (each.limit for each in limits if (each.kind, each.interval_ms) == (RateKind.WEIGHT, MINUTE_MS))
    return next(found, 0)


def on_limits(budget: Budget, limits: Iterable[RateLimit], costs: Iterable[RequestCost]) -> Budget:
    """Replace limits and costs by the venue's latest; keep the use of limits that remain."""
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
    """Return the budget without the amounts that have left their windows."""
    meters = tuple(meter.expire(now_ns) for meter in budget.meters)
    same = all(map(operator.is_, meters, budget.meters))
    return budget if same else replace(budget, meters=meters)


def charge(budget: Budget, lane: Lane, cost: Cost, now_ns: int) -> Budget:
    """Charge one sent request to every limit it counts against."""
    if cost == FREE:
        return budget
    meters = (
        meter.charge(cost.of(meter.kind), now_ns) if meter.lane in (None, lane) else meter for meter in budget.meters
    )
    return replace(budget, meters=tuple(meters))


def release(budget: Budget, cost: Cost) -> Budget:
    """Take one answered request out of the amounts in flight."""
    if cost == FREE:
        return budget
    return replace(budget, meters=tuple(meter.release(cost.of(meter.kind)) for meter in budget.meters))


def release_all(budget: Budget) -> Budget:
    """Clear all amounts in flight: the new actor instance awaits no answers."""
    return replace(budget, meters=tuple(replace(meter, out=0) for meter in budget.meters))


def on_reported_usage(budget: Budget, uses: Iterable[RateUse], now_ns: int) -> Budget:
    """Apply the venue's reported use to the limits it names."""
    reported = {(use.kind, use.interval_ms, None): use.used for use in uses}
    named = ((meter, (meter.kind, meter.interval_ms, meter.lane)) for meter in budget.meters)
    meters = tuple(
        meter.on_reported_usage(reported[name], now_ns) if name in reported else meter for meter, name in named
    )
    return replace(budget, meters=meters)


def limit_uses(budget: Budget, now_ns: int) -> tuple[LimitUse, ...]:
    """Return the used amount of each of the venue's limits; our own limits are left out."""
    return tuple(
        LimitUse(kind=meter.kind, interval_ms=meter.interval_ms, used=meter.used(now_ns), limit=meter.limit)
        for meter in expire(budget, now_ns).meters
        if meter.lane is None
    )


def _shared(lane: Lane, meter: Meter) -> bool:
    """SharedBudget applies the address's weight to reads, so the account's meter does not."""
    return lane >= Lane.ASKED and meter.kind is RateKind.WEIGHT


def _of_symbol(request: str) -> str:
    return f"{request}/symbol"
