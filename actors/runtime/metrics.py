"""Counters and handling times by priority and by actor; about 0.2 µs a message.

Each worker writes its own `Tally` without locks; readers sum them. The figures:

- accepted: queued in a mailbox; processed: the handler returned; failed: the handler raised (a redelivered message can
  fail several times and then be processed);
- accepted = processed + parked + dead after acceptance + waiting + lapsed (timers canceled after they fired), exactly,
  whenever the system is quiet;
- refused, shed, conflated: by `ActorSystem.offer`, before acceptance; dead: dead letters of any reason.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from actors.runtime.priorities import LANES, SIGNAL

_QUARTERS = 4
_SHORTEST, _LONGEST = 8, 35
BOUNDS_NS = tuple(
    (1 << octave) * (_QUARTERS + part) // _QUARTERS
    for octave in range(_SHORTEST, _LONGEST)
    for part in range(_QUARTERS)
)
"""Upper bounds of the histogram's buckets (ns): 256 ns to half a minute in steps of at most 25 %."""
TALLIED = SIGNAL + 1
"""The priorities and, after them, the system lane."""


class Tally:
    """The counters of one worker; only that worker writes them."""

    __slots__ = ("buckets", "busy_ns", "failed")

    def __init__(self) -> None:
        self.buckets = [[0] * (len(BOUNDS_NS) + 1) for _ in range(TALLIED)]
        self.busy_ns = [0] * TALLIED
        self.failed = [0] * TALLIED

    def record(self, rank: int, took_ns: int) -> None:
        """Count a handled message; `took_ns` is its handling time."""
        self.buckets[rank][bisect_left(BOUNDS_NS, took_ns)] += 1
        self.busy_ns[rank] += took_ns


def quantile_ns(buckets: Sequence[int], share: float) -> int:
    """Return the upper bound (ns) of the bucket in which `share` of the observations is reached; 0: no observation."""
    wanted = share * sum(buckets)
    seen = 0
    for bound, number in zip((*BOUNDS_NS, BOUNDS_NS[-1]), buckets, strict=True):
        seen += number
        if number and seen >= wanted:
            return bound
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneMetrics:
    """One priority, or the system lane (never offered). Times are handling times, without waiting."""

    name: str
    accepted: int
    processed: int
    failed: int
    refused: int
    shed: int
    conflated: int
    dead: int
    waiting: int
    mean_ns: int
    p99_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorMetrics:
    """One address. `waiting` counts by priority, most urgent first, without signals."""

    address: str
    life: str
    processed: int
    failed: int
    lives: int
    busy_ns: int
    waiting: tuple[int, ...]
    signals: int
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemMetrics:
    """A snapshot. Each figure is exact; on a busy system their moments differ by microseconds."""

    lanes: tuple[LaneMetrics, ...]
    actors: tuple[ActorMetrics, ...]
    restarts: int
    quarantined: tuple[str, ...]
    parked: int
    lapsed: int
    subscriptions: int
    unranked: tuple[str, ...]


class Doorkeeper:
    """What `ActorSystem.offer` did not queue, by rank. Written under its lock."""

    __slots__ = ("conflated", "refused", "shed")

    def __init__(self) -> None:
        self.refused = [0] * LANES
        self.shed = [0] * LANES
        self.conflated = [0] * LANES
