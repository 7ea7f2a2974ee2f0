"""What people read, in their language: English is the source, other languages are catalogs over it. Pure.

Messages are Telegram's HTML. What is put into one is escaped and made inert, unless it is `Markup` already; what
comes from outside (a venue's reason, a strategy's name) can neither break nor forge a message, nor offer a link.
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
    """Mark a message for the catalogs that is looked up elsewhere."""
    return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One reader's language and clock. `catalog`: English message -> the reader's."""

    language: str = "en"
    catalog: Mapping[str, str] = field(default_factory=lambda: _NONE)
    zone: tzinfo = UTC

    def __call__(self, message: str, /, **values: object) -> Markup:
        """The message as HTML, values escaped."""
        return filled(self._found(message), values, self._grammar)

    def plain(self, message: str, /, **values: object) -> Shown:
        """The message as plain text: for buttons and alerts."""
        said = {name: shown(value) for name, value in values.items()}
        return shown(self._grammar(_PLACE.sub(lambda match: said.get(match[1], match[0]), self._found(message))))

    def name(self, code: object) -> str:
        """A name out of the code (a state, a side) in the reader's words; as it is where they have none."""
        return self._found(str(code))

    def count(self, number: int, one: str, many: str, /, **values: object) -> Markup:
        """One or many of something; `{n}` is the number."""
        return self(one if number == 1 else many, n=number, **values)

    def say(self, statement: str) -> Shown:
        """A sentence of ours in the reader's language; text from outside, or of an earlier version, as it is."""
        return shown(self._grammar(render(statement, self._found)))

    def moment(self, time_ns: int) -> str:
        """`11-22 21:04:05` on the reader's clock."""
        return datetime.fromtimestamp(time_ns // 1_000_000_000, self.zone).strftime("%m-%d %H:%M:%S")

    def span(self, duration_ns: int) -> Markup:
        """A duration in its two largest units."""
        return escape(self.say(duration.span(duration_ns)))

    def _grammar(self, said: str) -> str:
        return particles(said) if self.language == "ko" else said

    def _found(self, message: str) -> str:
        return self.catalog.get(message, message)


def number(value: Decimal | None) -> str:
    """Plain digits without useless zeros; a dash for nothing."""
    return "-" if value is None else trimmed(value)


def money(value: Decimal) -> str:
    """Two places, and spaces between thousands: a comma or a dot is read differently in different languages."""
    text = f"{value.quantize(Decimal('0.01'), ROUND_HALF_EVEN):,f}".replace(",", " ")
    return "0.00" if text == "-0.00" else text


def signed(value: Decimal) -> str:
    text = money(value)
    return f"+{text}" if value > 0 and text != "0.00" else text


def amount(value: Decimal, currency: str) -> str:
    """With its currency; of a coin, which is worth more than a dollar, every digit."""
    return f"{money(value) if currency in DOLLARS else number(value)} {currency}"


def amounts(values: Iterable[tuple[str, Decimal]]) -> str:
    """Summed up by currency."""
    return ", ".join(amount(value, currency) for currency, value in added((), values)) or amount(ZERO, LIMITS_CURRENCY)


def gains(values: Iterable[tuple[str, Decimal]]) -> str:
    """The same of results: what was gained has its sign."""
    sums = added((), values) or ((LIMITS_CURRENCY, ZERO),)
    return ", ".join(f"{'+' if value > 0 else ''}{amount(value, currency)}" for currency, value in sums)


def columns(rows: tuple[tuple[str, ...], ...]) -> str:
    """Rows under one another, the first column to the left; Korean characters are two columns wide."""
    widths = [max(_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for first, *others in rows:
        cells = [first + " " * (widths[0] - _width(first))]
        cells += [" " * (width - _width(cell)) + cell for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
