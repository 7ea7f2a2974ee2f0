"""What was changed by hand at the venue, or was never gone from it: what production does about it, and who looks."""

from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import DiscrepancyDetected, DiscrepancyEnded, DiscrepancyEscalated, Outcome
from simulator.checks.changed import Changed
from simulator.environment.plan import Act, Plan
from simulator.environment.transport import simulated_transport
from simulator.environment.truth import RECONCILERS
from simulator.mutants.belief import BELIEF
from simulator.mutants.planting import calm
from simulator.world import World

T = DiscrepancyType


def ended(plan: Plan) -> World:
    """A run in which every invariant holds."""
    with simulated_transport():
        world = World(plan)
        outcome = world.run()
    assert outcome.violation is None, outcome.violation
    return world


def detected(world: World) -> list[DiscrepancyType]:
    return [
        event.discrepancy.type for event in world.ledger.events[RECONCILERS] if isinstance(event, DiscrepancyDetected)
    ]


def plans(mutant: str) -> list[Plan]:
    found = BELIEF[mutant].plans
    assert found is not None
    return list(found())


def test_two_positions_that_vanish_at_once_stay_believed_and_a_human_is_asked() -> None:
    """Row 10: the lists are empty for longer than one position alone would stay believed."""
    world = ended(plans("many may vanish at once")[0])
    events = world.ledger.events[RECONCILERS]
    assert detected(world) == [T.POSITION_NOT_IN_EXCHANGE] * 2
    assert sum(isinstance(event, DiscrepancyEscalated) for event in events) == 2
    assert [e.outcome for e in events if isinstance(e, DiscrepancyEnded)] == [Outcome.RESOLVED] * 2
    assert [bool(position.quantity) for position in world.ledger.positions.values()] == [True] * 2


def test_what_was_changed_by_hand_while_something_is_held_is_on_record() -> None:
    """Row 19: a leverage that was asked for, one that was only seen, and a margin mode between two positions."""
    found = [detected(ended(plan)) for plan in plans("settings are not looked at")]
    assert found == [[T.LEVERAGE_MISMATCH], [T.LEVERAGE_MISMATCH], [T.MARGIN_MODE_MISMATCH]]


def test_another_position_mode_while_something_is_held_is_a_finding() -> None:
    """Row 19: no venue grants that, so the account is changed behind its back."""
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    world = ended(calm(opening))
    check = next(each for each in world.invariants.checks if isinstance(each, Changed))
    assert check.unsettled() == []
    world.venue.account_named("main").hedge = True
    assert check.unsettled() == [], "nobody has read it since"
    check.born()
    assert [text for _, text, _ in check.unsettled()] == [
        "('main', 'SOLUSDT', 'BOTH'): hedge=False is believed, hedge=True at the venue, and no record says so"
    ]
