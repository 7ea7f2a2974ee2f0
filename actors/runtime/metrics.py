"""Counters and handling times, per priority and per actor, at a cost of about 0.2 µs a message.

Each worker owns a `Tally`, written without locks and summed when somebody looks. What a figure means:

- accepted: mailboxes took it; processed: a handler returned; failed: a handler raised (a redelivered
  message can fail several times and be processed in the end);
- accepted = processed + parked + dead after acceptance + waiting + lapsed (timers canceled after they
  fired), exactly, whenever the system is quiet;
- refused, shed, conflated: at the door, before acceptance; dead: dead letters whatever their reason.
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
"""Upper bounds of the histogram's buckets, 256 ns to about half a minute in steps of at most 25 %."""
TALLIED = SIGNAL + 1
"""Every priority and, after them, the system lane."""


class Tally:
    """What one worker did. Written by that worker only."""

    __slots__ = ("buckets", "busy_ns", "failed")

    def __init__(self) -> None:
        self.buckets = [[0] * (len(BOUNDS_NS) + 1) for _ in range(TALLIED)]
        self.busy_ns = [0] * TALLIED
        self.failed = [0] * TALLIED

    def record(self, rank: int, took_ns: int) -> None:
        """Count a message that was handled."""
        self.buckets[rank][bisect_left(BOUNDS_NS, took_ns)] += 1
        self.busy_ns[rank] += took_ns


def quantile_ns(buckets: Sequence[int], share: float) -> int:
    """Upper bound of the bucket in which that share of all observations is reached; 0 without any."""
    wanted = share * sum(buckets)
    seen = 0
    for bound, number in zip((*BOUNDS_NS, BOUNDS_NS[-1]), buckets, strict=True):
        seen += number
        if number and seen >= wanted:
            return bound
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneMetrics:
    """One priority, or the system lane (which has no door). Times are of handling, waiting not included."""

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
    """One address. `waiting` counts by priority, most urgent first; signals are counted apart."""

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
    """A snapshot; each figure is exact, their moments differ by microseconds on a busy system."""

    lanes: tuple[LaneMetrics, ...]
    actors: tuple[ActorMetrics, ...]
    restarts: int
    quarantined: tuple[str, ...]
    parked: int
    lapsed: int
    subscriptions: int
    unranked: tuple[str, ...]


class Doorkeeper:
    """What the door turned away, by rank. Written under the door's lock."""

    __slots__ = ("conflated", "refused", "shed")

    def __init__(self) -> None:
        self.refused = [0] * LANES
        self.shed = [0] * LANES
        self.conflated = [0] * LANES
