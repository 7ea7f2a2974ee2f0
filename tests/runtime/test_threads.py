"""The same promises on real threads. Waiting is on events with a generous timeout, never by sleeping."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from actors.runtime import ActorSystem, Context, Placement, RestartPolicy, ThreadDispatcher
from actors.runtime.mailbox import Mailbox
from messages.priority import Priority
from tests.runtime.world import (
    ALL,
    MS,
    PRIORITIES,
    Critical,
    High,
    Low,
    Medium,
    Say,
    assert_books_balance,
    hand,
    numbers,
)

PATIENCE_S = 30


class SystemClock:
    time_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.monotonic_ns)


@pytest.fixture
def fatal() -> list[tuple[str, BaseException]]:
    return []


@pytest.fixture
def system(fatal: list[tuple[str, BaseException]]) -> Iterator[ActorSystem]:
    dispatcher = ThreadDispatcher(SystemClock(), worker_count=3, on_fatal=lambda *what: fatal.append(what))
    system = ActorSystem(dispatcher, PRIORITIES, SystemClock())
    yield system
    report = system.shutdown(deadline_ms=10_000)
    assert report.stuck_threads == ()


class Collector:
    """Keeps what comes, and says when the expected number is there."""

    def __init__(self, expected: int) -> None:
        self.kept: list[object] = []
        self._expected = expected
        self._all_here = threading.Event()

    def __call__(self, _context: Context, message: object) -> None:
        self.kept.append(message)
        if len(self.kept) == self._expected:
            self._all_here.set()

    def wait(self) -> list[object]:
        assert self._all_here.wait(PATIENCE_S), f"{len(self.kept)} of {self._expected} came"
        return self.kept


def in_threads(number: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)


@pytest.mark.parametrize("placement", list(Placement))
def test_many_producers_lose_nothing_and_each_ones_order_is_kept_per_priority(
    system: ActorSystem, placement: Placement
) -> None:
    producers, each = 4, 2000
    collector = Collector(producers * each)
    system.spawn("a", hand(collector), placement=placement)

    def produce(producer: int) -> None:
        for n in range(each):
            system.tell("a", ALL[n % 4](n=producer * each + n))

    in_threads(producers, produce)
    kept = collector.wait()
    for producer in range(producers):
        for one in ALL:
            mine = [m.n for m in kept if type(m) is one and isinstance(m, Say) and m.n // each == producer]
            assert mine == sorted(mine)
            assert len(mine) == each // 4


def test_one_actor_is_never_run_by_two_workers_at_once(system: ActorSystem) -> None:
    collector = Collector(4 * 2000)
    inside = threading.Lock()
    overlaps: list[object] = []

    def receive(context: Context, message: object) -> None:
        if not inside.acquire(blocking=False):
            overlaps.append(message)
            return
        collector(context, message)
        inside.release()

    system.spawn("a", hand(receive))

    def produce(_producer: int) -> None:
        for n in range(2000):
            system.tell("a", ALL[n % 4](n=n))

    in_threads(4, produce)
    collector.wait()
    assert overlaps == []


def test_crashes_under_load_lose_nothing(system: ActorSystem) -> None:
    actors, each = 20, 100
    collector = Collector(actors * each)
    crashed: set[tuple[str, int]] = set()

    def receive(context: Context, message: object) -> None:
        assert isinstance(message, Say)
        key = (context.address, message.n)
        if message.n % 25 == 7 and key not in crashed:
            crashed.add(key)
            raise ValueError("once each")
        collector(context, (context.address, message.n))

    policy = RestartPolicy(backoff_initial_ns=MS, backoff_max_ns=5 * MS, max_restarts=50)
    for number in range(actors):
        system.spawn(f"a{number}", hand(receive), policy=policy)

    def produce(producer: int) -> None:
        for n in range(producer, each, 4):
            for number in range(actors):
                system.tell(f"a{number}", ALL[n % 4](n=n))

    in_threads(4, produce)
    kept = collector.wait()
    assert sorted(kept) == sorted((f"a{number}", n) for number in range(actors) for n in range(each))  # type: ignore[type-var]
    assert len(crashed) == actors * 4


def test_critical_overtakes_across_the_whole_pool() -> None:
    dispatcher = ThreadDispatcher(SystemClock(), worker_count=1)
    system = ActorSystem(dispatcher, PRIORITIES, SystemClock())
    inside, gate, done = threading.Event(), threading.Event(), threading.Event()
    order: list[object] = []

    def receive(_context: Context, message: object) -> None:
        if message == High():
            inside.set()
            gate.wait(PATIENCE_S)
        order.append(type(message))
        if len(order) == 1 + 50 * 20 + 1:
            done.set()

    for number in range(51):
        system.spawn(f"a{number}", hand(receive))
    system.tell("a0", High())
    assert inside.wait(PATIENCE_S)
    for _ in range(20):
        for number in range(1, 51):
            system.tell(f"a{number}", Low())
    system.tell("a50", Critical())
    gate.set()
    assert done.wait(PATIENCE_S)
    system.shutdown(1000)
    assert order[:2] == [High, Critical]


def test_critical_overtakes_the_rest_of_a_running_slice() -> None:
    dispatcher = ThreadDispatcher(SystemClock(), worker_count=1)
    system = ActorSystem(dispatcher, PRIORITIES, SystemClock())
    inside, gate = threading.Event(), threading.Event()
    collector = Collector(21)

    def receive(context: Context, message: object) -> None:
        if message == Low(n=0):
            inside.set()
            gate.wait(PATIENCE_S)
        collector(context, message)

    system.spawn("busy", hand(receive))
    system.spawn("other", hand(collector))
    system.tell("busy", Low(n=0))
    assert inside.wait(PATIENCE_S)
    for n in range(1, 20):
        system.tell("busy", Low(n=n))
    system.tell("other", Critical(n=99))
    gate.set()
    assert numbers(collector.wait())[:2] == [0, 99]
    system.shutdown(1000)


def test_a_commit_signal_wakes_a_suspended_actor(system: ActorSystem) -> None:
    collector = Collector(200)

    def step(context: Context, message: object) -> None:
        collector(context, message)
        context.suspend()
        context.tell("journal", message)

    system.spawn("position", hand(step, lambda context, _message: context.resume()))
    system.spawn(
        "journal",
        hand(lambda context, message: context.signal("position", message)),
        placement=Placement.THREAD,
    )
    for n in range(200):
        system.tell("position", Medium(n=n))
    assert numbers(collector.wait()) == list(range(200))


def test_timers_come_in_order_and_not_before_their_time(system: ActorSystem) -> None:
    collector = Collector(3)
    started_ns = time.monotonic_ns()
    came_ns: list[int] = []

    def start(context: Context) -> None:
        for n in (3, 1, 2):
            context.schedule(f"k{n}", n * 20 * MS, Medium(n=n))
        context.schedule("k9", 1 * MS, Medium(n=9))
        context.cancel("k9")

    def receive(context: Context, message: object) -> None:
        came_ns.append(time.monotonic_ns() - started_ns)
        collector(context, message)

    system.spawn("a", hand(receive, start=start))
    assert numbers(collector.wait()) == [1, 2, 3]
    assert all(took >= n * 20 * MS for n, took in enumerate(came_ns, start=1))


def test_an_idle_system_uses_no_cpu(system: ActorSystem) -> None:
    collector = Collector(100)
    for number in range(100):
        system.spawn(f"a{number}", hand(collector))
        system.tell(f"a{number}", Low())
    collector.wait()
    before_s = time.process_time()
    threading.Event().wait(0.3)  # nothing happens, which is what is measured
    assert time.process_time() - before_s < 0.02


@pytest.mark.parametrize("placement", list(Placement))
def test_an_exit_in_a_handler_is_reported_and_costs_no_worker(
    system: ActorSystem, fatal: list[tuple[str, BaseException]], placement: Placement
) -> None:
    collector = Collector(8)
    exits = [KeyboardInterrupt(), SystemExit(1)] * 2

    def receive(context: Context, message: object) -> None:
        if exits:
            raise exits.pop()
        collector(context, message)

    policy = RestartPolicy(backoff_initial_ns=0, redeliveries=4)
    system.spawn("a", hand(receive), placement=placement, policy=policy)
    for n in range(8):
        system.tell("a", Medium(n=n))
    assert numbers(collector.wait()) == list(range(8))
    assert [type(error) for _address, error in fatal] == [SystemExit, KeyboardInterrupt] * 2


def test_an_actor_that_waits_for_actors_is_told_at_once(system: ActorSystem) -> None:
    raised: list[str] = []
    done = threading.Event()

    def receive(_context: Context, _message: object) -> None:
        try:
            system.stop_and_wait(("a",), deadline_ms=60_000)
        except RuntimeError as error:
            raised.append(str(error))
        done.set()

    system.spawn("a", hand(receive))
    system.tell("a", Medium())
    assert done.wait(PATIENCE_S)
    assert raised == ["an actor must not block on other actors; let their answer be a message"]


def test_a_shutdown_handles_what_waits_and_joins_every_thread() -> None:
    before = threading.active_count()
    dispatcher = ThreadDispatcher(SystemClock(), worker_count=2)
    system = ActorSystem(dispatcher, PRIORITIES, SystemClock())
    kept: list[object] = []
    system.spawn("thread", hand(lambda _c, m: kept.append(m)), placement=Placement.THREAD)
    for number in range(10):
        system.spawn(f"a{number}", hand(lambda _c, m: kept.append(m)))
        for _ in range(100):
            system.tell(f"a{number}", Low())
            system.tell("thread", Low())
    report = system.shutdown(deadline_ms=20_000)
    assert (report.killed, report.unfinished, report.undelivered, report.stuck_threads) == ((), (), 0, ())
    assert len(kept) == 2000
    assert threading.active_count() == before
    assert_books_balance(system)


def test_a_shutdown_names_who_does_not_come_back() -> None:
    dispatcher = ThreadDispatcher(SystemClock(), worker_count=1)
    system = ActorSystem(dispatcher, PRIORITIES, SystemClock())
    gate, inside = threading.Event(), threading.Event()

    def receive(_context: Context, _message: object) -> None:
        inside.set()
        gate.wait(PATIENCE_S)

    system.spawn("hangs", hand(receive), placement=Placement.THREAD)
    system.tell("hangs", Medium())
    system.tell("hangs", Medium())
    assert inside.wait(PATIENCE_S)
    report = system.shutdown(deadline_ms=50)
    gate.set()
    assert report.unfinished == ("hangs",)
    assert report.stuck_threads == ("albra-hangs-0",)
    assert report.undelivered == 1


def test_stopping_while_others_tell_turns_every_late_message_into_a_dead_letter(system: ActorSystem) -> None:
    handled: list[object] = []
    total = 4 * 3000

    def produce(_producer: int) -> None:
        for n in range(3000):
            system.tell(f"a{n % 30}", ALL[n % 4](n=n))
            if n % 100 == 50:
                system.stop_actor(f"a{n // 100}")

    for number in range(30):
        system.spawn(f"a{number}", hand(lambda _c, m: handled.append(m)))
    in_threads(4, produce)
    # Counted when the threads have ended: an address is free before the last of its letters is buried.
    assert system.shutdown(deadline_ms=20_000).killed == ()
    assert len(handled) + system.dead_letters.count() == total


def test_the_door_holds_its_bound_against_many_at_once() -> None:
    dispatcher = ThreadDispatcher(SystemClock(), worker_count=1)
    system = ActorSystem(dispatcher, PRIORITIES, SystemClock(), max_queue_size=100)
    system.spawn("a", hand(lambda _c, _m: None), suspended=True)
    sys.setswitchinterval(1e-6)  # as much interleaving as the interpreter can give; the shutdown restores it
    taken: list[bool] = []
    in_threads(4, lambda _p: taken.extend([system.offer("a", Medium()) for _ in range(1000)]))
    assert taken.count(True) == 100
    assert system.metrics().lanes[Priority.MEDIUM].refused == 3900
    system.shutdown(10)


def test_two_that_offer_at_the_same_moment_do_not_both_take_the_last_place() -> None:
    dispatcher = ThreadDispatcher(SystemClock(), worker_count=1)
    system = ActorSystem(dispatcher, PRIORITIES, SystemClock(), max_queue_size=1)
    system.spawn("a", hand(lambda _c, _m: None), suspended=True)
    together = threading.Barrier(2)

    class Slow(Mailbox):
        """Lets everybody who looks at its depth at the same time see the same depth."""

        def depth(self) -> int:
            waiting = super().depth()
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(0.2)
            return waiting

    cell = system._cells["a"]
    cell.mailbox = Slow(system.priorities, cell._wake)
    cell.mailbox.suspended = True  # as the one it replaces: whoever empties it makes room for both
    taken: list[bool] = []
    in_threads(2, lambda _p: taken.append(system.offer("a", Medium())))
    assert sorted(taken) == [False, True]
    system.shutdown(10)


def test_workers_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="worker_count"):
        ThreadDispatcher(SystemClock(), worker_count=0)
