"""What leaves next: lanes of different urgency, each bounded, with a reserve for what stops a loss.

A request leaves when its own lane has room, everything outstanding together is below the lane's ceiling,
and the venue's limits bear it (see budget.py). Ceilings fall with urgency, so however many openings and
reads wait for their answers, the places above their ceilings stay free for what reduces exposure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from actors.copying import replace
from actors.gateway import budget as rations
from actors.gateway.actions import MS
from actors.gateway.budget import FREE, Budget, Cost
from actors.gateway.lane import Lane
from messages.base import Message
from messages.requests import (
    CancelOrder,
    FetchFills,
    QueryOrder,
    SetLeverage,
    SubmitEmergency,
    SubmitOpening,
    SubmitOrder,
    SubmitProtection,
    SubmitReducing,
)


@dataclass(frozen=True, slots=True)
class Limit:
    """`outstanding` of the lane itself, `ceiling` of all lanes together, `queued` behind them."""

    outstanding: int
    ceiling: int
    queued: int


LIMITS: Mapping[Lane, Limit] = MappingProxyType(
    {
        Lane.EMERGENCY: Limit(outstanding=64, ceiling=128, queued=20_000),
        Lane.PROTECTION: Limit(outstanding=48, ceiling=96, queued=20_000),
        Lane.REDUCING: Limit(outstanding=32, ceiling=64, queued=20_000),
        Lane.DOUBT: Limit(outstanding=8, ceiling=48, queued=20_000),
        Lane.OPENING: Limit(outstanding=16, ceiling=40, queued=2_000),
        Lane.ASKED: Limit(outstanding=4, ceiling=36, queued=200),
        Lane.READING: Limit(outstanding=4, ceiling=32, queued=200),
    }
)

_LANE_OF: Mapping[type, Lane] = MappingProxyType(
    {
        SubmitEmergency: Lane.EMERGENCY,
        SubmitProtection: Lane.PROTECTION,
        CancelOrder: Lane.PROTECTION,
        SubmitReducing: Lane.REDUCING,
        QueryOrder: Lane.DOUBT,
        FetchFills: Lane.DOUBT,
        SubmitOpening: Lane.OPENING,
        SetLeverage: Lane.OPENING,
    }
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request on its way out. `key` names it among all that wait or are outstanding; `cost`, once it has left."""

    key: str
    lane: Lane
    message: Message
    cost: Cost = FREE

    def expired(self, wall_ns: int) -> bool:
        expires_at_ns = self.message.expires_at_ns if isinstance(self.message, (SubmitOrder, SetLeverage)) else 0
        return bool(expires_at_ns) and wall_ns >= expires_at_ns


def ticket(key: str, message: Message) -> Ticket:
    """Any request that the table does not name reads: for a person who waits, or in bulk."""
    reading = Lane.ASKED if getattr(message, "asked", False) else Lane.READING
    return Ticket(key, _LANE_OF.get(type(message), reading), message)


REST_AFTER_NS = 500 * MS
"""After a silence what reduces leaves first, then what the adapter asks of its own (see its OTHERS_FIRST_NS), and from
then on the rest: requests that leave together arrive in any order, each on a connection of its own."""

