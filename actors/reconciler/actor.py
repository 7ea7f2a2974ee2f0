"""The reconciler's actor: it receives, the core decides, the history persists, and then the step leaves."""

from actors.ports import Log
from actors.reconciler.account_state import ReconcilerMemory
from actors.reconciler.core import Core, ReconcilerSettings, Step
from actors.reconciler.ledger import HISTORY, Ledger
from actors.reconciler.resolve import RECONCILER
from actors.runtime.actor import Actor, Context
from actors.runtime.event_sourced import EventSourced, Retry
from messages import reports as r
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

HEARD = (r.PositionView, r.VenueUp, r.VenueDown, r.TurnAwaited, r.RulesReport, r.StreamUp, ForcedTradeShared)
"""What is published, and the reconciler needs: the composition subscribes it, before positions speak."""


class ReconcilerActor(Actor[Message]):
    """The composition makes `memory` once; every life reads the ledger from the journal."""

    def __init__(self, context: Context, *, settings: ReconcilerSettings, memory: ReconcilerMemory, log: Log) -> None:
        super().__init__(context)
        self._settings = settings
        self._memory = memory
        self._log = log
        self._history: EventSourced[Ledger, Step] = EventSourced.of(context, self, HISTORY)
        self._core: Core | None = None

    def on_start(self) -> None:
        self._history.start()

    def receive(self, message: Message) -> None:
        assert self._core is not None
        self._perform(self._core.step(message))

    def receive_signal(self, message: Message) -> None:
        if self._history.signal(message) and isinstance(message, Replayed):
            if self._history.damage:
                # The history is damaged, the positions are not: the reconciler goes on comparing them.
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
        # Nothing to remember: what leaves can be asked for again.
        self._let_out(step)
        for effect in step.effects:
            self.context.tell(effect.to, effect.message)

    def persisted(self, about: Step) -> None:
        for event in about.events:
            level, told = _told(event)
            self._log(level, type(event).__name__, actor=RECONCILER, correlation_id=event.correlation_id, **told)
        self._let_out(about)

    def persist_failed(self, about: Step, failure: CommitFailed) -> Retry:  # noqa: ARG002 - every step is alike
        """What was seen stays seen."""
        self._log("ERROR", "step not durable", actor=RECONCILER, why=failure.why)
        return Retry.WHOLE

    def _let_out(self, step: Step) -> None:
        for told in step.tells:
            self.context.tell(told.to, told.message)
        for timer in step.timers:
            self.context.schedule(timer.topic, timer.delay_ns, CheckDue(topic=timer.topic))


def _told(event: Event) -> tuple[str, dict[str, str]]:
    """How loud, and what a reader of the log wants to know of it besides its name."""
    match event:
        case DiscrepancyDetected(discrepancy=found):
            sides = f"{found.believed} believed, {found.reported} at the venue"
            told = {"symbol": found.symbol, "account": found.account, "discrepancy": f"{found.type} {sides}"}
            return "WARNING", {**told, "why": found.evidence, "action": found.action}
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
