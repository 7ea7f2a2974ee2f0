"""The supervisor's own history: its decisions, durable before the answer, in force after a restart.

Unlike other histories, a pause and a close-all are in force before they are durable. If the disk refuses one, it is
offered again while it is in force.
"""

from collections.abc import Iterable

from actors.runtime.event_sourced import Retry
from actors.supervisor.context import SupervisorContext, reply_to
from actors.supervisor.memory import Kept, Restored
from actors.supervisor.registry import Hold
from messages import commands as c
from messages.addresses import NOTIFIER
from messages.base import Event
from messages.events import CloseAllRequested, ForcedTradeShared, OpeningsPaused, OpeningsResumed, PositionRetired
from messages.ids import parse_position_id
from messages.journal import CommitFailed, Effect
from messages.reports import Woken
from messages.requests import Notify
from messages.statement import NOTHING, Statement
from messages.types import AccountId, CommandId, ReplyCode, Severity
from messages.wording import Supervisor
from messages.wording.common import Common

AGAIN_NS = 1_000_000_000
"""Pause (ns) between two offers of an event that is in force and not durable."""
Decided = OpeningsPaused | OpeningsResumed | CloseAllRequested | PositionRetired


class History:
    """Persists own events and applies them."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._memory = context.memory
        self._memory.own.begin(context.runtime, self)

    def persist(self, event: Decided, command: c.Command | None, text: Statement, *notices: Notify) -> None:
        """Make the event durable; the answer and the notices are its effects."""
        effects = tuple(Effect(to=NOTIFIER, message=notice) for notice in notices)
        if command is not None and command.reply_to:
            effects += (Effect(to=command.reply_to, message=reply_to(command, accepted=True, text=text)),)
        self._memory.own.persist(event, about=(event, command), effects=effects)

    def persist_shared(self, event: ForcedTradeShared, notice: Notify) -> None:
        """Make the split of a forced trade durable, with each position's booking and the notice as effects."""
        bookings = [
            Effect(to=self._context.address_of(command.position_id), message=command) for command in event.commands
        ]
        self._memory.own.persist(event, about=(event, None), effects=(*bookings, Effect(to=NOTIFIER, message=notice)))

    def restore(self, event: Event) -> None:
        """Apply an event of an earlier process; oldest first."""
        if isinstance(event, Decided):
            self._remember(event)
        self.apply(event)

    def go_on(self, restored: Restored) -> None:
        """Hold openings after damage of this history: a lost event may have been a hold. The owner lifts it."""
        name = CommandId(f"damage/{restored.own_damage}")
        if not restored.own_damage or name in self._memory.decided:
            return
        event = OpeningsPaused(
            command_id=name,
            ts_init=self._context.runtime.clock.time_ns(),
            why=Supervisor.AFTER_DAMAGE(),
        )
        self.apply(event)
        self.persist(event, None, NOTHING)

    def apply(self, event: Event) -> None:
        """Put the event in force."""
        if isinstance(event, OpeningsPaused):
            hold = hold_of(event)
            self._memory.holds = (*(h for h in self._memory.holds if h != hold), hold)
        elif isinstance(event, OpeningsResumed):
            gone = lifted(event, self._memory.holds)
            self._memory.holds = tuple(hold for hold in self._memory.holds if hold not in gone)
            self._memory.results.forgive(event.day, event.forgiven)
        elif isinstance(event, ForcedTradeShared):
            self._memory.taken.restore(event)
        elif isinstance(event, PositionRetired):
            self._context.retire(event)

    def persisted(self, about: Kept) -> None:
        """Put the durable event in force."""
        event, _ = about
        if isinstance(event, Decided):
            self._remember(event)
            self.apply(event)  # in the journal's order: a resume is in force from here, a pause was before

    def persist_failed(self, about: Kept, failure: CommitFailed) -> Retry:
        """Offer again what is in force; refuse the rest, not finally."""
        event, command = about
        match event:
            case ForcedTradeShared():
                # The trade happened: the positions make it durable in their own histories.
                for booked in event.commands:
                    self._context.runtime.tell(self._context.address_of(booked.position_id), booked)
                self._context.notify(Severity.CRITICAL, Supervisor.FORCED_UNKEPT(symbol=event.symbol), event.account)
            case OpeningsPaused() | CloseAllRequested():
                self._memory.unkept.append((event, command))
                self.offer_later()
                if command is not None:
                    text = _unkept(event, failure.why)
                    self._context.reply(command, accepted=True, text=text, code=ReplyCode.UNKNOWN)
            case _ if command is not None:
                code = ReplyCode.UNKNOWN if failure.doubtful else ReplyCode.NOT_READY
                why = Supervisor.JOURNAL_FAILS(why=failure.why)
                self._context.reply(command, accepted=False, text=why, code=code)
        return Retry.NEVER

    def closing(self, event: CloseAllRequested, account: AccountId | None) -> Statement:
        """Return the answer to a close-all, with the silent positions that it may not reach."""
        keys = ((name, parse_position_id(name)) for name in self._memory.silent)
        mute = tuple(name for name, key in keys if key is not None and account in (None, key[0].account))
        return Supervisor.CLOSING_BUT(answer=closing(event), names=mute) if mute else closing(event)

    def offer_later(self) -> None:
        """Set the timer for events in force that are not durable; also after a restart of this actor."""
        if self._memory.unkept:
            self._context.runtime.schedule("unkept", AGAIN_NS, Woken(topic="unkept"))

    def offer_again(self) -> None:
        """Offer them to the journal again."""
        unkept, self._memory.unkept = self._memory.unkept, []
        for event, command in unkept:
            if isinstance(event, CloseAllRequested):
                account = command.account if isinstance(command, c.CloseAll) else None
                self.persist(event, command, self.closing(event, account))
            elif self._being_lifted(event):
                self._memory.unkept.append((event, command))  # after the resume it would hold again
            elif hold_of(event) in self._memory.holds:
                self.persist(event, command, paused(event))
            elif command is not None:
                self._context.reply(command, accepted=True, text=Supervisor.BUT_LIFTED(answer=paused(event)))
        self.offer_later()

    def _being_lifted(self, event: OpeningsPaused) -> bool:
        """Return whether a later resume is at the journal: its result decides which of the two is in force."""
        waiting = (each for each, _ in self._memory.own.pending() if isinstance(each, OpeningsResumed))
        return any(lifted(resumed, (hold_of(event),)) for resumed in waiting)

    def _remember(self, event: Decided) -> None:
        if event.command_id:
            self._memory.decided[event.command_id] = None