_NONE: tuple[tuple[Ticket, ...], ...] = tuple(() for _ in Lane)
_ZERO: tuple[int, ...] = tuple(0 for _ in Lane)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """`queues` and `outstanding` are indexed by lane. Nothing leaves unless `reachable`, nor before `quiet_until_ns`,
    and what does not reduce not before `rest_from_ns`; both are on the monotonic clock.

    `allowed` says how much may be outstanding of lanes that are held.
    """

    queues: tuple[tuple[Ticket, ...], ...] = _NONE
    outstanding: tuple[int, ...] = _ZERO
    reachable: bool = False
    quiet_until_ns: int = 0
    rest_from_ns: int = 0
    budget: Budget = field(default_factory=Budget)
    allowed: Mapping[Lane, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def queued_total(self) -> int:
        return sum(map(len, self.queues))

    @property
    def outstanding_total(self) -> int:
        return sum(self.outstanding)


def enqueue(lanes: Lanes, new: Ticket) -> tuple[Lanes, tuple[Ticket, ...]]:
    """Queue a request; returns also what its lane had no room for, the oldest.

    Emergencies queue newest first: after an outage the latest word on a position is the one to go by.
    """
    queue = lanes.queues[new.lane]
    most = LIMITS[new.lane].queued
    if new.lane is Lane.EMERGENCY:
        kept, dropped = (new, *queue[: most - 1]), queue[most - 1 :]
    else:
        surplus = max(0, len(queue) + 1 - most)
        kept, dropped = (*queue[surplus:], new), queue[:surplus]
    return _with_queue(lanes, new.lane, kept), dropped


def leave(
    lanes: Lanes, now_ns: int, take: Callable[[Lane, int], bool] = lambda _lane, _weight: True
) -> tuple[Lanes, tuple[Ticket, ...]]:
    """Take out what may leave at `now_ns` (monotonic), most urgent first.

    `take` is asked last whether a weight may leave, by those who share the address; what it grants leaves.
    """
    if not lanes.reachable or now_ns < lanes.quiet_until_ns or not any(lanes.queues):
        return lanes, ()
    aged = rations.aged(lanes.budget, now_ns)
    if aged is not lanes.budget:
        lanes = replace(lanes, budget=aged)
    leaving: list[Ticket] = []
    for lane in Lane:
        queue = lanes.queues[lane]
        if queue and (lane <= Lane.REDUCING or now_ns >= lanes.rest_from_ns):
            gone, kept, budget = _affordable(lanes.budget, lane, queue, max(0, _room(lanes, lane)), now_ns, take)
            leaving += gone
            lanes = _with_queue(replace(lanes, budget=budget), lane, kept)
            lanes = _with_outstanding(lanes, lane, len(gone))
    return lanes, tuple(leaving)


def _affordable(  # noqa: PLR0917 - one lane, and what it is held against
    budget: Budget, lane: Lane, queue: tuple[Ticket, ...], room: int, now_ns: int, take: Callable[[Lane, int], bool]
) -> tuple[list[Ticket], tuple[Ticket, ...], Budget]:
    """What leaves of the queue, what stays, and what is used then. None overtakes within a lane, so the dear come, too.

    But for reads, of which the dear have less to use: positions are read on while a list of all orders waits.
    """
    gone: list[Ticket] = []
    held: list[Ticket] = []
    for index, waiting in enumerate(queue):
        cost = cost_of(budget, waiting.message)
        if len(gone) == room or (held and lane < Lane.ASKED):
            return gone, (*held, *queue[index:]) if held else queue[index:], budget
        if budget.allows(lane, cost, now_ns) and take(lane, cost.weight):
            budget = rations.spent(budget, lane, cost, now_ns)
            gone.append(replace(waiting, cost=cost))
        else:
            held.append(waiting)
    return gone, tuple(held), budget


def cost_of(budget: Budget, message: Message) -> Cost:
    return budget.cost_of(type(message).__name__, of_symbol=getattr(message, "symbol", None) is not None)


def answered(lanes: Lanes, left: Ticket) -> Lanes:
    """That request is no longer outstanding."""
    lanes = _with_outstanding(lanes, left.lane, -1)
    return replace(lanes, budget=rations.answered(lanes.budget, left.cost))


def take_out(lanes: Lanes, unwanted: Callable[[Ticket], bool]) -> tuple[Lanes, tuple[Ticket, ...]]:
    """Remove queued requests; outstanding ones have left and cannot be taken back."""
    gone = tuple(t for queue in lanes.queues for t in queue if unwanted(t))
    if not gone:
        return lanes, ()
    queues = tuple(tuple(t for t in queue if not unwanted(t)) for queue in lanes.queues)
    return replace(lanes, queues=queues), gone


def quiet(lanes: Lanes, until_ns: int) -> Lanes:
    """Let nothing leave before `until_ns`; a shorter silence never ends a longer one."""
    return reducing_first(replace(lanes, quiet_until_ns=max(lanes.quiet_until_ns, until_ns)), until_ns)


def reducing_first(lanes: Lanes, from_ns: int) -> Lanes:
    """Of what may leave from then on, what reduces leaves alone for a moment."""
    return replace(lanes, rest_from_ns=max(lanes.rest_from_ns, from_ns + REST_AFTER_NS))


def reachable(lanes: Lanes, *, now: bool) -> Lanes:
    return replace(lanes, reachable=now)


def _room(lanes: Lanes, lane: Lane) -> int:
    limit = LIMITS[lane]
    own = min(limit.outstanding, lanes.allowed.get(lane, limit.outstanding)) - lanes.outstanding[lane]
    return min(own, limit.ceiling - lanes.outstanding_total)


def _with_queue(lanes: Lanes, lane: Lane, queue: tuple[Ticket, ...]) -> Lanes:
    return replace(lanes, queues=(*lanes.queues[:lane], queue, *lanes.queues[lane + 1 :]))


def _with_outstanding(lanes: Lanes, lane: Lane, change: int) -> Lanes:
    count = lanes.outstanding[lane] + change
    if count < 0:
        raise ValueError(f"more {lane.name} answers than requests")
    return replace(lanes, outstanding=(*lanes.outstanding[:lane], count, *lanes.outstanding[lane + 1 :]))
