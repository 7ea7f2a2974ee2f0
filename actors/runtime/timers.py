"""Timers: a heap of deadlines on the monotonic clock, and the thread that waits for the earliest."""

import heapq
import threading
from collections.abc import Callable
from itertools import count

from actors.ports import Clock

_COMPACT_ABOVE = 64
"""Canceled timers stay in the heap until their deadline or, beyond this many, until they are half of it."""


class Timer:
    """A callback with one deadline; `cancel` may be called from any thread, repeatedly."""

    __slots__ = ("_heap", "callback")

    def __init__(self, heap: "TimerHeap", callback: Callable[[], None]) -> None:
        self._heap = heap
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Drop the callback, unless it was called already."""
        self._heap.cancel(self)


class TimerHeap:
    """Deadlines (monotonic ns) in order; equal ones in the order they were added. Thread-safe, non-blocking."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[tuple[int, int, Timer]] = []
        self._sequence = count()
        self._canceled = 0

    def __len__(self) -> int:
        return len(self._entries) - self._canceled

    def add(self, deadline_ns: int, callback: Callable[[], None]) -> Timer:
        """Add a callback at `deadline_ns`."""
        timer = Timer(self, callback)
        with self._lock:
            heapq.heappush(self._entries, (deadline_ns, next(self._sequence), timer))
        return timer

    def cancel(self, timer: Timer) -> None:
        """Drop a timer's callback; a second call does nothing."""
        with self._lock:
            if timer.callback is None:
                return
            timer.callback = None
            self._canceled += 1
            if self._canceled > _COMPACT_ABOVE and self._canceled * 2 > len(self._entries):
                self._entries = [entry for entry in self._entries if entry[2].callback is not None]
                heapq.heapify(self._entries)
                self._canceled = 0

    def next_deadline_ns(self) -> int | None:
        """Return the earliest live deadline; None: there is none."""
        with self._lock:
            self._drop_canceled()
            return self._entries[0][0] if self._entries else None

    def pop_due(self, now_ns: int) -> Callable[[], None] | None:
        """Take the earliest callback with a deadline up to `now_ns`; None: there is none."""
        with self._lock:
            entries = self._entries
            while entries and entries[0][0] <= now_ns:
                timer = heapq.heappop(entries)[2]
                if timer.callback is not None:
                    callback, timer.callback = timer.callback, None
                    return callback
                self._canceled -= 1
            return None

    def _drop_canceled(self) -> None:
        while self._entries and self._entries[0][2].callback is None:
            heapq.heappop(self._entries)
            self._canceled -= 1


class TimerThread:
    """Calls callbacks at their deadlines; sleeps in between. `on_error` receives what a callback raises."""

    def __init__(self, clock: Clock, on_error: Callable[[BaseException], None]) -> None:
        self._clock = clock
        self._on_error = on_error
        self._heap = TimerHeap()
        self._changed = threading.Condition()
        self._wake_at_ns: int | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="albra-timers", daemon=True)
        self._thread.start()

    def call_later(self, delay_ns: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` after `delay_ns`; a negative delay counts as 0."""
        deadline_ns = self._clock.monotonic_ns() + max(delay_ns, 0)
        timer = self._heap.add(deadline_ns, callback)
        with self._changed:
            if self._wake_at_ns is None or deadline_ns < self._wake_at_ns:
                self._wake_at_ns = deadline_ns
                self._changed.notify()
        return timer

    def close(self, timeout_s: float) -> bool:
        """Stop the thread and drop pending timers; False: a callback did not return within `timeout_s`."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while self._wait():
            while (callback := self._heap.pop_due(self._clock.monotonic_ns())) is not None:
                try:
                    callback()
                except BaseException as error:  # noqa: BLE001 - one bad callback must not stop all timers
                    self._on_error(error)

    def _wait(self) -> bool:
        """Sleep until a deadline or `close`; False: closed."""
        with self._changed:
            self._wake_at_ns = self._heap.next_deadline_ns()
            while not self._closed:
                if self._wake_at_ns is None:
                    self._changed.wait()
                    continue
                remaining_ns = self._wake_at_ns - self._clock.monotonic_ns()
                if remaining_ns <= 0:
                    return True
                self._changed.wait(remaining_ns / 1_000_000_000)
        return False
