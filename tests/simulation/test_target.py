"""Plans that are about one cell of the table reach it, also where chance alone hardly ever does."""

import pytest

from messages.types import PositionState as S
from simulator.troubles.catalog import LATE_FILL
from simulator.troubles.coverage import Cell, reachable
from simulator.troubles.situation import Moment
from simulator.troubles.target import draw_target
from simulator.world import simulate

TRIES = 20
"""As many as `make simulate` makes."""
RARE: tuple[Cell, ...] = (
    ("stale read", S.CLOSING, Moment.UNSENT),
    ("stream cut", S.PENDING, Moment.RECOVERY),
    ("done, unanswered", S.OPENING, Moment.RECOVERY),
    ("said to be canceled", S.MODIFYING, Moment.RECOVERY),
    ("event lost", S.RECONCILING, Moment.ACKED),
    ("event twice", S.MODIFIED, Moment.SENT),
    ("filled in part", S.RECONCILING, Moment.SENT),
    ("mode changed", S.RECONCILING, Moment.UNSENT),
    ("poison", S.PAUSED, Moment.RECOVERY),
    ("disk full", S.PAUSED, Moment.UNSENT),
    ("price through stop", S.PAUSED, Moment.UNSENT),
    ("hand cancel", S.MODIFIED, Moment.SENT),
    ("liquidated", S.OPENING, Moment.UNSENT),
    ("margin changed", S.RECONCILING, Moment.ACKED),
    (LATE_FILL, S.CLOSING, Moment.RECOVERY),
    ("unknown symbol", S.MODIFYING, Moment.SENT),
)


@pytest.mark.parametrize("cell", RARE, ids="/".join)
def test_a_cell_that_chance_hardly_reaches_is_reached_where_it_is_staged(cell: Cell) -> None:
    assert cell in reachable()
    tries = (simulate(seed, plan=draw_target(seed, cell)) for seed in range(1, 1 + TRIES))
    assert any(outcome.cells[cell] for outcome in tries)


def test_a_plan_is_drawn_the_same_again() -> None:
    for seed in (1, 2):
        assert draw_target(seed, RARE[0]) == draw_target(seed, RARE[0]) != draw_target(seed + 2, RARE[0])
