"""Estimates our clock's offset to the venue's, with its bound. Pure.

A time answer gives the venue's clock at some moment between question and answer. Taken as the middle, it is wrong by
half the round trip at most. A sample replaces the estimate when its bound is tighter.
"""

from dataclasses import dataclass, replace

DRIFT_NS_PER_MS = 1_000_000_000
"""Assumed drift: 1 ms per second, ten times that of cheap clocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """Our clock is `ahead_ms` ahead of the venue's, +/- `bound_ms` at monotonic `at_ns`.

    `bound_ms` None: nothing is known.
    """

    ahead_ms: int = 0
    bound_ms: int | None = None
    at_ns: int = 0

    def bound_at(self, now_ns: int) -> int | None:
        """Return the bound at `now_ns`, drift included; None when unknown."""
        return None if self.bound_ms is None else self.bound_ms + (now_ns - self.at_ns) // DRIFT_NS_PER_MS

    def close(self, now_ns: int, accepted_skew_ms: int) -> bool:
        """Return whether a request signed with it is surely within the venue's window, as far as the clock decides.

        The narrower side counts: how far ahead of its own clock the venue accepts a timestamp.
        """
        bound_ms = self.bound_at(now_ns)
        return bound_ms is not None and bound_ms <= accepted_skew_ms


def sampled(*, before_ms: int, server_ms: int, round_trip_ms: int, now_ns: int) -> Offset:
    """Return the offset from one answer; times in ms of the wall clocks, `now_ns` monotonic."""
    half_ms = round_trip_ms // 2
    return Offset(ahead_ms=before_ms + half_ms - server_ms, bound_ms=half_ms + 1, at_ns=now_ns)


def better(known: Offset, sample: Offset) -> Offset:
    """Return the more certain one, or the sample when the two contradict each other: then a clock was set."""
    known_ms = known.bound_at(sample.at_ns)
    if known_ms is None or sample.bound_ms is None:
        return sample
    contradicted = abs(sample.ahead_ms - known.ahead_ms) > known_ms + sample.bound_ms
    return sample if contradicted or sample.bound_ms <= known_ms else known


def refuted(known: Offset) -> Offset:
    """Return the offset after the venue refused a timestamp: any sample is better."""
    return replace(known, bound_ms=None)
