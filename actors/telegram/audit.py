"""The audit log: every update of an authorized user is journalled, with its command, before the command is released."""

from collections.abc import Callable

from actors.runtime.event_sourced import EventSourced, Retry
from actors.telegram.context import ChatContext
from actors.telegram.history import HISTORY, ChatState
from messages.commands import Command
from messages.journal import CommitFailed, Effect, Replayed
from messages.statement import NOTHING, Statement
from messages.telegram import Incoming, UpdateKept, UpdateTaken
from messages.types import CorrelationId

_TEXT_MOST = 500
"""Stored characters of an update's text."""
Done = Callable[[Statement], None]
"""Called once with a record's result: NOTHING, or why it is not durable."""


class AuditLog:
    """Journals updates, so that a redelivered one has no second effect (I14)."""

    def __init__(self, ctx: ChatContext, past: Replayed | None) -> None:
        self._ctx = ctx
        self.history: EventSourced[ChatState, Done | None] = EventSourced.of(
            ctx.actor, self, HISTORY, HISTORY.recovered(past)
        )
        self.undecided: set[int] = set()
        """Updates whose record is not durable yet."""

    def persisted(self, about: Done | None) -> None:
        if about is not None:
            about(NOTHING)

    def persist_failed(self, about: Done | None, failure: CommitFailed) -> Retry:
        """Drop the record: the user gets the failure as answer, so the update must not take effect later."""
        if about is not None:
            about(failure.why)
        return Retry.EVENTS

    def taken(self, update: Incoming) -> bool:
        return update.update_id in self.history.ahead.seen

    def release(self, update: Incoming) -> None:
        """Let Telegram drop this update."""
        self._ctx.chat.request(UpdateKept(update_id=update.update_id))

    def record(
        self,
        update: Incoming,
        text: str,
        verdict: str,
        *,
        command: Command | None = None,
        message_id: int = 0,
        effects: tuple[Effect, ...] = (),
        then: Done | None = None,
    ) -> None:
        """Journal the update; `effects` are released with it. `then` gets NOTHING, or why it is not durable."""
        self.undecided.add(update.update_id)
        event = UpdateTaken(
            correlation_id=CorrelationId(command.command_id if command else ""),
            ts_init=self._ctx.now_ns(),
            update_id=update.update_id,
            chat_id=update.chat_id,
            user_id=update.user_id,
            text=text[:_TEXT_MOST],
            verdict=verdict,
            command=command,
            message_id=message_id,
        )

        def durable(why: Statement) -> None:
            if then is not None:
                then(why)
            self.undecided.discard(update.update_id)
            # Also when the disk refused it: it is answered, and must not be redelivered before an emergency.
            self.release(update)

        self._ctx.log(
            "INFO",
            "chat",
            actor="telegram",
            correlation_id=event.correlation_id,
            user=str(update.user_id),
            text=event.text,
            verdict=verdict,
        )
        self.history.persist(event, about=durable, effects=effects)
