"""Notices to the owner, from queueing to delivery.

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
    """A notice was queued for every recipient. `repeats`: identical notices it represents beyond the first."""

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
    """The cause of these notices has ended: they are not repeated any more."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRepeated(Event):
    """An identical notice came within the cooldown: counted, not sent."""

    number: int
    notice_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesDelivered(Event):
    """A recipient's channel accepted these, in one message."""

    recipient: str
    numbers: tuple[int, ...]
    message_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesDropped(Event):
    """These were dropped: the recipient refuses them permanently, or they made room for more severe ones."""

    recipient: str
    numbers: tuple[int, ...]
    why: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAcknowledged(Event):
    """A human acknowledged it: it is not repeated any more."""

    number: int
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReminded(Event):
    """Unacknowledged for the configured time, it is sent to these recipients again."""

    number: int
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeNotice(Command):
    """The button under a notice was pressed."""

    number: int
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Message):
    """To the notifier itself: deadline `topic` may have passed."""

    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostNotice(Message):
    """To a second channel: send one notice; answered by Posted or PostFailed to `reply_to`."""

    request_id: str
    reply_to: Address
    severity: Severity
    text: Shown
    ts_init: int
    account: AccountId | None = None
    position_id: PositionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(Message):
    """The channel accepted it."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFailed(Message):
    """The channel refused it, or its answer is unknown."""

    request_id: str
    cause: Statement
    retry_after_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPing(Message):
    """Ping the external monitor; not answered."""
