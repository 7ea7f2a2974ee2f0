"""What the chat must not forget: which updates were taken, and which commands still wait for their answer. Pure."""

from dataclasses import dataclass, replace

from actors.ledger import Shape
from messages import codec
from messages.base import Event, Message
from messages.commands import Command
from messages.telegram import CommandAnswered, UpdateTaken
from messages.types import CommandId

OWN_HISTORY = -3
SEEN_KEPT = 1_000
"""Update ids that are remembered. Telegram keeps what is not confirmed for a day, and counts on without gaps."""
UNANSWERED_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A command that left for the supervisor; after a restart its outcome is shown to its user."""

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


SHAPE: Shape[ChatState] = Shape(
    ordinal=OWN_HISTORY,
    name="telegram",
    blank=ChatState(),
    evolve=evolve,
    encode=codec.encode,
    decode=lambda data: codec.decode_as(data, ChatState),
)

# Snapshots are records like any message; these tags are taken for good (see messages.codec).
codec.register(930, Unanswered)
codec.register(931, ChatState)
