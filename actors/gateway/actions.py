"""The actions that the gateway's pure parts return, and its time units (ns)."""

from dataclasses import dataclass
from typing import TypeAlias

from messages.base import Message
from messages.types import Address

MS = 1_000_000
SECOND = 1_000 * MS
MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Send:
    """Pass `message` to the venue's port."""

    message: Message


@dataclass(frozen=True, slots=True)
class Say:
    """Send `message` to the actor at `to`."""

    to: Address
    message: Message


@dataclass(frozen=True, slots=True)
class Later:
    """Deliver `Woken(topic)` after `delay_ns` (monotonic); replaces an earlier timer of the same topic."""

    topic: str
    delay_ns: int


@dataclass(frozen=True, slots=True)
class Never:
    """Cancel the timer of `topic`."""

    topic: str


Action: TypeAlias = Send | Say | Later | Never
