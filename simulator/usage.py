"""What is written on a command line, read strictly: a mistake is one line and exit code 2, before anything runs."""

import argparse
import difflib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from adapters.cli.outcome import CommandError, Exit


class Parser(argparse.ArgumentParser):
    """Its errors are CommandErrors, which `ended` says."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(Exit.USAGE, f"{message}; see `{self.prog} --help`")


def whole(least: int) -> Callable[[str], int]:
    """An option's value in plain digits, of at least so much."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of {least} or more, found {text!r}")
        return int(text)

    return read


def near(word: str, names: Iterable[str]) -> str:
    """What may have been meant: what is written alike, or all there are."""
    known = list(names)
    return f"there are: {', '.join(difflib.get_close_matches(word, known) or known)}"


def from_here(path: Path) -> str:
    """Relative where it lies below the current directory, and absolute anywhere else."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def ended(program: str, run: Callable[[Sequence[str]], int], argv: Sequence[str] | None) -> int:
    """The exit code; a CommandError becomes its line on stderr, and the document that --json promises."""
    given = sys.argv[1:] if argv is None else argv
    try:
        return run(given)
    except BrokenPipeError:
        # The reader is gone (`| head`): what python flushes at exit must go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except CommandError as error:
        sys.stderr.write(f"{program}: {error.text}\n")
        if "--json" in given:
            sys.stdout.write(f"{json.dumps({'error': error.text})}\n")
        return error.exit_code
