"""How many seeds a planted bug takes, and what catches it. One that no seed catches is a check that is missing."""

import time
from dataclasses import dataclass

from simulator.environment.plan import DAY, SPRINT, Plan
from simulator.mutants.catalog import MUTANTS, planted
from simulator.world import simulate

BUDGET = 400
"""Seeds that a mutant is given to be caught."""
LIMIT_S = {SPRINT: 180, DAY: 900}
"""And time, for one whose world hardly moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """What became of one mutant: the seeds it took, and what caught it; no invariant: it survived."""

    name: str
    seeds: int
    seed: int = 0
    invariant: str = ""
    text: str = ""

    @property
    def expected(self) -> bool:
        return self.invariant in MUTANTS[self.name].caught_by

    @property
    def on_its_own_plans(self) -> bool:
        return MUTANTS[self.name].plans is not None


def hunt(name: str, first: int = 1, budget: int = BUDGET, size: str = SPRINT) -> Hunt:
    """Seeds from `first` on, until one catches it; its own plans, where it brings some."""
    began_s = time.monotonic()
    try:
        with planted(name):
            pass
    except AttributeError as error:
        return Hunt(name=name, seeds=0, invariant="not planted", text=f"production has changed: {error}")
    done = 0
    with planted(name):
        for done, plan in enumerate(MUTANTS[name].candidates(first, budget, size), 1):
            invariant, text = violation(plan)
            if invariant:
                return Hunt(name=name, seeds=done, seed=plan.seed, invariant=invariant, text=text)
            if time.monotonic() - began_s > LIMIT_S[size]:
                return Hunt(name=name, seeds=done)
    return Hunt(name=name, seeds=done)


def violation(plan: Plan) -> tuple[str, str]:
    """Which invariant does not hold, and the first line of why; an exception is nobody's."""
    try:
        found = simulate(plan.seed, plan=plan).violation
    except Exception as error:  # noqa: BLE001 - a planted bug may break anything
        return "an exception", repr(error)
    return (found.invariant, found.text.splitlines()[0]) if found is not None else ("", "")
