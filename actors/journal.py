"""The journal's actor: what a step lets out leaves here, and only after the step is durable.

It remembers next to nothing. A step goes to the store and comes back whole in the store's answer, so that
a restart of this actor between the two neither loses the step's effects nor lets them out early. Only the
steps that wait for another attempt are kept, by sender, where they outlive the actor. Steps are grouped by
the store: whatever is queued while the disk is busy shares the next commit.

Per step the order is: effects as the step lists them, then `Committed` to the sender, then its events to
whoever subscribed to their class.
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
"""Between attempts to write one step: long enough for an ill disk, short enough for a position that waits."""
_MS = 1_000_000


class JournalActor(Actor[Message]):
    """Accepts AppendStep, Replay and ReadHistory; the store's answers come back as messages to itself."""

    def __init__(self, context: Context, store: JournalStore, waiting: dict[Address, AppendStep] | None = None) -> None:
        """`waiting`: steps to be tried again, by sender; shared by all lives of this actor."""
        super().__init__(context)
        self._store = store
        self._waiting = waiting if waiting is not None else {}

    def on_start(self) -> None:
        """Timers end with the life that set them; whoever waits for a step is suspended until it is answered."""
        for step in tuple(self._waiting.values()):
            self._append(step)

    def receive(self, message: Message) -> None:
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
                # Whoever asks for its past begins anew, and knows nothing of a step still to be tried again.
                self._waiting.pop(message.sender, None)
                self.context.cancel(_retry_of(message.sender))
                self._store.replay(message.ordinal, partial(self._read, message))
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
        self._store.append((step,), partial(self._answered, step))

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
            self._tell_history(command, ())
        else:
            self._store.history(parsed[1], partial(self._tell_history, command))

    # The three below are called by the store, on whatever thread it has.

    def _answered(self, step: AppendStep, why: Statement | None) -> None:
        if why is None:
            self.context.tell(self.context.address, StepsDurable(steps=(step,)))
        else:
            failed = StepsFailed(steps=(step,), why=why, doubtful=self._store.doubtful)
            self.context.tell(self.context.address, failed)

    def _read(self, question: Replay, replayed: Replayed) -> None:
        answer = ReplayRead(correlation_id=question.correlation_id, sender=question.sender, replayed=replayed)
        self.context.tell(self.context.address, answer)

    def _tell_history(self, command: ReadHistory, records: tuple[bytes, ...]) -> None:
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
    """What `ActorSystem.spawn` calls for every life of the journal's actor."""
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
