"""The harness is only as good as what it catches: each planted bug is caught by the first of a few seeds.

`python -m tests.simulation --mutant NAME --seeds N` tells how many seeds one takes.
"""

import pytest

from tests.simulation.mutants import MUTANTS, planted
from tests.simulation.world import simulate

SEEDS = 240
EXPECTED = {
    "blind resend": {"I1", "I2", "I3"},
    "effects before commit": {"I3"},
    "unsynced journal": {"I3"},
    "503 means rejected": {"I2"},
    "not found means failed": {"I2"},
    "restart forgets unknowns": {"I2", "I5"},
    "stop not canceled on close": {"I5", "I9"},
    "fills not deduped": {"I4"},
    "reduce-only dropped": {"I8"},
    "nobody is told": {"I7"},
    "reconciler hears late": {"I5", "I7", "I9"},
}
"""By which invariants a mutant may be caught: another one would be an accident."""


def test_every_mutant_is_expected_somewhere() -> None:
    assert EXPECTED.keys() == MUTANTS.keys()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_caught(name: str) -> None:
    with planted(name):
        outcomes = (simulate(seed) for seed in range(1, SEEDS + 1))
        caught = next((each for each in outcomes if each.violation is not None), None)
    assert caught is not None, f"{SEEDS} seeds did not catch it"
    assert caught.violation is not None
    assert caught.violation.invariant in EXPECTED[name], caught.violation
    assert simulate(caught.seed).violation is None, "the seed fails without the bug, too"
