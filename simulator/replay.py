"""What a failure prints: what it was, and the one command that shows it again."""

import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from simulator.outcome import Outcome
from simulator.usage import from_here


def started_as() -> str:
    """The words that start this program again, in a shell that has no environment activated.

    By the path that it was started by, so that another installation on the PATH does not replay other code.
    """
    program = Path(sys.argv[0])
    if program.name == "albra":
        return shlex.join([from_here(program.absolute()), "simulate"])
    if program.name == "albra-simulate":
        return shlex.join([from_here(program.absolute())])
    return shlex.join([from_here(Path(sys.executable)), "-m", "simulator"])


def command(outcome: Outcome, arguments: Namespace | None = None) -> str:
    """Runs the same plan again: by its file, by its seed and cell, or by its seed and size; with the same bug."""
    if arguments is not None and arguments.plan is not None:
        which = ["--plan", str(arguments.plan)]
    elif outcome.aim:
        which = ["--seed", str(outcome.seed), "--cell", "/".join(outcome.aim)]
    else:
        which = ["--seed", str(outcome.seed), "--size", outcome.size]
    return replayed(which, arguments.mutant if arguments is not None else "")


def replayed(which: Sequence[str], mutant: str) -> str:
    return f"{started_as()} {shlex.join([*which, *(['--mutant', mutant] if mutant else [])])}"


def described(outcome: Outcome, arguments: Namespace | None = None) -> str:
    """`arguments`: those of the run, of which a replay needs the plan's file and the planted bug."""
    told = f"seed {outcome.seed}: {outcome.steps} steps, {outcome.simulated_ms / 1000:.0f} s, {outcome.deaths} deaths, "
    told += f"{outcome.positions} positions, {sum(outcome.faults.values())} faults, trace {outcome.digest}"
    if outcome.violation is None:
        return f"{told}, converged after {outcome.converged_ms} ms of peace"
    again = command(outcome, arguments)
    return f"{told}\n  {outcome.violation}\n  replay: {again} --trace\n  make it small: {again} --shrink plan.json"
