"""Which rows of the status say that something is wrong: one rule for the chat, the API and the doctor. Pure.

A row is judged where it tells how things are now. What counts events since the start never falls, so it tells
nothing about now: each such event has a notice of its own.
"""

from collections.abc import Iterable

Row = tuple[str, str, str]
"""Section, name, value."""
_ZERO = frozenset(
    {
        ("positions", "in doubt"),
        ("positions", "quarantined or damaged"),
        ("positions", "without their protection"),
        ("reconciliation", "escalated"),
    }
)
_GOOD = {
    ("positions", "openings"): "allowed",
    ("actors", "quarantined"): "none",
}
_GOOD_OF_ACCOUNT = {"venue": "up", "stream": "up", "openings": "possible", "breaker": "closed"}


def troubles(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows that need a look, in their order."""
    return tuple(row for row in rows if _wrong(*row))


def _wrong(section: str, name: str, value: str) -> bool:
    if section.startswith("account ") and name in _GOOD_OF_ACCOUNT:
        return value != _GOOD_OF_ACCOUNT[name]
    if (section, name) in _ZERO:
        return value != "0"
    if (section, name) in _GOOD:
        return value != _GOOD[section, name]
    match section, name:
        case "journal", "disk":
            return not value.startswith("well")
        case "chat", "telegram":
            return value.startswith("down")
        case _:
            return False
