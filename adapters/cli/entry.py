"""Runs a command and returns its exit code: every error is one line on stderr, or JSON where requested."""

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from adapters.cli import arguments as arguments_
from adapters.cli import output
from adapters.cli.outcome import CommandError, Exit
from adapters.config import Config, ConfigError, Loaded, load, named_path
from adapters.storage import JOURNAL_FILE
from messages.text import Shown, block, shown, styled

if TYPE_CHECKING:
    from adapters.cli.client import Supervisor
    from adapters.cli.journal import Fold
    from adapters.cli.stored import Folds

_READING = ("positions", "discrepancies", "history", "status")
_WITH_SECRETS = ("run", "config")
"""Commands that need all secrets; others need none, or check those they need."""


class Run(Protocol):
    """Runs the supervisor until it is stopped; returns the exit code.

    `live`: show a table, since stdout is a terminal. May raise CommandError.
    """

    def __call__(self, config: Config, *, live: bool) -> int: ...


def main(
    argv: Sequence[str] | None = None,
    *,
    run: Run | None = None,
    fold: "Callable[[], Fold] | None" = None,
    folds: "Callable[[], Folds] | None" = None,
) -> int:
    """Run one command and return its exit code. Raises nothing but --help's SystemExit(0).

    `fold` returns the event fold of `albra journal verify`; `folds` those with which reading commands answer from the
    journal while no supervisor runs.
    """
    given = sys.argv[1:] if argv is None else list(argv)
    as_json = "--json" in given
    output.prepare()
    output.hide(())
    try:
        code = _dispatch(arguments_.parse(given), run, fold, folds)
        sys.stdout.flush()
    except CommandError as error:
        return _say([shown(error.text)], error.exit_code, {"error": error.text, **error.details}, as_json=as_json)
    except ConfigError as error:
        return _say_invalid(error, as_json=as_json)
    except BrokenPipeError:
        # The reader is gone (`albra logs | head`): discard what Python flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - what was not foreseen is shown like everything else
        return _say_bug(error, as_json=as_json)
    return code


def _dispatch(
    arguments: Namespace,
    run: Run | None,
    fold: "Callable[[], Fold] | None",
    folds: "Callable[[], Folds] | None",
) -> int:
    if arguments.version:
        output.line(shown(f"albra {_version()}"))
        return Exit.DONE
    if arguments.command is None:
        output.complain(block(arguments_.parser().format_help().rstrip()))
        return Exit.USAGE
    code = _without_configuration(arguments)
    return _configured(arguments, run, fold, folds) if code is None else code


def _without_configuration(arguments: Namespace) -> int | None:
    """Run a command that needs no configuration; None for other commands."""
    match arguments.command:
        case "config" if arguments.what == "schema":
            from adapters.cli.local import schema

            schema()
        case "paper":
            from adapters.cli.local import paper

            paper(arguments)
        case "demo":
            from adapters.cli.demo import demo

            demo(arguments)
        case "simulate":
            from adapters.cli.simulate import simulate

            return simulate(arguments.words)
        case _:
            return None
    return Exit.DONE


def _configured(
    arguments: Namespace,
    run: Run | None,
    fold: "Callable[[], Fold] | None",
    folds: "Callable[[], Folds] | None",
) -> int:
    rekey = arguments.command == "journal" and arguments.what == "rekey"
    lenient = _lenient(arguments) and not rekey
    loaded = load(named_path(arguments.config), without_secrets=lenient, needed="" if rekey else _needed(arguments))
    output.hide(loaded.config.secrets())
    if arguments.command != "doctor":  # the doctor reports each as a finding
        for problem in loaded.wrong:
            output.complain(styled("albra: ", shown(problem), f"; {arguments.command} goes on without it"))
    if arguments.command == "run":
        return _run(arguments, loaded, run)
    if rekey:
        from adapters.cli.rekey import rekey as take_keys

        take_keys(arguments, loaded.config)
        return Exit.DONE
    if arguments.command == "journal":
        from adapters.cli.journal import journal

        journal(arguments, loaded.config.storage.path, fold() if fold is not None else None)
        return Exit.DONE
    if arguments.command == "doctor":
        from adapters.cli.doctor import doctor

        doctor(arguments, loaded)
        return Exit.DONE
    if arguments.command == "flatten":
        from adapters.cli.flatten import flatten

        flatten(arguments, loaded)
        return Exit.DONE
    try:
        _answer(arguments, loaded)
    except CommandError as error:
        if error.exit_code is Exit.NO_SUPERVISOR:
            _without_supervisor(arguments, loaded, error, folds)
        raise
    return Exit.DONE


