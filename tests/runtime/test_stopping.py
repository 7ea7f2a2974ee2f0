import pytest

from actors.runtime import Context, RestartPolicy, Why
from messages.lifecycle import ActorStopped
from tests.runtime.world import (
    ALL,
    SECOND,
    High,
    Low,
    Medium,
    assert_books_balance,
    hand,
    keeper,
    numbers,
    simulated,
)


@pytest.mark.parametrize("seed", range(5))
def test_an_orderly_stop_handles_what_was_told_before_it(seed: int) -> None:
    """The system before us threw pending events away when it stopped."""
    system, dispatcher = simulated(seed)
    kept: list[object] = []
    ended: list[int] = []
    system.spawn("a", hand(lambda _c, m: kept.append(m), stop=lambda _c: ended.append(len(kept))))
    for n in range(100):
        system.tell("a", ALL[n % 4](n=n))
    system.stop_actor("a")
    dispatcher.run_until_idle()
    assert sorted(numbers(kept)) == list(range(100))
    assert ended == [100]
    assert not system.is_open("a")
    assert system.dead_letters.count() == 0


def test_ageing_does_not_bring_a_stop_before_what_was_told_earlier() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", keeper(kept))
    for n in range(100):
        system.tell("a", High(n=n))
    system.stop_actor("a")
    dispatcher.run_until_idle()
    assert numbers(kept) == list(range(100))


def test_what_comes_after_a_stop_is_a_dead_letter() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    ref = system.spawn("a", keeper(kept))
    ref.tell(Low(n=1))
    system.stop_actor("a")
    ref.tell(Low(n=2))
    dispatcher.run_until_idle()
    ref.tell(Low(n=3))
    assert numbers(kept) == [1]
    assert [(one.message, one.why) for one in system.dead_letters.latest()] == [
        (Low(n=2), Why.STOPPED),
        (Low(n=3), Why.NO_SUCH_ADDRESS),
    ]


def test_an_actor_that_keeps_telling_itself_stops_all_the_same() -> None:
    system, dispatcher = simulated()
    busy = lambda context, _message: context.tell(context.address, High())
    system.spawn("a", hand(busy))
    system.tell("a", High())
    dispatcher.step()
    system.stop_actor("a")
    assert dispatcher.run_until(lambda: not system.is_open("a"), SECOND)
    assert_books_balance(system)


def test_a_kill_comes_before_everything_that_waits() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    told: list[object] = []
    system.subscribe(ActorStopped, told.append)
    system.spawn("a", keeper(kept), suspended=True)
    for n in range(3):
        system.tell("a", High(n=n))
    dispatcher.run_until_idle()
    system.kill("a")
    dispatcher.run_until_idle()
    assert kept == []
    assert system.dead_letters.count(Why.STOPPED) == 3
    (stopped,) = told
    assert isinstance(stopped, ActorStopped)
    assert (stopped.reason, stopped.undelivered) == ("killed", 3)


def test_an_actor_stops_itself_and_its_address_can_be_opened_again() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", hand(lambda context, _message: context.stop()))
    system.tell("a", Medium())
    dispatcher.run_until_idle()
    system.spawn("a", keeper(kept))
    system.tell("a", Medium(n=2))
    dispatcher.run_until_idle()
    assert numbers(kept) == [2]


def test_an_open_address_is_not_opened_twice() -> None:
    system, _dispatcher = simulated()
    system.spawn("a", keeper([]))
    with pytest.raises(ValueError, match="a: the address is taken"):
        system.spawn("a", keeper([]))


def test_a_quarantined_or_waiting_address_stops_too() -> None:
    system, dispatcher = simulated()

    def receive(_context: Context, _message: object) -> None:
        raise ValueError("always")

    system.spawn("quarantined", hand(receive), policy=RestartPolicy(max_restarts=0, redeliveries=0))
    system.spawn("backoff", hand(receive), policy=RestartPolicy(redeliveries=1))
    for address in ("quarantined", "backoff"):
        system.tell(address, Medium(n=1))
        system.tell(address, Medium(n=2))
    dispatcher.run_until_idle()
    assert system.stop_and_wait(("quarantined", "backoff"), deadline_ms=60_000) == ()
    assert system.addresses() == ()
    assert system.dead_letters.count() == 4


def test_a_stop_hook_that_raises_stops_all_the_same() -> None:
    system, dispatcher = simulated()
    told: list[object] = []
    system.subscribe(ActorStopped, told.append)

    def stop(_context: Context) -> None:
        raise OSError("cannot let go")

    system.spawn("a", hand(lambda _c, _m: None, stop=stop))
    system.stop_actor("a")
    dispatcher.run_until_idle()
    assert not system.is_open("a")
    (stopped,) = told
    assert isinstance(stopped, ActorStopped)
    assert stopped.reason == "on_stop raised OSError: cannot let go"


def test_a_shutdown_reports_what_it_had_to_kill_and_what_was_not_delivered() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("good", keeper(kept))
    system.spawn("stuck", keeper(kept), suspended=True)
    system.tell("good", Medium(n=1))
    system.tell("stuck", Medium(n=2))
    report = system.shutdown(deadline_ms=1000)
    assert numbers(kept) == [1]
    assert report.killed == ("stuck",)
    assert (report.unfinished, report.stuck_threads) == ((), ())
    assert report.undelivered == 1
    assert dispatcher.clock.monotonic_ns() >= 1000 * 1_000_000
    with pytest.raises(RuntimeError, match="shutting down"):
        system.spawn("late", keeper(kept))


def test_an_actor_may_not_shut_the_system_down_and_wait_for_itself() -> None:
    system, dispatcher = simulated()
    raised: list[str] = []

    def receive(_context: Context, _message: object) -> None:
        try:
            system.stop_and_wait(("a", "b"), 1000)
        except RuntimeError as error:
            raised.append(str(error))

    system.spawn("a", hand(receive))
    system.spawn("b", keeper([]))
    dispatcher.run_until_idle()
    system.tell("a", Medium())
    dispatcher.run_until_idle()
    assert raised == ["an actor must not run the scheduler that runs it"]
