"""How a command ends: exit codes that scripts depend on, and the error that carries one."""

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
    """As a shell reports SIGINT."""


class CommandError(Exception):
    """A command did not do what was asked: what happened, to what, and what to do, in one line.

    `details` stand beside `error` in the JSON document.
    """

    def __init__(self, exit_code: Exit, text: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.exit_code = exit_code
        self.text = text
        self.details = dict(details or {})
