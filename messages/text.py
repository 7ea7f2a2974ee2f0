"""Text safe for display, as types. Plain `str` may hold outside text: a venue's error, a chat message, a file name.

A writer to a terminal, a log, a page or an API takes `Shown`; a writer to the chat takes `Markup`. Only this module
makes either, so that unescaped outside text fails the type check. Pure.

Escaped are characters that Unicode calls not printable (control and format characters, line and paragraph separators,
surrogates, private use, unassigned), letters without ink, and, for a chat, HTML tags.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from html import escape as _html
from typing import Any, Never, Self
from unicodedata import category

LINE_MOST = 16_384
"""In characters; the rest of a line is cut."""
LINES_MOST = 2_000
"""Lines of one block, such as a traceback."""
MARKS_MOST = 3
"""Combining marks per letter: no written language needs more, and hundreds cover the lines above."""
_INKLESS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f")
"""Blank by design, though letters, symbols or marks by category: Hangul fillers, the empty Braille pattern."""
_CUT = "…"
_CLICKABLE = re.compile(
    r"(?<![\w/<])/[A-Za-z]\w*(?:@\w+)?(?![\w/])"  # a command of a bot
    r"|(?<!\w)[A-Za-z][A-Za-z0-9+.-]*://[^\s<>]+"
    r"|[\w.+-]*@[A-Za-z_][\w.-]*"  # a mention, an address
    r"|(?<![\w&])[#$][^\W\d]\w*"
    r"|(?<![\w.@/-])(?:[\w-]+\.)+[^\W\d_]{2,63}(?::\d+)?(?:/[^\s<>]*)?(?![\w-]|\.\w)",  # a name of a host
)
"""Text that Telegram turns into links outside of `code` and `pre` (Bot API, MessageEntity)."""
_PLACE = re.compile(r"\{(\w+)\}")
_CODE = re.compile(r"<(/?)(?:code|pre)>")


class Shown(str):
    """Text without active characters: one line, or lines of our own making. Made by functions of this module."""

    __slots__ = ()

    def __new__(cls, _: Never) -> Self:
        raise TypeError("use shown(), block() or joined()")


class Markup(str):
    """Telegram's HTML, outside text in it escaped and inert. Made by functions of this module."""

    __slots__ = ()

    def __new__(cls, _: Never) -> Self:
        raise TypeError("use escaped(), filled(), preformatted() or merged()")


def shown(value: object, most: int = LINE_MOST) -> Shown:
    r"""Return one line of at most `most` characters; active and hidden ones are written out, as in `\x1b` and
    `\u202e`.
    """
    if isinstance(value, Shown):
        return value
    text = str(value)
    if len(text) > most:
        text = text[:most] + _CUT
    return str.__new__(Shown, text if text.isascii() and text.isprintable() else _printable(text))


def block(text: str, indent: str = "") -> Shown:
    """Return several lines, each escaped: for texts whose line ends are meant, such as a traceback.

    `indent` separates them from surrounding lines, which outside text could otherwise imitate.
    """
    lines = text.split("\n")
    if len(lines) > LINES_MOST:
        lines = [*lines[:LINES_MOST], _CUT]
    return joined("\n", [shown(f"{indent}{line}") for line in lines])


def joined(separator: str, parts: Iterable[Shown]) -> Shown:
    """`separator` is ours and may end lines."""
    return str.__new__(Shown, separator.join(parts))


def styled(before: str, text: Shown, after: str) -> Shown:
    """Wrap a text in our own terminal codes."""
    return str.__new__(Shown, f"{before}{text}{after}")


def replaced(text: Shown, change: Callable[[str], str]) -> Shown:
    """Apply `change`, which may only remove or mask."""
    return str.__new__(Shown, change(text))


def clean(value: Any) -> Any:
    """Return a JSON value with every text and name escaped."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {shown(name): clean(child) for name, child in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(child) for child in value]
    return value if value is None or isinstance(value, bool | int | float) else shown(value)


def json_text(value: Any) -> Shown:
    """Return one line of JSON in ASCII, every text escaped."""
    text = json.dumps(clean(value))
    return shown(text, most=len(text))


def escaped(value: object) -> Markup:
    """Return outside text for a chat, without active tags, commands, links and mentions. `Markup` is unchanged."""
    if isinstance(value, Markup):
        return value
    text = shown(value)
    parts, end = [], 0
    for match in _CLICKABLE.finditer(text):
        parts += [_html(text[end : match.start()], quote=False), f"<code>{_html(match[0], quote=False)}</code>"]
        end = match.end()
    return str.__new__(Markup, "".join([*parts, _html(text[end:], quote=False)]))


def filled(template: str, values: Mapping[str, object], finish: Callable[[str], str] = str) -> Markup:
    """Fill the `{places}` of `template`, our own HTML. `finish` applies grammar and adds no outside text.

    Not str.format: braces in a translation or value must neither fail nor reach into objects.
    """

    def place(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        depth = sum(-1 if tag[1] else 1 for tag in _CODE.finditer(template, 0, match.start()))
        return _inert(value) if depth else escaped(value)

    return str.__new__(Markup, finish(_PLACE.sub(place, template)))


def preformatted(lines: Iterable[str]) -> Markup:
    """Return lines as a preformatted block."""
    return str.__new__(Markup, f"<pre>{chr(10).join(map(_inert, lines))}</pre>")


def merged(separator: str, parts: Iterable[Markup]) -> Markup:
    """`separator` is ours and may end lines."""
    return str.__new__(Markup, separator.join(parts))


def bold(text: Markup) -> Markup:
    """Return bold text, except `code`, in which Telegram allows no other entity."""
    inner = text.replace("<code>", "</b><code>").replace("</code>", "</code><b>")
    return str.__new__(Markup, f"<b>{inner}</b>".replace("<b></b>", ""))


def trusted(html: str) -> Markup:
    """Return HTML as `Markup` that a journal or a cut had made plain text."""
    return str.__new__(Markup, html)


def _inert(value: object) -> str:
    """Return a value with tags escaped: Telegram parses nothing else within `code` and `pre`."""
    return value if isinstance(value, Markup) else _html(shown(value), quote=False)


def _printable(text: str) -> str:
    written, marks = [], 0
    for character in text:
        kind = category(character)
        marks = marks + 1 if kind[0] == "M" else 0
        if marks > MARKS_MOST:
            continue
        if kind == "Zs":
            written.append(" ")
        elif character in _INKLESS or not character.isprintable():
            written.append(character.encode("unicode_escape").decode())
        else:
            written.append(character)
    return "".join(written)
