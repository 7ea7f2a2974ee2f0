import subprocess
import sys

import pytest

from actors.runtime import Context, LivelockError, SimulatedDispatcher, TraceHash
from tests.runtime.world import (
    ALL,
    MS,
    SECOND,
    High,
    Medium,
    Say,
    assert_books_balance,
    hand,
    keeper,
    numbers,
    simulated,
)


def busy_history(seed: int) -> tuple[str, int]:
    """Twenty actors that tell one another, set timers and crash; the digest and length of what happened."""
    trace = TraceHash()
    system, dispatcher = simulated(seed, observer=trace)

    def receive(context: Context, message: object) -> None:
        assert isinstance(message, Say)
        n = message.n
        if n <= 0:
            return
        context.tell(f"a{n * 7 % 20}", ALL[n % 4](n=n - 1))
        context.schedule("later", n * MS, ALL[(n + 1) % 4](n=n - 2))
        if n % 5 == 0 and context.incarnation < 4:
            raise ValueError(f"does not like {n}")

    for number in range(20):
        system.spawn(f"a{number}", hand(receive))
        system.tell(f"a{number}", Medium(n=12))
    dispatcher.advance(100 * SECOND)
    assert_books_balance(system)
    return trace.digest(), trace.deliveries


def test_the_same_seed_gives_the_same_trace_in_two_fresh_processes() -> None:
    code = "from tests.runtime.test_simulated import busy_history; print(busy_history(42))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": "."},
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert outputs == {f"{busy_history(42)}\n"}


def test_other_seeds_give_other_histories() -> None:
    assert len({busy_history(seed)[0] for seed in range(8)}) == 8
    assert busy_history(0)[1] > 300


def test_time_jumps_to_the_next_timer_when_nothing_is_runnable() -> None:
    dispatcher = SimulatedDispatcher(1)
    called: list[int] = []
    for delay_s in (3, 1, 2):
        dispatcher.call_later(delay_s * SECOND, lambda: called.append(dispatcher.clock.monotonic_ns() // SECOND))
    canceled = dispatcher.call_later(SECOND, lambda: called.append(-1))
    canceled.cancel()
    assert [dispatcher.step() for _ in range(4)] == [True, True, True, False]
    assert called == [1, 2, 3]


def test_running_until_idle_lets_no_time_pass_and_advancing_all_of_it() -> None:
    dispatcher = SimulatedDispatcher(1, start_ns=5 * SECOND)
    dispatcher.call_later(SECOND, lambda: None)
    dispatcher.run_until_idle()
    assert dispatcher.clock.monotonic_ns() == 0
    dispatcher.advance(10 * SECOND)
    assert dispatcher.clock.monotonic_ns() == 10 * SECOND
    assert dispatcher.clock.time_ns() == 15 * SECOND


def test_running_until_a_condition_stops_there_or_at_the_end_of_its_time() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", keeper(kept))
    for n in range(5):
        dispatcher.call_later(n * SECOND, lambda n=n: system.tell("a", Medium(n=n)))  # type: ignore[misc]
    assert dispatcher.run_until(lambda: len(kept) == 3, within_ns=60 * SECOND)
    assert dispatcher.clock.monotonic_ns() == 2 * SECOND
    assert not dispatcher.run_until(lambda: len(kept) == 99, within_ns=10 * SECOND)
    assert dispatcher.clock.monotonic_ns() == 12 * SECOND
    assert numbers(kept) == [0, 1, 2, 3, 4]


def test_actors_that_tell_each_other_for_ever_are_a_livelock_with_their_names() -> None:
    dispatcher_limit = 500
    system, dispatcher = simulated()
    dispatcher._steps_per_instant = dispatcher_limit
    system.spawn("ping", hand(lambda context, message: context.tell("pong", message)))
    system.spawn("pong", hand(lambda context, message: context.tell("ping", message)))
    system.tell("ping", High())
    with pytest.raises(LivelockError, match=r"ping.*pong|pong.*ping"):
        dispatcher.run_until_idle()


def test_a_periodic_timer_is_no_livelock() -> None:
    system, dispatcher = simulated()
    dispatcher._steps_per_instant = 10
    beats: list[object] = []

    def beat(context: Context, message: object) -> None:
        beats.append(message)
        context.schedule("beat", SECOND, Medium())

    system.spawn("a", hand(beat, start=lambda context: context.schedule("beat", SECOND, Medium())))
    dispatcher.advance(1000 * SECOND)
    assert len(beats) == 1000


def test_ten_thousand_actors_are_simulated_quickly_enough_to_be_used() -> None:
    system, dispatcher = simulated()
    counts: list[object] = []
    for n in range(10_000):
        system.spawn(f"a{n}", keeper(counts))
        system.tell(f"a{n}", Medium(n=n))
    dispatcher.run_until_idle()
    assert len(counts) == 10_000
    assert numbers(counts) != list(range(10_000))
