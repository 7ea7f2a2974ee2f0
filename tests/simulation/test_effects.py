"""The coverage table counts what has changed something for a position, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.paper.faults import FaultPlan
from messages.types import PositionSide
from simulator.environment.disk import STEADY
from simulator.environment.network import CALM
from simulator.environment.plan import Act, Plan, Trap
from simulator.outcome import Outcome
from simulator.troubles.catalog import INTRUSION, LATE_FILL, MAINTENANCE
from simulator.troubles.coverage import Cell
from simulator.troubles.situation import Moment
from simulator.troubles.target import draw_target
from simulator.world import simulate

OPENED = Act(at_ms=2_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2, stop_ppm=10_000)
AT_MS = 6_000


def after(*acts: Act, hedge: bool = False, traps: tuple[Trap, ...] = ()) -> Outcome:
    """A calm minute in which a long position is opened, and then these."""
    plan = Plan(
        seed=1,
        safety_ms=30_000,
        hedge=hedge,
        volatility_ppm=0,
        faults=FaultPlan(),
        weather=CALM,
        disk=STEADY,
        acts=(OPENED, *acts),
        traps=traps,
    )
    outcome = simulate(1, plan=plan)
    assert outcome.violation is None, outcome.violation
    return outcome


def by(do: str, **fields: Any) -> Act:
    return replace(Act(at_ms=AT_MS, do=do, symbol="SOLUSDT"), **fields)


def met(outcome: Outcome, trouble: str) -> int:
    return sum(count for cell, count in outcome.cells.items() if cell[0] == trouble)


@pytest.mark.parametrize(
    ("trouble", "without", "with_effect"),
    [
        ("price through stop", by("move price", offset_ppm=-5_000), by("move price", offset_ppm=-15_000)),
        ("hand close", by("hand close", symbol="ETHUSDT"), by("hand close")),
        ("hand close", by("hand close", at_ms=1_000), by("hand close")),
        ("hand flip", by("hand flip", at_ms=1_000), by("hand flip")),
        ("hand reduce", by("hand reduce", symbol="ETHUSDT"), by("hand reduce")),
        ("hand trade", by("hand trade", symbol="ETHUSDT"), by("hand trade")),
        ("hand cancel", by("hand cancel", slot=0, symbol="ETHUSDT"), by("hand cancel")),
        ("liquidated", by("liquidate", symbol="ETHUSDT"), by("liquidate")),
        ("deleveraged", by("deleverage", at_ms=1_000), by("deleverage")),
        ("funding", by("fund", symbol="ETHUSDT"), by("fund")),
        ("leverage changed", by("hand leverage", leverage=20), by("hand leverage", leverage=7)),
        ("margin changed", by("hand margin"), by("clear and hand margin")),
        ("clock jumped", by("jump the clock"), by("jump the clock", offset_ppm=1_000)),
        ("halted", by("halt", symbol="ETHUSDT", for_ms=5_000), by("halt", for_ms=5_000)),
    ],
)
def test_what_changes_nothing_for_a_position_did_not_befall_it(trouble: str, without: Act, with_effect: Act) -> None:
    assert met(after(without), trouble) == 0
    assert after(with_effect).cells[trouble, "ACTIVE", Moment.ACKED] == 1


def test_the_other_leg_of_a_symbol_is_somebody_elses() -> None:
    short = by("hand trade", side=PositionSide.SHORT)
    assert met(after(short, hedge=True), "hand trade") == 0
    assert met(after(short), "hand trade") == 1


def test_maintenance_is_met_by_who_asks_for_something_meanwhile() -> None:
    down = by(MAINTENANCE, for_ms=2_000)
    assert met(after(down), MAINTENANCE) == 0
    assert met(after(down, by("reconcile", at_ms=AT_MS + 100)), MAINTENANCE) > 0


def test_a_second_instance_comes_to_the_door() -> None:
    trap = Trap(trouble=INTRUSION, state="ACTIVE", moment=Moment.ACKED, from_ms=AT_MS)
    assert after(traps=(trap,)).cells[INTRUSION, "ACTIVE", Moment.ACKED] == 1


@pytest.mark.parametrize("seed", [1, 3], ids=["named after its stop", "with a name of its own"])
def test_the_fill_of_an_old_stop_is_told_when_an_opposite_position_stands_there(seed: int) -> None:
    """Row 18: it is the old one's by the journal, and the new one's quantity stays as it is (I4)."""
    cell: Cell = (LATE_FILL, "ACTIVE", Moment.ACKED)
    outcome = simulate(seed, plan=draw_target(seed, cell))
    assert outcome.violation is None, outcome.violation
    assert outcome.cells[cell] > 0
