"""`albra simulate`: runs the fault-injection simulator, a separate program."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from adapters.cli.outcome import CommandError, Exit

PROGRAM = "albra-simulate"


def simulate(words: Sequence[str]) -> int:
    """Run the simulator; return its exit code, or 128 plus the number of the signal that ended it.

    Raises CommandError when it is not installed.
    """
    beside = Path(sys.executable).with_name(PROGRAM)
    program = str(beside) if beside.exists() else shutil.which(PROGRAM)
    if program is None:
        text = f"simulate: {PROGRAM} is not installed beside albra; install it with `pip install .` in a checkout"
        raise CommandError(Exit.FAILED, text)
    ended = subprocess.run([program, *words], check=False).returncode  # noqa: S603 - our own program
    return ended if ended >= 0 else 128 - ended
