"""Messages between the chat adapter and the actors: updates in, texts out. Ids are Telegram's numbers.

Outgoing text is `Markup`, Telegram's HTML with outside text escaped, or `Shown` where Telegram accepts no HTML.
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
    """A user's role; `actors.telegram.roles` defines its permissions."""

    OWNER = "owner"
    TRADER = "trader"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button under a message: its label, and its data (at most 64 bytes)."""

    text: Shown
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """One line of the command menu."""

    command: str
    text: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming(Message):
    """One update. `user_id` 0: no user (a channel, an anonymous administrator)."""

    update_id: int
    chat_id: int
    user_id: int
    chat_kind: ChatKind
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingText(Incoming):
    """A text message; `sent_ns` is Telegram's time."""

    text: str
    sent_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentText(IncomingText):
    """A text message about an emergency, which overtakes all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingPress(Incoming):
    """A button of message `message_id` was pressed."""

    press_id: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentPress(IncomingPress):
    """The same, where it is about an emergency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingOther(Incoming):
    """An update without meaning here: an edit, a picture, a change of members.

    `moved_to`: the chat's new id, 0: unchanged.
    """

    what: str
    moved_to: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToChat(Message):
    """A request to the chat; its result goes to `reply_to`, where given.

    It may be retried for `patience_ms`; 0: the sender decides about retries.
    """

    request_id: str
    reply_to: Address = Address("")
    patience_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendText(ToChat):
    """Send a message; answered by TextSent or SendFailed. `silent`: without a sound."""

    chat_id: int
    text: Markup
    buttons: tuple[tuple[Button, ...], ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditText(ToChat):
    """Replace the text of one of our messages; answered by TextSent or SendFailed."""

    chat_id: int
    message_id: int
    text: Markup
    buttons: tuple[tuple[Button, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPress(ToChat):
    """End the waiting sign on a button, with a text where given."""

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
    """The update is durable, or needs no durability: the chat may confirm it once all earlier ones are kept.

    Updates are taken by urgency, not by number.
    """

    update_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSent(Message):
    """Telegram has the text, as this message."""

    request_id: str
    chat_id: int
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFailed(Message):
    """Sending failed, or its outcome is unknown. `permanent`: a retry cannot succeed (blocked, chat gone, malformed).

    `retry_after_ms`: Telegram's requested delay (429), 0 for none.
    """

    request_id: str
    cause: str
    retry_after_ms: int = 0
    permanent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatUp(Message):
    """The chat responds, at the start or after an outage."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDown(Message):
    """The chat does not respond, or refuses us."""

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
    """The audit log: sender, text, and result. `command` is released to the supervisor after this."""

    update_id: int
    chat_id: int
    user_id: int
    text: str
    verdict: str
    command: Message | None = None
    message_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswered(Event):
    """The supervisor's answer to a command from the chat."""

    command_id: CommandId
    accepted: bool
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Message):
    """To the chat actor itself: the awaited `topic` may be overdue."""

    topic: str
