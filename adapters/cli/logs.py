"""`albra logs`: lines of the log files for people, or as JSON."""

import sys
from argparse import Namespace
from itertools import chain
from pathlib import Path

from adapters.cli import output
from adapters.cli.outcome import CommandError, Exit
from adapters.logs import DIRECTORY
from adapters.logs.reading import Line, LogFilter, read_logs, since, symbol_of
from adapters.storage.private import NotOursError
from messages.names import did_you_mean
from messages.text import Shown, block, joined, shown

_COLORS = {"DEBUG": "dim", "TRACE": "dim", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def logs(arguments: Namespace, storage: Path) -> None:
    """With --json one array, with --follow beside it one object a line: what never ends has no end bracket."""
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


_NAMED = {
    "trace": "correlation_id",
    "position": "position_id",
    "symbol": "symbol",
    "actor": "actor",
}
"""What a filter names, and the field of a line that has it."""


def _refuse_unknown(arguments: Namespace, storage: Path) -> None:
    """Nothing was found: perhaps since then, perhaps by a name that no line has. Raises CommandError(REFUSED)."""
    asked = {option: str(name) for option in _NAMED if (name := getattr(arguments, option)) is not None}
    if not asked:
        return
    seen: dict[str, set[str]] = {option: set() for option in asked}
    for line in read_logs(storage, LogFilter()):
        for option in asked:
            seen[option].add(str(symbol_of(line) if option == "symbol" else line.get(_NAMED[option])))
    for option, name in asked.items():
        known = {*seen[option], *(each.partition("/")[0] for each in seen[option] if option == "actor")}
        if name not in known:
            raise CommandError(Exit.REFUSED, f"logs: no line has {option} {name}{did_you_mean(name, known)}")


def human(line: Line, *, color: bool) -> Shown:
    """`ts LEVEL message  key=value …`, the traceback below."""
    level = str(line.get("level", ""))
    fields = " ".join(
        f"{key}={_said(value)}" for key, value in line.items() if key not in ("ts", "level", "message", "exception")
    )
    head = output.paint(shown(f"{level:<8}"), _COLORS.get(level) if color else None)
    rest = shown(f" {line.get('message', '')}  {fields}".rstrip())
    text = joined("", [shown(f"{line.get('ts', '')} "), head, rest])
    return joined("\n", [text, block(str(line["exception"]).rstrip(), indent="    ")]) if "exception" in line else text


def _readable(line: Line) -> Line:
    """The line ends of a traceback are meant."""
    return {**line, "exception": block(str(line["exception"]))} if "exception" in line else line


def _said(value: object) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, list) else str(value)
