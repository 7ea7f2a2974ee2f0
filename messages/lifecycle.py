"""What the runtime says of its actors: facts about addresses, never references or exception objects."""

from dataclasses import dataclass

from messages.base import Message
from messages.types import Address, CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle(Message):
    """`ts_init` is wall time; the correlation id is that of the message at work then, empty when none was."""

    address: Address
    ts_init: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorFailed(Lifecycle):
    """An actor raised and is discarded; its mailbox keeps every message. `trace` is the traceback as text.

    `attempt` counts its failures within the policy's window; `backoff_ns` is the pause before the next
    life, 0 when there is none because the address is quarantined or stopping.
    """

    reason: str
    trace: str
    attempt: int
    backoff_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRestarted(Lifecycle):
    """A new actor started behind the address, after the failure that `reason` names."""

    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorQuarantined(Lifecycle):
    """An address failed too often: its messages are kept up to a bound until a human releases it."""

    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorReleased(Lifecycle):
    """A quarantine was lifted and a new life begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorStopped(Lifecycle):
    """An address is gone; what comes for it now is a dead letter. `reason` is empty after an orderly stop."""

    reason: str = ""
    undelivered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageParked(Lifecycle):
    """A message that failed `attempt` times is a dead letter now, so that its actor can go on.

    `command_id` is a command's own, empty for every other message.
    """

    message_type: str
    reason: str
    attempt: int
    command_id: CommandId = CommandId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberDropped(Lifecycle):
    """A subscribed callable raised and hears no more of `message_type`; `address` names it."""

    message_type: str
    reason: str
