"""The output of commands: one JSON document, or text with color on a terminal only.

Only this module writes to stdout and stderr; it takes `Shown` text and masks every known secret.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from io import TextIOWrapper
from typing import Any, TextIO

from adapters.masking import Masker
from adapters.secret import Secret
from messages.decimals import trimmed
from messages.text import Shown, block, clean, joined, replaced, shown, styled

__all__ = ["Shown", "block", "joined", "shown"]

_RESET = "\x1b[0m"
_COLORS = {"red": "\x1b[31m", "green": "\x1b[32m", "yellow": "\x1b[33m", "dim": "\x1b[2m", "bold": "\x1b[1m"}
_INDENT = "    "
_GAP = "  "
_masker = Masker()


def prepare() -> None:
    """Write characters that a stream cannot encode as escapes, so that none ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def hide(secrets: Iterable[Secret]) -> None:
    """Mask exactly these secrets from now on."""
    global _masker  # noqa: PLW0603 - one process, one terminal
    _masker = Masker(secrets)


def hidden(text: Shown) -> Shown:
    """Return the text with secrets masked."""
    return replaced(text, _masker.known)


def document(value: Any) -> None:
    """Print one JSON document and nothing else."""
    line(json_text(value))


def json_text(value: Any) -> Shown:
    """Return JSON on one line, in ASCII where the terminal requires it."""
    narrow = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") != "utf8"
    text = json.dumps(clean(value), ensure_ascii=narrow)
    return shown(text, most=len(text))


def line(text: Shown) -> None:
    """Print one line and flush."""
    sys.stdout.write(hidden(text) + "\n")
    sys.stdout.flush()


def complain(text: Shown) -> None:
    """Print one line on stderr."""
    sys.stderr.write(hidden(text) + "\n")


def ask(text: Shown) -> str:
    """Print a question and return the typed answer."""
    sys.stderr.write(hidden(text))
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def colored(stream: TextIO) -> bool:
    """Color goes to terminals only, and never where NO_COLOR is set (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def paint(text: Shown, color: str | None) -> Shown:
    return styled(_COLORS[color], text, _RESET) if color else text


def width_of(stream: TextIO) -> int | None:
    """Return a terminal's width in columns; None when the output is no terminal."""
    if not stream.isatty():
        return None
    from shutil import get_terminal_size

    return get_terminal_size().columns


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    colors: Mapping[tuple[int, int], str] | None = None,
    *,
    width: int | None = None,
    spare: Sequence[str] = (),
) -> Shown:
    """Return aligned columns with headings; numeric cells are right-aligned. `colors`: (row, column) -> color.

    Beyond `width` the columns of `spare` are dropped in order, which a last line reports; a row still too wide is
    stacked below its first cell. No cell is cut.
    """
    cells = [[shown(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    kept, left_out = list(range(len(columns))), []
    for name in spare:
        if width is None or _total(widths, kept) <= width:
            break
        kept.remove(columns.index(name))
        left_out.append(name)
    if width is None or _total(widths, kept) <= width:
        lines = _aligned(cells, widths, kept, colors or {})
    else:
        kept, left_out = list(range(len(columns))), []
        lines = _stacked(cells, colors or {}, width)
    if left_out:
        lines.append(paint(shown(f"not shown at this width: {', '.join(left_out)}"), "dim" if colors else None))
    return joined("\n", lines)


def _total(widths: Sequence[int], kept: Sequence[int]) -> int:
    return sum(widths[i] for i in kept) + len(_GAP) * (len(kept) - 1)


def _aligned(
    cells: Sequence[Sequence[Shown]], widths: Sequence[int], kept: Sequence[int], colors: Mapping[tuple[int, int], str]
) -> list[Shown]:
    right = [len(cells) > 1 and all(_numeric(row[i]) for row in cells[1:]) for i in range(len(widths))]
    lines = []
    for r, row in enumerate(cells, -1):
        parts = []
        for i in kept:
            text = row[i].rjust(widths[i]) if right[i] else row[i].ljust(widths[i] if i != kept[-1] else 0)
            parts.append(paint(shown(text), colors.get((r, i))))
        lines.append(replaced(joined(_GAP, parts), str.rstrip))
    return lines


def _stacked(cells: Sequence[Sequence[Shown]], colors: Mapping[tuple[int, int], str], width: int) -> list[Shown]:
    """Return each row on lines of its own: the first cell, then `name cell` pairs, as many per line as fit."""
    names, *rows = cells
    lines = []
    for r, row in enumerate(rows):
        lines.append(row[0])
        current: list[Shown] = []
        used = 0
        for i, text in enumerate(row[1:], 1):
            size = len(names[i]) + 1 + len(text)
            if current and len(_INDENT) + used + len(_GAP) + size > width:
                lines.append(joined(_GAP, current))
                current, used = [], 0
            pair = joined(" ", [names[i], paint(text, colors.get((r, i)))])
            used += size + (len(_GAP) if current else 0)
            current.append(pair if current else styled(_INDENT, pair, ""))
        lines.append(joined(_GAP, current))
    return lines


def rounded(number: Decimal | None) -> str:
    """Eight significant digits for the eye; scripts get all of them from --json."""
    if number is None:
        return "-"
    places = max(0, min(8, 7 - number.adjusted())) if number else 0
    return trimmed(number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN))


def holding(quantity: str, resting: str | None) -> str:
    """Return the held quantity, and for a resting entry also the resting one."""
    waits = bool(resting) and Decimal(resting or 0) > 0
    return f"{quantity} ({resting} resting)" if waits else quantity


def duration(seconds: int) -> str:
    """Return a duration as `3m20s`, in at most two units; a negative one is zero."""
    seconds = max(0, seconds)
    for unit, size, below, below_size in (("d", 86_400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1)):
        if seconds >= size:
            return f"{seconds // size}{unit}{seconds % size // below_size}{below}"
    return f"{seconds}s"


def _numeric(text: str) -> bool:
    return text in ("", "-") or text.lstrip("+-").replace(".", "", 1).rstrip("x").isdigit()
