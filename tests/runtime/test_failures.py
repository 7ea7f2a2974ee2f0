"""What happens to messages, addresses and neighbors when a handler raises."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime import Context, RestartPolicy, Why
from messages.lifecycle import (
    ActorFailed,
    ActorQuarantined,
    ActorReleased,
    ActorRestarted,
    ActorStopped,
    Lifecycle,
    MessageParked,
)
from tests.runtime.world import (
    ALL,
    SECOND,
    Critical,
    High,
    Low,
    Medium,
    Say,
    assert_books_balance,
    hand,
    keeper,
    numbers,
    simulated,
)


def failing(kept: list[object], times: dict[int, int]) -> Callable[[Context, object], None]:
    """Raise on message n for the first `times[n]` deliveries of it, keep it otherwise."""

    def receive(_context: Context, message: object) -> None:
        assert isinstance(message, Say)
        if times.get(message.n, 0):
            times[message.n] -= 1
            raise ValueError(f"cannot stand {message.n}")
        kept.append(message)

    return receive


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    classes=st.lists(st.sampled_from(ALL), min_size=1, max_size=40),
    crashes=st.dictionaries(st.integers(0, 39), st.integers(1, 4), max_size=12),
)
def test_crashes_lose_no_message(seed: int, classes: list[type[Say]], crashes: dict[int, int]) -> None:
    system, dispatcher = simulated(seed)
    kept: list[object] = []
    policy = RestartPolicy(max_restarts=1000, redeliveries=2)
    system.spawn("a", hand(failing(kept, dict(crashes))), policy=policy)
    for n, message in enumerate(classes):
        system.tell("a", message(n=n))
    dispatcher.advance(10_000 * SECOND)
    parked = [letter.message for letter in system.dead_letters.latest()]
    poison = {n for n, times in crashes.items() if times > 2}
    assert sorted(numbers(kept) + numbers(parked)) == list(range(len(classes)))
    assert set(numbers(parked)) == poison & set(range(len(classes)))
    for one in ALL:
        mine = [m.n for m in kept if type(m) is one and isinstance(m, Say)]
        assert mine == sorted(mine)
    assert_books_balance(system)


def test_the_failing_message_is_redelivered_before_those_behind_it() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", hand(failing(kept, {0: 2})))
    for n in range(4):
        system.tell("a", Medium(n=n))
    dispatcher.advance(SECOND)
    assert numbers(kept) == [0, 1, 2, 3]


def test_a_poison_message_is_parked_and_the_rest_goes_on() -> None:
    system, dispatcher = simulated(supervisor_address="supervisor")
    told: list[object] = []
    kept: list[object] = []
    system.spawn("supervisor", keeper(told))
    system.spawn("a", hand(failing(kept, {1: 99})), policy=RestartPolicy(redeliveries=2))
    for n in range(3):
        system.tell("a", High(n=n))
    dispatcher.advance(60 * SECOND)
    assert numbers(kept) == [0, 2]
    (letter,) = system.dead_letters.latest()
    assert letter.why is Why.PARKED
    assert letter.message == High(n=1)
    (parked,) = [message for message in told if isinstance(message, MessageParked)]
    assert (parked.address, parked.message_type, parked.attempt) == ("a", "High", 3)
    assert parked.reason == "ValueError: cannot stand 1"


def test_the_new_actor_is_another_instance_and_what_came_during_the_backoff_waits_for_it() -> None:
    system, dispatcher = simulated()
    lives: list[int] = []
    kept: list[object] = []
    system.spawn(
        "a",
        hand(failing(kept, {0: 1}), start=lambda context: lives.append(context.incarnation)),
        policy=RestartPolicy(backoff_initial_ns=SECOND, backoff_max_ns=SECOND),
    )
    system.tell("a", Medium(n=0))
    dispatcher.run_until_idle()
    system.tell("a", Medium(n=1))
    dispatcher.advance(SECOND - 1)
    assert (lives, kept) == ([1], [])
    dispatcher.advance(1)
    assert lives == [1, 2]
    assert numbers(kept) == [0, 1]


def test_too_many_failures_quarantine_one_address_while_its_neighbor_lives_on() -> None:
    system, dispatcher = simulated(supervisor_address="supervisor")
    told: list[object] = []
    neighbor: list[object] = []
    kept: list[object] = []
    always = dict.fromkeys(range(100), 10**6)
    system.spawn("supervisor", keeper(told))
    system.spawn("good", keeper(neighbor))
    system.spawn("bad", hand(failing(kept, always)), policy=RestartPolicy(max_restarts=3, redeliveries=1))
    for n in range(10):
        system.tell("bad", Medium(n=n))
        system.tell("good", Medium(n=n))
    dispatcher.advance(100 * SECOND)
    assert numbers(neighbor) == list(range(10))
    metrics = system.metrics()
    assert metrics.quarantined == ("bad",)
    assert metrics.restarts == 3
    (quarantined,) = [message for message in told if isinstance(message, ActorQuarantined)]
    assert quarantined.attempt == 4
    assert [type(m) for m in told].count(ActorRestarted) == 3
    # Two failures parked the first message, two more the second; the other eight wait.
    assert sum(next(a for a in metrics.actors if a.address == "bad").waiting) == 8
    always.clear()
    assert system.release("bad")
    dispatcher.run_until_idle()
    assert numbers(kept) == list(range(2, 10))
    assert any(isinstance(message, ActorReleased) for message in told)
    assert_books_balance(system)


def test_a_quarantined_address_keeps_up_to_the_bound_and_the_rest_is_counted() -> None:
    system, dispatcher = simulated(max_queue_size=5)
    kept: list[object] = []
    fail = {0: 1}
    system.spawn("a", hand(failing(kept, fail)), policy=RestartPolicy(max_restarts=0, redeliveries=0))
    system.tell("a", Medium(n=0))
    dispatcher.run_until_idle()
    for n in range(1, 9):
        system.tell("a", Medium(n=n))
    assert system.dead_letters.count(Why.QUARANTINE_FULL) == 3
    system.release("a")
    dispatcher.run_until_idle()
    assert numbers(kept) == [1, 2, 3, 4, 5]
    assert_books_balance(system)


def test_a_release_forgets_earlier_failures() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    fail = {0: 2, 1: 1}
    system.spawn("a", hand(failing(kept, fail)), policy=RestartPolicy(max_restarts=1, redeliveries=1))
    system.tell("a", Medium(n=0))
    dispatcher.advance(SECOND)
    assert system.metrics().quarantined == ("a",)
    system.release("a")
    system.tell("a", Medium(n=1))
    dispatcher.advance(SECOND)
    assert system.metrics().quarantined == ()
    assert numbers(kept) == [1]


def test_releasing_what_is_not_quarantined_does_nothing_now_or_later() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", hand(failing(kept, {1: 1})), policy=RestartPolicy(max_restarts=0, redeliveries=0))
    dispatcher.run_until_idle()
    assert not system.release("a")
    assert not system.release("nobody")
    system.tell("a", Medium(n=1))
    dispatcher.advance(SECOND)
    assert system.metrics().quarantined == ("a",)


def test_a_start_that_raises_is_a_failure_with_backoff() -> None:
    system, dispatcher = simulated(supervisor_address="supervisor")
    told: list[object] = []
    kept: list[object] = []
    attempts = []

    def start(context: Context) -> None:
        attempts.append(context.incarnation)
        if len(attempts) < 3:
            raise OSError("not yet")

    system.spawn("supervisor", keeper(told))
    system.spawn("a", hand(lambda _context, message: kept.append(message), start=start))
    system.tell("a", Medium(n=7))
    dispatcher.advance(10 * SECOND)
    assert attempts == [1, 2, 3]
    assert numbers(kept) == [7]
    assert [m.reason for m in told if isinstance(m, ActorFailed)] == ["OSError: not yet"] * 2


def test_a_factory_that_raises_is_a_failure_too() -> None:
    system, dispatcher = simulated()

    def factory(_context: Context) -> object:
        raise RuntimeError("no actor today")

    system.spawn("a", factory, policy=RestartPolicy(max_restarts=1, redeliveries=0))  # type: ignore[arg-type]
    dispatcher.advance(60 * SECOND)
    assert system.metrics().quarantined == ("a",)


def test_failures_outside_the_window_do_not_add_up() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    policy = RestartPolicy(max_restarts=1, redeliveries=1, window_ns=10 * SECOND)
    system.spawn("a", hand(failing(kept, dict.fromkeys(range(5), 1))), policy=policy)
    for n in range(5):
        system.tell("a", Medium(n=n))
        dispatcher.advance(11 * SECOND)
    assert numbers(kept) == list(range(5))


def test_what_the_runtime_tells_has_ids_of_the_message_and_neither_objects_nor_references() -> None:
    system, dispatcher = simulated()
    told: list[Lifecycle] = []
    system.subscribe(Lifecycle, told.append)  # type: ignore[arg-type]
    original = ActorStopped(address="x", correlation_id="c-1")  # type: ignore[arg-type]

    def receive(_context: Context, _message: object) -> None:
        raise KeyError("gone")

    system.spawn("a", hand(receive), policy=RestartPolicy(max_restarts=0, redeliveries=0))
    system.tell("a", original)
    dispatcher.run_until_idle()
    failed, parked, quarantined = told
    assert isinstance(failed, ActorFailed)
    assert isinstance(parked, MessageParked)
    assert isinstance(quarantined, ActorQuarantined)
    assert failed.correlation_id == parked.correlation_id == "c-1"
    assert "KeyError" in failed.trace
    assert "receive" in failed.trace
    for message in told:
        for name in message.__dataclass_fields__:
            assert type(getattr(message, name)) in (str, int)


def test_pykkas_failure_hook_runs_and_its_own_failure_changes_nothing() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    hooks: list[str] = []
    make = hand(failing(kept, {0: 1}))

    def factory(context: Context) -> object:
        actor = make(context)

        def on_failure(kind: type, *_rest: object) -> None:
            hooks.append(kind.__name__)
            raise RuntimeError("and the hook, too")

        actor.on_failure = on_failure  # type: ignore[method-assign, assignment]
        return actor

    system.spawn("a", factory)  # type: ignore[arg-type]
    system.tell("a", Medium(n=0))
    dispatcher.advance(SECOND)
    assert hooks == ["ValueError"]
    assert numbers(kept) == [0]


def test_an_exit_raised_in_a_handler_reaches_the_one_who_runs_the_system_and_loses_nothing() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    exits = [SystemExit(3)]

    def receive(_context: Context, message: object) -> None:
        if exits:
            raise exits.pop()
        kept.append(message)

    system.spawn("a", hand(receive))
    system.tell("a", Medium(n=1))
    system.tell("a", Critical(n=2))
    with pytest.raises(SystemExit):
        dispatcher.run_until_idle()
    dispatcher.advance(SECOND)
    assert numbers(kept) == [2, 1]


def test_a_message_that_waits_behind_a_poison_one_may_be_critical_and_is_not_held_up() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", hand(failing(kept, {0: 2})))
    system.tell("a", Low(n=0))
    dispatcher.run_until_idle()
    system.tell("a", Critical(n=1))
    dispatcher.advance(SECOND)
    assert numbers(kept) == [1, 0]
