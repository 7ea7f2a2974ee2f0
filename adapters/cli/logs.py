"""`albra logs`: lines of the log files for people, or as JSON."""

import json
import sys
from argparse import Namespace
from pathlib import Path

from adapters.cli import output
from adapters.cli.outcome import CommandError, Exit
from adapters.logs import DIRECTORY
from adapters.logs.reading import Line, LogFilter, read_logs, since

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
        if arguments.json and not arguments.follow:
            output.document(list(lines))
            return
        color = output.colored(sys.stdout)
        for line in lines:
            text = json.dumps(line, ensure_ascii=False) if arguments.json else human(line, color=color)
            output.line(text)
    except FileNotFoundError:
        raise CommandError(
            Exit.FAILED, f"{storage / DIRECTORY}: no logs there; has `albra run` ever run with this configuration?"
        ) from None


def human(line: Line, *, color: bool) -> str:
    """`ts LEVEL message  key=value …`, the traceback below."""
    level = str(line.get("level", ""))
    fields = " ".join(
        f"{key}={_said(value)}" for key, value in line.items() if key not in ("ts", "level", "message", "exception")
    )
    head = output.paint(f"{level:<8}", _COLORS.get(level) if color else None)
    text = f"{line.get('ts', '')} {head} {line.get('message', '')}  {fields}".rstrip()
    return f"{text}\n{line['exception']}".rstrip() if "exception" in line else text


def _said(value: object) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, list) else str(value)
