"""Texts in the reader's language: English is the source, catalogs translate it. Pure.

Messages are Telegram's HTML. Values are escaped unless they are `Markup`: outside text (a venue's reason, a strategy's
name) can neither break nor forge a message, nor add a link.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from unicodedata import east_asian_width

from actors.language.korean import particles
from actors.money import DOLLARS, ZERO, added
from messages.decimals import trimmed
from messages.statement import render
from messages.text import Markup, Shown, escaped, filled, merged, shown
from messages.types import LIMITS_CURRENCY
from messages.wording import duration

_PLACE = re.compile(r"\{(\w+)\}")
_NONE: Mapping[str, str] = MappingProxyType({})


escape, join = escaped, merged


def N_(message: str) -> str:  # noqa: N802 - the customary name
    """Mark a message for the catalogs that is translated elsewhere."""
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One reader's language and clock. `catalog`: English message -> translation."""

    language: str = "en"
    catalog: Mapping[str, str] = field(default_factory=lambda: _NONE)
    zone: tzinfo = UTC

    def __call__(self, message: str, /, **values: object) -> Markup:
        """Return the translated message as HTML, values escaped."""
        return filled(self._found(message), values, self._grammar)

    def plain(self, message: str, /, **values: object) -> Shown:
        """Return the translated message as plain text, for buttons and alerts."""
        said = {name: shown(value) for name, value in values.items()}
        return shown(self._grammar(_PLACE.sub(lambda match: said.get(match[1], match[0]), self._found(message))))

    def name(self, code: object) -> str:
        """Return a name of the code (a state, a side) in the reader's words; unchanged without a translation."""
        return self._found(str(code))

    def count(self, number: int, one: str, many: str, /, **values: object) -> Markup:
        """Return the singular or plural message; `{n}` is the number."""
        return self(one if number == 1 else many, n=number, **values)

    def say(self, statement: str) -> Shown:
        """Return a statement in the reader's language; outside and earlier versions' text unchanged."""
        return shown(self._grammar(render(statement, self._found)))

    def moment(self, time_ns: int) -> str:
        """Return a time as `11-22 21:04:05` on the reader's clock."""
        return datetime.fromtimestamp(time_ns // 1_000_000_000, self.zone).strftime("%m-%d %H:%M:%S")

    def span(self, duration_ns: int) -> Markup:
        """Return a duration in its two largest units."""
        return escape(self.say(duration.span(duration_ns)))

    def _grammar(self, said: str) -> str:
        return particles(said) if self.language == "ko" else said

    def _found(self, message: str) -> str:
        return self.catalog.get(message, message)


def number(value: Decimal | None) -> str:
    """Return plain digits without trailing zeros; a dash for None."""
    return "-" if value is None else trimmed(value)


def money(value: Decimal) -> str:
    """Return two places, with spaces between thousands: comma and dot differ between languages."""
    text = f"{value.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,f}".replace(",", " ")
    return "0.00" if text == "-0.00" else text


def signed(value: Decimal) -> str:
    text = money(value)
    return f"+{text}" if value > 0 and text != "0.00" else text


def amount(value: Decimal, currency: str) -> str:
    """Return an amount with its currency; of a coin, worth more than a dollar, every digit."""
    return f"{money(value) if currency in DOLLARS else number(value)} {currency}"


def amounts(values: Iterable[tuple[str, Decimal]]) -> str:
    """Return the sums by currency."""
    return ", ".join(amount(value, currency) for currency, value in added((), values)) or amount(ZERO, LIMITS_CURRENCY)


def gains(values: Iterable[tuple[str, Decimal]]) -> str:
    """Return signed sums by currency."""
    sums = added((), values) or ((LIMITS_CURRENCY, ZERO),)
    return ", ".join(f"{'+' if value > 0 else ''}{amount(value, currency)}" for currency, value in sums)


def columns(rows: tuple[tuple[str, ...], ...]) -> str:
    """Return aligned rows, the first column left-aligned; Korean characters are two columns wide."""
    widths = [max(_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for first, *others in rows:
        cells = [first + " " * (widths[0] - _width(first))]
        cells += [" " * (width - _width(cell)) + cell for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
