"""Reading fields out of what a venue wrote: exact, and loud where it is not what was promised. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

Row: TypeAlias = Mapping[str, object]

NS_PER_MS = 1_000_000
MAX_MAGNITUDE = 25
"""Powers of ten. A price, a quantity or money is within them; arithmetic on more fails somewhere else than here."""


class MalformedError(ValueError):
    """A row or event without a field it must have, or with one that cannot be what it says."""


def decimal_of(row: Row, name: str, default: str | None = None) -> Decimal:
    """An exact finite number. Floats are refused: whatever made them has lost digits already."""
    value = row.get(name)
    if value is None or value == "":
        value = default
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise MalformedError(f"{name} is {value!r}, not an exact number")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise MalformedError(f"{name} is {value!r}, not a number") from None
    if not number.is_finite():
        raise MalformedError(f"{name} is {value!r}, not a finite number")
    if number and abs(number.adjusted()) > MAX_MAGNITUDE:
        raise MalformedError(f"{name} is {str(value)[:40]!r}, beyond anything that is traded")
    return number


def text_of(row: Row, name: str, default: str | None = None) -> str:
    """A text, or an integer as one: venues write ids both ways."""
    value = row.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise MalformedError(f"{name} is {value!r}, not a text")
    return str(value)


def nanoseconds_of(row: Row, *names: str) -> int:
    """The first of these times that is there, from milliseconds; 0 where none is."""
    for name in names:
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value * NS_PER_MS
    return 0


def row_of(value: object, what: str) -> Row:
    if not isinstance(value, Mapping):
        raise MalformedError(f"{what} is no object")
    return value


def rows_of(value: object, what: str) -> Sequence[Row]:
    if not isinstance(value, list):
        raise MalformedError(f"{what} is no list")
    return [row_of(each, f"a row of {what}") for each in value]
