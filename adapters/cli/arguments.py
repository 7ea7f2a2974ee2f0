"""The arguments of every command, parsed as strictly as the control API's."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from adapters.cli.outcome import CommandError, Exit
from messages import fields
from messages.fields import FieldError

if TYPE_CHECKING:
    from messages.operations import Operation

DEFAULT_TIMEOUT_S = 30.0
LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class _Parser(argparse.ArgumentParser):
    """Raises usage errors as CommandErrors, so that all errors are printed in one form."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(Exit.USAGE, f"{message}; see `{self.prog} --help`")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse argv; `words` holds the arguments after `simulate`, which that program parses.

    Raises CommandError(USAGE); SystemExit after --help.
    """
    place, plain = _command_at(argv)
    named = argv[place] if place < len(argv) else ""
    others = named == "simulate"
    own = argv[: place + 1] if others else argv
    arguments = parser(named if plain else "").parse_args(own)
    arguments.words = [*argv[place + 1 :], *(["--json"] if arguments.json else [])] if others else []
    return arguments


_BEFORE = ("--config", "--json", "--version")


def _command_at(argv: Sequence[str]) -> tuple[int, bool]:
    """Return the command's index in argv, and whether only options that may precede it do: no `--help`, no mistake."""
    place, plain = 0, True
    while place < len(argv) and argv[place].startswith("-"):
        plain = plain and argv[place].partition("=")[0] in _BEFORE
        place += 2 if argv[place] == "--config" else 1
    return place, plain


def parser(only: str = "") -> argparse.ArgumentParser:
    """Of every command, or of the one that `only` names: what the others are declared by is not imported then."""
    common = _common(argparse.SUPPRESS)
    root = _Parser(
        prog="albra",
        description="Supervises positions in crypto perpetual futures.",
        parents=[_common(None)],
        allow_abbrev=False,
    )
    root.add_argument("--version", action="store_true", help="print the version")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for name, (text, fill) in _commands(only).items():
        command = commands.add_parser(name, help=text, description=text, parents=[common], allow_abbrev=False)
        fill(command)
    return root


Fill = Callable[[argparse.ArgumentParser], object]
"""Adds a command's arguments to its parser."""


def _commands(only: str) -> Mapping[str, tuple[str, Fill]]:
    """Name -> what it does, and its arguments."""
    if only in _OWN:
        return {only: _OWN[only]}
    from messages.operations import operations

    declared: dict[str, tuple[str, Fill]] = {
        each.name: (each.summary, partial(_add_operation, operation=each))
        for each in operations().values()
        if each.terminal
    }
    return {only: declared[only]} if only in declared else {**declared, **_OWN}


def _common(default: Any) -> _Parser:
    """Return the options valid before and after the command; `default` keeps a later one from resetting an earlier."""
    common = _Parser(add_help=False)
    common.add_argument(
        "--config",
        metavar="FILE",
        default=default,
        help="configuration (default: ALBRA_CONFIG, or config.yaml)",
    )
    json_default = argparse.SUPPRESS if default is argparse.SUPPRESS else False
    common.add_argument("--json", action="store_true", default=json_default, help="print one JSON document")
    return common


def _add_operation(command: argparse.ArgumentParser, operation: "Operation") -> None:
    _add_parameters(command, operation)
    if operation.name in _WAITS:
        command.add_argument("--wait", action="store_true", help=_WAITS[operation.name])
    if operation.name == "close":
        command.add_argument("--all", action="store_true", help="close every position (of --account where given)")
        command.add_argument("--yes", action="store_true", help="do not ask before --all")
    _add_once(command)


_WAITS = {"open": "return when the position is ACTIVE and protected, or failed", "close": "return when it is done"}


def _add_parameters(command: argparse.ArgumentParser, operation: "Operation") -> None:
    """Add an operation's parameters: required and single ones are positional, the rest options."""
    if operation.targets:
        command.add_argument("target", metavar="SYMBOL|POSITION_ID", nargs="?", type=_typed(_target))
    alone = len(operation.parameters) == 1
    for each in operation.parameters.values():
        text, reads, metavar = each.help or each.kind.noun, _typed(each.kind), each.kind.metavar
        option = f"--{each.option.replace('_', '-')}"
        if not each.option or (operation.targets and each.name in ("position_id", "symbol")):
            continue
        if each.required:
            command.add_argument(each.name, metavar=metavar, type=reads, help=text)
        elif alone:
            command.add_argument(each.name, metavar=metavar, type=reads, help=text, nargs="?")
        elif each.kind is fields.flag:
            command.add_argument(option, dest=each.name, action="store_true", help=text)
        else:
            command.add_argument(option, dest=each.name, metavar=metavar, type=reads, help=text)


def _add_once(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--timeout", metavar="S", type=_typed(fields.positive), help=f"seconds (default {DEFAULT_TIMEOUT_S:g})"
    )
    command.add_argument(
        "--command-id", metavar="ID", type=_typed(fields.command_id), help="repeated with the same id: one effect"
    )


def _add_positions(command: argparse.ArgumentParser) -> None:
    command.add_argument("--all", action="store_true", help="closed, failed and canceled ones too")


