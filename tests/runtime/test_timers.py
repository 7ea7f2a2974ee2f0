from actors.runtime import Context
from actors.runtime.timers import TimerHeap
from tests.runtime.world import (
    MS,
    SECOND,
    Critical,
    Medium,
    assert_books_balance,
    hand,
    numbers,
    simulated,
)


def test_a_timer_comes_at_its_time_and_the_same_key_replaces() -> None:
    system, dispatcher = simulated()
    came: list[tuple[int, int]] = []
    contexts: list[Context] = []

    def receive(context: Context, message: object) -> None:
        came.append((context.clock.monotonic_ns() // MS, message.n))  # type: ignore[attr-defined]

    system.spawn("a", hand(receive, start=contexts.append))
    dispatcher.run_until_idle()
    (context,) = contexts
    context.schedule("first", 30 * MS, Medium(n=1))
    context.schedule("second", 10 * MS, Medium(n=2))
    context.schedule("second", 20 * MS, Medium(n=3))
    context.schedule("third", 5 * MS, Medium(n=4))
    context.cancel("third")
    context.cancel("never set")
    dispatcher.advance(SECOND)
    assert came == [(20, 3), (30, 1)]


def test_a_timer_canceled_after_it_fired_is_not_delivered() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []

    def receive(context: Context, message: object) -> None:
        kept.append(message)
        if isinstance(message, Critical):
            context.cancel("timeout")

    system.spawn("a", hand(receive, start=lambda context: context.schedule("timeout", SECOND, Medium(n=1))))
    dispatcher.advance(SECOND - 1)
    dispatcher.call_later(1, lambda: system.tell("a", Critical(n=2)))
    dispatcher.advance(SECOND)
    assert numbers(kept) == [2]
    assert system.metrics().lapsed == 1
    assert_books_balance(system)


def test_timers_die_with_their_life() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []

    def receive(context: Context, message: object) -> None:
        if context.incarnation == 1:
            context.schedule("k", SECOND, Medium(n=99))
            raise ValueError("dies with a timer set")
        kept.append(message)

    system.spawn("a", hand(receive))
    system.tell("a", Medium(n=1))
    dispatcher.advance(10 * SECOND)
    assert numbers(kept) == [1]


def test_timers_end_with_the_actor() -> None:
    system, dispatcher = simulated()
    system.spawn("a", hand(lambda _c, _m: None, start=lambda context: context.schedule("k", SECOND, Medium())))
    dispatcher.run_until_idle()
    system.stop_actor("a")
    dispatcher.advance(10 * SECOND)
    assert system.dead_letters.count() == 0


def test_timers_keep_their_distance_when_the_wall_jumps() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    start = lambda context: context.schedule("k", SECOND, Medium(n=1))
    system.spawn("a", hand(lambda _c, m: kept.append(m), start=start))
    dispatcher.run_until_idle()
    dispatcher.clock.jump_wall(3600 * SECOND)
    dispatcher.advance(SECOND - 1)
    assert kept == []
    dispatcher.advance(1)
    assert numbers(kept) == [1]


def test_canceled_timers_do_not_pile_up() -> None:
    heap = TimerHeap()
    for n in range(10_000):
        heap.add(n, lambda: None).cancel()
    assert len(heap) == 0
    assert len(heap._entries) < 200
    assert heap.next_deadline_ns() is None


def test_a_heap_gives_what_is_due_in_order_and_equal_ones_as_they_were_set() -> None:
    heap = TimerHeap()
    called: list[str] = []
    heap.add(5, lambda: called.append("late"))
    heap.add(3, lambda: called.append("one"))
    heap.add(3, lambda: called.append("two"))
    while (callback := heap.pop_due(4)) is not None:
        callback()
    assert called == ["one", "two"]
    assert heap.next_deadline_ns() == 5
    assert len(heap) == 1
