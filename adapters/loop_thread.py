"""An asyncio loop on a thread of its own, used by every network adapter."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
STOP_S = 3.0
"""Limit of the loop's end after everything on it is closed."""


class LoopThread:
    """An asyncio loop on a daemon thread; process exit does not wait for the network.

    Call `post`, `ask` and `stop` from other threads, `spawn` and `tasks` on the loop's own.
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._thread.start()

    def post(self, call: Callable[[*Ts], object], *arguments: *Ts) -> None:
        """Schedule a call on the loop. Never blocks or raises; does nothing after `stop`."""
        with suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(call, *arguments)

    def ask(self, work: Coroutine[Any, Any, T], within_s: float | None = None) -> T:
        """Run a coroutine on the loop and return its result. Blocks. Raises its exceptions, and TimeoutError."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(within_s)

    def stop(self, close: Callable[[], Coroutine[Any, Any, object]], within_s: float) -> None:
        """Await `close` on the loop for at most `within_s`, then end the loop even if `close` raises. Blocks.
        Idempotent.
        """
        if self.loop.is_closed():
            return
        if self._thread.is_alive():
            with suppress(Exception):
                self.ask(close(), within_s)
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(STOP_S)
        if not self._thread.is_alive():
            self.loop.close()

    @property
    def tasks(self) -> frozenset["asyncio.Task[None]"]:
        """Return the spawned tasks that are not done."""
        return frozenset(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
