"""Observations: how often, how far apart and how equal a difference was seen. Absence is not evidence. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.reconciler.comparison_input import Comparison, Finding, Key, Leg, alike
from actors.reconciler.policy import ORDERS
from messages.discrepancy_type import DiscrepancyType
from messages.types import PositionSide, Symbol

MASS_LEAST = 2
"""At least this many legs gone at once, and more than half of those held: a defect of the read until proven."""
SKIPS_MOST = 3
"""Skips in a row after which a leg's openings are held and it is read on purpose."""
SKIP_GAP_NS = 10_000_000_000
"""Skips closer together (ns) count once: a second of trading is no reason to stop a strategy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A finding seen `count` times equal; times are wall ns. `mass`: together with too many others."""

    finding: Finding
    count: int
    first_seen_ns: int
    last_seen_ns: int
    mass: bool = False

    @property
    def lasted_ns(self) -> int:
        """Time between the first and the last observation."""
        return self.last_seen_ns - self.first_seen_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """The suspicions of one account, and the legs that could not be compared."""

    suspicions: Mapping[Key, Suspicion] = field(default_factory=dict)
    skips: Mapping[Leg, tuple[int, int]] = field(default_factory=dict)
    """Skips in a row by leg, with the last (wall ns)."""
    held: int = 0
    """Believed legs with exposure in the last full reading."""

    def too_busy(self) -> tuple[Leg, ...]:
        """Return the legs skipped too often in a row."""
        return tuple(leg for leg, (count, _) in self.skips.items() if count >= SKIPS_MOST)


def mass_vanish(gone: int, held: int) -> bool:
    """Return whether so many legs are gone that the list is suspect (fault 10: an empty or partial list)."""
    return gone >= MASS_LEAST and gone * 2 > held


def observe(observations: Observations, comparison: Comparison, begun_ns: int, gap_ns: int) -> Observations:
    """Apply a comparison. A judged leg without the finding drops the suspicion; a skipped one keeps it.

    A finding counts again only if it is equal and the reading began (`begun_ns`, wall) at least `gap_ns` later.
    """
    suspicions = {
        key: suspicion
        for key, suspicion in observations.suspicions.items()
        if not refutes(comparison, suspicion.finding.type, suspicion.finding.symbol, suspicion.finding.side)
    }
    # Targeted readings show one leg each: legs suspected gone and not seen since count as gone together.
    absent = [f.key for f in comparison.findings if _absent(f)]
    absent += [key for key, standing in suspicions.items() if _absent(standing.finding)]
    held = comparison.held if comparison.scope is None else observations.held
    mass = mass_vanish(len(set(absent)), held)
    for finding in comparison.findings:
        before = observations.suspicions.get(finding.key)
        suspicions[finding.key] = _counted(before, finding, begun_ns, gap_ns, mass=mass and _absent(finding))
    # A leg in scope that was not skipped is no longer busy, judged or gone.
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
    """Return whether the comparison would have found a difference of this type there.

    Order types need a list of orders, legs must not be skipped or silent.
    """
    if comparison.scope not in (None, symbol):
        return False
    if kind in ORDERS:
        return comparison.orders_read
    leg = (symbol, side)
    return leg not in comparison.skipped and leg not in comparison.silent
