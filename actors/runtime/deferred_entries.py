"""Entries of a mailbox that stand for a message: what is delivered is decided at delivery, not when they are queued."""

from collections.abc import Callable
from typing import Protocol

from actors.runtime.priorities import DEFERRED
from actors.runtime.timers import Timer


class DeferredEntry(Protocol):
    """Stands for a message in a lane of a mailbox."""

    def resolve(self) -> object | None:
        """Return the message to deliver, or None where there is nothing left to deliver."""
        ...


class Due:
    """A timer's message. It is not delivered if the timer was canceled or replaced after it fired.

    Source of the rule: Akka's timers ("guaranteed that a canceled timer's message is not received, even
    if it was already enqueued"); code that cancels a timeout need not handle it.
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
    """The latest message of one conflation key; it keeps the place of the first."""

    __slots__ = ("_claim",)

    def __init__(self, claim: Callable[[], object | None]) -> None:
        self._claim = claim

    def resolve(self) -> object | None:
        return self._claim()


class Stop:
    """Orderly stop: at the tail of LOW, so that earlier messages are handled first."""

    __slots__ = ("leave_at",)

    def __init__(self) -> None:
        self.leave_at: int | None = None
        """The number of processed messages at which the stop counts; set when ageing brought it forward."""

    def resolve(self) -> object | None:
        return self


class Kill:
    """Stop before every message that waits; travels as a signal."""

    __slots__ = ()


KILL = Kill()
PRIORITIES: dict[type, int] = dict.fromkeys((Due, Conflated, Stop), DEFERRED)
