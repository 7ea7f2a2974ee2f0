"""Notices: what the owner is told, from the wish to tell it to the word that it arrived.

Severity gives a notice its class: CRITICAL, WARNING (the original system's HIGH), INFO (MEDIUM), DIGEST (LOW).
A recipient is a chat id in digits, or the name of a second channel.
"""

from dataclasses import dataclass

from messages.base import Event, Message
from messages.commands import Command
from messages.statement import Statement
from messages.text import Shown
from messages.types import AccountId, Address, PositionId, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeQueued(Event):
    """A notice is to reach every recipient. `repeats` counts identical ones that it stands for beyond the first."""

    number: int
    severity: Severity
    text: Statement
    recipients: tuple[str, ...]
    account: AccountId | None = None
    position_id: PositionId | None = None
    notice_id: str = ""
    repeats: int = 0
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesSettled(Event):
    """The trouble that these told of is over: they are not repeated any more."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRepeated(Event):
    """The same words again, within the cooldown: counted, not told a second time yet."""

    number: int
    notice_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesDelivered(Event):
    """A recipient's channel took these, in one message."""

    recipient: str
    numbers: tuple[int, ...]
    message_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesDropped(Event):
    """These will not reach the recipient: it refuses them for good, or lesser ones made room."""

    recipient: str
    numbers: tuple[int, ...]
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAcknowledged(Event):
    """A human has seen it: it is not repeated any more."""

    number: int
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReminded(Event):
    """Nobody has acknowledged it for the configured time: it goes to these once more."""

    number: int
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeNotice(Command):
    """Somebody pressed the button under a notice."""

    number: int
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Message):
    """To oneself: a deadline may have come; `topic` says which."""

    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostNotice(Message):
    """To a second channel: one notice as it stands; answered by Posted or PostFailed to `reply_to`."""

    request_id: str
    reply_to: Address
    severity: Severity
    text: Shown
    ts_init: int
    account: AccountId | None = None
    position_id: PositionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(Message):
    """The channel took it."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFailed(Message):
    """The channel did not take it, as far as anybody knows."""

    request_id: str
    cause: Statement
    retry_after_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPing(Message):
    """Tell the outside that Albra lives; no answer is needed."""
