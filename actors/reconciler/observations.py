"""How often, how far apart, and how alike something was seen before it counts: absence is not evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.reconciler.comparison_input import Comparison, Finding, Key, Leg, alike
from actors.reconciler.policy import ORDERS
from messages.reconciliation import DiscrepancyType
from messages.types import PositionSide, Symbol

MASS_LEAST = 2
"""So many legs gone at once, and more than half of all that are held, is a defect of the read until proven."""
SKIPS_MOST = 3
"""A leg that was too busy to be compared so often in a row is held still and read on purpose."""
SKIP_GAP_NS = 10_000_000_000
"""Skips closer together than this are one: a second's trading is no reason to stop a strategy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """One finding, seen `count` times alike; `mass`: together with too many others to be believed."""

    finding: Finding
    count: int
    first_seen_ns: int
    last_seen_ns: int
    mass: bool = False

    @property
    def lasted_ns(self) -> int:
        return self.last_seen_ns - self.first_seen_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What is suspected of one account, and how often each leg could not be compared in a row."""

    suspicions: Mapping[Key, Suspicion] = field(default_factory=dict)
    skips: Mapping[Leg, tuple[int, int]] = field(default_factory=dict)
    """How often in a row, and when last."""
    held: int = 0
    """Legs with exposure on our side, by the last reading of the whole account."""

    def too_busy(self) -> tuple[Leg, ...]:
        return tuple(leg for leg, (count, _) in self.skips.items() if count >= SKIPS_MOST)


def mass_vanish(gone: int, held: int) -> bool:
    """The breaker: fault 10, an empty or partial list by mistake."""
    return gone >= MASS_LEAST and gone * 2 > held


def observe(observations: Observations, comparison: Comparison, begun_ns: int, gap_ns: int) -> Observations:
    """Take one comparison in. What was judged and not found is forgotten; what was skipped stays as it was.

    A finding counts once more only if it states the same as before and the reading began `gap_ns` later.
    """
    suspicions = {
        key: suspicion
        for key, suspicion in observations.suspicions.items()
        if not refutes(comparison, suspicion.finding.type, suspicion.finding.symbol, suspicion.finding.side)
    }
    # Readings of one symbol show one leg each: what others have not shown to be there since is gone together with it.
    absent = [f.key for f in comparison.findings if _absent(f)]
    absent += [key for key, standing in suspicions.items() if _absent(standing.finding)]
    held = comparison.held if comparison.scope is None else observations.held
    mass = mass_vanish(len(set(absent)), held)
    for finding in comparison.findings:
        before = observations.suspicions.get(finding.key)
        suspicions[finding.key] = _counted(before, finding, begun_ns, gap_ns, mass=mass and _absent(finding))
    # A leg that the comparison looked for and did not skip is busy no more, be it judged or gone altogether.
    outside = {leg: skips for leg, skips in observations.skips.items() if comparison.scope not in (None, leg[0])}
    skipped = {leg: _skipped(observations.skips.get(leg), begun_ns) for leg in comparison.skipped}
    return Observations(suspicions=suspicions, skips=outside | skipped, held=held)


def _skipped(before: tuple[int, int] | None, begun_ns: int) -> tuple[int, int]:
    if before is None:
        return 1, begun_ns
    count, last_ns = before
    return (count + 1, begun_ns) if begun_ns - last_ns >= SKIP_GAP_NS else before


def _absent(finding: Finding) -> bool:
    return finding.type is DiscrepancyType.POSITION_NOT_IN_EXCHANGE


def _same(before: Finding, finding: Finding) -> bool:
    return alike(before.believed, finding.believed) and alike(before.reported, finding.reported)


def _counted(before: Suspicion | None, finding: Finding, begun_ns: int, gap_ns: int, *, mass: bool) -> Suspicion:
    if before is None or not _same(before.finding, finding):
        return Suspicion(finding=finding, count=1, first_seen_ns=begun_ns, last_seen_ns=begun_ns, mass=mass)
    if begun_ns - before.last_seen_ns < gap_ns:
        return Suspicion(
            finding=finding,
            count=before.count,
            first_seen_ns=before.first_seen_ns,
            last_seen_ns=before.last_seen_ns,
            mass=before.mass or mass,
        )
    return Suspicion(
        finding=finding,
        count=before.count + 1,
        first_seen_ns=before.first_seen_ns,
        last_seen_ns=begun_ns,
        mass=before.mass or mass,
    )


def refutes(comparison: Comparison, kind: DiscrepancyType, symbol: Symbol, side: PositionSide | None) -> bool:
    """Whether not finding something of this type says that it is not there: only where the comparison looked.

    Orders are judged where orders were read, a leg where it was not skipped. One in doubt is skipped as well, until it
    has been so for long enough.
    """
    if comparison.scope not in (None, symbol):
        return False
    if kind in ORDERS:
        return comparison.orders_read
    leg = (symbol, side)
    return leg not in comparison.skipped and leg not in comparison.silent
