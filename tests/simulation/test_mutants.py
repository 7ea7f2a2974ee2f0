"""The harness is only as good as what it catches: each planted bug is caught by the plan that is known to catch it."""

import pytest

from adapters.cli.outcome import Exit
from simulator.checks.invariants import MOMENTS
from simulator.environment.plan import DAY
from simulator.mutants.__main__ import main, summary
from simulator.mutants.catalog import MUTANTS, planted
from simulator.mutants.hunt import Hunt, hunt, violation

LEAST = 30


def test_there_are_many_kinds_of_bugs_and_every_invariant_catches_one() -> None:
    assert len(MUTANTS) >= LEAST
    caught = frozenset[str]().union(*(each.caught_by for each in MUTANTS.values()))
    assert caught == MOMENTS.keys()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_caught_by_its_known_plan_which_is_well_without_it(name: str) -> None:
    invariant = text = ""
    for plan in MUTANTS[name].known():
        with planted(name):
            invariant, text = violation(plan)
        if invariant:
            break
    advice = f"seed {MUTANTS[name].seed} does not catch it; `python -m simulator.mutants {name!r}` finds one"
    assert invariant in MUTANTS[name].caught_by, text or advice
    assert violation(plan) == ("", ""), "the plan fails without the bug, too"


def test_a_bug_is_hunted_on_days_as_well() -> None:
    found = hunt("effects before commit", budget=1, size=DAY)
    assert (found.seeds, found.invariant) == (1, "I3")


def test_plans_made_for_a_bug_are_told_apart_and_not_in_the_median() -> None:
    drawn = [
        Hunt(name="blind resend", seeds=3, seed=3, invariant="I1"),
        Hunt(name="a ban of others is not ours", seeds=400),
    ]
    made = [Hunt(name="pauses end with the process", seeds=1, seed=1, invariant="I10")]
    assert summary([*drawn, *made]).splitlines() == [
        "1 of 2 caught on drawn seeds; seeds: median 3, most 3",
        "1 of 1 caught on plans made for them: pauses end with the process",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["blind resent"], "no planted bug is called 'blind resent'; there are: blind resend"),
        (["nope"], "no planted bug is called 'nope'; there are: blind resend, "),
        (["--budget", "-3"], "--budget: expected a whole number of 1 or more, found '-3'"),
        (["--jobs", "0"], "--jobs: expected a whole number of 1 or more, found '0'"),
        (["--from", "x"], "--from: expected a whole number of 0 or more, found 'x'"),
        (["--size", "week"], "--size: invalid choice: 'week'"),
    ],
)
def test_words_that_say_nothing_are_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == Exit.USAGE
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
