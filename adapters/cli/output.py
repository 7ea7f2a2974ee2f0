"""What commands print: one JSON document, or text for people with color on a terminal only."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TextIO

_RESET = "\x1b[0m"
_COLORS = {"red": "\x1b[31m", "green": "\x1b[32m", "yellow": "\x1b[33m", "dim": "\x1b[2m", "bold": "\x1b[1m"}


def document(value: Any) -> None:
    """One JSON document and nothing else."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def line(text: str) -> None:
    """One line, out at once: what follows may take its time."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def colored(stream: TextIO) -> bool:
    """Color goes to terminals only, and never where NO_COLOR is set (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def paint(text: str, color: str | None) -> str:
    return f"{_COLORS[color]}{text}{_RESET}" if color else text


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], colors: Mapping[tuple[int, int], str] | None = None
) -> str:
    """Aligned columns under their names; cells that are numbers stand right. `colors`: (row, column) -> color."""
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    right = [bool(rows) and all(_numeric(row[i]) for row in rows) for i in range(len(columns))]

    def cell(text: str, column: int) -> str:
        return text.rjust(widths[column]) if right[column] else text.ljust(widths[column])

    lines = ["  ".join(cell(name, i) for i, name in enumerate(columns)).rstrip()]
    for r, row in enumerate(rows):
        cells = [paint(cell(text, i), (colors or {}).get((r, i))) for i, text in enumerate(row)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def rounded(number: Decimal | None) -> str:
    """Eight significant digits for the eye; scripts get all of them from --json."""
    if number is None:
        return "-"
    places = max(0, min(8, 7 - number.adjusted())) if number else 0
    return format(number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN).normalize(), "f")


def duration(seconds: int) -> str:
    """`3m20s`: in at most two units; a clock that went back shows nothing below zero."""
    seconds = max(0, seconds)
    for unit, size, below, below_size in (("d", 86_400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1)):
        if seconds >= size:
            return f"{seconds // size}{unit}{seconds % size // below_size}{below}"
    return f"{seconds}s"


def _numeric(text: str) -> bool:
    return text in ("", "-") or text.lstrip("+-").replace(".", "", 1).rstrip("x").isdigit()
