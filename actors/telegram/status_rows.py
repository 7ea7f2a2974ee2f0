"""The rows of `albra status` for a phone: translated, without unremarkable ones. Pure."""

from collections.abc import Iterable

from actors.language.words import Words
from messages.status import StatusRow
from messages.wording.status import Status

_UNREMARKABLE = frozenset({Status.CLOSED.code})
"""Values left out on a phone."""


def readable(words: Words, rows: Iterable[StatusRow]) -> tuple[tuple[str, str, str], ...]:
    """Return section, name and value of each row."""
    return tuple(
        (words.say(each.section), words.say(each.name), words.say(each.value))
        for each in rows
        if each.value and each.value.code not in _UNREMARKABLE
    )
