"""The reconciler's actor: receives, has the core decide, has the journal keep it, then lets it out."""

from dataclasses import replace

from actors.ledger import NOTIFIER, damaged
from actors.ports import Log
from actors.reconciler.account_state import ReconcilerMemory
from actors.reconciler.core import Core, ReconcilerSettings, Step
from actors.reconciler.ledger import LedgerSnapshot, fold
from actors.reconciler.resolve import RECONCILER
from actors.runtime.actor import Actor, Context
from messages import codec
from messages import reports as r
from messages.base import Event, Message
from messages.events import ForcedTradeShared
from messages.journal import AppendStep, CommitFailed, Committed, Replay, Replayed
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
from messages.types import Address, PositionId
from messages.wording import Storage

JOURNAL = Address("journal")
OWN_ORDINAL = -1
"""The ordinal of the reconciler's history in the journal: positions count from 1, the supervisor's is 0."""
OWN_NAME = PositionId("reconciler")
SNAPSHOT_EVERY = 256
HEARD = (r.PositionView, r.VenueUp, r.VenueDown, r.TurnAwaited, r.RulesReport, r.StreamUp, ForcedTradeShared)
"""What is published, and the reconciler needs: the composition subscribes it, before positions speak."""


class ReconcilerActor(Actor[Message]):
    """`memory` is made once by the composition; the ledger is read from the journal by every life."""

    def __init__(self, context: Context, *, settings: ReconcilerSettings, memory: ReconcilerMemory, log: Log) -> None:
        super().__init__(context)
        self._settings = settings
        self._memory = memory
        self._log = log
        self._core: Core | None = None
        self._in_flight: tuple[AppendStep, Step] | None = None
        self._anchor = False
        """The next step has a snapshot with it: behind that, what is damaged is never read again."""

    def on_start(self) -> None:
        self.context.suspend()
        self.context.tell(JOURNAL, Replay(sender=RECONCILER, ordinal=OWN_ORDINAL))

    def receive(self, message: Message) -> None:
        assert self._core is not None
        self._perform(self._core.step(message))

    def receive_signal(self, message: Message) -> None:
        match message:
            case Replayed():
                self._replayed(message)
            case Committed():
                self._committed(message)
            case CommitFailed():
                self._failed(message)
            case _:
                raise TypeError(f"the reconciler does not know the signal {type(message).__name__}")

    def _replayed(self, message: Replayed) -> None:
        if self._core is not None or message.ordinal != OWN_ORDINAL:
            return
        start = codec.decode_as(message.snapshot, LedgerSnapshot) if message.snapshot is not None else None
        self._memory.ledger = ledger = fold(message.events, start)
        if message.damage:
            # Its history is damaged, the positions are not: it compares all the same, under numbers that follow.
            self._log("CRITICAL", "the reconciler's history is damaged", actor=RECONCILER, why=message.damage)
            self.context.tell(NOTIFIER, damaged(Storage.AT(where=OWN_NAME, why=message.damage)))
            ledger.sequence += message.version - ledger.version
            ledger.version, self._anchor = message.version, True
        self._core = Core(self._settings, self.context.clock, self._memory)
        self.context.resume()
        self._perform(self._core.start())

    def _perform(self, step: Step) -> None:
        if not step.events:
            # Nothing to remember: what leaves can be asked for again.
            self._let_out(step)
            for effect in step.effects:
                self.context.tell(effect.to, effect.message)
            return
        ledger = self._memory.ledger
        crossed = (
            self._anchor or (ledger.version - len(step.events)) // SNAPSHOT_EVERY != ledger.version // SNAPSHOT_EVERY
        )
        append = AppendStep(
            sender=RECONCILER,
            position_id=OWN_NAME,
            ordinal=OWN_ORDINAL,
            version=ledger.version,
            events=step.events,
            effects=step.effects,
            reducing=True,
            snapshot=codec.encode(ledger.snapshot()) if crossed else None,
        )
        self._in_flight = (append, step)
        self.context.suspend()
        self.context.tell(JOURNAL, append)

    def _committed(self, message: Committed) -> None:
        if self._in_flight is None or message.version != self._in_flight[0].version:
            return  # the answer to a question of an earlier life
        _, step = self._in_flight
        self._in_flight, self._anchor = None, False
        for event in step.events:
            level, told = _told(event)
            self._log(level, type(event).__name__, actor=RECONCILER, correlation_id=event.correlation_id, **told)
        self._let_out(step)
        self.context.resume()

    def _failed(self, message: CommitFailed) -> None:
        """What was seen stays seen: the step is offered to the journal again."""
        if self._in_flight is None or message.version != self._in_flight[0].version:
            return
        append, step = self._in_flight
        self._log("ERROR", "step not durable", actor=RECONCILER, why=message.why)
        append = replace(append, attempt=append.attempt + 1)
        self._in_flight = (append, step)
        self.context.tell(JOURNAL, append)

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
