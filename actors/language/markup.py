"""Splits long HTML texts into messages within Telegram's limit, tags kept whole. Pure.

The limit is 4096 UTF-16 units after parsing the tags (Bot API, sendMessage). Tags are counted here too: that costs a
few characters, and saves a parser that must agree with Telegram's.
"""

import re
from collections.abc import Iterator

from messages.text import Markup, trusted

LIMIT = 4096
PARTS_MOST = 20
"""Maximum messages of one text; the rest is cut, which the last one states."""
_TOKEN = re.compile(r"<(/?)([a-z]+)([^<>]*)>|&(?:[a-z]+|#\d+);|\n|[^<&\n]{1,200}|.", re.DOTALL)
_ROOM_FOR_CLOSING = 64
_CUT = "…"


def split(text: Markup, limit: int = LIMIT) -> tuple[Markup, ...]:
    """Return parts of at most `limit` UTF-16 units each; open tags are closed at a cut and reopened after it."""
    if units(text) <= limit:
        return (text,)
    parts = [trusted(part) for part in _parts(text, limit)]
    if len(parts) > PARTS_MOST:
        parts = [*parts[: PARTS_MOST - 1], trusted(_CUT)]
    return tuple(parts)


def units(text: str) -> int:
    """Return the length in UTF-16 units, as Telegram counts it."""
    return len(text) + sum(character > "\uffff" for character in text)


def untagged(text: str) -> str:
    """Return the text without tags and entities, for channels without markup and for texts that Telegram refuses."""
    from html import unescape

    return unescape(re.sub(r"<[^<>]*>", "", text))


def _parts(text: str, limit: int) -> Iterator[str]:
    budget = limit - _ROOM_FOR_CLOSING
    open_tags: list[tuple[str, str]] = []
    current, size = "", 0
    line_end: tuple[int, int] | None = None  # length of `current` at its last line end, with the tags open there
    tags_at_end: list[tuple[str, str]] = []
    for token in _tokens(text, budget):
        if size + units(token) > budget and current.strip():
            rest = ""
            tags = list(open_tags)
            if line_end is not None and line_end[0] > len(current) // 2:
                current, rest, tags = current[: line_end[0]], current[line_end[0] :], tags_at_end
            yield current.rstrip("\n") + "".join(f"</{name}>" for name, _ in reversed(tags))
            current = "".join(opening for _, opening in tags) + rest.lstrip("\n")
            size, line_end = units(current), None
        current += token
        size += units(token)
        _follow(token, open_tags)
        if token == "\n":  # noqa: S105
            line_end, tags_at_end = (len(current), size), list(open_tags)
    if untagged(current).strip():
        yield current


def _tokens(text: str, budget: int) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        token = match[0]
        while units(token) > budget:  # only with tiny limits
            yield token[: budget // 2]
            token = token[budget // 2 :]
        yield token


def _follow(token: str, open_tags: list[tuple[str, str]]) -> None:
    match = _TOKEN.fullmatch(token)
    if match is None or match[2] is None:
        return
    if not match[1]:
        open_tags.append((match[2], token))
    elif open_tags and open_tags[-1][0] == match[2]:
        open_tags.pop()
