"""A position's history as short lines for a phone. Pure."""

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from enum import Enum

from actors.language.words import Words, number
from messages import codec
from messages.base import Event, Message
from messages.ids import parse_client_order_id

EVENTS_MOST = 40
_VALUE_MOST = 40
_LEFT_OUT = {
    "key",
    "journal_id",
    "instrument",
    "ordinal",
    "number",
    "command_id",
    "trade_id",
    "venue_order_id",
    "expires_at_ns",
    "worth",
    "meaning",
}
_COMMON = frozenset({field.name for field in fields(Event)} | _LEFT_OUT)


def timeline(words: Words, records: tuple[bytes, ...]) -> tuple[str, ...]:
    """Return one line per event, the latest `EVENTS_MOST`, oldest first; damaged records are marked."""
    lines, damaged = [], words.plain("damaged")
    for record in records[-EVENTS_MOST:]:
        try:
            lines.append(_line(words, codec.decode(record)))
        except codec.DecodeError as error:
            lines.append(f"{damaged}: {error}"[:_VALUE_MOST])
    return tuple(lines)


def _line(words: Words, event: Message) -> str:
    facts = [
        f"{words.name(name)}={_shown(words, value)}" for name, value in _facts(event) if value not in (None, "", False)
    ]
    at_ns = getattr(event, "ts_init", 0)
    return " ".join([words.moment(at_ns) if at_ns else "-", words.name(type(event).__name__), *facts])


def _facts(event: Message) -> Iterator[tuple[str, object]]:
    """Yield an event's facts, orders by their number within the position; `albra history` shows other ids."""
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name == "client_order_id":
            parts = parse_client_order_id(value)
            yield "order", value if parts is None else f"#{parts.number}"
        elif field.name not in _COMMON:
            yield field.name, value


def _shown(words: Words, value: object) -> str:
    if isinstance(value, Decimal):
        return number(value)
    if value is True:
        return words.plain("yes")
    if isinstance(value, Enum):
        return words.name(value.value)
    text = words.say(value if isinstance(value, str) else str(value))
    return text if len(text) <= _VALUE_MOST else text[:_VALUE_MOST] + "…"
