"""`python -m tests.simulation --seed S [--trace]` replays one seed; `--seeds N [--from S] [--jobs N]` runs many.

`--aim N` goes on with the cells of the coverage table that were not reached, up to N short plans for each.
A failure is made small by `--seed S --shrink FILE`, and replayed by `--plan FILE`.
"""

import argparse
import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.simulation import coverage, fleet, written
from tests.simulation.draw import draw
from tests.simulation.mutants import planted
from tests.simulation.outcome import Outcome
from tests.simulation.plan import DAY, SPRINT, Plan
from tests.simulation.shrink import MEASURES, shrink, size_of
from tests.simulation.target import draw_target
from tests.simulation.world import simulate

TIMELINE_MOST = 400


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 where every invariant held, 1 where one did not."""
    arguments = _parser().parse_args(argv)
    if arguments.first is None:
        arguments.first = int(time.time())
    if arguments.seed is not None or arguments.plan is not None:
        with planted(arguments.mutant):
            return _smaller(arguments) if arguments.shrink is not None else _one(arguments)
    if arguments.digests:
        with planted(arguments.mutant):
            return _digests(arguments)
    return _many(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this one, and tell its story if it fails")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="run this plan, as --shrink has written it")
    parser.add_argument("--shrink", type=Path, metavar="FILE", help="with --seed or --plan: make it small, write it")
    parser.add_argument("--trace", action="store_true", help="tell its story in any case")
    parser.add_argument("--seeds", type=int, default=100, metavar="N")
    parser.add_argument("--from", dest="first", type=int, metavar="S", help="the first of them (default: by the clock)")
    parser.add_argument("--size", default=DAY, choices=(DAY, SPRINT), help="24 hours, or a minute or two")
    parser.add_argument("--aim", type=int, default=0, metavar="N", help="and N short plans for each cell still missed")
    parser.add_argument("--cell", default="", help="with --seed: the short plan that aims at `trouble/state/moment`")
    parser.add_argument("--jobs", type=int, default=fleet.cores(), metavar="N", help="processes (default: cores)")
    parser.add_argument("--json", action="store_true", help="print one JSON document, nothing else")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    parser.add_argument("--coverage", type=Path, metavar="FILE", help="write the cells that were reached, as JSON")
    parser.add_argument("--digests", action="store_true", help="print the trace hash of each seed, nothing else")
    parser.add_argument("--mutant", default="", help="plant this bug: one of tests/simulation/mutants.py")
    return parser


def _plan(arguments: argparse.Namespace) -> Plan:
    if arguments.plan is not None:
        return written.read(arguments.plan)
    if arguments.cell:
        trouble, state, moment = arguments.cell.split("/")
        return draw_target(arguments.seed, (trouble, state, moment))
    return draw(arguments.seed, arguments.size)


def _smaller(arguments: argparse.Namespace) -> int:
    """Print what is left of it, and the one command that replays it."""
    plan = _plan(arguments)
    small = shrink(plan)
    written.write(arguments.shrink, small.plan)
    before, after = size_of(plan), size_of(small.plan)
    _say(json.dumps(written.to_json(small.plan), indent=1))
    gone = ", ".join(f"{was} {what} are {now}" for what, was, now in zip(MEASURES, before, after, strict=True))
    _say(f"{small.invariant} after {small.runs} runs: {gone}")
    mutant = f" --mutant {shlex.quote(arguments.mutant)}" if arguments.mutant else ""
    _say(f"replay: python -m tests.simulation --plan {arguments.shrink} --trace{mutant}")
    return 1


def _one(arguments: argparse.Namespace) -> int:
    plan = _plan(arguments)
    outcome = simulate(plan.seed, record=not arguments.json, plan=plan)
    if arguments.json:
        total = fleet.Sum()
        total.add(outcome)
        about = {"trace": outcome.digest, "positions": outcome.positions, "steps": outcome.steps}
        _say(json.dumps(_document(total, range(plan.seed, plan.seed + 1)) | about, indent=1))
    elif arguments.trace or outcome.violation:
        _say("\n".join(outcome.timeline))
    if not arguments.json:
        _say(described(outcome, _given(arguments)))
    return 1 if outcome.violation else 0


def _given(arguments: argparse.Namespace) -> str:
    """The plan's file, and the bug that was planted, as they have to be given again."""
    given = [] if arguments.plan is None else ["--plan", str(arguments.plan)]
    return shlex.join([*given, *(["--mutant", arguments.mutant] if arguments.mutant else [])])


