"""The base classes of messages."""

from dataclasses import dataclass

from messages.types import CorrelationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A frozen message without references, floats, lists or dicts, so that it can be stored, sent and compared.

    `correlation_id` is shared by all messages that one command causes; `causation_id` names the message or step
    (`position_id#version`) that caused this one.
    """

    correlation_id: CorrelationId = CorrelationId("")
    causation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Message):
    """One fact of a position's history. `ts_event` is the venue's time in ns (0: not reported by the venue), `ts_init`
    ours.
    """

    ts_event: int = 0
    ts_init: int = 0
