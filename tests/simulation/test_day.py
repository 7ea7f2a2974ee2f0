"""What a full-size plan contains, and that its troubles come to every cell of the table."""

from math import gcd

import pytest

from messages.types import PositionState
from simulator.environment.plan import DAY
from simulator.plans.day import ACTS_LEAST, DAY_MS, STRIDE, TRAPS, draw_day
from simulator.plans.draw import draw
from simulator.troubles.catalog import TROUBLE_OF_ACT, TROUBLE_OF_DISK, TROUBLE_OF_WEATHER, TROUBLES
from simulator.troubles.coverage import all_cells, reachable, table
from simulator.troubles.reach import ANSWERS, EVENTS, why_unreachable
from simulator.troubles.situation import Moment
from simulator.world import simulate


@pytest.mark.parametrize("seed", range(1, 30))
def test_a_day_is_24_hours_of_200_acts_on_8_positions_and_a_restart(seed: int) -> None:
    plan = draw(seed, DAY)
    assert plan.safety_ms == DAY_MS
    assert len(plan.acts) >= ACTS_LEAST
    assert sum(act.do == "open" for act in plan.acts) >= 8
    assert any(act.do == "kill" for act in plan.acts)
    assert sum(burst.until_ms - burst.from_ms for burst in plan.bursts) < DAY_MS // 100


def test_days_differ_in_accounts_and_modes() -> None:
    plans = [draw_day(seed) for seed in range(1, 60)]
    assert {plan.second for plan in plans} == {"", "one_way", "hedge"}
    assert {plan.hedge for plan in plans} == {True, False}
    second = [act for plan in plans for act in plan.acts if act.account == "second"]
    assert len(second) > len(plans)


def test_every_cell_is_reachable_or_has_a_reason_why_not() -> None:
    cells = set(reachable())
    for cell in all_cells():
        assert (cell in cells) != bool(why_unreachable(*cell)), cell
    assert len(cells) > len(list(all_cells())) // 2


def test_seeds_in_a_row_set_a_trap_for_every_reachable_cell() -> None:
    cells = reachable()
    assert gcd(STRIDE, len(cells)) == 1
    seeds = range(7, 7 + len(cells) // TRAPS + 1)
    aimed = {(trap.trouble, trap.state, trap.moment) for seed in seeds for trap in draw_day(seed).traps}
    assert aimed >= set(cells)


def test_the_table_names_only_troubles_that_there_are() -> None:
    named = {*TROUBLE_OF_ACT.values(), *TROUBLE_OF_DISK.values(), *TROUBLE_OF_WEATHER.values(), *ANSWERS, *EVENTS}
    assert named <= TROUBLES.keys()


def test_a_cell_that_was_not_reached_is_named() -> None:
    killed = ("killed", PositionState.ACTIVE.value, Moment.ACKED.value)
    told = table(dict.fromkeys(reachable(), 1) | {killed: 0})
    assert "not reached: killed, ACTIVE, after ack" in told
    assert told.count("not reached") == 1


def test_the_table_says_why_a_cell_cannot_be_reached() -> None:
    told = table({}).splitlines()
    reason = why_unreachable("hand close", PositionState.PENDING, Moment.UNSENT)
    line = next(line for line in told if line.endswith(reason))
    letter = line.strip()[0]
    pending = next(line for line in told if " hand close " in line).split()[3]
    assert pending.split("/")[0] == letter
    assert sum("cells unreachable" in line for line in told) < 15


def test_a_trap_springs_where_it_was_set() -> None:
    """Its trouble meets a position in the state and at the moment that it waited for."""
    hits = 0
    for seed in range(1, 5):
        outcome = simulate(seed, size=DAY)
        traps = draw_day(seed).traps
        hits += sum(outcome.cells[trap.trouble, trap.state, trap.moment] > 0 for trap in traps)
    assert hits > 4
