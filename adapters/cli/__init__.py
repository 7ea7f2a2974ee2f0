"""The command line. Its fast path is standard library only: an answer in a small fraction of a second."""

from adapters.cli.entry import main
from adapters.cli.outcome import CommandError, Exit

__all__ = ["CommandError", "Exit", "main"]
