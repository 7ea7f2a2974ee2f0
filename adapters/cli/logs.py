"""`albra logs`: lines of the log files for people, or as JSON."""

import sys
from argparse import Namespace
from itertools import chain
from pathlib import Path

from adapters.cli import output
from adapters.cli.outcome import CommandError, Exit
from adapters.logs import DIRECTORY
from adapters.logs.reading import Line, LogFilter, read_logs, since
from albra.loopback.private_file import NotOursError
from messages.ids import parse_position_id
from messages.names import did_you_mean
from messages.text import Shown, block, joined, shown

_COLORS = {"DEBUG": "dim", "TRACE": "dim", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def logs(arguments: Namespace, storage: Path) -> None:
    """Print log lines: with --json one array, with --follow one object per line, since an endless array never
    closes.
    """
    wanted = LogFilter(
        position=arguments.position,
        symbol=arguments.symbol,
        actor=arguments.actor,
        level=arguments.level,
        since=None if arguments.since is None else since(arguments.since),
        trace=arguments.trace,
    )
    lines = read_logs(storage, wanted, follow=(lambda: True) if arguments.follow else None)
    try:
        first = next(lines, None)
        if first is None and not arguments.follow:
            _refuse_unknown(arguments, storage)
        found = chain(() if first is None else (first,), lines)
        if arguments.json and not arguments.follow:
            output.document([_readable(line) for line in found])
            return
        color = output.colored(sys.stdout)
        for line in found:
            output.line(output.json_text(_readable(line)) if arguments.json else human(line, color=color))
    except FileNotFoundError:
        raise CommandError(
            Exit.FAILED, f"{storage / DIRECTORY}: no logs there; has `albra run` ever run with this configuration?"
        ) from None
    except NotOursError as error:
        raise CommandError(Exit.FAILED, f"logs: {error}") from None


_IN_LINES = {"trace": "correlation_id", "actor": "actor"}
"""Filters that only log lines can resolve, with the field concerned."""


def _refuse_unknown(arguments: Namespace, storage: Path) -> None:
    """Raise CommandError(REFUSED) when a filter names something unknown to logs and journal.

    A line may name a position or symbol that never existed; the journal decides.
    """
    in_lines = {option: str(name) for option in _IN_LINES if (name := getattr(arguments, option)) is not None}
    seen: dict[str, set[str]] = {option: set() for option in in_lines}
    for line in read_logs(storage, LogFilter()) if in_lines else ():
        for option in in_lines:
            seen[option].add(str(line.get(_IN_LINES[option])))
    for option, name in in_lines.items():
        known = {*seen[option], *(each.partition("/")[0] for each in seen[option] if option == "actor")}
        if name not in known:
            raise CommandError(Exit.REFUSED, f"logs: no line has {option} {name}{did_you_mean(name, known)}")
    journalled = None if arguments.position is None and arguments.symbol is None else _positions(storage)
    if journalled is None:
        return
    symbols = {str(parsed[0].symbol) for name in journalled if (parsed := parse_position_id(name))}
    for asked, what, known in ((arguments.position, "", journalled), (arguments.symbol, "of symbol ", symbols)):
        if asked is not None and asked not in known:
            said = f"logs: no such line, and the journal has no position {what}{asked}"
            raise CommandError(Exit.REFUSED, f"{said}{did_you_mean(asked, known)}")


def _positions(storage: Path) -> set[str] | None:
    """Return the names of all positions ever; None when the journal is unreadable."""
    from adapters.storage.errors import JournalError
    from adapters.storage.reader import JournalReader

    try:
        with JournalReader(storage) as reader:
            return {str(entry.position_id) for entry in reader.positions() if entry.ordinal > 0}
    except JournalError:
        return None


def human(line: Line, *, color: bool) -> Shown:
    """Return `ts LEVEL message key=value …`, with the traceback below."""
    level = str(line.get("level", ""))
    fields = " ".join(
        f"{key}={_said(value)}" for key, value in line.items() if key not in ("ts", "level", "message", "exception")
    )
    head = output.paint(shown(f"{level:<8}"), _COLORS.get(level) if color else None)
    rest = shown(f" {line.get('message', '')}  {fields}".rstrip())
    text = joined("", [shown(f"{line.get('ts', '')} "), head, rest])
    return joined("\n", [text, block(str(line["exception"]).rstrip(), indent="    ")]) if "exception" in line else text


def _readable(line: Line) -> Line:
    """Keep a traceback's line ends."""
    return {**line, "exception": block(str(line["exception"]))} if "exception" in line else line


def _said(value: object) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, list) else str(value)
