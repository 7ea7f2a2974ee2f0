"""The history of the chat: taken updates, and commands without an answer. Pure."""

from dataclasses import dataclass, replace

from actors.runtime.event_sourced import HistorySpec, OnDamage, Persisting, Snapshots
from messages import codec
from messages.base import Event, Message
from messages.commands import Command
from messages.telegram import CommandAnswered, UpdateTaken
from messages.types import CommandId, PositionId

OWN_HISTORY = -3
SEEN_KEPT = 1_000
"""Remembered update ids. Telegram keeps unconfirmed updates for a day, with consecutive ids."""
UNANSWERED_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A released command without an answer; after a restart its outcome is shown to its user."""

    command: Message
    chat_id: int
    user_id: int
    message_id: int
    taken_ns: int

    @property
    def command_id(self) -> CommandId:
        assert isinstance(self.command, Command)
        return self.command.command_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatState:
    seen: tuple[int, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()


def evolve(state: ChatState, event: Event) -> ChatState:
    match event:
        case UpdateTaken():
            state = replace(state, seen=(*state.seen, event.update_id)[-SEEN_KEPT:])
            if not isinstance(event.command, Command):
                return state
            waiting = Unanswered(
                command=event.command,
                chat_id=event.chat_id,
                user_id=event.user_id,
                message_id=event.message_id,
                taken_ns=event.ts_init,
            )
            return replace(state, unanswered=(*state.unanswered, waiting)[-UNANSWERED_MOST:])
        case CommandAnswered():
            kept = tuple(one for one in state.unanswered if one.command_id != event.command_id)
            return replace(state, unanswered=kept)
        case _:
            return state


HISTORY: HistorySpec[ChatState] = HistorySpec(
    ordinal=OWN_HISTORY,
    name=PositionId("telegram"),
    empty=ChatState,
    evolve=evolve,
    persisting=Persisting.GROUPED,
    on_damage=OnDamage.GO_ON,
    snapshots=Snapshots.of(ChatState, every=64),
)

# Snapshots are records like messages; these tags are permanent (see messages.codec).
codec.register(930, Unanswered)
codec.register(931, ChatState)
