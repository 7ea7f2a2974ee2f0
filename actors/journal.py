"""The journal actor: it sends a step's effects after the step is durable.

It keeps almost no state. The store returns each step whole in its answer, so a restart of this actor in between neither
loses the step's effects nor sends them early. Steps that wait for a retry are kept by sender, outside the actor. The
store groups steps: those queued while the disk is busy share the next commit.

Order per step: its effects as listed, then `Committed` to the sender, then its events to their subscribers.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from actors.ports import JournalStore
from actors.runtime.actor import Actor, Context
from messages.backoff import backoff
from messages.base import Message
from messages.commands import ReadHistory
from messages.ids import parse_position_id
from messages.journal import (
    AppendStep,
    CommitFailed,
    Committed,
    Replay,
    Replayed,
    ReplayRead,
    StepsDurable,
    StepsFailed,
)
from messages.reports import HistoryAnswer
from messages.statement import Statement
from messages.types import Address

FIRST_PAUSE_MS = 50
LONGEST_PAUSE_MS = 5_000
"""Pauses between attempts to write a step: long for a failing disk, short for a waiting position."""
_MS = 1_000_000


class JournalActor(Actor[Message]):
    """Handles AppendStep, Replay and ReadHistory; the store's answers arrive as messages to its own address."""

    def __init__(self, context: Context, store: JournalStore, waiting: dict[Address, AppendStep] | None = None) -> None:
        """`waiting`: steps to be tried again, by sender; shared by all instances of this actor."""
        super().__init__(context)
        self._store = store
        self._waiting = waiting if waiting is not None else {}

    def on_start(self) -> None:
        """Append the waiting steps: their timers ended with the earlier instance, and their senders are suspended."""
        for step in tuple(self._waiting.values()):
            self._append(step)

    def receive(self, message: Message) -> None:
        """Handle one message. Raises TypeError for a class that the journal does not handle."""
        match message:
            case AppendStep():
                self._append(message)
            case StepsDurable():
                for step in message.steps:
                    self._release(step)
            case StepsFailed():
                for step in message.steps:
                    self.context.signal(step.sender, _failed(step, message))
            case Replay():
                # A sender that replays has restarted and no longer knows a step that waits for a retry.
                self._waiting.pop(message.sender, None)
                self.context.cancel(_retry_of(message.sender))
                self._store.replay(message.ordinal, partial(self._on_replayed, message))
            case ReplayRead():
                self.context.signal(message.sender, message.replayed)
            case ReadHistory():
                self._history(message)
            case _:
                raise TypeError(f"the journal does not know {type(message).__name__}")

    def _append(self, step: AppendStep) -> None:
        if step.attempt:
            pause_ms = backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, step.attempt - 1)
            again = replace(step, attempt=0)
            self._waiting[step.sender] = step
            self.context.schedule(_retry_of(step.sender), pause_ms * _MS, again)
            return
        self._waiting.pop(step.sender, None)
        self._store.append((step,), partial(self._on_appended, step))

    def _release(self, step: AppendStep) -> None:
        for effect in step.effects:
            self.context.tell(effect.to, effect.message)
        committed = Committed(correlation_id=step.correlation_id, causation_id=step.causation_id, version=step.version)
        self.context.signal(step.sender, committed)
        for event in step.events:
            self.context.publish(event)

    def _history(self, command: ReadHistory) -> None:
        parsed = parse_position_id(command.position_id)
        if parsed is None:
            self._answer_history(command, ())
        else:
            self._store.history(parsed[1], partial(self._answer_history, command))

    # The store calls these three on its own thread.

    def _on_appended(self, step: AppendStep, why: Statement | None) -> None:
        if why is None:
            self.context.tell(self.context.address, StepsDurable(steps=(step,)))
        else:
            failed = StepsFailed(steps=(step,), why=why, doubtful=self._store.doubtful)
            self.context.tell(self.context.address, failed)

    def _on_replayed(self, question: Replay, replayed: Replayed) -> None:
        answer = ReplayRead(correlation_id=question.correlation_id, sender=question.sender, replayed=replayed)
        self.context.tell(self.context.address, answer)

    def _answer_history(self, command: ReadHistory, records: tuple[bytes, ...]) -> None:
        answer = HistoryAnswer(
            correlation_id=command.correlation_id,
            causation_id=command.command_id,
            command_id=command.command_id,
            to=command.reply_to,
            position_id=command.position_id,
            records=records,
            found=bool(records),
        )
        if command.reply_to:
            self.context.tell(command.reply_to, answer)


def journal_factory(store: JournalStore) -> Callable[[Context], JournalActor]:
    """Return the factory for `ActorSystem.spawn`; it shares the waiting steps between instances."""
    waiting: dict[Address, AppendStep] = {}
    return lambda context: JournalActor(context, store, waiting)


def _retry_of(sender: str) -> str:
    return f"retry {sender}"


def _failed(step: AppendStep, failure: StepsFailed) -> CommitFailed:
    return CommitFailed(
        correlation_id=step.correlation_id,
        causation_id=step.causation_id,
        version=step.version,
        why=failure.why,
        doubtful=failure.doubtful,
    )