def _add_discrepancies(command: argparse.ArgumentParser) -> None:
    command.add_argument("symbol", metavar="SYMBOL", nargs="?", type=_typed(_symbol_or_number))
    command.add_argument("n", metavar="N", nargs="?", type=_typed(fields.how_many))
    command.add_argument("--ack", metavar="ID", type=_typed(fields.discrepancy_id), help="you have seen it: end it")
    command.add_argument(
        "--apply", metavar="HOW", type=_typed(fields.attribution), help="with --ack: book it pro_rata or newest_first"
    )
    _add_once(command)


def _add_history(command: argparse.ArgumentParser) -> None:
    command.add_argument("position_id", metavar="POSITION_ID", type=_typed(fields.position_id))


def _add_logs(command: argparse.ArgumentParser) -> None:
    command.add_argument("--position", metavar="ID", type=_typed(fields.position_id))
    command.add_argument("--symbol", metavar="S", type=_typed(fields.symbol))
    command.add_argument("--actor", metavar="A", help="an address such as supervisor or position/17")
    command.add_argument("--level", metavar="L", type=str.upper, choices=LEVELS, help="this level and above")
    command.add_argument("--since", metavar="1h", type=_typed(_seconds), help="so long ago: 30s, 5m, 1h, 2d")
    command.add_argument("--trace", metavar="CORRELATION_ID", help="one command through all actors")
    command.add_argument("--follow", action="store_true", help="go on as lines are written")


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--paper", action="store_true", help="every account on the embedded paper venue, on purpose")
    command.add_argument("--plain", action="store_true", help="lines instead of the live table")


def _add_config(command: argparse.ArgumentParser) -> None:
    command.add_argument("what", choices=("check", "show", "schema"))


def _add_journal(command: argparse.ArgumentParser) -> None:
    command.add_argument("what", choices=("verify", "export", "restore", "rekey"))
    command.add_argument("file", nargs="?", metavar="FILE", help="the backup to restore: a journal, or its directory")
    command.add_argument(
        "--yes", metavar="ACCOUNT", type=_typed(fields.account), help="rekey: it is the same account, proven or not"
    )


def _add_demo(command: argparse.ArgumentParser) -> None:
    command.add_argument("--pace", metavar="S", type=_typed(fields.not_negative), help="seconds between the acts")


def _add_flatten(command: argparse.ArgumentParser) -> None:
    command.add_argument("--account", metavar="A", type=_typed(fields.account))
    command.add_argument("--break-glass", action="store_true", help="required: it goes around everything")
    command.add_argument("--yes", metavar="ACCOUNT", help="confirm by the account's name instead of typing it")
    command.add_argument(
        "--timeout", metavar="S", type=_typed(fields.positive), help="seconds until it gives up (default 180)"
    )


def _add_paper(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=_typed(_port), default=0)
    command.add_argument("--seed", type=_typed(_natural), default=None)
    command.add_argument("--storage", metavar="DIR", help="keep its account here (default: nowhere)")
    command.add_argument("--faults", metavar="FILE", help="a fault plan as JSON")
    command.add_argument(
        "--account", metavar="A", action="append", type=_typed(fields.account), help="one more account; repeat for more"
    )


def _add_nothing(_command: argparse.ArgumentParser) -> None:
    """It takes what every command takes."""


_OWN: Mapping[str, tuple[str, Fill]] = {
    "positions": ("list live positions", _add_positions),
    "discrepancies": ("what belief and venue disagreed about, newest first", _add_discrepancies),
    "history": ("every event of one position", _add_history),
    "status": ("health of the whole", _add_nothing),
    "logs": ("read the log files", _add_logs),
    "run": ("run the supervisor in the foreground", _add_run),
    "config": ("check or show the configuration, or its JSON Schema", _add_config),
    "journal": ("verify the journal, export its events, restore a backup, or take an account's new key", _add_journal),
    "demo": ("watch a supervisor at work for half a minute, on paper, in a directory of its own", _add_demo),
    "doctor": ("check clock, disk, keys and their permissions, venue, chat, configuration, supervisor", _add_nothing),
    "flatten": ("close everything of an account at the venue, without supervisor or journal", _add_flatten),
    "paper": ("serve the paper venue alone, speaking the Binance USDⓈ-M API", _add_paper),
    "simulate": (
        "run the whole system under faults on simulated time; its options are those of albra-simulate",
        _add_nothing,
    ),
}
"""Commands that are no operation."""


def _typed(parse: Callable[[Any], Any]) -> Callable[[str], Any]:
    def parsed(text: str) -> Any:
        try:
            return parse(text)
        except FieldError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


def _symbol_or_number(text: str) -> str | int:
    """Parse a symbol or a count: `discrepancies 5`, `discrepancies BTCUSDT 5`. No symbol is digits alone."""
    return fields.how_many(text) if text.isascii() and text.isdigit() else fields.symbol(text)


def _target(text: str) -> str:
    return fields.position_id(text) if fields.names_position(text) else fields.symbol(text)


_AGO_MOST_S = 20 * 365 * 86_400


def _seconds(text: str) -> float:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    digits = text[:-1]
    known = text[-1:] in units and digits.isascii() and digits.isdigit() and len(digits) < 12
    if not known or int(digits) * units[text[-1]] > _AGO_MOST_S:
        raise FieldError("a time such as 30s, 5m, 1h or 2d", text)
    return float(int(digits) * units[text[-1]])


def _port(text: str) -> int:
    number = _natural(text)
    if number > 65_535:
        raise FieldError("a port from 0 to 65535", text)
    return number


def _natural(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise FieldError("a whole number", text)
    return int(text)
