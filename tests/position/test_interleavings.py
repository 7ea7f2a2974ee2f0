"""Any order of reports, losses, restarts and wishes: I1, I3, I8, I14, I15 at every step, I4, I5, I7, I9 at rest."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messages.events import AdditionRequested
from messages.types import PositionState
from tests.position.growing import grow_through
from tests.position.witnesses import HAPPENINGS_MOST, declared, grow, life
from tests.position.world import live_through

COMMON_ENDS = (PositionState.ACTIVE, PositionState.CLOSED, PositionState.CANCELLED, PositionState.FAILED)
SEEDS = 1_000
"""Of uniform chance, beside what hypothesis finds; about five seconds."""
GROWING = 800


@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(choices=st.lists(st.integers(0, 719), min_size=20, max_size=400), happenings=st.integers(5, HAPPENINGS_MOST))
def test_whatever_happens_belief_and_venue_agree_when_it_is_over(choices: list[int], happenings: int) -> None:
    supply = iter(choices)
    story = live_through(lambda below: next(supply, 0) % below, happenings).story
    assert story.position.version == len(story.events), "what it is came from its history, event by event"


def test_a_thousand_lives_by_chance_end_well() -> None:
    ends: Counter[PositionState] = Counter()
    for seed in range(SEEDS):
        try:
            ends[life(seed).story.position.state] += 1
        except Exception as error:
            error.add_note(f"life({seed}) in tests/position/witnesses.py replays it")
            raise
    assert ends.total() == SEEDS
    assert min(ends[state] for state in COMMON_ENDS) >= SEEDS // 50, f"lives that all end alike prove little: {ends}"


@settings(max_examples=300, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(choices=st.lists(st.integers(0, 719), min_size=20, max_size=400), happenings=st.integers(5, HAPPENINGS_MOST))
def test_no_life_leaves_the_declared_transitions(choices: list[int], happenings: int) -> None:
    """`Story.tell` asserts it at every step, in every test; these lives have most commands."""
    supply = iter(choices)
    story = grow_through(lambda below: next(supply, 0) % below, happenings).story
    assert story.transitions <= declared()


def test_whatever_grows_shrinks_or_is_called_off_belief_and_venue_agree_at_rest() -> None:
    added = 0
    for seed in range(GROWING):
        try:
            world = grow(seed)
        except Exception as error:
            error.add_note(f"grow({seed}) in tests/position/witnesses.py replays it")
            raise
        added += any(isinstance(ev, AdditionRequested) for ev in world.story.events)
    assert added > GROWING // 20, "lives without additions prove nothing"
