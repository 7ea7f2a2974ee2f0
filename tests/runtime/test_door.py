"""The one place with bounds: what comes from outside."""

import pytest

from actors.runtime import ActorSystem, Why
from messages.priority import Priority
from tests.runtime.world import (
    PRIORITIES,
    Critical,
    High,
    Low,
    Medium,
    Tick,
    assert_books_balance,
    hand,
    keeper,
    numbers,
    simulated,
)


def test_the_bound_of_the_configuration_is_the_bound() -> None:
    """The system before us never read it."""
    for bound in (1, 7, 100):
        system, dispatcher = simulated(max_queue_size=bound)
        kept: list[object] = []
        system.spawn("a", keeper(kept))
        assert [system.offer("a", Medium(n=n)) for n in range(bound + 3)] == [True] * bound + [False] * 3
        assert system.metrics().lanes[Priority.MEDIUM].refused == 3
        dispatcher.run_until_idle()
        assert numbers(kept) == list(range(bound))
        assert system.offer("a", Medium())


def test_a_full_critical_lane_refuses_visibly_and_demotes_nothing() -> None:
    """The system before us demoted 250 events and lost 700 without counting them."""
    system, dispatcher = simulated(max_queue_size=50)
    kept: list[object] = []
    system.spawn("a", keeper(kept))
    taken = [system.offer("a", Critical(n=n)) for n in range(1000)]
    assert taken.count(True) == 50
    assert system.metrics().lanes[Priority.CRITICAL].refused == 950
    dispatcher.run_until_idle()
    assert [type(message) for message in kept] == [Critical] * 50
    assert_books_balance(system)


def test_a_backlog_of_lesser_messages_does_not_lock_an_emergency_out() -> None:
    system, dispatcher = simulated(max_queue_size=10)
    kept: list[object] = []
    system.spawn("a", keeper(kept))
    assert all(system.offer("a", Low(n=n)) for n in range(10))
    assert not system.offer("a", High())
    assert system.offer("a", Critical(n=99))
    dispatcher.run_until_idle()
    assert numbers(kept)[0] == 99


def test_low_without_a_key_is_shed_with_a_counter() -> None:
    system, _dispatcher = simulated(max_queue_size=2)
    system.spawn("a", keeper([]))
    assert [system.offer("a", Low()) for _ in range(5)] == [True, True, False, False, False]
    lane = system.metrics().lanes[Priority.LOW]
    assert (lane.shed, lane.refused) == (3, 0)


def test_telemetry_is_conflated_to_the_latest_per_key_even_when_full() -> None:
    system, dispatcher = simulated(max_queue_size=2)
    kept: list[object] = []
    system.spawn("a", keeper(kept))
    for n in range(10):
        assert system.offer("a", Tick(conflation_key="BTC", n=n))
        assert system.offer("a", Tick(conflation_key="ETH", n=100 + n))
    assert not system.offer("a", Tick(conflation_key="SOL", n=0))
    lane = system.metrics().lanes[Priority.LOW]
    assert (lane.accepted, lane.conflated, lane.shed) == (2, 18, 1)
    dispatcher.run_until_idle()
    assert numbers(kept) == [9, 109]
    assert system.offer("a", Tick(conflation_key="BTC", n=10))
    dispatcher.run_until_idle()
    assert numbers(kept) == [9, 109, 10]
    assert_books_balance(system)


def test_the_same_key_at_two_addresses_is_two_things() -> None:
    system, dispatcher = simulated()
    one: list[object] = []
    two: list[object] = []
    system.spawn("one", keeper(one))
    system.spawn("two", keeper(two))
    system.offer("one", Tick(conflation_key="BTC", n=1))
    system.offer("two", Tick(conflation_key="BTC", n=2))
    dispatcher.run_until_idle()
    assert (numbers(one), numbers(two)) == ([1], [2])


def test_an_offer_to_nobody_is_refused_and_kept_as_a_dead_letter() -> None:
    system, _dispatcher = simulated()
    assert not system.offer("nobody", High(n=1))
    (letter,) = system.dead_letters.latest()
    assert (letter.address, letter.message, letter.why) == ("nobody", High(n=1), Why.NO_SUCH_ADDRESS)


def test_inside_there_is_no_bound_so_an_actor_can_tell_itself_and_never_blocks() -> None:
    system, dispatcher = simulated(max_queue_size=1)
    kept: list[object] = []

    def receive(context: object, message: object) -> None:
        kept.append(message)
        if len(kept) == 1:
            for n in range(50):
                context.tell("a", Medium(n=n))  # type: ignore[attr-defined]

    system.spawn("a", hand(receive))
    system.tell("a", Medium())
    dispatcher.run_until_idle()
    assert len(kept) == 51


def test_dead_letters_are_bounded_but_counted_without_end() -> None:
    system, _dispatcher = simulated(dead_letter_limit=3)
    for n in range(10):
        system.tell("nobody", Low(n=n))
    assert [letter.message for letter in system.dead_letters.latest()] == [Low(n=n) for n in (7, 8, 9)]
    assert system.dead_letters.count() == 10
    assert system.metrics().lanes[Priority.LOW].dead == 10


def test_a_bound_below_one_is_refused() -> None:
    system, dispatcher = simulated()
    with pytest.raises(ValueError, match="max_queue_size"):
        ActorSystem(dispatcher, PRIORITIES, system.clock, max_queue_size=0)