def _without_supervisor(
    arguments: Namespace, loaded: Loaded, error: CommandError, folds: "Callable[[], Folds] | None"
) -> None:
    """Answer a reading command from the journal. Raises ConfigError when that prevents a start."""
    storage = loaded.config.storage.path
    reads = arguments.command in _READING and getattr(arguments, "ack", None) is None
    if folds is not None and reads and os.path.exists(storage / JOURNAL_FILE):  # noqa: PTH110 - never raises
        from adapters.cli import stored

        stored.answer(arguments, error, storage, folds(), _asking(arguments.command))
    if loaded.unset:
        raise ConfigError(loaded.unset) from None  # this prevents its start as well


def _lenient(arguments: Namespace) -> bool:
    """Return whether variables may be missing: `config show` shows the rest, and paper needs no keys."""
    if arguments.command in _WITH_SECRETS:
        return bool(getattr(arguments, "paper", False) or getattr(arguments, "what", "") == "show")
    return True


def _needed(arguments: Namespace) -> str:
    """Return the part of the configuration that must be valid for this command; empty: all of it.

    A command that closes without a supervisor, or diagnoses, tolerates errors in other parts.
    """
    if arguments.command == "flatten":
        return f"accounts.{arguments.account}" if arguments.account else "accounts"
    return "storage" if arguments.command == "doctor" else ""


def _answer(arguments: Namespace, loaded: Loaded) -> None:
    storage = loaded.config.storage.path
    match arguments.command:
        case "logs":
            from adapters.cli.logs import logs

            logs(arguments, storage)
        case "config":
            from adapters.cli.local import config

            config(arguments, loaded)
        case _:
            from adapters.cli.client import Supervisor

            _asking(arguments.command)(arguments, Supervisor(storage))


def _asking(command: str) -> "Callable[[Namespace, Supervisor], None]":
    """What asks the supervisor, for a command that does."""
    if command in ("positions", "history", "status"):
        from adapters.cli import reading

        return {"positions": reading.positions, "history": reading.history, "status": reading.status}[command]
    from adapters.cli import trading

    return {
        "discrepancies": trading.discrepancies,
        "open": trading.open_position,
        "close": trading.close,
        "reconcile": trading.reconcile,
    }.get(command, trading.carry_out)


def _run(arguments: Namespace, loaded: Loaded, run: Run | None) -> int:
    if run is None:
        raise CommandError(Exit.FAILED, "run: the supervisor is not part of this entry point; use `albra run`")
    config = loaded.config
    if arguments.paper:
        others = [problem.path for problem in loaded.unset if not problem.path.startswith("accounts.")]
        if others:
            loaded.require(*others)
        config = config.on_paper()
    return run(config, live=sys.stdout.isatty() and not arguments.plain)


def _say_invalid(error: ConfigError, *, as_json: bool) -> int:
    problems = [
        {
            "file": problem.file,
            "line": problem.line,
            "path": problem.path,
            "expected": problem.expected,
            "found": problem.found,
            "advice": problem.advice,
        }
        for problem in error.problems
    ]
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    document = {"error": f"the configuration is invalid: {count}", "problems": problems}
    return _say([shown(problem) for problem in error.problems], Exit.CONFIGURATION, document, as_json=as_json)


def _say_bug(error: Exception, *, as_json: bool) -> int:
    """Print a bug's traceback without secrets and locals."""
    import traceback

    trace = "".join(traceback.format_exception(error)).rstrip()
    text = f"an error of ours: {type(error).__name__}: {error}"
    output.complain(block(trace, indent="    "))
    return _say([shown(text)], Exit.FAILED, {"error": text}, as_json=as_json)


def _say(lines: Sequence[Shown], code: Exit, document: object, *, as_json: bool) -> int:
    for text in lines:
        output.complain(styled("albra: ", text, ""))
    if as_json:
        output.document(document)
        sys.stdout.flush()
    return code


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("albra")
    except PackageNotFoundError:
        return "(not installed)"
