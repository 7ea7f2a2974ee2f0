"""What every message carries."""

from dataclasses import dataclass

from messages.types import CorrelationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Frozen, without references, floats, lists or dicts, so that it can be kept, sent and compared.

    `correlation_id` is shared by everything one command set in motion; `causation_id` names the
    message or step (`position_id#version`) that this one follows from.
    """

    correlation_id: CorrelationId = CorrelationId("")
    causation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Message):
    """One fact of a position's history. `ts_event` is the venue's time (0: not the venue's word), `ts_init` ours."""

    ts_event: int = 0
    ts_init: int = 0
