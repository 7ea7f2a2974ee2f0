"""`albra simulate`: the fault-injection harness, which is part of the tests and comes with a checkout only."""

import sys
from argparse import Namespace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from adapters.cli.outcome import CommandError, Exit

HARNESS = "tests.simulation.__main__"
ROOT = Path(__file__).resolve().parents[2]
VALUED = ("seeds", "from", "jobs", "aim", "coverage", "seed", "cell", "plan", "shrink", "size", "mutant")
FLAGS = ("keep_going", "digests", "trace", "json")


def simulate(arguments: Namespace) -> int:
    """0 where every invariant held, 1 where one did not or a cell that was aimed at was missed.

    Raises CommandError where there is no harness, and for words that it refuses.
    """
    if not (ROOT / "tests" / "simulation").is_dir():
        raise CommandError(
            Exit.FAILED,
            "simulate: the harness is not installed: it comes with the source; "
            "clone the repository and run `make simulate` there",
        )
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    if find_spec("tests.simulation") is None:
        raise CommandError(Exit.FAILED, f"simulate: {ROOT / 'tests'} cannot be imported; run `make simulate` there")
    try:
        code: int = import_module(HARNESS).run(_given(arguments))
    except CommandError as error:
        raise CommandError(error.exit_code, f"simulate: {error.text}", error.details) from None
    return code


def _given(arguments: Namespace) -> list[str]:
    """The same words for the harness's own parser."""
    valued = [f"--{name}={value}" for name in VALUED if (value := getattr(arguments, name)) is not None]
    return valued + [f"--{name.replace('_', '-')}" for name in FLAGS if getattr(arguments, name)]
