"""The queue of requests: bounded lanes of different urgency, with capacity reserved for reductions.

A request is sent when its lane has room, the total in flight is below the lane's ceiling, and the venue's limits allow
it (see budget.py). Ceilings fall with urgency, so openings and reads never occupy the places above theirs.
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
    """`outstanding`: in flight in the lane; `ceiling`: in flight in all lanes; `queued`: waiting in the lane."""

    outstanding: int
    ceiling: int
    queued: int


LIMITS: Mapping[Lane, Limit] = MappingProxyType(
    {
        Lane.EMERGENCY: Limit(outstanding=64, ceiling=128, queued=20_000),
        Lane.PROTECTION: Limit(outstanding=48, ceiling=96, queued=20_000),
        Lane.REDUCING: Limit(outstanding=32, ceiling=64, queued=20_000),
        Lane.RESOLUTION: Limit(outstanding=8, ceiling=48, queued=20_000),
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
        QueryOrder: Lane.RESOLUTION,
        FetchFills: Lane.RESOLUTION,
        SubmitOpening: Lane.OPENING,
        SetLeverage: Lane.OPENING,
    }
)


@dataclass(frozen=True, slots=True)
class QueuedRequest:
    """A request to send. `key`: unique among those queued or in flight; `cost`: set when it is sent."""

    key: str
    lane: Lane
    message: Message
    cost: Cost = FREE

    def expired(self, wall_ns: int) -> bool:
        """Return whether its `expires_at_ns` has passed at wall time `wall_ns`; reads never expire."""
        expires_at_ns = self.message.expires_at_ns if isinstance(self.message, (SubmitOrder, SetLeverage)) else 0
        return bool(expires_at_ns) and wall_ns >= expires_at_ns


def queued(key: str, message: Message) -> QueuedRequest:
    """Return the request with its lane; a class without one is a read, for a user (`asked`) or in the background."""
    reading = Lane.ASKED if getattr(message, "asked", False) else Lane.READING
    return QueuedRequest(key, _LANE_OF.get(type(message), reading), message)


REST_AFTER_NS = 500 * MS
"""After a silence reductions are sent first, then the adapter's own requests (its OTHERS_FIRST_NS), then the rest:
requests sent together arrive in any order, each on its own connection.
"""

_NONE: tuple[tuple[QueuedRequest, ...], ...] = tuple(() for _ in Lane)
_ZERO: tuple[int, ...] = tuple(0 for _ in Lane)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestQueue:
    """`queues` and `outstanding` are indexed by lane.

    Nothing is sent unless `reachable`, nothing before `quiet_until_ns`, and only reductions before `rest_from_ns` (both
    monotonic). `allowed` limits what lanes that a circuit holds have in flight.
    """

    queues: tuple[tuple[QueuedRequest, ...], ...] = _NONE
    outstanding: tuple[int, ...] = _ZERO
    reachable: bool = False
    quiet_until_ns: int = 0
    rest_from_ns: int = 0
    budget: Budget = field(default_factory=Budget)
    allowed: Mapping[Lane, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def queued_total(self) -> int:
        """Queued requests of all lanes."""
        return sum(map(len, self.queues))

    @property
    def outstanding_total(self) -> int:
        """Requests in flight of all lanes."""
        return sum(self.outstanding)


def enqueue(requests: RequestQueue, new: QueuedRequest) -> tuple[RequestQueue, tuple[QueuedRequest, ...]]:
    """Queue a request; returns also the oldest requests that its lane dropped for it.

    Emergencies queue newest first: after an outage the latest one describes the position.
    """
    queue = requests.queues[new.lane]
    most = LIMITS[new.lane].queued
    if new.lane is Lane.EMERGENCY:
        kept, dropped = (new, *queue[: most - 1]), queue[most - 1 :]
    else:
        surplus = max(0, len(queue) + 1 - most)
        kept, dropped = (*queue[surplus:], new), queue[:surplus]
    return _with_queue(requests, new.lane, kept), dropped


def leave(
    requests: RequestQueue, now_ns: int, take: Callable[[Lane, int], bool] = lambda _lane, _weight: True
) -> tuple[RequestQueue, tuple[QueuedRequest, ...]]:
    """Take out what may be sent at `now_ns` (monotonic), most urgent first.

    `take(lane, weight)` asks the shared budget last; a granted weight is always sent.
    """
    if not requests.reachable or now_ns < requests.quiet_until_ns or not any(requests.queues):
        return requests, ()
    expired = rations.expire(requests.budget, now_ns)
    if expired is not requests.budget:
        requests = replace(requests, budget=expired)
    leaving: list[QueuedRequest] = []
    for lane in Lane:
        queue = requests.queues[lane]
        if queue and (lane <= Lane.REDUCING or now_ns >= requests.rest_from_ns):
            gone, kept, budget = _affordable(requests.budget, lane, queue, max(0, _room(requests, lane)), now_ns, take)
            leaving += gone
            requests = _with_queue(replace(requests, budget=budget), lane, kept)
            requests = _with_outstanding(requests, lane, len(gone))
    return requests, tuple(leaving)


def _affordable(  # noqa: PLR0917 - one lane, and what it is held against
    budget: Budget,
    lane: Lane,
    queue: tuple[QueuedRequest, ...],
    room: int,
    now_ns: int,
    take: Callable[[Lane, int], bool],
) -> tuple[list[QueuedRequest], tuple[QueuedRequest, ...], Budget]:
    """Return what is sent, what stays, and the charged budget. A lane is FIFO, so that expensive requests get through.

    Reads are the exception: an expensive list does not hold the reads behind it.
    """
    gone: list[QueuedRequest] = []
    held: list[QueuedRequest] = []
    for index, waiting in enumerate(queue):
        cost = cost_of(budget, waiting.message)
        if len(gone) == room or (held and lane < Lane.ASKED):
            return gone, (*held, *queue[index:]) if held else queue[index:], budget
        if budget.allows(lane, cost, now_ns) and take(lane, cost.weight):
            budget = rations.charge(budget, lane, cost, now_ns)
            gone.append(replace(waiting, cost=cost))
        else:
            held.append(waiting)
    return gone, tuple(held), budget


def cost_of(budget: Budget, message: Message) -> Cost:
    """Return the message's cost; one with a symbol may be cheaper."""
    return budget.cost_of(type(message).__name__, of_symbol=getattr(message, "symbol", None) is not None)


