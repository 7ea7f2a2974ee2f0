"""Exit codes of commands, and the error that carries one."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_SUPERVISOR = 3
    REFUSED = 4
    CONFIGURATION = 5
    UNKNOWN = 6
    INTERRUPTED = 130
    """The exit code that shells report for SIGINT."""


class CommandError(Exception):
    """A command failed; the text names the event, its object and the remedy in one line.

    `details` accompany `error` in the JSON document.
    """

    def __init__(self, exit_code: Exit, text: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.exit_code = exit_code
        self.text = text
        self.details = dict(details or {})
