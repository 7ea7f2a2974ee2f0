"""The runtime's reports about actors: facts about addresses, never references or exception objects."""

from dataclasses import dataclass

from messages.base import Message
from messages.types import Address, CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle(Message):
    """`ts_init` is wall time in ns; the correlation id is that of the message being handled, empty for none."""

    address: Address
    ts_init: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorFailed(Lifecycle):
    """An actor raised and is discarded; its mailbox keeps every message. `trace`: the traceback.

    `attempt` counts failures within the policy's window; `backoff_ns`: the pause before the restart, 0 when the address
    is quarantined or stopping.
    """

    reason: str
    trace: str
    attempt: int
    backoff_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorRestarted(Lifecycle):
    """A new actor started at the address after the failure `reason`."""

    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorQuarantined(Lifecycle):
    """An address failed too often: its messages are kept, up to a bound, until a human releases it."""

    reason: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorReleased(Lifecycle):
    """A quarantine was lifted, and the actor restarts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorStopped(Lifecycle):
    """An address is gone; later messages to it are dead letters. `reason` is empty after an orderly stop."""

    reason: str = ""
    undelivered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageParked(Lifecycle):
    """A message that failed `attempt` times became a dead letter, so that its actor can continue.

    `command_id`: a command's own, empty for other messages.
    """

    message_type: str
    reason: str
    attempt: int
    command_id: CommandId = CommandId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberDropped(Lifecycle):
    """A subscribed callable raised and is unsubscribed from `message_type`; `address` names it."""

    message_type: str
    reason: str