def hold_of(event: OpeningsPaused) -> Hold:
    """Return the hold that the event puts in force."""
    return Hold(account=event.account, symbol=event.symbol, why=event.why, until_day=event.until_day)


def paused(event: OpeningsPaused) -> Statement:
    """Return the answer to the pause."""
    if event.account is None and event.symbol is None:
        return Supervisor.PAUSED()
    return Supervisor.PAUSED_PART(what=Hold(account=event.account, symbol=event.symbol).statement)


def _unkept(event: OpeningsPaused | CloseAllRequested, why: Statement) -> Statement:
    """Return the answer for an event that is in force and that the journal refused."""
    if isinstance(event, CloseAllRequested):
        return Common.ALSO(first=closing(event), then=Supervisor.JOURNAL_FAILS(why=why))
    return Supervisor.PAUSED_UNKEPT(why=why)


def closing(event: CloseAllRequested) -> Statement:
    """Return the answer to the command: how many positions close."""
    number = len(event.closes)
    return Supervisor.CLOSING_ONE() if number == 1 else Supervisor.CLOSING(n=number)


def lifted(event: OpeningsResumed, holds: Iterable[Hold]) -> tuple[Hold, ...]:
    """Return the holds of the same account and symbol; all holds if the event names neither."""
    everything = event.account is None and event.symbol is None
    return tuple(hold for hold in holds if everything or hold.names_exactly(event.account, event.symbol))
