"""A flipped bit keeps one position out, is told, and leaves the others alone."""

from random import Random

from adapters.storage.memory import Image
from simulator.environment.damage import flip
from simulator.environment.plan import Act
from simulator.environment.transport import simulated_transport
from simulator.environment.truth import Ledger
from simulator.mutants.planting import calm
from simulator.plans.draw import draw
from simulator.plans.retiring import RETIRE, retiring
from simulator.plans.strange import FIRST_SEED
from simulator.troubles.target import draw_target
from simulator.world import World

CELL = ("record damaged", "ACTIVE", "after ack")


def test_a_position_with_a_flipped_bit_stays_out_and_the_others_live_on() -> None:
    with simulated_transport():
        world = World(draw_target(1, CELL))
        outcome = world.run()
    assert outcome.violation is None
    assert outcome.cells[CELL] > 0
    assert world.ledger.damaged
    assert not world.ledger.damaged.keys() & world.ledger.positions.keys()


def test_nothing_flips_in_the_history_of_nobody() -> None:
    image = Image()
    assert not flip(image, Ledger(image=image), 7, Random(1))


def test_a_damaged_history_that_nobody_is_told_of_is_a_violation() -> None:
    with simulated_transport():
        world = World(draw_target(1, CELL))
        world.run()
    isolation = next(check for check in world.invariants.checks if "I12" in check.invariants)
    assert not isolation.unsettled()
    isolation._alarms.clear()  # type: ignore[attr-defined]
    assert any(name == "I12" for name, _, _ in isolation.unsettled())


def test_the_owner_retires_it_once_its_symbol_is_cleared_and_others_open_there_again() -> None:
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2, stop_ppm=30_000)
    with simulated_transport():
        world = World(retiring(calm(opening), Random(1), opening))
        outcome = world.run()
    assert outcome.violation is None
    assert (outcome.faults["retired"], outcome.faults["retired: opened since"]) == (1, 1)
    assert [p.key.strategy for p in world.ledger.positions.values()] == ["late2000", "late4000"], "and not before"


def test_drawn_sprints_come_by_it() -> None:
    plans = [draw(seed) for seed in range(FIRST_SEED, FIRST_SEED + 60)]
    assert any(act.do == RETIRE for plan in plans for act in plan.acts)
