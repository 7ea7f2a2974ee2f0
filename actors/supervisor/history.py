"""The supervisor's own history: its own decisions, durable before it answers, in force after a restart."""

from collections.abc import Callable, Iterable

from actors.supervisor.context import JOURNAL, NOTIFIER, SupervisorContext, reply_to
from actors.supervisor.memory import OWN_HISTORY, Restored
from actors.supervisor.registry import Hold
from messages import commands as c
from messages.base import Event, Message
from messages.events import CloseAllRequested, ForcedTradeShared, OpeningsPaused, OpeningsResumed, PositionRetired
from messages.ids import parse_position_id
from messages.journal import COMMANDS, OWN_COMMANDS, AppendStep, CommitFailed, Committed, Effect
from messages.reports import Woken
from messages.requests import CommandDecided, CommandTaken, Notify
from messages.statement import NOTHING, Statement
from messages.types import AccountId, Address, CommandId, PositionId, ReplyCode, Severity
from messages.wording import Supervisor
from messages.wording.common import Common

DECIDED_MOST = 1_000
AGAIN_NS = 1_000_000_000
"""Between two offers of what is in force and not durable."""
Decided = OpeningsPaused | OpeningsResumed | CloseAllRequested | PositionRetired


class History:
    """Events in the order in which the journal is asked to keep them, and what follows of each once it has."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._memory = context.memory

    def record(self, record: CommandTaken | CommandDecided, *, reducing: bool) -> None:
        """Make it durable; it comes back to the supervisor then. Steps of this history have no version to wait for."""
        here = Address(self._context.runtime.address)
        self._memory.waiting.append((record, None))
        self._context.runtime.tell(
            JOURNAL,
            AppendStep(
                sender=here,
                position_id=COMMANDS,
                ordinal=OWN_COMMANDS,
                version=0,
                events=(),
                effects=(Effect(to=here, message=record),),
                reducing=reducing,
            ),
        )

    def keep(self, event: Decided, command: c.Command | None, text: Statement, *notices: Notify) -> None:
        """Make it durable, then answer, and tell."""
        effects = tuple(Effect(to=NOTIFIER, message=notice) for notice in notices)
        if command is not None and command.reply_to:
            effects += (Effect(to=command.reply_to, message=reply_to(command, accepted=True, text=text)),)
        self._append(event, command, effects)

    def keep_shared(self, event: ForcedTradeShared, notice: Notify) -> None:
        """Whose the venue's own trade was: durable together with what each position books of it."""
        told = [Effect(to=self._context.address_of(command.position_id), message=command) for command in event.commands]
        self._append(event, None, (*told, Effect(to=NOTIFIER, message=notice)))

    def _append(self, event: Event, command: c.Command | None, effects: tuple[Effect, ...]) -> None:
        self._memory.version += 1
        self._memory.waiting.append((event, command))
        self._context.runtime.tell(
            JOURNAL,
            AppendStep(
                sender=Address(self._context.runtime.address),
                position_id=PositionId("supervisor"),
                ordinal=OWN_HISTORY,
                version=self._memory.version,
                events=(event,),
                effects=effects,
                reducing=True,
            ),
        )

    def restore(self, event: Event) -> None:
        """One of an earlier process, oldest first."""
        self._memory.version += 1
        if isinstance(event, Decided):
            self._remember(event)
        self.apply(event)

    def go_on(self, restored: Restored) -> None:
        """A hold may be among what cannot be read: there is one, durable, until a human lifts it."""
        self._memory.version = max(self._memory.version, restored.own_version)
        name = CommandId(f"damage/{restored.own_damage}")
        if not restored.own_damage or name in self._memory.decided:
            return
        event = OpeningsPaused(
            command_id=name,
            ts_init=self._context.runtime.clock.time_ns(),
            why=Supervisor.AFTER_DAMAGE(),
        )
        self.apply(event)
        self.keep(event, None, NOTHING)

    def apply(self, event: Event) -> None:
        if isinstance(event, OpeningsPaused):
            hold = hold_of(event)
            self._memory.holds = (*(h for h in self._memory.holds if h != hold), hold)
        elif isinstance(event, OpeningsResumed):
            gone = lifted(event, self._memory.holds)
            self._memory.holds = tuple(hold for hold in self._memory.holds if hold not in gone)
            self._memory.forgiven |= {(account, event.day): amount for account, amount in event.forgiven}
        elif isinstance(event, ForcedTradeShared):
            self._memory.taken.restore(event)
        elif isinstance(event, PositionRetired):
            self._context.retire(event)

    def committed(self, message: Message, undecided: Callable[[CommandDecided, Statement], None]) -> None:
        """The journal's word on the oldest that it has not answered. `undecided`: of an answer that is not kept."""
        if not self._memory.waiting:
            return
        event, command = self._memory.waiting.popleft()
        if isinstance(event, CommandTaken | CommandDecided):
            if isinstance(event, CommandDecided) and isinstance(message, CommitFailed):
                undecided(event, Supervisor.JOURNAL_FAILS(why=message.why))
        elif isinstance(message, CommitFailed):
            self._memory.version -= 1
            self._not_kept(event, command, message)
        elif isinstance(message, Committed) and isinstance(event, Decided):
            self._remember(event)
            self.apply(event)  # in the journal's order; letting go counts only then, a pause counted before

    def _not_kept(self, event: Event, command: c.Command | None, failure: CommitFailed) -> None:
        """A hold, and a closing of all, are in force already: nothing is promised until the disk takes them."""
        match event:
            case ForcedTradeShared():
                # It happened: the positions have ways of their own to make that durable.
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

    def closing(self, event: CloseAllRequested, account: AccountId | None) -> Statement:
        """What is answered to it, and which positions a close may not reach."""
        keys = ((name, parse_position_id(name)) for name in self._memory.silent)
        mute = tuple(name for name, key in keys if key is not None and account in (None, key[0].account))
        return Supervisor.CLOSING_BUT(answer=closing(event), names=mute) if mute else closing(event)

    def offer_later(self) -> None:
        """What is in force and not durable is offered to the journal again, in a later life of this actor too."""
        if self._memory.unkept:
            self._context.runtime.schedule("unkept", AGAIN_NS, Woken(topic="unkept"))

    def offer_again(self) -> None:
        unkept, self._memory.unkept = self._memory.unkept, []
        for event, command in unkept:
            if isinstance(event, CloseAllRequested):
                account = command.account if isinstance(command, c.CloseAll) else None
                self.keep(event, command, self.closing(event, account))
            elif self._being_lifted(event):
                self._memory.unkept.append((event, command))  # behind what lifts it, it would hold again
            elif hold_of(event) in self._memory.holds:
                self.keep(event, command, paused(event))
            elif command is not None:
                self._context.reply(command, accepted=True, text=Supervisor.BUT_LIFTED(answer=paused(event)))
        self.offer_later()

    def _being_lifted(self, event: OpeningsPaused) -> bool:
        """Whether a resume that was said since waits for the journal: its word decides which of them stands."""
        waiting = (each for each, _ in self._memory.waiting if isinstance(each, OpeningsResumed))
        return any(lifted(resumed, (hold_of(event),)) for resumed in waiting)

    def _remember(self, event: Decided) -> None:
        if event.command_id:
            self._memory.decided[event.command_id] = None
        while len(self._memory.decided) > DECIDED_MOST:
            del self._memory.decided[next(iter(self._memory.decided))]


