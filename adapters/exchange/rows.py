"""Reading fields out of what a venue wrote: exact, and loud where it is not what was promised. Pure."""

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
"""Of a price, a quantity or money: the largest that exchanges write (bounds of orders in coins of no value) is 1e13."""
SMALLEST_EXPONENT = -25
"""Powers of ten: what is nearer to zero, and is not zero, is no price, quantity or money."""
NUMBER_MOST = 60
"""Characters. An average price has up to 20 digits."""
TEXT_MOST = 256
"""Characters of an id, a name or a status. The longest that exchanges document has 64."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LATEST_MS = (2**63 - 1) // NS_PER_MS
_SHOWN_MOST = 60


class MalformedError(AdapterError, ValueError):
    """A row or event without a field it must have, or with one that cannot be what it says."""


def shown(value: object) -> str:
    """A value as an error shows it: foreign, so escaped and short."""
    if isinstance(value, int) and abs(value) > 10**64:
        return Venue.HUGE_INTEGER()
    text = repr(value)
    return text if len(text) <= _SHOWN_MOST else text[:_SHOWN_MOST] + "…"


def decimal_of(row: Row, name: str, default: str | None = None) -> Decimal:
    """An exact number in plain or scientific digits, of a size that is traded.

    Floats are refused: whatever made them has lost digits already.
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
    """The same, where less than nothing makes no sense."""
    number = decimal_of(row, name, default)
    if number < 0:
        raise MalformedError(Venue.NEGATIVE(field=name, value=shown(row.get(name))))
    return number


def positive_of(row: Row, name: str) -> Decimal:
    """The same, where nothing makes no sense either."""
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
    """A text, or an integer as one: venues write ids both ways."""
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
    """What a trade took, and in which currency; `traded` is its value in the contract's own.

    A venue leaves out both where a trade took nothing. A currency without an amount is not nothing. In another currency
    its worth is not known here; see `actors.supervisor.context`.
    """
    name = text_of(row, currency, "")
    fee = decimal_of(row, amount, None if name else "0")
    if name and symbol.endswith(name) and not can_cost(fee, traded):
        raise MalformedError(
            Venue.NOT_A_FEE(field=amount, value=shown(row.get(amount)), traded=traded.normalize(), currency=name)
        )
    return fee, name


def id_of(row: Row, name: str) -> str:
    """A text that names something."""
    text = text_of(row, name)
    if not text:
        raise MalformedError(Venue.EMPTY(field=name))
    return text


def nanoseconds_of(row: Row, *names: str) -> int:
    """The first of these times that is there, from milliseconds; 0 where none is."""
    for name in names:
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            if value > _LATEST_MS:
                raise MalformedError(Venue.NOT_A_TIME(field=name, value=shown(value)))
            return value * NS_PER_MS
    return 0


def instant_of(row: Row, name: str) -> int:
    """A time that must be there, in nanoseconds."""
    instant_ns = nanoseconds_of(row, name)
    if not instant_ns:
        raise MalformedError(Venue.NOT_A_TIME(field=name, value=shown(row.get(name))))
    return instant_ns


def take(found: dict[KeyT, ValueT], key: KeyT, value: ValueT) -> None:
    """One row more of a list. The same row may come twice; two that differ contradict each other."""
    if found.setdefault(key, value) != value:
        raise MalformedError(Venue.ROWS_CONTRADICT(key=shown(key)))


def row_of(value: object, what: str) -> Row:
    """`what` names it as the venue does, or is a statement."""
    if not isinstance(value, Mapping):
        raise MalformedError(Venue.NO_OBJECT(what=what, value=shown(value)))
    return value


def items_of(value: object, what: str) -> Sequence[object]:
    """What stands in a list, rows or not: one that is none is nothing against the others."""
    if not isinstance(value, list):
        raise MalformedError(Venue.NO_LIST(what=what, value=shown(value)))
    return value


def rows_of(value: object, what: str) -> Sequence[Row]:
    """The rows of a list that is worth nothing where one of them is none."""
    row = Venue.ROW_OF(what=what)
    return [row_of(each, row) for each in items_of(value, what)]
