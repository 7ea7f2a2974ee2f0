"""Lifecycle messages of actors, and the protection notice of a failed position.

A position checks its own protection (I7). While its actor is down, its last view is checked here, and the owner is
notified of a quantity without a stop.
"""

from decimal import Decimal

from actors.supervisor.context import Routes, SupervisorContext
from actors.supervisor.intake import Intake
from messages import lifecycle
from messages.addresses import ordinal_of, position_address
from messages.reports import PositionView, Sweep
from messages.statement import NOTHING, Statement
from messages.types import OrderPurpose, PositionId, Severity, Silence
from messages.wording import Supervisor
from messages.wording.supervisor import actor

_WORKING = "working"
"""`phase` of an order that rests at the venue."""


class Failures:
    """Logs lifecycle messages, notifies the owner, and marks quarantined positions silent."""

    def __init__(self, context: SupervisorContext, intake: Intake) -> None:
        self._context = context
        self._intake = intake
        self._memory = context.memory

    def routes(self) -> Routes:
        """Return the handler of each lifecycle message class."""
        facts = (lifecycle.ActorRestarted, lifecycle.ActorStopped, lifecycle.SubscriberDropped)
        return {
            **dict.fromkeys(facts, self._note),
            lifecycle.ActorFailed: self._failed,
            lifecycle.ActorQuarantined: self._quarantined,
            lifecycle.ActorReleased: self._released,
            lifecycle.MessageParked: self._parked,
        }

    def _note(self, message: lifecycle.Lifecycle) -> None:
        """Log the message."""
        fields = {
            name: str(getattr(message, name))
            for name in ("reason", "trace", "attempt", "message_type", "undelivered")
            if hasattr(message, name)
        }
        level = "DEBUG" if isinstance(message, lifecycle.ActorStopped) else "ERROR"
        self._context.log(
            level, type(message).__name__, actor=message.address, correlation_id=message.correlation_id, **fields
        )

    def _failed(self, message: lifecycle.ActorFailed) -> None:
        """Notify about a missing stop: the actor's own timer is gone, or is what fails.

        The notice id makes repeated failures at the same version one notice.
        """
        self._note(message)
        view = self._view(message.address)
        if view is None or not uncovered(view):
            return
        text = Supervisor.ACTOR_FAILED(name=view.position_id, quantity=view.quantity, reason=message.reason)
        self._context.notify_of(view, Severity.CRITICAL, text, f"{view.position_id}#{view.version}.failed")

    def _quarantined(self, message: lifecycle.ActorQuarantined) -> None:
        self._note(message)
        view, name = self._view(message.address), self._name(message.address)
        self._notify(view, Supervisor.QUARANTINED(address=name, attempt=message.attempt, reason=message.reason))
        position_id = self._position(message.address)
        if position_id is not None:
            why = Supervisor.ACTOR_QUARANTINED(reason=message.reason)
            self._context.silent(position_id, Silence.QUARANTINED, why)

    def _released(self, message: lifecycle.ActorReleased) -> None:
        self._note(message)
        position_id = self._position(message.address)
        if position_id is not None:
            self._context.silent(position_id, Silence.QUARANTINED, NOTHING)

    def _parked(self, message: lifecycle.MessageParked) -> None:
        """The parked message may be a fill or a stop's end: make the position query all its orders."""
        self._note(message)
        self._intake.parked(message)
        view, name = self._view(message.address), self._name(message.address)
        self._notify(view, Supervisor.MESSAGE_PARKED(address=name, reason=message.reason))
        if view is not None and message.message_type != Sweep.__name__:
            now_ns = self._context.runtime.clock.time_ns()
            sweep = Sweep(account=view.account, ts_init=now_ns, begun_ns=now_ns, open_orders=frozenset())
            self._context.runtime.tell(position_address(view.ordinal), sweep)

    def _notify(self, view: PositionView | None, text: Statement) -> None:
        """Send one notice about the actor and, for a position, its missing protection."""
        if view is None:
            self._context.notify(Severity.CRITICAL, text)
            return
        if uncovered(view):
            text = Supervisor.BUT_UNCOVERED(text=text, quantity=view.quantity)
        self._context.notify_of(view, Severity.CRITICAL, text)

    def _name(self, address: str) -> str:
        """Return the id of a live position, otherwise the address."""
        return self._position(address) or actor(address)

    def _position(self, address: str) -> PositionId | None:
        ordinal = ordinal_of(address)
        return None if ordinal is None else self._memory.registry.named(ordinal)

    def _view(self, address: str) -> PositionView | None:
        """Return the last view of a live position."""
        ordinal = ordinal_of(address)
        view = None if ordinal is None else self._memory.registry.views.get(ordinal)
        return None if view is None or view.state.terminal else view


def uncovered(view: PositionView) -> bool:
    """Return whether the resting stop orders cover less than the position's quantity."""
    if view.quantity <= 0 or (view.stop_loss is None and view.trailing is None):
        return False
    guard = OrderPurpose.STOP if view.stop_loss is not None else OrderPurpose.TRAILING
    resting = (o.quantity - o.filled_quantity for o in view.orders if o.purpose is guard and o.phase == _WORKING)
    return sum(resting, Decimal(0)) < view.quantity