def _digests(arguments: argparse.Namespace) -> int:
    """The trace hash of each seed: the same in every process."""
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        _say(f"{seed} {simulate(seed, size=arguments.size).digest}")
    return 0


def _many(arguments: argparse.Namespace) -> int:
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    say = _keep_quiet if arguments.json else _say

    def heard(outcome: Outcome) -> bool:
        if outcome.violation is not None:
            say(described(outcome, _given(arguments)))
        return outcome.violation is None or arguments.keep_going

    say(f"seeds {seeds.start} to {seeds.stop - 1}, {arguments.size}")
    total = fleet.run(
        seeds, size=arguments.size, jobs=arguments.jobs, mutant=arguments.mutant, on_outcome=heard, say=say
    )
    if arguments.aim and (arguments.keep_going or not total.failed):
        fleet.aim(
            total,
            seeds.start,
            tries=arguments.aim,
            jobs=arguments.jobs,
            mutant=arguments.mutant,
            on_outcome=heard,
            say=say,
        )
    if arguments.json:
        _say(json.dumps(_document(total, seeds), indent=1))
    elif total.failed and not arguments.keep_going:
        with planted(arguments.mutant):
            again = _again(total.failed[0])
        _say("\n".join(again.timeline[-TIMELINE_MOST:]))
    else:
        for name, number in sorted(total.faults.items()):
            _say(f"  {number:7} {name}")
        _say(coverage.table(total.cells))
    if arguments.coverage:
        coverage.write(arguments.coverage, total.cells)
    return 1 if total.failed else 0


def _again(failed: Outcome) -> Outcome:
    """With its story."""
    if not failed.aim:
        return simulate(failed.seed, record=True, size=failed.size)
    trouble, state, moment = failed.aim
    return simulate(failed.seed, record=True, plan=draw_target(failed.seed, (trouble, state, moment)))


def _document(total: fleet.Sum, seeds: range) -> dict[str, object]:
    failed = [
        {"seed": outcome.seed, "invariant": outcome.violation.invariant, "text": outcome.violation.text}
        for outcome in total.failed
        if outcome.violation is not None
    ]
    return {
        "first": seeds.start,
        "seeds": total.seeds,
        "faults": total.faults.total(),
        "simulated_hours": str(total.simulated_ms // 3_600_000),
        "restarts": total.deaths,
        "failed": failed,
    }


def _keep_quiet(text: str) -> None:
    """Nothing but the document is printed."""


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def described(outcome: Outcome, given: str = "") -> str:
    """`given`: words of the command line that a replay needs as well; a `--plan` takes the place of the seed."""
    told = f"seed {outcome.seed}: {outcome.steps} steps, {outcome.simulated_ms / 1000:.0f} s, {outcome.deaths} deaths, "
    told += f"{outcome.positions} positions, {sum(outcome.faults.values())} faults, trace {outcome.digest}"
    if outcome.violation is None:
        return f"{told}, converged after {outcome.converged_ms} ms of peace"
    which = f"--seed {outcome.seed} --size {outcome.size}"
    if outcome.aim:
        which = f"--seed {outcome.seed} --cell {shlex.quote('/'.join(outcome.aim))}"
    if "--plan" in given:
        which = ""
    command = " ".join(["python -m tests.simulation", *filter(None, (which, given))])
    return f"{told}\n  {outcome.violation}\n  replay: {command} --trace\n  make it small: {command} --shrink plan.json"


if __name__ == "__main__":
    sys.exit(main())
