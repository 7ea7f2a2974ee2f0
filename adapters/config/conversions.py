"""Converts key texts: seconds and times of day to numbers with units, mappings to pairs. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from messages.types import AccountId, Symbol

_MS_PER_SECOND = 1000
T = TypeVar("T")


def unless_none(take: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """Return a conversion that keeps None."""
    return lambda value: None if value is None else take(value)


def milliseconds(seconds: Any) -> int:
    """Convert seconds to ms, at least 1."""
    return max(1, int(Decimal(seconds) * _MS_PER_SECOND))


def minute(text: str) -> int:
    """Convert `08:30` to the minute of the day."""
    hour, _, minutes = text.partition(":")
    return int(hour) * 60 + int(minutes)


def hours(text: str) -> tuple[int, int]:
    """Convert `23:00-07:00` to first and last minute of the day."""
    start, _, end = text.partition("-")
    return minute(start), minute(end)


def pairs(tree: Mapping[str, T]) -> tuple[tuple[str, T], ...]:
    return tuple(tree.items())


def by_number(tree: Mapping[str, str]) -> tuple[tuple[int, str], ...]:
    """Convert a mapping by user or chat id to pairs."""
    return tuple((int(number), value) for number, value in tree.items())


def narrowest_first(
    tree: Mapping[str, Mapping[str, str | None]],
) -> tuple[tuple[AccountId | None, Symbol | None, str, str], ...]:
    """Convert overrides to (account, symbol, type, action), ordered: account and symbol, then symbol, then account."""
    found: list[tuple[AccountId | None, Symbol | None, str, str]] = []
    for name in sorted(tree, key=lambda name: ("/" not in name, name.lower() == name)):
        account, slash, symbol = name.partition("/")
        if not slash and name.upper() == name:
            account, symbol = "", name
        place = (AccountId(account) if account else None, Symbol(symbol) if symbol else None)
        found += [(*place, kind, action) for kind, action in tree[name].items() if action is not None]
    return tuple(found)
