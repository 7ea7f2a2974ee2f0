"""The harness is only as good as what it catches: each planted bug is caught by a seed that is known to, or another."""

from collections.abc import Iterator

import pytest

from tests.simulation.invariants import MOMENTS
from tests.simulation.mutants import MUTANTS, planted, violation
from tests.simulation.plan import Plan

SEEDS = 60
"""Tried where the known seed does not catch it any more; `make mutants` tells of a better one."""
LEAST = 30


def test_there_are_many_kinds_of_bugs_and_every_invariant_catches_one() -> None:
    assert len(MUTANTS) >= LEAST
    caught = frozenset[str]().union(*(each.caught_by for each in MUTANTS.values()))
    assert caught == MOMENTS.keys()


def candidates(name: str) -> Iterator[Plan]:
    yield from MUTANTS[name].candidates(MUTANTS[name].seed or 1, 1)
    yield from MUTANTS[name].candidates(1, SEEDS)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_caught_and_the_seed_is_well_without_it(name: str) -> None:
    for plan in candidates(name):
        with planted(name):
            invariant, text = violation(plan)
        if invariant:
            break
    assert invariant in MUTANTS[name].caught_by, text or f"{SEEDS} seeds did not catch it"
    assert violation(plan) == ("", ""), "the plan fails without the bug, too"
