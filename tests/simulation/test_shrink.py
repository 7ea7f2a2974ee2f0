"""A failing plan becomes small, fails as before, and is read back as it was written."""

from dataclasses import replace
from pathlib import Path

import pytest

from simulator import written
from simulator.__main__ import main
from simulator.environment.plan import DAY, SPRINT, Plan
from simulator.mutants.catalog import planted
from simulator.plans.draw import draw
from simulator.shrink import shrink, size_of, violated

SEED = 4
"""A sprint with faults, acts and deaths, which forgets to cancel a stop if that bug is planted."""
BUG = "stop not canceled on close"


@pytest.mark.parametrize(("seed", "size"), [(seed, size) for size in (SPRINT, DAY) for seed in range(1, 13)])
def test_a_plan_is_read_as_it_was_written(seed: int, size: str, tmp_path: Path) -> None:
    plan = draw(seed, size)
    written.write(tmp_path / "plan.json", plan)
    assert written.read(tmp_path / "plan.json") == plan


def test_a_field_that_no_plan_has_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="speling"):
        written.from_json(Plan, {**written.to_json(draw(SEED)), "speling": 1})


def test_the_shrunk_plan_fails_as_before_and_is_smaller() -> None:
    plan = draw(SEED)
    with planted(BUG):
        small = shrink(plan, most=60)
        assert violated(small.plan) == small.invariant
    assert small.runs <= 60
    faults, acts, span_ms = size_of(plan)
    assert size_of(small.plan)[0] < faults
    assert size_of(small.plan)[1] < acts
    assert size_of(small.plan)[2] <= span_ms
    assert violated(small.plan) == "", "it fails without the bug, too"


def test_only_the_acts_that_the_failure_needs_are_left() -> None:
    """Without a simulation: what fails is a plan with acts 2 and 5 of it, and no faults at all."""
    plan = draw(SEED)
    needed = {plan.acts[1], plan.acts[4]}
    small = shrink(plan, runs=lambda tried: "I1" if needed <= set(tried.acts) else "", most=500)
    assert set(small.plan.acts) == needed
    assert size_of(small.plan)[:2] == (0, 2)


def test_a_plan_that_fails_otherwise_is_not_taken_for_the_same_failure() -> None:
    plan = draw(SEED)
    small = shrink(plan, runs=lambda tried: "I1" if len(tried.acts) == len(plan.acts) else "I2", most=200)
    assert small.plan.acts == plan.acts


def test_a_plan_that_violates_nothing_is_not_shrunk() -> None:
    with pytest.raises(ValueError, match="violates nothing"):
        shrink(draw(SEED), runs=lambda _plan: "")


def test_the_command_replays_the_written_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = replace(draw(SEED), acts=(), chat=None, safety_ms=1_000)
    written.write(tmp_path / "plan.json", plan)
    assert main(["--plan", str(tmp_path / "plan.json")]) == 0
    assert "converged" in capsys.readouterr().out
