"""Seeds that are always run, seeds that nobody has seen, and the promise that a seed names one history."""

import os
import subprocess
import sys
from collections import Counter
from time import time

import pytest

from tests.simulation.__main__ import described
from tests.simulation.world import simulate

FIXED = 60
FRESH = 20
TWICE = 20


def run(seeds: range) -> Counter[str]:
    """Every invariant holds for every seed; a failure tells the story of the position concerned."""
    faults = Counter[str]()
    for seed in seeds:
        outcome = simulate(seed)
        if outcome.violation is not None:
            story = "\n".join(simulate(seed, record=True).timeline[-200:])
            pytest.fail(f"{story}\n{described(outcome)}", pytrace=False)
        faults.update(outcome.faults)
    return faults


def test_every_invariant_holds_for_the_fixed_seeds() -> None:
    faults = run(range(1, FIXED + 1))
    # A simulation in which nothing goes wrong proves nothing.
    assert faults.total() > 5 * FIXED
    assert sum(number for name, number in faults.items() if name.startswith("death")) > FIXED // 2


def test_every_invariant_holds_for_seeds_never_seen_before(capsys: pytest.CaptureFixture[str]) -> None:
    first = int(time()) * 1000
    with capsys.disabled():
        sys.stdout.write(f"\nfresh seeds {first} to {first + FRESH - 1}\n")
    assert run(range(first, first + FRESH)).total() > FRESH


def test_the_same_seed_gives_the_same_trace_in_two_fresh_processes() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--size", "sprint", "--digests", "--seeds", str(TWICE)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONHASHSEED": hash_seed})
        for hash_seed in ("1", "2")
    ]
    first, second = (process.communicate()[0] for process in processes)
    assert first == second
    assert len(set(first.splitlines())) == TWICE


def test_other_seeds_have_other_traces() -> None:
    assert len({simulate(seed).digest for seed in range(1, 6)}) == 5
