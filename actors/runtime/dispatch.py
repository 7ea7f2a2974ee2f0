"""The dispatcher protocol: threads, or one seeded loop."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from actors.runtime.metrics import Tally
from actors.runtime.timers import Timer


class Placement(Enum):
    """Where an actor runs. The simulated dispatcher ignores it."""

    POOL = "pool"
    """On the shared workers: many small actors."""
    THREAD = "thread"
    """On a dedicated thread: few, long-lived actors."""


class Runnable(Protocol):
    """The executor's view of a cell: handles a few messages and returns."""

    @property
    def address(self) -> str: ...

    def run(self, budget: int, tally: Tally) -> None:
        """Handle at most `budget` messages. Returns at once while another worker runs the same one."""
        ...


class Executor(Protocol):
    """A queue of runnables with its workers."""

    @property
    def urgent(self) -> Sequence[Runnable]:
        """Non-empty while a CRITICAL message waits at another address; a running slice ends then."""
        ...

    def submit(self, runnable: Runnable) -> None:
        """Queue the runnable at the end."""
        ...

    def urge(self, runnable: Runnable) -> None:
        """Run it before the queue, for a CRITICAL message; it may be queued already."""
        ...

    def close(self) -> None:
        """Accept no more runnables."""
        ...


class Dispatcher(Protocol):
    """Makes executors and timers."""

    @property
    def tallies(self) -> Sequence[Tally]: ...

    def executor(self, address: str, placement: Placement) -> Executor: ...

    def call_later(self, delay_ns: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` once, `delay_ns` from now (monotonic), on a thread that it must not block."""
        ...

    def fatal(self, address: str, error: BaseException) -> None:
        """Report KeyboardInterrupt, SystemExit or a bug of the runtime."""
        ...

    def changed(self) -> None:
        """Wake `wait`: a condition may have changed."""
        ...

    def wait(self, until: Callable[[], bool], timeout_ns: int) -> bool:
        """Block until the condition holds; False at the timeout. Raises RuntimeError when an actor calls it."""
        ...

    def shutdown(self, timeout_ns: int) -> tuple[str, ...]:
        """End all threads; returns the names of those that did not end within `timeout_ns`."""
        ...
