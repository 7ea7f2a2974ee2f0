"""Parses fields of a venue's rows: exact, and MalformedError for anything undocumented. Pure."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, TypeVar

from adapters.exchange.errors import AdapterError
from messages.costs import can_cost
from messages.types import Symbol
from messages.wording import Venue

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")
Row: TypeAlias = Mapping[str, object]

NS_PER_MS = 1_000_000
LARGEST = Decimal(10) ** 15
"""Limit of a price, quantity or amount; exchanges write up to 1e13 (bounds of orders in worthless coins)."""
SMALLEST_EXPONENT = -25
"""Smallest exponent of a nonzero price, quantity or amount."""
NUMBER_MOST = 60
"""In characters. An average price has up to 20 digits."""
TEXT_MOST = 256
"""In characters, of an id, name or status; the longest documented one has 64."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LATEST_MS = (2**63 - 1) // NS_PER_MS
_SHOWN_MOST = 60


class MalformedError(AdapterError, ValueError):
    """A row or event lacks a required field or has an impossible value."""


def shown(value: object) -> str:
    """Return a foreign value for an error text: escaped and short."""
    if isinstance(value, int) and abs(value) > 10**64:
        return Venue.HUGE_INTEGER()
    text = repr(value)
    return text if len(text) <= _SHOWN_MOST else text[:_SHOWN_MOST] + "…"


def decimal_of(row: Row, name: str, default: str | None = None) -> Decimal:
    """Return an exact number within the size limits, in plain or scientific notation. Raises MalformedError.

    Floats are refused: they may have lost digits already.
    """
    value = row.get(name)
    if value is None or value == "":
        value = default
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise MalformedError(Venue.NOT_EXACT(field=name, value=shown(value)))
    if isinstance(value, int) and abs(value) > LARGEST:
        raise MalformedError(Venue.NOT_TRADED(field=name, value=shown(value)))
    text = value if isinstance(value, str) else str(value)
    if len(text) > NUMBER_MOST or not _NUMBER.fullmatch(text):
        raise MalformedError(Venue.NOT_A_NUMBER(field=name, value=shown(value)))
    number = Decimal(text)
    if not number:
        return number.copy_abs()
    if abs(number) > LARGEST or number.adjusted() < SMALLEST_EXPONENT:
        raise MalformedError(Venue.NOT_TRADED(field=name, value=shown(value)))
    return number


def amount_of(row: Row, name: str, default: str | None = None) -> Decimal:
    """As `decimal_of`, and not negative."""
    number = decimal_of(row, name, default)
    if number < 0:
        raise MalformedError(Venue.NEGATIVE(field=name, value=shown(row.get(name))))
    return number


def positive_of(row: Row, name: str) -> Decimal:
    """As `decimal_of`, and positive."""
    number = amount_of(row, name)
    if not number:
        raise MalformedError(Venue.ZERO(field=name, value=shown(row.get(name))))
    return number


def integer_of(row: Row, name: str, least: int, most: int) -> int:
    """A whole number within bounds."""
    number = decimal_of(row, name)
    if number != number.to_integral_value() or not least <= number <= most:
        raise MalformedError(Venue.NOT_AN_INTEGER(field=name, value=shown(row.get(name)), least=least, most=most))
    return int(number)


def text_of(row: Row, name: str, default: str | None = None) -> str:
    """Return a text; an integer becomes its text, since venues write ids both ways."""
    value = row.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise MalformedError(Venue.NOT_A_TEXT(field=name, value=shown(value)))
    if isinstance(value, int) and abs(value) > 2**64:
        raise MalformedError(Venue.BEYOND_IDS(field=name, value=shown(value)))
    text = str(value)
    if len(text) > TEXT_MOST or not text.isprintable():
        raise MalformedError(Venue.NOT_AN_ID(field=name, value=shown(value)))
    return text


def fee_of(row: Row, amount: str, currency: str, *, symbol: Symbol, traded: Decimal) -> tuple[Decimal, str]:
    """Return a trade's fee and its currency; `traded` is the notional in the quote currency.

    A venue omits both fields for a zero fee; a currency without an amount is malformed. `actors.supervisor.context`
    handles fees in other currencies.
    """
    name = text_of(row, currency, "")
    fee = decimal_of(row, amount, None if name else "0")
    if name and symbol.endswith(name) and not can_cost(fee, traded):
        raise MalformedError(
            Venue.NOT_A_FEE(field=amount, value=shown(row.get(amount)), traded=traded.normalize(), currency=name)
        )
    return fee, name


def id_of(row: Row, name: str) -> str:
    """Return a nonempty text."""
    text = text_of(row, name)
    if not text:
        raise MalformedError(Venue.EMPTY(field=name))
    return text


def nanoseconds_of(row: Row, *names: str) -> int:
    """Return the first present time in ns, from ms; 0 when none is present."""
    for name in names:
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            if value > _LATEST_MS:
                raise MalformedError(Venue.NOT_A_TIME(field=name, value=shown(value)))
            return value * NS_PER_MS
    return 0


def instant_of(row: Row, name: str) -> int:
    """Return a required time in ns, from ms."""
    instant_ns = nanoseconds_of(row, name)
    if not instant_ns:
        raise MalformedError(Venue.NOT_A_TIME(field=name, value=shown(row.get(name))))
    return instant_ns


def take(found: dict[KeyT, ValueT], key: KeyT, value: ValueT) -> None:
    """Add a row by key; an equal duplicate is accepted. Raises MalformedError for two rows that differ."""
    if found.setdefault(key, value) != value:
        raise MalformedError(Venue.ROWS_CONTRADICT(key=shown(key)))


def row_of(value: object, what: str) -> Row:
    """Return the value as a row; `what` names it in the error. Raises MalformedError."""
    if not isinstance(value, Mapping):
        raise MalformedError(Venue.NO_OBJECT(what=what, value=shown(value)))
    return value


def items_of(value: object, what: str) -> Sequence[object]:
    """Return a list's items unchecked, so that one unreadable item does not affect the others."""
    if not isinstance(value, list):
        raise MalformedError(Venue.NO_LIST(what=what, value=shown(value)))
    return value


def rows_of(value: object, what: str) -> Sequence[Row]:
    """Return the rows of a list. Raises MalformedError when one item is not a row."""
    row = Venue.ROW_OF(what=what)
    return [row_of(each, row) for each in items_of(value, what)]
