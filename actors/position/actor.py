"""The actor of one position: a message in, a step decided, journalled, and applied once it is durable.

One step is in flight at a time: the mailbox is suspended until the journal signals that the step is durable. State
changes only then, so views, snapshots and a restart agree.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from actors.ports import Log
from actors.position.history import history_of
from actors.position.machine import Step, Verdict, decide
from actors.position.policy import Policy
from actors.position.state import Position
from actors.position.view import view
from actors.runtime.actor import Actor, Context
from actors.runtime.event_sourced import EventSourced, RecoveredHistory, Retry
from messages.addresses import SUPERVISOR
from messages.base import Message
from messages.commands import Command
from messages.events import OrderFilled, OrderIntended, PositionRequested
from messages.journal import CommitFailed, Replayed
from messages.reports import PositionView, Recovered, SettingApplied, Woken
from messages.requests import Reply
from messages.statement import Statement
from messages.types import JournalId, Key, OrderPurpose, PositionState, ReplyCode
from messages.wording import Supervisor

OPENING_PAUSE_NS = 1_000_000_000
"""Pause before a message is decided again whose step opens something and could not be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What names a position before its first event."""

    key: Key
    ordinal: int
    journal_id: JournalId


@dataclass(slots=True)
class _Decided:
    """A step on its way to the journal, the message that it answers, and the state before it."""

    message: Message
    step: Step
    before: Position
    reducing: bool


class PositionActor(Actor[Message]):
    """`start` is the position to begin with; None, and every incarnation after the first, read the journal instead."""

    def __init__(self, context: Context, identity: Identity, policy: Policy, log: Log, start: Position | None) -> None:
        super().__init__(context)
        self._policy = policy
        self._log = log
        self._later = 0
        self._unasked: Message | None = None
        spec = history_of(identity.key, identity.ordinal, identity.journal_id)
        known = RecoveredHistory(state=start, version=start.version) if start is not None else None
        self._history: EventSourced[Position, _Decided] = EventSourced.of(context, self, spec, known)

    @property
    def _position(self) -> Position:
        return self._history.state

    def on_start(self) -> None:
        if self._history.start() and self._position.version:
            self._publish()
            self.receive(Recovered())

    def receive(self, message: Message) -> None:
        if message is self._unasked:
            self._unasked = None
            self.context.tell(SUPERVISOR, message)
            return
        before = self._position
        step = decide(before, message, self.context.clock.time_ns(), self._policy)
        if not step.events:
            # Nothing to journal: the effects repeat what is durable already.
            self._set_wakes(step)
            for effect in step.effects:
                self.context.tell(effect.to, effect.message)
            if step.effects or step.verdict is Verdict.REFUSED:
                self._write_line(message, step, before)
            return
        reducing = _may_use_reserve(step)
        decided = _Decided(message, step, before, reducing)
        self._history.persist(*step.events, about=decided, effects=step.effects, after=step.position, reducing=reducing)

    def receive_signal(self, message: Message) -> None:
        if self._history.signal(message) and isinstance(message, Replayed):
            self._publish()
            if self._position.version:
                self.receive(Recovered())

    def persisted(self, about: _Decided) -> None:
        self._set_wakes(about.step)
        self._write_line(about.message, about.step, about.before)
        self._publish()

    def persist_failed(self, about: _Decided, failure: CommitFailed) -> Retry:
        """A command with a sender is refused, and may be repeated. A fact must not be lost: its step is offered to
        the journal again, and so is that of a command without a sender.

        A step that opens something waits apart, as a full disk refuses it until there is space, and no close may wait
        behind it. An opening that its leverage released passes the supervisor's checks again.
        """
        self._log(
            "ERROR",
            "step not durable",
            position_id=self._position.position_id,
            actor=self.context.address,
            why=failure.why,
        )
        message = about.message
        answered = isinstance(message, Command) and bool(message.reply_to)
        if not answered and about.reducing:
            return Retry.WHOLE
        if isinstance(message, Command):
            self._not_done(message, Supervisor.JOURNAL_FAILS(why=failure.why), doubtful=failure.doubtful)
            return Retry.NEVER
        if isinstance(message, SettingApplied):
            self._unasked = message
        self._later += 1
        self.context.schedule(f"again {self._later}", OPENING_PAUSE_NS, message)
        return Retry.NEVER

    def _not_done(self, command: Command, why: Statement, *, doubtful: bool) -> None:
        """Answer a command whose step is dropped; where a restart might still find the step, the outcome is unknown."""
        if not self._position.version:
            self.context.tell(SUPERVISOR, _never_began(self._position, why))
        if command.reply_to:
            reply = Reply(
                correlation_id=command.correlation_id,
                command_id=command.command_id,
                to=command.reply_to,
                accepted=False,
                text=why,
                position_id=self._position.position_id if self._position.version else None,
                code=ReplyCode.UNKNOWN if doubtful else ReplyCode.NOT_READY,
            )
            self.context.tell(command.reply_to, reply)

    def _set_wakes(self, step: Step) -> None:
        for wake in step.wakes:
            woken = Woken(topic=wake.topic, correlation_id=wake.correlation_id)
            self.context.schedule(wake.topic, wake.after_ms * 1_000_000, woken)

    def _publish(self) -> None:
        self.context.tell(SUPERVISOR, view(self._position))

    def _write_line(self, message: Message, step: Step, before: Position) -> None:
        self._log(
            _level(step),
            type(message).__name__,
            actor=self.context.address,
            correlation_id=step.events[0].correlation_id if step.events else message.correlation_id,
            position_id=step.position.position_id,
            symbol=step.position.key.symbol,
            before=before.state,
            after=step.position.state,
            events=",".join(type(ev).__name__ for ev in step.events),
            effects=",".join(type(ef.message).__name__ for ef in step.effects),
            why=step.why,
        )


def position_factory(
    identity: Identity, policy: Policy, log: Log, start: Position | None
) -> Callable[[Context], PositionActor]:
    """What `ActorSystem.spawn` calls for every incarnation of this position."""
    return lambda context: PositionActor(context, identity, policy, log, start)


def _level(step: Step) -> str:
    """ERROR for a change of state that is not declared: a bug to report, and no reason to stop."""
    if not step.declared:
        return "ERROR"
    return "INFO" if step.events else "DEBUG"


def _may_use_reserve(step: Step) -> bool:
    """The step opens nothing, or holds a fill, which is a fact at the venue already."""
    return any(isinstance(ev, OrderFilled) for ev in step.events) or not any(
        isinstance(ev, PositionRequested) or (isinstance(ev, OrderIntended) and ev.purpose is OrderPurpose.ENTRY)
        for ev in step.events
    )


def _never_began(p: Position, why: Statement) -> PositionView:
    """Version 0 and FAILED: the supervisor frees the key that this opening had reserved."""
    return replace(view(p), state=PositionState.FAILED, reason=why)
