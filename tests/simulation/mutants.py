"""Planted bugs, each one thing that a careless change could do. They are switched on here, never in production.

A mutant that no seed catches is a check that is missing. `make mutants` tells how many seeds each takes.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import Pool

from tests.simulation.mutants_belief import BELIEF
from tests.simulation.mutants_people import PEOPLE
from tests.simulation.mutants_wire import WIRE
from tests.simulation.plan import Plan
from tests.simulation.planting import Mutant
from tests.simulation.world import simulate

MUTANTS: Mapping[str, Mutant] = {**WIRE, **BELIEF, **PEOPLE}
BUDGET = 400
"""Seeds that a mutant is given to be caught."""
LIMIT_S = 180
"""And time, for one whose world hardly moves."""


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Within it production has this bug; none for an empty name. Raises KeyError for one that does not exist."""
    with ExitStack() as stack:
        if name:
            MUTANTS[name].plant(stack)
        yield


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


def hunt(name: str, first: int = 1, budget: int = BUDGET) -> Hunt:
    """Seeds from `first` on, until one catches it."""
    began_s = time.monotonic()
    try:
        with planted(name):
            pass
    except AttributeError as error:
        return Hunt(name=name, seeds=0, invariant="not planted", text=f"production has changed: {error}")
    done = 0
    with planted(name):
        for done, plan in enumerate(MUTANTS[name].candidates(first, budget), 1):
            invariant, text = violation(plan)
            if invariant:
                return Hunt(name=name, seeds=done, seed=plan.seed, invariant=invariant, text=text)
            if time.monotonic() - began_s > LIMIT_S:
                return Hunt(name=name, seeds=done)
    return Hunt(name=name, seeds=done)


def violation(plan: Plan) -> tuple[str, str]:
    """Which invariant does not hold, and the first line of why; an exception is nobody's."""
    try:
        found = simulate(plan.seed, plan=plan).violation
    except Exception as error:  # noqa: BLE001 - a planted bug may break anything
        return "an exception", repr(error)
    return (found.invariant, found.text.splitlines()[0]) if found is not None else ("", "")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="which; default: all")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first seed")
    parser.add_argument("--budget", type=int, default=BUDGET, help="seeds for each")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    names = arguments.names or list(MUTANTS)
    hunts: list[Hunt] = []
    with Pool(arguments.jobs) as pool:
        tasks = [(name, arguments.first, arguments.budget) for name in names]
        for found in pool.imap_unordered(_hunt, tasks):
            hunts.append(found)
            _say(_described(found))
    caught = [found.seeds for found in hunts if found.expected]
    if caught:
        _say(f"{len(caught)} of {len(hunts)} caught; seeds: median {statistics.median(caught):g}, most {max(caught)}")
    return 0 if len(caught) == len(hunts) else 1


def _hunt(task: tuple[str, int, int]) -> Hunt:
    return hunt(*task)


def _described(found: Hunt) -> str:
    if not found.invariant:
        return f"{found.name:<34} SURVIVED {found.seeds} seeds"
    verdict = found.invariant if found.expected else f"{found.invariant}, which is an accident"
    return f"{found.name:<34} {found.seeds:4} seeds, seed {found.seed}: {verdict}: {found.text[:150]}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
