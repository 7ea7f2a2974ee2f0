"""The actor of one position: a message in, a step decided, journalled, and applied once it is durable.

One step is in flight at a time: the mailbox is suspended until the journal signals that the step is durable. State
changes only then, so views, snapshots and a restart agree.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from actors.ports import Log
from actors.position.evolve import fold
from actors.position.machine import Step, Verdict, decide
from actors.position.policy import Policy
from actors.position.state import Position, blank
from actors.position.view import view
from actors.runtime.actor import Actor, Context
from messages import codec
from messages.base import Message
from messages.commands import Command
from messages.events import OrderFilled, OrderIntended, PositionRequested
from messages.journal import AppendStep, CommitFailed, Committed, Replay, Replayed
from messages.reports import PositionView, Recovered, SettingApplied, Woken
from messages.requests import Reply
from messages.statement import Statement
from messages.types import Address, JournalId, Key, OrderPurpose, PositionState, ReplyCode
from messages.wording import Supervisor

JOURNAL = Address("journal")
SUPERVISOR = Address("supervisor")
SNAPSHOT_EVERY = 64
"""Events between two snapshots: recovery folds fewer than this for each position."""
OPENING_PAUSE_NS = 1_000_000_000
"""Pause before a message is decided again whose step opens something and could not be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What names a position before its first event."""

    key: Key
    ordinal: int
    journal_id: JournalId


@dataclass(slots=True)
class _InFlight:
    message: Message
    step: Step
    append: AppendStep


class PositionActor(Actor[Message]):
    """`start` is the position to begin with; None, and every incarnation after the first, read the journal instead."""

    def __init__(self, context: Context, identity: Identity, policy: Policy, log: Log, start: Position | None) -> None:
        super().__init__(context)
        self._policy = policy
        self._log = log
        self._in_flight: _InFlight | None = None
        self._later = 0
        self._unasked: Message | None = None
        self._replaying = start is None or context.incarnation > 1
        self._position = (
            start
            if start is not None and not self._replaying
            else blank(identity.key, identity.ordinal, identity.journal_id)
        )

    def on_start(self) -> None:
        if self._replaying:
            self.context.suspend()
            self.context.tell(JOURNAL, Replay(sender=Address(self.context.address), ordinal=self._position.ordinal))
        elif self._position.version:
            self._publish()
            self.receive(Recovered())

    def receive(self, message: Message) -> None:
        if message is self._unasked:
            self._unasked = None
            self.context.tell(SUPERVISOR, message)
            return
        step = decide(self._position, message, self.context.clock.time_ns(), self._policy)
        if not step.events:
            # Nothing to journal: the effects repeat what is durable already.
            self._set_wakes(step)
            for effect in step.effects:
                self.context.tell(effect.to, effect.message)
            if step.effects or step.verdict is Verdict.REFUSED:
                self._write_line(message, step)
            return
        append = AppendStep(
            correlation_id=step.events[0].correlation_id,
            sender=Address(self.context.address),
            position_id=step.position.position_id,
            ordinal=step.position.ordinal,
            version=step.position.version,
            events=step.events,
            effects=step.effects,
            reducing=_may_use_reserve(step),
            snapshot=_snapshot(self._position, step.position),
        )
        self._in_flight = _InFlight(message=message, step=step, append=append)
        self.context.suspend()
        self.context.tell(JOURNAL, append)

    def receive_signal(self, message: Message) -> None:
        match message:
            case Committed():
                self._committed(message)
            case CommitFailed():
                self._commit_failed(message)
            case Replayed():
                self._replayed(message)
            case _:
                raise TypeError(f"{self.context.address} does not know the signal {type(message).__name__}")

    def _committed(self, message: Committed) -> None:
        flight = self._in_flight
        if flight is None or message.version != flight.step.position.version:
            return  # the answer to an earlier incarnation
        self._in_flight = None
        before = self._position
        self._position = flight.step.position
        self._set_wakes(flight.step)
        self._write_line(flight.message, flight.step, before)
        self._publish()
        self.context.resume()

    def _commit_failed(self, message: CommitFailed) -> None:
        """A command with a sender is refused, and may be repeated. A fact must not be lost: its step is offered to
        the journal again, and so is that of a command without a sender.

        A step that opens something waits apart, as a full disk refuses it until there is space, and no close may wait
        behind it. An opening that its leverage released passes the supervisor's checks again.
        """
        flight = self._in_flight
        if flight is None or message.version != flight.step.position.version:
            return
        self._log(
            "ERROR",
            "step not durable",
            position_id=self._position.position_id,
            actor=self.context.address,
            why=message.why,
        )
        answered = isinstance(flight.message, Command) and bool(flight.message.reply_to)
        if not answered and flight.append.reducing:
            flight.append = _again(flight.append)
            self.context.tell(JOURNAL, flight.append)
            return
        self._in_flight = None
        if not isinstance(flight.message, Command):
            if isinstance(flight.message, SettingApplied):
                self._unasked = flight.message
            self._later += 1
            self.context.schedule(f"again {self._later}", OPENING_PAUSE_NS, flight.message)
            self.context.resume()
            return
        self._not_done(flight.message, Supervisor.JOURNAL_FAILS(why=message.why), doubtful=message.doubtful)
        self.context.resume()

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

    def _replayed(self, message: Replayed) -> None:
        if not self._replaying:
            return
        if message.damage:
            # Fail and end in quarantine, where flattening still works: half a history is worse than none.
            raise ValueError(f"{self.context.address} cannot be rebuilt: {message.damage}")
        self._replaying = False
        start = self._position
        if message.snapshot is not None:
            start = codec.decode_as(message.snapshot, Position)
        self._position = fold(start, message.events)
        self._publish()
        self.context.resume()
        if self._position.version:
            self.receive(Recovered())

    def _set_wakes(self, step: Step) -> None:
        for wake in step.wakes:
            woken = Woken(topic=wake.topic, correlation_id=wake.correlation_id)
            self.context.schedule(wake.topic, wake.after_ms * 1_000_000, woken)

    def _publish(self) -> None:
        self.context.tell(SUPERVISOR, view(self._position))

    def _write_line(self, message: Message, step: Step, before: Position | None = None) -> None:
        self._log(
            _level(step),
            type(message).__name__,
            actor=self.context.address,
            correlation_id=step.events[0].correlation_id if step.events else message.correlation_id,
            position_id=step.position.position_id,
            symbol=step.position.key.symbol,
            before=(before or step.position).state,
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


def _snapshot(before: Position, after: Position) -> bytes | None:
    crossed = before.version // SNAPSHOT_EVERY != after.version // SNAPSHOT_EVERY
    return codec.encode(after) if crossed else None


def _again(append: AppendStep) -> AppendStep:
    return replace(append, attempt=append.attempt + 1)


def _never_began(p: Position, why: Statement) -> PositionView:
    """Version 0 and FAILED: the supervisor frees the key that this opening had reserved."""
    return replace(view(p), state=PositionState.FAILED, reason=why)
