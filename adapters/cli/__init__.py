"""The command line. Its fast path needs the standard library only, so that an answer takes a fraction of a second."""

from adapters.cli.entry import main
from adapters.cli.outcome import CommandError, Exit

__all__ = ["CommandError", "Exit", "main"]
