"""The reconciler's actor: the core decides, the history persists, then the step's messages are sent."""

from actors.ports import Log
from actors.reconciler.account_state import ReconcilerMemory
from actors.reconciler.core import Core, ReconcilerSettings, Step
from actors.reconciler.ledger import HISTORY, Ledger
from actors.runtime.actor import Actor, Context
from actors.runtime.event_sourced import EventSourced, Retry
from messages import reports as r
from messages.addresses import RECONCILER
from messages.base import Event, Message
from messages.events import ForcedTradeShared
from messages.journal import CommitFailed, Replayed
from messages.reconciliation import (
    CheckDue,
    CheckRecorded,
    DiscrepancyDetected,
    DiscrepancyEnded,
    DiscrepancyEscalated,
    OrdersReadAgain,
    OrdersUnread,
    PositionsReadAgain,
    PositionsUnread,
    RepairAttempted,
    RepairRefused,
)

SUBSCRIBED = (r.PositionView, r.VenueUp, r.VenueDown, r.TurnAwaited, r.RulesReport, r.StreamUp, ForcedTradeShared)
"""Published messages that it needs; the composition subscribes it before any position publishes."""


class ReconcilerActor(Actor[Message]):
    """The composition makes `memory` once; every instance recovers the ledger from the journal."""

    def __init__(self, context: Context, *, settings: ReconcilerSettings, memory: ReconcilerMemory, log: Log) -> None:
        super().__init__(context)
        self._settings = settings
        self._memory = memory
        self._log = log
        self._history: EventSourced[Ledger, Step] = EventSourced.of(context, self, HISTORY)
        self._core: Core | None = None

    def on_start(self) -> None:
        """Recover the ledger from the journal; messages wait until it is known."""
        self._history.start()

    def receive(self, message: Message) -> None:
        """Perform the step of one message. Raises KeyError for a message that the reconciler does not handle."""
        assert self._core is not None
        self._perform(self._core.step(message))

    def receive_signal(self, message: Message) -> None:
        """Apply the journal's answer; after recovery start the core."""
        if self._history.signal(message) and isinstance(message, Replayed):
            if self._history.damage:
                # Positions are intact although this history is damaged: go on comparing.
                why = self._history.damage
                self._log("CRITICAL", "the reconciler's history is damaged", actor=RECONCILER, why=why)
            self._memory.ledger = self._history.state
            self._core = Core(self._settings, self.context.clock, self._memory)
            self._perform(self._core.start())

    def _perform(self, step: Step) -> None:
        if step.events:
            # The ledger evolved while the core decided.
            self._history.persist(*step.events, about=step, effects=step.effects, after=self._memory.ledger)
            return
        # Nothing to persist: a lost message can be requested again.
        self._send(step)
        for effect in step.effects:
            self.context.tell(effect.to, effect.message)

    def persisted(self, about: Step) -> None:
        """Log the events and send the step's messages."""
        for event in about.events:
            level, fields = _log_fields(event)
            self._log(level, type(event).__name__, actor=RECONCILER, correlation_id=event.correlation_id, **fields)
        self._send(about)

    def persist_failed(self, about: Step, failure: CommitFailed) -> Retry:  # noqa: ARG002 - every step is alike
        """Offer the same step again: what was observed remains observed."""
        self._log("ERROR", "step not durable", actor=RECONCILER, why=failure.why)
        return Retry.WHOLE

    def _send(self, step: Step) -> None:
        for fields in step.tells:
            self.context.tell(fields.to, fields.message)
        for timer in step.timers:
            self.context.schedule(timer.topic, timer.delay_ns, CheckDue(topic=timer.topic))


def _log_fields(event: Event) -> tuple[str, dict[str, str]]:
    """Return the log level and fields of an event."""
    match event:
        case DiscrepancyDetected(discrepancy=found):
            sides = f"{found.believed} believed, {found.reported} at the venue"
            fields = {"symbol": found.symbol, "account": found.account, "discrepancy": f"{found.type} {sides}"}
            return "WARNING", {**fields, "why": found.evidence, "action": found.action}
        case RepairAttempted():
            return "INFO", {"why": event.what, "attempt": str(event.attempt)}
        case DiscrepancyEscalated():
            return "WARNING", {"why": event.why}
        case DiscrepancyEnded():
            return "INFO", {"outcome": event.outcome, "why": event.why}
        case RepairRefused():
            return "WARNING", {"why": event.why}
        case OrdersUnread():
            return "WARNING", {"account": event.account, "why": event.why}
        case PositionsUnread():
            return "WARNING", {"account": event.account, "symbol": event.symbol or "", "why": event.why}
        case OrdersReadAgain():
            return "INFO", {"account": event.account}
        case PositionsReadAgain():
            return "INFO", {"account": event.account, "symbol": event.symbol or ""}
        case CheckRecorded():
            counts = f"{event.compared} compared, {event.skipped} skipped, {event.suspected} suspected"
            return "INFO", {"account": event.account, "why": f"{event.kind}: {counts}"}
        case _:
            return "INFO", {}
