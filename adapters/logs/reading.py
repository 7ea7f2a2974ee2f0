"""Reads log lines from disk: filtered, oldest first, over rotated files and partial lines; can follow."""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from adapters.logs import CURRENT, DIRECTORY, LEVELS, TURNED
from albra.loopback.private_file import open_to_read

Line = dict[str, Any]
_POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """The wanted lines; None: any. `since` is an ISO instant in UTC as in log lines.

    `actor` includes the addresses below it: `position` includes every `position/17`.
    """

    position: str | None = None
    symbol: str | None = None
    actor: str | None = None
    level: str | None = None
    since: str | None = None
    trace: str | None = None

    def wants(self, line: Line) -> bool:
        actor = str(line.get("actor", ""))
        return (
            (self.since is None or str(line.get("ts", "")) >= self.since)
            and (self.level is None or _rank(line.get("level")) >= _rank(self.level))
            and (self.trace is None or line.get("correlation_id") == self.trace)
            and (self.position is None or line.get("position_id") == self.position)
            and (self.actor is None or actor == self.actor or actor.startswith(f"{self.actor}/"))
            and (self.symbol is None or self.symbol == symbol_of(line))
        )


def since(seconds_ago: float) -> str:
    """Return the instant `seconds_ago`, in the format of log lines."""
    moment = datetime.fromtimestamp(time.time() - seconds_ago, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_logs(storage: Path, wanted: LogFilter, *, follow: Callable[[], bool] | None = None) -> Iterator[Line]:
    """Yield the `wanted` lines under `storage`/logs.

    `follow` returns whether to wait for more; None: stop at the end. Raises FileNotFoundError without logs,
    NotOursError for a file that others could have written.
    """
    directory = storage / DIRECTORY
    # The current file is opened before the rotated ones are listed, so that a rotation in between hides nothing.
    current = _open(directory / CURRENT)
    turned = sorted(directory.glob(TURNED))
    if current is None and not turned and follow is None:
        raise FileNotFoundError(directory)
    earliest = (wanted.since or "").replace("-", "").replace(":", "")
    for path in turned:
        # A rotated file is named by its last moment; one that ended before `since` is skipped.
        if path.name.removeprefix("albra.") < earliest or _same(path, current):
            continue
        file = _open(path)
        if file is not None:
            with file:
                yield from _lines(file, wanted)
    if follow is not None:
        yield from _following(directory / CURRENT, current, wanted, follow)
    elif current is not None:
        with current:
            yield from _lines(current, wanted)


def _following(path: Path, file: BinaryIO | None, wanted: LogFilter, follow: Callable[[], bool]) -> Iterator[Line]:
    rest = b""
    while True:
        turned = file is None or not _same(path, file)
        if file is not None:
            # Read after the check of the name: everything written before the rotation is present.
            rest += file.read()
            *whole, rest = rest.split(b"\n")
            yield from _wanted(whole, wanted)
        if turned and (newer := _open(path)) is not None:
            if file is not None:
                file.close()
            file, rest = newer, b""
            continue
        if not follow():
            break
        time.sleep(_POLL_S)
    if file is not None:
        file.close()


def _lines(file: BinaryIO, wanted: LogFilter) -> Iterator[Line]:
    yield from _wanted(file, wanted)


def _wanted(raw_lines: Any, wanted: LogFilter) -> Iterator[Line]:
    for raw in raw_lines:
        line = _parsed(raw)
        if line is not None and wanted.wants(line):
            yield line


def _parsed(raw: bytes) -> Line | None:
    """Parse a line; None for a partial or foreign one."""
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _open(path: Path) -> BinaryIO | None:
    try:
        return os.fdopen(open_to_read(path), "rb")
    except FileNotFoundError:
        return None


def _same(path: Path, file: BinaryIO | None) -> bool:
    if file is None:
        return False
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _rank(level: object) -> int:
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("INFO")


def symbol_of(line: Line) -> str | None:
    """Return a line's symbol, from its field or its position id (`account.SYMBOL.…`)."""
    if "symbol" in line:
        return str(line["symbol"])
    parts = str(line.get("position_id", "")).split(".")
    return parts[1] if len(parts) > 1 else None
