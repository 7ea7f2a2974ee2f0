"""Log lines back from disk, filtered, oldest first, over turned files and torn lines; follows where asked."""

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
    """What is wanted; None: everything. `since` is an ISO instant in UTC as log lines have it.

    `actor` takes the addresses below it as well: `position` means every `position/17`.
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
    """The instant so long ago, as log lines write theirs."""
    moment = datetime.fromtimestamp(time.time() - seconds_ago, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_logs(storage: Path, wanted: LogFilter, *, follow: Callable[[], bool] | None = None) -> Iterator[Line]:
    """Lines under `storage`/logs that are `wanted`.

    `follow` is asked again and again whether to wait for more; None: end with what is there. Raises
    FileNotFoundError where there are no logs at all, NotOursError where one may be what others put there.
    """
    directory = storage / DIRECTORY
    # The current file is opened before the turned ones are listed: turned meanwhile, it is not missed.
    current = _open(directory / CURRENT)
    turned = sorted(directory.glob(TURNED))
    if current is None and not turned and follow is None:
        raise FileNotFoundError(directory)
    earliest = (wanted.since or "").replace("-", "").replace(":", "")
    for path in turned:
        # Named by its last moment: what ended before `since` needs no reading.
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
            # Read after the look at the name: what was written before it was turned is all there.
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
    """None for a line that a kill tore, or that is no line of ours."""
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
    """A line names its symbol, or its position does (`account.SYMBOL.…`)."""
    if "symbol" in line:
        return str(line["symbol"])
    parts = str(line.get("position_id", "")).split(".")
    return parts[1] if len(parts) > 1 else None
