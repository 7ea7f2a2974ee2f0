"""An asyncio event loop on virtual time: the exchange adapter's own coroutines on the simulation's scheduler."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any

from actors.runtime.timers import Timer

Later = Callable[[int, Callable[[], None]], Timer]
"""Calls its second argument after so many nanoseconds of virtual time."""
_NS = 1_000_000_000
_ROUNDS_MOST = 100_000


class Alarm(asyncio.TimerHandle):
    """A handle that knows the timer behind it: most are timeouts, which are canceled and need not come."""

    __slots__ = ("timer",)

    timer: Timer


class SimulatedLoop(asyncio.AbstractEventLoop):
    """What tasks, futures, timeouts and sleeps need of a loop, and nothing that touches the outside."""

    def __init__(self, later: Later, now_ns: Callable[[], int]) -> None:
        self._later = later
        self._now_ns = now_ns
        self._ready: deque[asyncio.Handle] = deque()
        self._waking = False
        self._tasks: list[asyncio.Task[Any]] = []
        self.dead = False

    def time(self) -> float:
        return self._now_ns() / _NS

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return self.dead

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name or "simulated", context=context)
        if len(self._tasks) > 64:
            self._tasks = [each for each in self._tasks if not each.done()]
        self._tasks.append(task)
        return task

    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        if not self._waking and not self.dead:
            self._waking = True
            self._later(0, self._run_ready)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = Alarm(self.time() + delay, callback, args, self, context)
        handle.timer = self._later(max(0, round(delay * _NS)), lambda: self._due(handle))
        return handle

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_later(when - self.time(), callback, *args, context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """A defect in the adapter that nobody caught is a defect of the run."""
        if self.dead:
            return
        error = context.get("exception")
        raise error if isinstance(error, BaseException) else RuntimeError(str(context.get("message")))

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        assert isinstance(handle, Alarm)
        handle.timer.cancel()

    def bury(self) -> None:
        """The process is dead: its coroutines are unwound, unheard, so that none outlives it."""
        self.dead = True
        for task in self._tasks:
            task.cancel()
        for _ in range(_ROUNDS_MOST):
            if not self._ready:
                break
            self._run_ready()
        self._tasks.clear()

    def _due(self, handle: asyncio.TimerHandle) -> None:
        if not handle.cancelled() and not self.dead:
            self._ready.append(handle)
            self._run_ready()

    def _run_ready(self) -> None:
        self._waking = False
        before = _Running.loop
        _Running.change(self)
        try:
            while self._ready:
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
        finally:
            if before is not None:
                _Running.change(before)


class _Running:
    """Which loop asyncio takes for the running one. Each change asks the kernel for the process's number, so that the
    last one stays until another runs, or the simulation ends.
    """

    loop: SimulatedLoop | None = None

    @classmethod
    def change(cls, loop: SimulatedLoop | None) -> None:
        if loop is not cls.loop:
            asyncio._set_running_loop(loop)
            cls.loop = loop


def nothing_runs() -> None:
    """The simulation is over: whoever runs a loop of his own finds none running."""
    _Running.change(None)


def simulated_loop(later: Later, now_ns: Callable[[], int]) -> SimulatedLoop:
    """Most of an event loop's methods are about sockets and processes, of which a simulation has none."""
    return SimulatedLoop(later, now_ns)  # type: ignore[abstract]