def hold_of(event: OpeningsPaused) -> Hold:
    return Hold(account=event.account, symbol=event.symbol, why=event.why, until_day=event.until_day)


def paused(event: OpeningsPaused) -> Statement:
    """The answer to the pause."""
    if event.account is None and event.symbol is None:
        return Supervisor.PAUSED()
    return Supervisor.PAUSED_PART(what=Hold(account=event.account, symbol=event.symbol).said)


def _unkept(event: OpeningsPaused | CloseAllRequested, why: Statement) -> Statement:
    """The answer where it is in force, and the journal did not take it for this reason."""
    if isinstance(event, CloseAllRequested):
        return Common.ALSO(first=closing(event), then=Supervisor.JOURNAL_FAILS(why=why))
    return Supervisor.PAUSED_UNKEPT(why=why)


def closing(event: CloseAllRequested) -> Statement:
    """The answer to the command: how many positions close."""
    number = len(event.closes)
    return Supervisor.CLOSING_ONE() if number == 1 else Supervisor.CLOSING(n=number)


def lifted(event: OpeningsResumed, holds: Iterable[Hold]) -> tuple[Hold, ...]:
    """Those that were put in the same words; all of them where none are named."""
    everything = event.account is None and event.symbol is None
    return tuple(hold for hold in holds if everything or hold.same_words(event.account, event.symbol))
