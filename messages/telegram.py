"""What passes between the chat and the actors: updates in, texts out. Ids are Telegram's own numbers.

Text that leaves is `Markup`, Telegram's HTML with outside text escaped in it, or `Shown` where the chat knows no HTML.
"""

from dataclasses import dataclass
from enum import StrEnum

from messages.base import Event, Message
from messages.text import Markup, Shown, shown
from messages.types import Address, CommandId


class ChatKind(StrEnum):
    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class Role(StrEnum):
    """Who may do what, see `actors.telegram.roles`."""

    OWNER = "owner"
    TRADER = "trader"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button under a message: what it shows, and what its press says (at most 64 bytes)."""

    text: Shown
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """One line of the command menu."""

    command: str
    text: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming(Message):
    """One update. `user_id` 0: nobody in particular (a channel, an anonymous administrator)."""

    update_id: int
    chat_id: int
    user_id: int
    chat_kind: ChatKind
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingText(Incoming):
    """Somebody wrote; `sent_ns` is when, by the chat's clock."""

    text: str
    sent_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentText(IncomingText):
    """The same, where it is about an emergency: nothing waits in front of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingPress(Incoming):
    """Somebody pressed a button of the message `message_id`."""

    press_id: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentPress(IncomingPress):
    """The same, where it is about an emergency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingOther(Incoming):
    """An update that can mean nothing to us: an edit, a picture, a member who came or went.

    `moved_to`: the chat has this id from now on, 0: it has not moved.
    """

    what: str
    moved_to: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToChat(Message):
    """A request to the chat; what came of it is told to `reply_to`, where that is given.

    It may be tried again for `patience_ms`; 0: whoever asks decides that himself.
    """

    request_id: str
    reply_to: Address = Address("")
    patience_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendText(ToChat):
    """Write a message; answered by TextSent or SendFailed. `silent`: without a sound."""

    chat_id: int
    text: Markup
    buttons: tuple[tuple[Button, ...], ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditText(ToChat):
    """Put another text in the place of one of ours; answered by TextSent or SendFailed."""

    chat_id: int
    message_id: int
    text: Markup
    buttons: tuple[tuple[Button, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPress(ToChat):
    """End the waiting sign on a button, with a word where there is one."""

    press_id: str
    text: Shown = shown("")
    alert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishMenu(ToChat):
    """Show these commands in a private chat's menu."""

    chat_id: int
    entries: tuple[MenuEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateKept(Message):
    """This update is durable here, or asks for nothing that would be: the chat may forget it, once it may forget all
    before it. They are taken by urgency, not in the order of their numbers.
    """

    update_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSent(Message):
    """The chat has it, as this message of its own."""

    request_id: str
    chat_id: int
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFailed(Message):
    """The chat has it not, or nobody knows. `permanent`: it never will (blocked, chat gone, malformed).

    `retry_after_ms` is the chat's own word (429), 0 where it gave none.
    """

    request_id: str
    cause: str
    retry_after_ms: int = 0
    permanent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatUp(Message):
    """The chat answers, after it did not or at the start."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDown(Message):
    """The chat does not answer, or refuses us."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLogs(Message):
    """The last `count` lines of the log; answered by LogsAnswer to `reply_to`."""

    request_id: str
    reply_to: Address
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsAnswer(Message):
    """Lines for people, oldest first."""

    request_id: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTaken(Event):
    """The audit log: who said what, and what became of it. `command` leaves for the supervisor after this."""

    update_id: int
    chat_id: int
    user_id: int
    text: str
    verdict: str
    command: Message | None = None
    message_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswered(Event):
    """What the supervisor said to a command that came by chat."""

    command_id: CommandId
    accepted: bool
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Message):
    """To oneself: something that was waited for may be overdue; `topic` says what."""

    topic: str
