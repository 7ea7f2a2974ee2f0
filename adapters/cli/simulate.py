"""`albra simulate`: the fault-injection harness, which is part of the tests and comes with a checkout only."""

import sys
from argparse import Namespace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from adapters.cli.outcome import CommandError, Exit

HARNESS = "tests.simulation.__main__"
ROOT = Path(__file__).resolve().parents[2]


def simulate(arguments: Namespace) -> int:
    """0 where every invariant held, 1 where one did not. Raises CommandError where there is no harness."""
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
    code: int = import_module(HARNESS).main(_given(arguments))
    return code


def _given(arguments: Namespace) -> list[str]:
    """The same words for the harness's own parser."""
    valued = {"--seed": "seed", "--seeds": "seeds", "--from": "first", "--jobs": "jobs", "--size": "size"}
    given = []
    for option, name in valued.items():
        value = getattr(arguments, name)
        if value is not None:
            given += [option, str(value)]
    flags = {"--trace": arguments.trace, "--keep-going": arguments.keep_going, "--json": arguments.json}
    return given + [flag for flag, wanted in flags.items() if wanted]
