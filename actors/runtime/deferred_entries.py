"""Mailbox entries that resolve to a message at delivery, not when they are queued."""

from collections.abc import Callable
from typing import Protocol

from actors.runtime.priorities import DEFERRED
from actors.runtime.timers import Timer


class DeferredEntry(Protocol):
    """An entry in a lane of a mailbox."""

    def resolve(self) -> object | None:
        """Return the message to deliver; None: there is none any more."""
        ...


class Due:
    """A timer's message, dropped if the timer was canceled or replaced after it fired.

    Source: Akka's timers ("guaranteed that a canceled timer's message is not received, even if it was already
    enqueued"); code that cancels a timeout need not handle it.
    """

    __slots__ = ("_pending", "key", "message", "timer")

    def __init__(self, pending: dict[str, "Due"], key: str, message: object) -> None:
        self._pending = pending
        self.key = key
        self.message = message
        self.timer: Timer | None = None

    def resolve(self) -> object | None:
        if self._pending.get(self.key) is not self:
            return None
        del self._pending[self.key]
        return self.message


class Conflated:
    """The latest message of one conflation key, at the place of the first."""

    __slots__ = ("_claim",)

    def __init__(self, claim: Callable[[], object | None]) -> None:
        self._claim = claim

    def resolve(self) -> object | None:
        return self._claim()


class Stop:
    """An orderly stop at the tail of LOW, after all earlier messages."""

    __slots__ = ("leave_at",)

    def __init__(self) -> None:
        self.leave_at: int | None = None
        """The number of processed messages at which the stop applies; set when ageing moved it forward."""

    def resolve(self) -> object | None:
        return self


class Kill:
    """A stop before all waiting messages; sent as a signal."""

    __slots__ = ()


KILL = Kill()
PRIORITIES: dict[type, int] = dict.fromkeys((Due, Conflated, Stop), DEFERRED)
