"""What the gateway's pure parts ask their shell to do."""

from dataclasses import dataclass
from typing import TypeAlias

from messages.base import Message
from messages.types import Address

MS = 1_000_000
SECOND = 1_000 * MS
MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Send:
    """Hand to the venue's port."""

    message: Message


@dataclass(frozen=True, slots=True)
class Say:
    """Tell another actor."""

    to: Address
    message: Message


@dataclass(frozen=True, slots=True)
class Later:
    """Wake with `Woken(topic)` after `delay_ns`; the same topic replaces an earlier one."""

    topic: str
    delay_ns: int


@dataclass(frozen=True, slots=True)
class Never:
    """Take back a `Later` that has not come yet."""

    topic: str


Action: TypeAlias = Send | Say | Later | Never
