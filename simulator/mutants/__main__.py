"""`python -m simulator.mutants`: plant one bug at a time, and tell which invariant catches it after how many seeds."""

import statistics
import sys
from collections.abc import Sequence
from multiprocessing import Pool
from pathlib import Path

from adapters.cli.outcome import CommandError, Exit
from simulator.environment.plan import DAY, SPRINT
from simulator.mutants.catalog import MUTANTS
from simulator.mutants.hunt import BUDGET, Hunt, hunt
from simulator.usage import Parser, ended, from_here, near, whole


def main(argv: Sequence[str] | None = None) -> int:
    return ended("python -m simulator.mutants", run, argv)


def run(argv: Sequence[str]) -> int:
    """0 where each was caught by an invariant of its own, 1 where one was not. Raises CommandError(USAGE)."""
    parser = Parser(
        prog=f"{from_here(Path(sys.executable))} -m simulator.mutants",
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
