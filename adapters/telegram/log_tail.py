"""The latest lines of the log, short enough for a phone."""

from collections import deque
from pathlib import Path
from typing import Any

from adapters.logs.reading import LogFilter, read_logs, since

WITHIN_S = 3_600
"""Maximum age of shown lines; `albra logs` shows older ones."""
_COUNT_MOST = 100
_LINE_MOST = 160
_LEFT_OUT = frozenset({"ts", "level", "event", "message", "actor", "correlation_id"})


def tail(storage: Path, count: int) -> tuple[str, ...]:
    """Return the last `count` lines of the past hour. May block."""
    wanted = LogFilter(since=since(WITHIN_S), level="INFO")
    try:
        found = deque(read_logs(storage, wanted), maxlen=min(count, _COUNT_MOST))
    except OSError as error:
        return (f"the log cannot be read: {error.strerror or type(error).__name__}",)
    return tuple(_line(line) for line in found)


def _line(line: dict[str, Any]) -> str:
    rest = " ".join(f"{name}={value}" for name, value in line.items() if name not in _LEFT_OUT and value)
    moment = str(line.get("ts", ""))[11:19]
    what = line.get("event") or line.get("message", "")
    text = f"{moment} {line.get('level', '')} {line.get('actor', '')} {what} {rest}"
    return text if len(text) <= _LINE_MOST else text[:_LINE_MOST] + "…"
