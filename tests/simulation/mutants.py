"""Planted bugs, each one thing that a careless change could do. They are switched on here, never in production.

A mutant that no seed catches is a check that is missing. `make mutants` tells how many seeds each takes.
"""

import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

from adapters.cli.outcome import CommandError, Exit
from tests.simulation.mutants_address import ADDRESS
from tests.simulation.mutants_answers import ANSWERS
from tests.simulation.mutants_belief import BELIEF
from tests.simulation.mutants_commanded import COMMANDED
from tests.simulation.mutants_loss import LOSS
from tests.simulation.mutants_oracles import ORACLES
from tests.simulation.mutants_people import PEOPLE
from tests.simulation.mutants_reckoned import RECKONED
from tests.simulation.mutants_retired import RETIRED
from tests.simulation.mutants_rows import ROWS
from tests.simulation.mutants_settled import SETTLED
from tests.simulation.mutants_settling import SETTLING
from tests.simulation.mutants_strange import STRANGE
from tests.simulation.mutants_wire import WIRE
from tests.simulation.plan import DAY, SPRINT, Plan
from tests.simulation.planting import Mutant
from tests.simulation.usage import Parser, ended, from_here, near, whole
from tests.simulation.world import simulate

MUTANTS: Mapping[str, Mutant] = {
    **WIRE, **ROWS, **BELIEF, **PEOPLE, **ANSWERS, **STRANGE, **LOSS, **COMMANDED, **RECKONED, **SETTLED, **SETTLING,
    **ADDRESS, **ORACLES, **RETIRED,
}  # fmt: skip
BUDGET = 400
"""Seeds that a mutant is given to be caught."""
LIMIT_S = {SPRINT: 180, DAY: 900}
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


def main(argv: Sequence[str] | None = None) -> int:
    return ended("python -m tests.simulation.mutants", run, argv)


def run(argv: Sequence[str]) -> int:
    """0 where each was caught by an invariant of its own, 1 where one was not. Raises CommandError(USAGE)."""
    parser = Parser(
        prog=f"{from_here(Path(sys.executable))} -m tests.simulation.mutants",
        description="Plant one bug at a time, and tell which invariant catches it after how many seeds.",
        epilog=f"The bugs: {', '.join(MUTANTS)}.",
        allow_abbrev=False,
    )
    parser.add_argument("names", nargs="*", metavar="BUG", help="which; default: all")
    parser.add_argument(
        "--from", dest="first", type=whole(0), default=1, metavar="S", help="the first seed (default 1)"
    )
    parser.add_argument(
        "--budget", type=whole(1), default=BUDGET, metavar="N", help=f"seeds for each (default {BUDGET})"
    )
    parser.add_argument("--size", choices=(SPRINT, DAY), default=SPRINT, help="minutes (default), or days of 24 hours")
    parser.add_argument("--jobs", type=whole(1), default=2, metavar="N", help="processes (default 2)")
    arguments = parser.parse_args(argv)
    for name in arguments.names:
        if name not in MUTANTS:
            raise CommandError(Exit.USAGE, f"no planted bug is called {name!r}; {near(name, MUTANTS)}")
    hunts: list[Hunt] = []
    with Pool(arguments.jobs) as pool:
        tasks = [(name, arguments.first, arguments.budget, arguments.size) for name in arguments.names or list(MUTANTS)]
        for found in pool.imap_unordered(_hunt, tasks):
            hunts.append(found)
            _say(_described(found))
    _say(summary(hunts))
    return Exit.DONE if all(found.expected for found in hunts) else Exit.FAILED


def _hunt(task: tuple[str, int, int, str]) -> Hunt:
    return hunt(*task)


def summary(hunts: Sequence[Hunt]) -> str:
    """How many seeds it takes: a plan that was made for one bug says nothing about that."""
    drawn = [found for found in hunts if not found.on_its_own_plans]
    made = [found for found in hunts if found.on_its_own_plans]
    lines = []
    if drawn:
        took = [found.seeds for found in drawn if found.expected]
        seeds = f"; seeds: median {statistics.median(took):g}, most {max(took)}" if took else ""
        lines.append(f"{len(took)} of {len(drawn)} caught on drawn seeds{seeds}")
    if made:
        caught = sum(found.expected for found in made)
        lines.append(f"{caught} of {len(made)} caught on plans made for them: {', '.join(each.name for each in made)}")
    return "\n".join(lines)


def _described(found: Hunt) -> str:
    what = "plans made for it" if found.on_its_own_plans else "seeds"
    if not found.invariant:
        return f"{found.name:<34} SURVIVED {found.seeds} {what}"
    verdict = found.invariant if found.expected else f"{found.invariant}, which is an accident"
    which = what if found.on_its_own_plans else f"{what}, seed {found.seed}"
    return f"{found.name:<34} {found.seeds:4} {which}: {verdict}: {found.text[:150]}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
