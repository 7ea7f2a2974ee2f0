"""What Telegram makes of HTML: the visible text, or its own words for why it refuses.

Source: td/telegram/MessageEntity.cpp (parse_html) of the Bot API server's library; offsets are in bytes of UTF-8.
"""

import re

TAGS = frozenset(
    {
        "a", "b", "strong", "i", "em", "s", "strike", "del", "u", "ins", "tg-spoiler", "tg-emoji", "span", "pre",
        "code", "blockquote",
    }
)  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]+));")
_START = re.compile(r"<([a-zA-Z0-9-]*)((?:\s+[\w-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[\w.-]+))?)*)\s*>")
_END = re.compile(r"</([a-zA-Z0-9-]*)\s*>")


class ParseError(Exception):
    """In Telegram's words."""


def visible_text(html: str) -> str:
    """Raises ParseError."""
    shown: list[str] = []
    open_tags: list[str] = []
    place = 0
    while place < len(html):
        entity = _ENTITY.match(html, place)
        if entity is not None and (character := _character(entity)) is not None:
            shown.append(character)
            place = entity.end()
        elif html[place] == "<":
            place = _tag(html, place, open_tags)
        else:
            shown.append(html[place])
            place += 1
    if open_tags:
        raise ParseError(f'Can\'t find end tag corresponding to start tag "{open_tags[-1]}"')
    return "".join(shown)


def _character(match: re.Match[str]) -> str | None:
    """None: no entity that Telegram knows; the text stays as it is."""
    if match[3] is not None:
        return _NAMED.get(match[3])
    number = int(match[1]) if match[1] is not None else int(match[2], 16)
    return chr(number) if 0 < number < 0x110000 else None


def _tag(html: str, place: int, open_tags: list[str]) -> int:
    offset = len(html[:place].encode())
    if html.startswith("</", place):
        match = _END.match(html, place)
        if match is None:
            raise ParseError(f"Unclosed end tag at byte offset {offset}")
        if not open_tags:
            raise ParseError(f"Unexpected end tag at byte offset {offset}")
        expected, found = open_tags.pop(), match[1].lower()
        if found not in ("", expected):
            raise ParseError(f'Unmatched end tag at byte offset {offset}, expected "</{expected}>", found "</{found}>"')
        return match.end()
    match = _START.match(html, place)
    name = re.match(r"<([a-zA-Z0-9-]*)", html[place:])
    assert name is not None
    if name[1].lower() not in TAGS:
        raise ParseError(f'Unsupported start tag "{name[1].lower()}" at byte offset {offset}')
    if match is None:
        raise ParseError(f'Unclosed start tag "{name[1].lower()}" at byte offset {offset}')
    open_tags.append(match[1].lower())
    return match.end()
