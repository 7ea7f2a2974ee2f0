"""What is drawn beside the table of faults is drawn often enough, and does what it is drawn for."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from simulator.environment.plan import Plan
from simulator.plans.draw import draw
from simulator.plans.settled import STUCK
from simulator.world import simulate

FIRST, SEEDS = 910_000_000, 600
"""As many as a few test runs have."""


def _settles(plan: Plan) -> bool:
    return any(act.do == STUCK for act in plan.acts)


DRAWN: dict[str, tuple[Callable[[Plan], bool], int, str]] = {
    "an operator who settles": (_settles, 80, "settled: "),
    "accounts behind one address": (lambda plan: plan.beside > 0, 3, "shared address"),
    "no descriptor": (lambda plan: any(each.what == "exhausted" for each in plan.weather.windows), 50, "exhausted"),
}
"""What it is, how many seeds have it at least, and how its count begins."""


def plans(has: Callable[[Plan], bool]) -> Iterator[Plan]:
    return (plan for seed in range(FIRST, FIRST + SEEDS) if has(plan := draw(seed)))


@pytest.mark.parametrize("what", DRAWN)
def test_it_is_drawn_often_enough_and_met_where_it_is_drawn(what: str) -> None:
    has, least, named = DRAWN[what]
    found = list(plans(has))
    assert len(found) >= least
    met = Counter[str]()
    for plan in found[:4]:
        met.update(simulate(plan.seed, plan=plan).faults)
    assert any(name.startswith(named) for name in met), met
