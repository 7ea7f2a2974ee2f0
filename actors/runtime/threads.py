"""Actors on threads: a small shared pool, and dedicated threads for a few actors.

Both are run queues with workers: a dedicated thread is a queue with one worker and one actor. Submitting takes no lock.
An idle worker blocks in the queue's C `get`, so an idle system uses no CPU.

CRITICAL overtakes across actors: its actor goes on the `urgent` list too, running slices end after the current message,
and the next worker serves that list first. The interpreter lock remains, which a waiting thread gets after the switch
interval; hence 0.5 ms instead of 5.
"""

import sys
import threading
from _thread import interrupt_main
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from actors.ports import Clock
from actors.runtime.dispatch import Executor, Placement, Runnable
from actors.runtime.metrics import Tally
from actors.runtime.timers import Timer, TimerThread

SLICE = 32
"""Messages that one actor handles before the next one's turn."""
SWITCH_INTERVAL_S = 0.0005
_NS = 1_000_000_000


class _Close:
    """Ends one worker."""


_CLOSE = _Close()
OnFatal = Callable[[str, BaseException], None]


def _interrupt(address: str, error: BaseException) -> None:  # noqa: ARG001
    """Interrupt the main thread as Ctrl-C would."""
    interrupt_main()


class RunQueue:
    """A queue of runnables and its workers."""

    def __init__(self, name: str, worker_count: int, on_fatal: OnFatal) -> None:
        self.urgent: deque[Runnable] = deque()
        self.tallies = tuple(Tally() for _ in range(worker_count))
        self._ready: SimpleQueue[Runnable | _Close | None] = SimpleQueue()
        self._on_fatal = on_fatal
        self.threads = tuple(
            threading.Thread(target=self._work, args=(tally,), name=f"{name}-{number}", daemon=True)
            for number, tally in enumerate(self.tallies)
        )
        for thread in self.threads:
            thread.start()

    def submit(self, runnable: Runnable) -> None:
        """Queue the cell at the end."""
        self._ready.put(runnable)

    def urge(self, runnable: Runnable) -> None:
        """Serve the cell before the queue, after the current message."""
        self.urgent.append(runnable)
        self._ready.put(None)

    def close(self) -> None:
        """End the workers after what is queued now."""
        for _ in self.threads:
            self._ready.put(_CLOSE)

    def _work(self, tally: Tally) -> None:
        ready, urgent = self._ready, self.urgent
        while True:
            runnable = ready.get()
            while urgent:
                try:
                    first = urgent.popleft()
                except IndexError:  # another worker took it
                    break
                self._run(first, tally)
            if runnable.__class__ is _Close:
                return
            if runnable is not None:
                self._run(runnable, tally)  # type: ignore[arg-type]

    def _run(self, runnable: Runnable, tally: Tally) -> None:
        try:
            runnable.run(SLICE, tally)
        except BaseException as error:  # noqa: BLE001 - a bug of the runtime must not cost the pool a worker
            self._on_fatal(runnable.address, error)


class ThreadDispatcher:
    """Runs actors on `worker_count` shared workers, dedicated threads, and one timer thread.

    `on_fatal(address, error)` receives, on the failing thread, errors that are no ordinary failure of an actor; by
    default it interrupts the main thread. Raises ValueError for a `worker_count` below 1.
    """

    def __init__(self, clock: Clock, worker_count: int = 3, on_fatal: OnFatal = _interrupt) -> None:
        if worker_count < 1:
            raise ValueError(f"worker_count must be at least 1, not {worker_count}")
        self._interval_before_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._clock = clock
        self._on_fatal = on_fatal
        self._changed = threading.Condition()
        self._pool = RunQueue("albra-pool", worker_count, on_fatal)
        self._shared = _Shared(self._pool)
        self._dedicated: list[RunQueue] = []
        self._timers = TimerThread(clock, lambda error: on_fatal("timers", error))

    @property
    def tallies(self) -> Sequence[Tally]:
        """The counters of all workers."""
        return [tally for queue in (self._pool, *self._dedicated) for tally in queue.tallies]

    def executor(self, address: str, placement: Placement) -> Executor:
        """Return the pool, or a new dedicated thread."""
        if placement is Placement.POOL:
            return self._shared
        queue = RunQueue(f"albra-{address}", 1, self._on_fatal)
        self._dedicated.append(queue)
        return _Own(queue)

    def call_later(self, delay_ns: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` on the timer thread after `delay_ns` (monotonic)."""
        return self._timers.call_later(delay_ns, callback)

    def fatal(self, address: str, error: BaseException) -> None:
        """Pass the error to `on_fatal`."""
        self._on_fatal(address, error)

    def changed(self) -> None:
        """Wake the threads in `wait`, which check their conditions again."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, until: Callable[[], bool], timeout_ns: int) -> bool:
        """Block until the condition holds; False at the timeout. Raises RuntimeError on a worker, which would wait for
        itself.
        """
        if threading.current_thread() in self._threads():
            raise RuntimeError("an actor must not block on other actors; let their answer be a message")
        with self._changed:
            return self._changed.wait_for(until, timeout_ns / _NS)

    def shutdown(self, timeout_ns: int) -> tuple[str, ...]:
        """End all threads and restore the switch interval; returns the names of those that did not end within
        `timeout_ns`.
        """
        deadline_ns = self._clock.monotonic_ns() + timeout_ns
        for queue in (self._pool, *self._dedicated):
            queue.close()
        for thread in self._threads():
            thread.join(self._seconds_until(deadline_ns))
        stuck = [thread.name for thread in self._threads() if thread.is_alive()]
        if not self._timers.close(self._seconds_until(deadline_ns)):
            stuck.append("albra-timers")
        sys.setswitchinterval(self._interval_before_s)
        return tuple(stuck)

    def _seconds_until(self, deadline_ns: int) -> float:
        """At least 50 ms: a thread that is ending needs a moment after the deadline as well."""
        return max((deadline_ns - self._clock.monotonic_ns()) / _NS, 0.05)

    def _threads(self) -> list[threading.Thread]:
        return [thread for queue in (self._pool, *self._dedicated) for thread in queue.threads]


class _Shared:
    """The pool for one actor: its end does not close the pool."""

    def __init__(self, pool: RunQueue) -> None:
        self.urgent: Sequence[Runnable] = pool.urgent
        self.submit = pool.submit
        self.urge = pool.urge

    def close(self) -> None:
        """Nothing: other actors use the pool."""


class _Own:
    """A dedicated thread for its actor: there is no other to overtake, so `urge` is `submit`."""

    urgent: Sequence[Runnable] = ()

    def __init__(self, queue: RunQueue) -> None:
        self.submit = queue.submit
        self.urge = queue.submit
        self.close = queue.close
