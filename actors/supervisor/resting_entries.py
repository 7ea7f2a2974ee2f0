"""Cancels limit entries at an orderly stop, so that nothing opens unsupervised."""

import threading

from actors.ports import Clock
from actors.runtime import ActorSystem
from messages.addresses import SUPERVISOR
from messages.commands import CancelEntries
from messages.reports import PositionView
from messages.types import CommandId, CorrelationId, OrderPurpose


class RestingEntries:
    """The positions with a resting limit entry, from their published views. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ordinals: set[int] = set()

    def on_view(self, view: object) -> None:
        """Apply a published view."""
        assert isinstance(view, PositionView)
        rests = any(o.purpose is OrderPurpose.ENTRY and o.price is not None for o in view.orders)
        with self._changed:
            (self._ordinals.add if rests else self._ordinals.discard)(view.ordinal)
            self._changed.notify_all()

    def __bool__(self) -> bool:
        return bool(self._ordinals)

    def wait_until_gone(self, deadline_ms: int) -> None:
        """Block until no entry rests, at most `deadline_ms`."""
        with self._changed:
            self._changed.wait_for(lambda: not self._ordinals, deadline_ms / 1000)


def call_off_entries(system: ActorSystem, resting: RestingEntries, clock: Clock, deadline_ms: int) -> None:
    """Cancel all entries before the venues stop. One not confirmed in time is canceled at the next start: its intent is
    kept.
    """
    if not resting:
        return
    command_id = CommandId(f"stop-{clock.time_ns()}")
    system.tell(SUPERVISOR, CancelEntries(command_id=command_id, correlation_id=CorrelationId(command_id)))
    resting.wait_until_gone(deadline_ms)
