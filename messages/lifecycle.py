"""What the actor runtime tells of actors: never a reference, never an exception object."""

from dataclasses import dataclass

from messages.base import Message
from messages.types import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRestarted(Message):
    """An actor failed and a new one took its address and its mail; `attempt` counts within the window."""

    address: Address
    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorQuarantined(Message):
    """An actor failed too often; its mail is kept up to a bound until it is released."""

    address: Address
    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageParked(Message):
    """A message that keeps killing its actor was put aside."""

    address: Address
    reason: str
    message: str
    attempt: int
