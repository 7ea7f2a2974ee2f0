"""A position's history as short lines for a phone. Pure."""

from dataclasses import fields
from decimal import Decimal
from enum import Enum

from actors.telegram.words import Words, number
from messages import codec
from messages.base import Event, Message

EVENTS_MOST = 40
_VALUE_MOST = 40
_COMMON = frozenset({field.name for field in fields(Event)} | {"key", "journal_id", "instrument", "ordinal", "number"})


def timeline(words: Words, records: tuple[bytes, ...]) -> tuple[str, ...]:
    """One line per event, the latest `EVENTS_MOST`, oldest first. Damaged records say so."""
    lines = []
    for record in records[-EVENTS_MOST:]:
        try:
            lines.append(_line(words, codec.decode(record)))
        except codec.DecodeError as error:
            lines.append(f"damaged: {error}"[:_VALUE_MOST])
    return tuple(lines)


def _line(words: Words, event: Message) -> str:
    told = [
        f"{field.name}={_shown(value)}"
        for field in fields(event)
        if field.name not in _COMMON and (value := getattr(event, field.name)) not in (None, "", False)
    ]
    return " ".join([words.moment(getattr(event, "ts_init", 0)), type(event).__name__, *told])


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return number(value)
    text = str(value.value if isinstance(value, Enum) else value)
    return text if len(text) <= _VALUE_MOST else text[:_VALUE_MOST] + "…"
