"""What the text of a key becomes: seconds and times of day to numbers with units, mappings to pairs. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from messages.types import AccountId, Symbol

_MS_PER_SECOND = 1000
T = TypeVar("T")


def unless_none(take: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """The same of a value that may be left out."""
    return lambda value: None if value is None else take(value)


def milliseconds(seconds: Any) -> int:
    """At least one."""
    return max(1, int(Decimal(seconds) * _MS_PER_SECOND))


def minute(text: str) -> int:
    """The minute of the day of `08:30`."""
    hour, _, minutes = text.partition(":")
    return int(hour) * 60 + int(minutes)


def hours(text: str) -> tuple[int, int]:
    """First and last minute of `23:00-07:00`."""
    start, _, end = text.partition("-")
    return minute(start), minute(end)


def pairs(tree: Mapping[str, T]) -> tuple[tuple[str, T], ...]:
    return tuple(tree.items())


def by_number(tree: Mapping[str, str]) -> tuple[tuple[int, str], ...]:
    """Of user or chat ids."""
    return tuple((int(number), value) for number, value in tree.items())


def narrowest_first(
    tree: Mapping[str, Mapping[str, str | None]],
) -> tuple[tuple[AccountId | None, Symbol | None, str, str], ...]:
    """(account, symbol, type, action) of overrides: account and symbol, then symbol, then account."""
    found: list[tuple[AccountId | None, Symbol | None, str, str]] = []
    for name in sorted(tree, key=lambda name: ("/" not in name, name.lower() == name)):
        account, slash, symbol = name.partition("/")
        if not slash and name.upper() == name:
            account, symbol = "", name
        place = (AccountId(account) if account else None, Symbol(symbol) if symbol else None)
        found += [(*place, kind, action) for kind, action in tree[name].items() if action is not None]
    return tuple(found)
