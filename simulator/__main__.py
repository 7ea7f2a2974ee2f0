"""`albra-simulate`, which is `albra simulate` and `python -m simulator`: one plan, told in full, or many seeds.

`--seed S [--trace]` replays one seed; `--seeds N [--from S] [--jobs N]` runs many. `--aim N` goes on with the cells of
the coverage table that were not reached, up to N short plans for each. A failure is made small by `--seed S --shrink
FILE`, and replayed by `--plan FILE`.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from adapters.cli.outcome import CommandError, Exit
from simulator import fleet, written
from simulator.arguments import parse
from simulator.environment.plan import Plan
from simulator.mutants.catalog import planted
from simulator.outcome import Outcome
from simulator.plans.draw import draw
from simulator.replay import command, described, replayed
from simulator.shrink import MEASURES, shrink, size_of
from simulator.troubles import coverage
from simulator.troubles.target import draw_target
from simulator.usage import ended
from simulator.world import simulate

TIMELINE_MOST = 400


def main(argv: Sequence[str] | None = None) -> int:
    return ended("albra-simulate", run, argv)


def run(argv: Sequence[str]) -> int:
    """0 where every invariant held, 1 where one did not, or a cell that was aimed at was missed.

    Raises CommandError(USAGE) for words that say nothing that could be run.
    """
    arguments = parse(argv)
    if arguments.seed is not None or arguments.plan is not None:
        with planted(arguments.mutant):
            return _smaller(arguments) if arguments.shrink is not None else _one(arguments)
    if arguments.digests:
        with planted(arguments.mutant):
            return _digests(arguments)
    return _many(arguments)


def _plan(arguments: argparse.Namespace) -> Plan:
    if arguments.read is not None:
        found: Plan = arguments.read
        return found
    if arguments.cell is not None:
        return draw_target(arguments.seed, arguments.cell)
    return draw(arguments.seed, arguments.size)


def _smaller(arguments: argparse.Namespace) -> int:
    """Print what is left of it, and the one command that replays it."""
    plan = _plan(arguments)
    try:
        small = shrink(plan)
    except ValueError as error:
        text = f"--shrink: {error}, so that there is nothing to make small; name a plan that fails"
        raise CommandError(Exit.USAGE, text) from None
    written.write(arguments.shrink, small.plan)
    before, after = size_of(plan), size_of(small.plan)
    _say(json.dumps(written.to_json(small.plan), indent=1))
    gone = ", ".join(f"{was} {what} are {now}" for what, was, now in zip(MEASURES, before, after, strict=True))
    _say(f"{small.invariant} after {small.runs} runs: {gone}")
    _say(f"replay: {replayed(['--plan', str(arguments.shrink)], arguments.mutant)} --trace")
    return 1


def _one(arguments: argparse.Namespace) -> int:
    plan = _plan(arguments)
    outcome = simulate(plan.seed, record=not arguments.json, plan=plan)
    if arguments.json:
        total = fleet.Sum()
        total.add(outcome)
        about = {"trace": outcome.digest, "positions": outcome.positions, "steps": outcome.steps}
        _say(json.dumps(_document(total, plan.seed, arguments) | about, indent=1))
    elif arguments.trace or outcome.violation:
        _say("\n".join(outcome.timeline))
    if not arguments.json:
        _say(described(outcome, arguments))
    return 1 if outcome.violation else 0


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
            say(described(outcome, arguments))
        return outcome.violation is None or arguments.keep_going

    say(f"seeds {seeds.start} to {seeds.stop - 1}, {arguments.size}")
    total = fleet.run(
        seeds, size=arguments.size, jobs=arguments.jobs, mutant=arguments.mutant, on_outcome=heard, say=say
    )
    aims = arguments.aim > 0 and (arguments.keep_going or not total.failed)
    if aims:
        fleet.aim(
            total,
            seeds.start,
            tries=arguments.aim,
            jobs=arguments.jobs,
            mutant=arguments.mutant,
            on_outcome=heard,
            say=say,
        )
    _tell(total, arguments)
    if arguments.coverage:
        coverage.write(arguments.coverage, total.cells)
    missed = _missed(total) if aims and (arguments.keep_going or not total.failed) else []
    if missed:
        say(
            f"{len(missed)} reachable cells were missed by {arguments.aim} plans for each, which counts as a failure: "
            "begin elsewhere (--from), aim longer, or say in simulator/troubles/reach.py why they cannot be reached"
        )
    return Exit.FAILED if total.failed or missed else Exit.DONE


def _tell(total: fleet.Sum, arguments: argparse.Namespace) -> None:
    """The document; or the story of the failure that ended the run; or what was met."""
    if arguments.json:
        _say(json.dumps(_document(total, arguments.first, arguments), indent=1))
    elif total.failed and not arguments.keep_going:
        with planted(arguments.mutant):
            again = _again(total.failed[0])
        _say("\n".join(again.timeline[-TIMELINE_MOST:]))
    else:
        for name, number in sorted(total.faults.items()):
            _say(f"  {number:7} {name}")
        _say(coverage.table(total.cells))


def _missed(total: fleet.Sum) -> list[str]:
    return ["/".join(cell) for cell in coverage.reachable() if not total.cells.get(cell)]


def _again(failed: Outcome) -> Outcome:
    """With its story."""
    if not failed.aim:
        return simulate(failed.seed, record=True, size=failed.size)
    trouble, state, moment = failed.aim
    return simulate(failed.seed, record=True, plan=draw_target(failed.seed, (trouble, state, moment)))


def _document(total: fleet.Sum, first: int, arguments: argparse.Namespace) -> dict[str, object]:
    failed = [
        {
            "seed": outcome.seed,
            "invariant": outcome.violation.invariant,
            "text": outcome.violation.text,
            "replay": f"{command(outcome, arguments)} --trace",
        }
        for outcome in total.failed
        if outcome.violation is not None
    ]
    return {
        "first": first,
        "seeds": total.seeds,
        "faults": total.faults.total(),
        "simulated_hours": round(total.simulated_ms / 3_600_000, 1),
        "restarts": total.deaths,
        "failed": failed,
    } | ({"missed": _missed(total)} if arguments.aim else {})


def _keep_quiet(text: str) -> None:
    """Nothing but the document is printed."""


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
