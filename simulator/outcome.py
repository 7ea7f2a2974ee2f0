"""What a run of one seed came to."""

from collections import Counter
from dataclasses import dataclass, field

from simulator.checks.invariants import Violation
from simulator.troubles.coverage import Cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to. `violation` is None where every invariant held."""

    seed: int
    digest: str
    violation: Violation | None
    simulated_ms: int
    converged_ms: int
    steps: int
    deaths: int
    positions: int
    faults: dict[str, int]
    size: str
    aim: tuple[str, ...] = ()
    """The cell that the whole plan was about; empty: none."""
    cells: Cells = field(default_factory=Counter)
    timeline: list[str] = field(default_factory=list)
