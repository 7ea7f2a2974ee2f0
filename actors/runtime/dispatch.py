"""What the runtime needs of whatever gives actors their time: threads, or one seeded loop."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

from actors.runtime.metrics import Tally
from actors.runtime.timers import Timer


class Placement(Enum):
    """Where an actor runs. The simulated dispatcher runs both alike."""

    POOL = "pool"
    """On the shared workers: many, small, never blocking."""
    THREAD = "thread"
    """On a thread of its own: few and long-lived."""


class Runnable(Protocol):
    """What an executor is given: something that handles a few messages and returns."""

    @property
    def address(self) -> str: ...

    def run(self, budget: int, tally: Tally) -> None:
        """Handle at most `budget` messages. Returns at once while another worker runs the same one."""
        ...


class Executor(Protocol):
    """A queue of runnables and whoever works on it."""

    @property
    def urgent(self) -> Sequence[Runnable]:
        """Non-empty while something CRITICAL waits elsewhere: a running slice ends then."""
        ...

    def submit(self, runnable: Runnable) -> None:
        """Run it in its turn."""
        ...

    def urge(self, runnable: Runnable) -> None:
        """Run it before its turn: CRITICAL arrived. It may be queued already."""
        ...

    def close(self) -> None:
        """Nothing more will be submitted."""
        ...


class Dispatcher(Protocol):
    """Gives out executors and timers."""

    @property
    def tallies(self) -> Sequence[Tally]: ...

    def executor(self, address: str, placement: Placement) -> Executor: ...

    def call_later(self, delay_ns: int, callback: Callable[[], None]) -> Timer:
        """Call once, `delay_ns` from now on the monotonic clock, on a thread that must not be blocked."""
        ...

    def fatal(self, address: str, error: BaseException) -> None:
        """Report what is no ordinary failure: KeyboardInterrupt, SystemExit, a bug of the runtime."""
        ...

    def changed(self) -> None:
        """Something that `wait` may be waiting for has changed."""
        ...

    def wait(self, until: Callable[[], bool], timeout_ns: int) -> bool:
        """Block the caller, who must not be an actor, until the condition holds; False at the timeout."""
        ...

    def shutdown(self, timeout_ns: int) -> tuple[str, ...]:
        """End every thread; returns the names of those that did not end in time."""
        ...
