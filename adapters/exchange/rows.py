"""Reading fields out of what a venue wrote: exact, and loud where it is not what was promised. Pure."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, TypeVar

from messages.costs import can_cost
from messages.types import Symbol

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


class MalformedError(ValueError):
    """A row or event without a field it must have, or with one that cannot be what it says."""


def shown(value: object) -> str:
    """A value as an error shows it: foreign, so escaped and short."""
    text = "a number of thousands of digits" if isinstance(value, int) and abs(value) > 10**64 else repr(value)
    return text if len(text) <= _SHOWN_MOST else text[:_SHOWN_MOST] + "…"


def decimal_of(row: Row, name: str, default: str | None = None) -> Decimal:
    """An exact number in plain or scientific digits, of a size that is traded.

    Floats are refused: whatever made them has lost digits already.
    """
    value = row.get(name)
    if value is None or value == "":
        value = default
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise MalformedError(f"{name} is {shown(value)}, not an exact number")
    if isinstance(value, int) and abs(value) > LARGEST:
        raise MalformedError(f"{name} is {shown(value)}, beyond anything that is traded")
    text = value if isinstance(value, str) else str(value)
    if len(text) > NUMBER_MOST or not _NUMBER.fullmatch(text):
        raise MalformedError(f"{name} is {shown(value)}, not a number")
    number = Decimal(text)
    if not number:
        return number.copy_abs()
    if abs(number) > LARGEST or number.adjusted() < SMALLEST_EXPONENT:
        raise MalformedError(f"{name} is {shown(value)}, beyond anything that is traded")
    return number


def amount_of(row: Row, name: str, default: str | None = None) -> Decimal:
    """The same, where less than nothing makes no sense."""
    number = decimal_of(row, name, default)
    if number < 0:
        raise MalformedError(f"{name} is {shown(row.get(name))}, less than nothing")
    return number


def positive_of(row: Row, name: str) -> Decimal:
    """The same, where nothing makes no sense either."""
    number = amount_of(row, name)
    if not number:
        raise MalformedError(f"{name} is {shown(row.get(name))}, which is nothing")
    return number


def integer_of(row: Row, name: str, least: int, most: int) -> int:
    """A whole number within bounds."""
    number = decimal_of(row, name)
    if number != number.to_integral_value() or not least <= number <= most:
        raise MalformedError(f"{name} is {shown(row.get(name))}, not a whole number from {least} to {most}")
    return int(number)


def text_of(row: Row, name: str, default: str | None = None) -> str:
    """A text, or an integer as one: venues write ids both ways."""
    value = row.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise MalformedError(f"{name} is {shown(value)}, not a text")
    if isinstance(value, int) and abs(value) > 2**64:
        raise MalformedError(f"{name} is {shown(value)}, beyond any id")
    text = str(value)
    if len(text) > TEXT_MOST or not text.isprintable():
        raise MalformedError(f"{name} is {shown(value)}, which is no id, name or status")
    return text


def fee_of(row: Row, amount: str, currency: str, *, symbol: Symbol, traded: Decimal) -> tuple[Decimal, str]:
    """What a trade took, and in which currency; `traded` is its value in the contract's own.

    A venue leaves out both where a trade took nothing. A currency without an amount is not nothing. In another currency
    its worth is not known here; see `actors.supervisor.desk`.
    """
    name = text_of(row, currency, "")
    fee = decimal_of(row, amount, None if name else "0")
    if name and symbol.endswith(name) and not can_cost(fee, traded):
        raise MalformedError(
            f"{amount} is {shown(row.get(amount))}, no fee for a trade of {traded.normalize():f} {name}"
        )
    return fee, name


def id_of(row: Row, name: str) -> str:
    """A text that names something."""
    text = text_of(row, name)
    if not text:
        raise MalformedError(f"{name} is empty")
    return text


def nanoseconds_of(row: Row, *names: str) -> int:
    """The first of these times that is there, from milliseconds; 0 where none is."""
    for name in names:
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            if value > _LATEST_MS:
                raise MalformedError(f"{name} is {shown(value)}, not a time in milliseconds")
            return value * NS_PER_MS
    return 0


def instant_of(row: Row, name: str) -> int:
    """A time that must be there, in nanoseconds."""
    instant_ns = nanoseconds_of(row, name)
    if not instant_ns:
        raise MalformedError(f"{name} is {shown(row.get(name))}, not a time in milliseconds")
    return instant_ns


def take(found: dict[KeyT, ValueT], key: KeyT, value: ValueT) -> None:
    """One row more of a list. The same row may come twice; two that differ contradict each other."""
    if found.setdefault(key, value) != value:
        raise MalformedError(f"two rows of {shown(key)} contradict each other")


def row_of(value: object, what: str) -> Row:
    if not isinstance(value, Mapping):
        raise MalformedError(f"{what} is {shown(value)}, no object")
    return value


def items_of(value: object, what: str) -> Sequence[object]:
    """What stands in a list, rows or not: one that is none is nothing against the others."""
    if not isinstance(value, list):
        raise MalformedError(f"{what} is {shown(value)}, no list")
    return value


def rows_of(value: object, what: str) -> Sequence[Row]:
    """The rows of a list that is worth nothing where one of them is none."""
    return [row_of(each, f"a row of {what}") for each in items_of(value, what)]
