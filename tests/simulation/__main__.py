"""`python -m tests.simulation --seed S [--trace]` replays one seed; `--seeds N [--from S]` runs many."""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.mutants import planted
from tests.simulation.world import Outcome, simulate


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument("--size", default="sprint", choices=("sprint", "day"), help="a minute or two, or 24 hours")
    parser.add_argument("--digests", action="store_true")
    parser.add_argument("--mutant", default="", help="plant this bug: one of tests/simulation/mutants.py")
    arguments = parser.parse_args()
    with planted(arguments.mutant):
        if arguments.seed is not None:
            return _one(arguments.seed, trace=arguments.trace)
        if arguments.digests:
            return _digests(arguments.first, arguments.seeds)
        return _many(arguments.first, arguments.seeds, keep_going=arguments.keep_going)


def _one(seed: int, *, trace: bool) -> int:
    outcome = simulate(seed, record=True)
    if trace or outcome.violation:
        _say("\n".join(outcome.timeline))
    _say(described(outcome))
    return 1 if outcome.violation else 0


def _digests(first: int, count: int) -> int:
    """The trace hash of each seed: the same in every process."""
    for seed in range(first, first + count):
        _say(f"{seed} {simulate(seed).digest}")
    return 0


def _many(first: int, count: int, *, keep_going: bool) -> int:
    began_s, told_s, failed = time.monotonic(), time.monotonic(), 0
    simulated_ms, faults = 0, Counter[str]()
    for done, seed in enumerate(range(first, first + count), 1):
        outcome = simulate(seed)
        simulated_ms += outcome.simulated_ms
        faults.update(outcome.faults)
        if outcome.violation:
            failed += 1
            _say(described(outcome))
            if not keep_going:
                _say("\n".join(simulate(seed, record=True).timeline[-400:]))
                return 1
        if time.monotonic() - told_s > 10 or done == count:
            told_s = time.monotonic()
            rate = done / (told_s - began_s)
            _say(
                f"{done} of {count} seeds, {rate:.1f} seeds/s, {faults.total()} faults injected, "
                f"{simulated_ms / 3_600_000:.1f} simulated hours, {failed} failed"
            )
    for name, number in sorted(faults.items()):
        _say(f"  {number:7} {name}")
    return 1 if failed else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def described(outcome: Outcome) -> str:
    told = f"seed {outcome.seed}: {outcome.steps} steps, {outcome.simulated_ms / 1000:.0f} s, {outcome.deaths} deaths, "
    told += f"{outcome.positions} positions, {sum(outcome.faults.values())} faults, trace {outcome.digest}"
    if outcome.violation is None:
        return f"{told}, converged after {outcome.converged_ms} ms of peace"
    return f"{told}\n  {outcome.violation}\n  replay: python -m tests.simulation --seed {outcome.seed} --trace"


if __name__ == "__main__":
    sys.exit(main())
