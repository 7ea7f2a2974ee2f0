"""How far our clock is off the venue's, and how sure that is. Pure.

One question to the venue about its time says where its clock was at some moment between the question and the answer:
taken in the middle, that is wrong by half the round trip at most. A slow link makes it coarse, never useless: what
counts is whether it says more than what is known already.
"""

from dataclasses import dataclass, replace

DRIFT_NS_PER_MS = 1_000_000_000
"""For every millisecond by which two clocks may part: a second. Cheap ones part by a tenth of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """Our clock is `ahead_ms` ahead of the venue's, give or take `bound_ms` at monotonic `at_ns`.

    `bound_ms` None: nothing is known.
    """

    ahead_ms: int = 0
    bound_ms: int | None = None
    at_ns: int = 0

    def bound_at(self, now_ns: int) -> int | None:
        """How wrong it may be by now."""
        return None if self.bound_ms is None else self.bound_ms + (now_ns - self.at_ns) // DRIFT_NS_PER_MS

    def close(self, now_ns: int, accepted_skew_ms: int) -> bool:
        """Whether a request signed with it is in the venue's window for sure, as far as it depends on the clock.

        The narrower side counts: how far ahead of its own clock the venue lets a timestamp be.
        """
        bound_ms = self.bound_at(now_ns)
        return bound_ms is not None and bound_ms <= accepted_skew_ms


def sampled(*, before_ms: int, server_ms: int, round_trip_ms: int, now_ns: int) -> Offset:
    """What one answer says: asked at `before_ms` of our wall clock, answered with `server_ms`."""
    half_ms = round_trip_ms // 2
    return Offset(ahead_ms=before_ms + half_ms - server_ms, bound_ms=half_ms + 1, at_ns=now_ns)


def better(known: Offset, sample: Offset) -> Offset:
    """The one to go by: the surer, and the sample in any case where the two cannot both be right.

    Then a clock was set, and what was known before that is over.
    """
    known_ms = known.bound_at(sample.at_ns)
    if known_ms is None or sample.bound_ms is None:
        return sample
    contradicted = abs(sample.ahead_ms - known.ahead_ms) > known_ms + sample.bound_ms
    return sample if contradicted or sample.bound_ms <= known_ms else known


def refuted(known: Offset) -> Offset:
    """The venue refused a timestamp made with it: any sample is better."""
    return replace(known, bound_ms=None)
