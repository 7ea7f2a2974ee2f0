from itertools import pairwise

from actors.runtime import Context, Placement
from actors.runtime.metrics import BOUNDS_NS, Tally, quantile_ns
from messages.priority import Priority
from tests.runtime.world import (
    MS,
    SECOND,
    Critical,
    High,
    Low,
    Medium,
    assert_books_balance,
    hand,
    keeper,
    simulated,
)


def test_the_snapshot_counts_per_priority_and_per_actor() -> None:
    system, dispatcher = simulated()
    system.spawn("a", keeper([]))
    system.spawn("b", keeper([]), placement=Placement.THREAD, suspended=True)
    for n, one in enumerate((Critical, High, Medium, Low)):
        for _ in range(n + 1):
            system.tell("a", one())
    system.tell("b", High())
    system.signal("b", High())
    dispatcher.run_until_idle()
    metrics = system.metrics()
    assert [lane.processed for lane in metrics.lanes] == [1, 2, 3, 4, 1]
    assert [lane.accepted for lane in metrics.lanes] == [1, 3, 3, 4, 0]
    assert [lane.waiting for lane in metrics.lanes] == [0, 1, 0, 0, 0]
    assert [(one.address, one.processed, one.life) for one in metrics.actors] == [
        ("a", 10, "running"),
        ("b", 1, "running"),
    ]
    assert_books_balance(system)


def test_handling_time_is_measured_on_the_clock_that_was_given() -> None:
    system, dispatcher = simulated()

    def slow(_context: Context, message: object) -> None:
        took = 100 * MS if message == Medium(n=1) else 1 * MS
        dispatcher.clock.move_to(dispatcher.clock.monotonic_ns() + took)

    system.spawn("a", hand(slow))
    for n in range(10):
        system.tell("a", Medium(n=n))
    dispatcher.run_until_idle()
    lane = system.metrics().lanes[Priority.MEDIUM]
    assert lane.mean_ns == 109 * MS // 10
    assert 100 * MS <= lane.p99_ns <= 125 * MS
    (actor,) = system.metrics().actors
    assert actor.busy_ns == 109 * MS


def test_a_failed_handling_counts_as_failed_and_the_redelivered_one_as_processed() -> None:
    system, dispatcher = simulated()
    fail = [True]

    def receive(_context: Context, _message: object) -> None:
        if fail:
            fail.pop()
            raise ValueError("once")

    system.spawn("a", hand(receive))
    system.tell("a", High())
    dispatcher.advance(SECOND)
    lane = system.metrics().lanes[Priority.HIGH]
    assert (lane.accepted, lane.failed, lane.processed) == (1, 1, 1)
    assert system.metrics().restarts == 1


def test_quantiles_are_upper_bounds_within_a_quarter() -> None:
    tally = Tally()
    for took_ns in range(1, 100_001, 100):
        tally.record(0, took_ns)
    assert 99_000 <= quantile_ns(tally.buckets[0], 0.99) <= 99_000 * 1.25
    assert quantile_ns([0] * (len(BOUNDS_NS) + 1), 0.99) == 0
    assert all(b <= a * 1.25 + 1 for a, b in pairwise(BOUNDS_NS))


def test_times_beyond_the_histogram_land_in_its_last_bucket() -> None:
    tally = Tally()
    tally.record(0, 10**15)
    assert quantile_ns(tally.buckets[0], 0.5) == BOUNDS_NS[-1]


def test_a_message_without_a_place_in_the_table_is_listed() -> None:
    class Stray:
        pass

    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", keeper(kept))
    system.tell("a", Stray())
    dispatcher.run_until_idle()
    assert len(kept) == 1
    assert system.metrics().unranked == ("Stray",)