def completed(requests: RequestQueue, left: QueuedRequest) -> RequestQueue:
    """Remove an answered request from those in flight.

    Raises ValueError for more answers than requests.
    """
    requests = _with_outstanding(requests, left.lane, -1)
    return replace(requests, budget=rations.release(requests.budget, left.cost))


def take_out(
    requests: RequestQueue, unwanted: Callable[[QueuedRequest], bool]
) -> tuple[RequestQueue, tuple[QueuedRequest, ...]]:
    """Remove the queued requests for which `unwanted` holds; returns them too. Requests in flight stay."""
    gone = tuple(t for queue in requests.queues for t in queue if unwanted(t))
    if not gone:
        return requests, ()
    queues = tuple(tuple(t for t in queue if not unwanted(t)) for queue in requests.queues)
    return replace(requests, queues=queues), gone


def quiet(requests: RequestQueue, until_ns: int) -> RequestQueue:
    """Send nothing before `until_ns` (monotonic); a shorter silence never shortens a longer one."""
    return reducing_first(replace(requests, quiet_until_ns=max(requests.quiet_until_ns, until_ns)), until_ns)


def reducing_first(requests: RequestQueue, from_ns: int) -> RequestQueue:
    """From `from_ns` on, send only reductions for REST_AFTER_NS."""
    return replace(requests, rest_from_ns=max(requests.rest_from_ns, from_ns + REST_AFTER_NS))


def reachable(requests: RequestQueue, *, now: bool) -> RequestQueue:
    """Set whether requests may be sent at all."""
    return replace(requests, reachable=now)


def _room(requests: RequestQueue, lane: Lane) -> int:
    limit = LIMITS[lane]
    own = min(limit.outstanding, requests.allowed.get(lane, limit.outstanding)) - requests.outstanding[lane]
    return min(own, limit.ceiling - requests.outstanding_total)


def _with_queue(requests: RequestQueue, lane: Lane, queue: tuple[QueuedRequest, ...]) -> RequestQueue:
    return replace(requests, queues=(*requests.queues[:lane], queue, *requests.queues[lane + 1 :]))


def _with_outstanding(requests: RequestQueue, lane: Lane, change: int) -> RequestQueue:
    count = requests.outstanding[lane] + change
    if count < 0:
        raise ValueError(f"more {lane.name} answers than requests")
    return replace(requests, outstanding=(*requests.outstanding[:lane], count, *requests.outstanding[lane + 1 :]))
