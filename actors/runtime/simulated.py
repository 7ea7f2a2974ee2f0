"""The same actors on one thread, in an order drawn from a seed, in virtual time.

A step delivers one message to one runnable actor, chosen by the seed; when none is runnable, time jumps to the next
timer. No real clock is read, so a seed determines the whole run.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from random import Random

from actors.runtime.dispatch import Executor, Placement, Runnable
from actors.runtime.metrics import Tally
from actors.runtime.timers import Timer, TimerHeap

START_NS = 1_700_000_000_000_000_000
"""Wall time at which a simulation begins by default: in November 2023."""
STEPS_PER_INSTANT = 100_000
"""Most steps without time passing; more are actors that message each other for ever."""


class LivelockError(RuntimeError):
    """Too many steps without time passing; the message names the busiest actors."""


class VirtualClock:
    """Time that the dispatcher moves; wall time can jump separately. Nanoseconds."""

    def __init__(self, start_ns: int = START_NS) -> None:
        self._monotonic_ns = 0
        self._wall_offset_ns = start_ns

    def time_ns(self) -> int:
        """Wall time in nanoseconds."""
        return self._monotonic_ns + self._wall_offset_ns

    def monotonic_ns(self) -> int:
        """Monotonic time in nanoseconds, from 0."""
        return self._monotonic_ns

    def jump_wall(self, by_ns: int) -> None:
        """Shift wall time, as an administrator or an NTP step does; timers are unaffected."""
        self._wall_offset_ns += by_ns

    def move_to(self, monotonic_ns: int) -> None:
        """Advance monotonic time; for the dispatcher only."""
        assert monotonic_ns >= self._monotonic_ns
        self._monotonic_ns = monotonic_ns


class SimulatedDispatcher:
    """One thread, one seed. It runs during `step`, `run_until_idle`, `advance` and `run_until` only."""

    def __init__(self, seed: int, start_ns: int = START_NS, steps_per_instant: int = STEPS_PER_INSTANT) -> None:
        self.clock = VirtualClock(start_ns)
        self.steps = 0
        self.urgent: Sequence[Runnable] = ()
        self._random = Random(seed)
        self._timers = TimerHeap()
        self._runnable: list[Runnable] = []
        self._queued: set[Runnable] = set()
        self._tally = Tally()
        self._steps_per_instant = steps_per_instant
        self._steps_now = 0
        self._busy: dict[str, int] = {}
        """Steps by address, counted in the second half of an instant's steps."""
        self._fatal: BaseException | None = None
        self._running = False

    # The protocols of executor and dispatcher.

    @property
    def tallies(self) -> Sequence[Tally]:
        """The counters of the one worker."""
        return (self._tally,)

    def executor(self, address: str, placement: Placement) -> Executor:  # noqa: ARG002 - both run alike here
        """Return the dispatcher itself: `placement` is ignored."""
        return self

    def submit(self, runnable: Runnable) -> None:
        """Make the cell runnable, once however often it is submitted."""
        if runnable not in self._queued:
            self._queued.add(runnable)
            self._runnable.append(runnable)

    def urge(self, runnable: Runnable) -> None:
        """Submit it: the seed alone chooses the next actor."""
        self.submit(runnable)

    def close(self) -> None:
        """Nothing: one executor serves all actors."""

    def call_later(self, delay_ns: int, callback: Callable[[], None]) -> Timer:
        """Call at a virtual time; a simulated venue, disk or chat answers this way."""
        return self._timers.add(self.clock.monotonic_ns() + max(delay_ns, 0), callback)

    def fatal(self, address: str, error: BaseException) -> None:  # noqa: ARG002 - the step raises it as it is
        """Keep the error; the current step raises it."""
        self._fatal = error

    def changed(self) -> None:
        """Nothing: `wait` runs the actors itself."""

    def wait(self, until: Callable[[], bool], timeout_ns: int) -> bool:
        """Run until the condition holds; False after `timeout_ns` of virtual time."""
        return self.run_until(until, timeout_ns)

    def shutdown(self, timeout_ns: int) -> tuple[str, ...]:  # noqa: ARG002 - there are no threads to end
        """Nothing: there are no threads. Returns ()."""
        return ()

    # Running.

    def step(self) -> bool:
        """Deliver one message, or else jump to the next timer and call it; False: nothing is left.

        Raises an actor's exception that is no `Exception`, any exception of a `call_later` callback, and LivelockError.
        """
        return self._run_one() or self._call_due() or self._jump(None)

    def run_until_idle(self) -> int:
        """Run all that can run at this instant; returns the number of steps."""
        before = self.steps
        while self._call_due() or self._run_one():
            pass
        return self.steps - before

    def advance(self, by_ns: int) -> None:
        """Run everything of the next `by_ns`; that much virtual time has passed afterwards."""
        end_ns = self.clock.monotonic_ns() + by_ns
        self.run_until_idle()
        while self._jump(end_ns):
            self.run_until_idle()
        self._move_to(end_ns)

    def run_until(self, until: Callable[[], bool], within_ns: int) -> bool:
        """Run until the condition holds, checked after each step; False: not within `within_ns`."""
        end_ns = self.clock.monotonic_ns() + within_ns
        while not until():
            if not (self._call_due() or self._run_one() or self._jump(end_ns)):
                self._move_to(end_ns)
                return until()
        return True

    def _run_one(self) -> bool:
        if not self._runnable:
            return False
        if self._running:
            raise RuntimeError("an actor must not run the scheduler that runs it")
        index = int(self._random.random() * len(self._runnable))
        self._runnable[index], self._runnable[-1] = self._runnable[-1], self._runnable[index]
        runnable = self._runnable.pop()
        self._queued.remove(runnable)
        self._count(runnable.address)
        self._running = True
        try:
            runnable.run(1, self._tally)
        finally:
            self._running = False
        if self._fatal is not None:
            error, self._fatal = self._fatal, None
            raise error
        return True

    def _call_due(self) -> bool:
        callback = self._timers.pop_due(self.clock.monotonic_ns())
        if callback is None:
            return False
        self._count("timers")
        callback()
        return True

    def _jump(self, end_ns: int | None) -> bool:
        """Move to the next timer if its deadline is within `end_ns`, and call it."""
        deadline_ns = self._timers.next_deadline_ns()
        if deadline_ns is None or (end_ns is not None and deadline_ns > end_ns):
            return False
        self._move_to(deadline_ns)
        return self._call_due()

    def _move_to(self, monotonic_ns: int) -> None:
        if monotonic_ns > self.clock.monotonic_ns():
            self.clock.move_to(monotonic_ns)
            self._steps_now = 0
            self._busy.clear()

    def _count(self, address: str) -> None:
        self.steps += 1
        self._steps_now += 1
        if self._steps_now <= self._steps_per_instant // 2:
            return
        self._busy[address] = self._busy.get(address, 0) + 1
        if self._steps_now > self._steps_per_instant:
            busiest = sorted(self._busy.items(), key=lambda item: -item[1])[:5]
            raise LivelockError(f"{self._steps_now} steps without time passing; most of them at {busiest}")


class TraceHash:
    """An observer that hashes a run: same seed, same digest, in any process.

    Messages are hashed by their repr, so they must not contain sets, whose order differs by process.
    """

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=16)
        self.deliveries = 0

    def __call__(self, address: str, message: object, started_ns: int, finished_ns: int) -> None:
        self.deliveries += 1
        self._hash.update(f"{started_ns}|{finished_ns}|{address}|{message!r}\n".encode())

    def digest(self) -> str:
        """Return the hex digest of all deliveries so far."""
        return self._hash.hexdigest()
