"""Seeds that are always run, seeds that nobody has seen, and the promise that a seed names one history."""

import os
import subprocess
import sys
from collections import Counter
from time import time

import pytest

from simulator.environment.plan import DAY, SPRINT
from simulator.replay import described
from simulator.world import simulate

FIXED, FRESH = 200, 200
"""Sprints, in chunks that several workers share."""
CHUNK = 25
DAYS = 4
TWICE, TWICE_DAYS = 100, 6
pytestmark = pytest.mark.timeout(600)
"""A few seconds each, unless the machine is busy with something else."""
FIRST_FRESH = int(time()) * 1000


def run(seeds: range, size: str = SPRINT) -> Counter[str]:
    """Every invariant holds for every seed; a failure tells the story of the position concerned."""
    faults = Counter[str]()
    for seed in seeds:
        outcome = simulate(seed, size=size)
        if outcome.violation is not None:
            story = "\n".join(simulate(seed, size=size, record=True).timeline[-200:])
            pytest.fail(f"{story}\n{described(outcome)}", pytrace=False)
        faults.update(outcome.faults)
    return faults


@pytest.mark.parametrize("first", range(1, FIXED + 1, CHUNK))
def test_every_invariant_holds_for_the_fixed_seeds(first: int) -> None:
    faults = run(range(first, first + CHUNK))
    # A simulation in which nothing goes wrong proves nothing.
    assert faults.total() > 5 * CHUNK
    assert sum(number for name, number in faults.items() if name.startswith("death")) > CHUNK // 3


@pytest.mark.parametrize("chunk", range(FRESH // CHUNK))
def test_every_invariant_holds_for_seeds_never_seen_before(chunk: int, capsys: pytest.CaptureFixture[str]) -> None:
    first = FIRST_FRESH + chunk * CHUNK
    with capsys.disabled():
        sys.stdout.write(f"\nfresh seeds {first} to {first + CHUNK - 1}, {SPRINT}\n")
    assert run(range(first, first + CHUNK)).total() > CHUNK


@pytest.mark.parametrize("first", [1, 1 + DAYS])
def test_every_invariant_holds_on_whole_days(first: int) -> None:
    """Fixed ones: fresh days are for `make simulate`, see docs/reliability.md."""
    assert run(range(first, first + DAYS), DAY).total() > 5 * DAYS


@pytest.mark.parametrize(
    ("size", "first_seed", "seeds"),
    [*((SPRINT, first, CHUNK) for first in range(1, TWICE + 1, CHUNK)), (DAY, 1, TWICE_DAYS)],
)
def test_the_same_seed_gives_the_same_trace_in_two_fresh_processes(size: str, first_seed: int, seeds: int) -> None:
    command = [sys.executable, "-m", "simulator", "--size", size, "--digests", "--from", str(first_seed)]
    processes = [
        subprocess.Popen(
            [*command, "--seeds", str(seeds)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        for hash_seed in ("1", "2")
    ]
    first, second = (process.communicate()[0] for process in processes)
    assert first == second
    assert len(set(first.splitlines())) == seeds


def test_other_seeds_have_other_traces() -> None:
    assert len({simulate(seed).digest for seed in range(1, 6)}) == 5
