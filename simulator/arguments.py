"""The harness's command line: what is refused is refused here, so that nothing has run by then."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from adapters.cli.outcome import CommandError, Exit
from simulator import fleet, written
from simulator.environment.plan import DAY, SPRINT, Plan
from simulator.mutants.catalog import MUTANTS
from simulator.replay import started_as
from simulator.troubles.catalog import TROUBLES
from simulator.troubles.coverage import STATES, Cell
from simulator.troubles.reach import why_unreachable
from simulator.troubles.situation import Moment
from simulator.usage import Parser, near, whole

SEEDS = 100
_ONE = ("--seed", "--plan")
_MANY = ("--seeds", "--from", "--jobs", "--aim", "--keep-going", "--coverage", "--digests")
OPTIONS = (*_ONE, *_MANY, "--cell", "--trace", "--shrink", "--size", "--mutant", "--json")
_APART = (
    (("--seed",), ("--plan",), "each of them says what is run"),
    (_ONE, _MANY, "a single plan is run, or many seeds are"),
    (("--plan",), ("--cell",), "the file has the whole plan"),
    (("--plan", "--cell"), ("--size",), "that plan has a size of its own"),
    (("--shrink",), ("--trace", "--json"), "it prints what is left of the plan, and how to replay it"),
    (("--json",), ("--trace", "--digests"), "it prints one document and nothing else"),
    (
        ("--digests",),
        ("--jobs", "--aim", "--keep-going", "--coverage"),
        "it prints one hash a seed, and looks at nothing",
    ),
)
"""Options that do not go together, and why."""
_ONLY_WITH = (("--cell", ("--seed",)), ("--trace", _ONE), ("--shrink", _ONE))


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """As the options say; `cell` is three words or None, `read` the plan of --plan or None.

    Raises CommandError(USAGE); SystemExit after --help.
    """
    arguments = parser().parse_args(argv)
    _go_together({option for option in OPTIONS if _given(getattr(arguments, _destination(option)))})
    arguments.mutant = "" if arguments.mutant is None else _mutant(arguments.mutant)
    arguments.cell = None if arguments.cell is None else _cell(arguments.cell)
    arguments.read = None if arguments.plan is None else _plan(arguments.plan)
    for option, file in (("--shrink", arguments.shrink), ("--coverage", arguments.coverage)):
        if file is not None:
            _can_be_written(option, file)
    _fill_in(arguments)
    return arguments


def parser() -> Parser:
    made = Parser(
        prog=started_as(), description="Run the whole system under faults on simulated time.", allow_abbrev=False
    )
    natural, positive = whole(0), whole(1)
    made.add_argument("--seeds", type=positive, metavar="N", help=f"so many seeds (default {SEEDS})")
    made.add_argument("--from", type=natural, metavar="S", help="the first of them (default: by the clock)")
    made.add_argument("--jobs", type=positive, metavar="N", help="processes (default: cores)")
    made.add_argument("--aim", type=natural, metavar="N", help="and up to N short plans for each cell still missed")
    made.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    made.add_argument("--coverage", type=Path, metavar="FILE", help="write the cells that were reached, as JSON")
    made.add_argument("--digests", action="store_true", help="print the trace hash of each seed, nothing else")
    made.add_argument("--seed", type=natural, metavar="S", help="run this one, and tell its story if it fails")
    made.add_argument("--cell", metavar="CELL", help="with --seed: the short plan that aims at `trouble/state/moment`")
    made.add_argument("--plan", type=Path, metavar="FILE", help="run this plan, as --shrink has written it")
    made.add_argument("--trace", action="store_true", help="with --seed or --plan: tell its story in any case")
    made.add_argument("--shrink", type=Path, metavar="FILE", help="with --seed or --plan: make it small, write it")
    made.add_argument("--size", choices=(DAY, SPRINT), help="24 hours (default), or a minute or two")
    made.add_argument("--mutant", metavar="BUG", help="plant this bug, one of simulator/mutants/catalog.py")
    made.add_argument("--json", action="store_true", help="print one JSON document, nothing else")
    return made


def _given(value: object) -> bool:
    return value is not None and value is not False


def _destination(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def _go_together(given: set[str]) -> None:
    for ones, others, why in _APART:
        for one, other in ((one, other) for one in ones for other in others):
            if {one, other} <= given:
                raise _refused(f"{one} and {other} do not go together: {why}; leave one of them out")
    for option, needed in _ONLY_WITH:
        if option in given and not given & set(needed):
            raise _refused(f"{option} is about a single plan: name it by {' or '.join(needed)}")


def _fill_in(arguments: argparse.Namespace) -> None:
    arguments.first = int(time.time()) if getattr(arguments, "from") is None else getattr(arguments, "from")
    arguments.seeds = arguments.seeds or SEEDS
    arguments.jobs = arguments.jobs or fleet.cores()
    arguments.aim = arguments.aim or 0
    arguments.size = arguments.size or DAY


def _mutant(name: str) -> str:
    if name not in MUTANTS:
        raise _refused(f"--mutant: no planted bug is called {name!r}; {near(name, MUTANTS)}")
    return name


def _cell(text: str) -> Cell:
    words = text.split("/")
    if len(words) != 3:
        raise _refused(
            f"--cell: expected `trouble/state/moment`, found {text!r}; for example 'killed/ACTIVE/after ack'"
        )
    known = (tuple(TROUBLES), tuple(state.value for state in STATES), tuple(moment.value for moment in Moment))
    for what, word, names in zip(("trouble", "state", "moment"), words, known, strict=True):
        if word not in names:
            raise _refused(f"--cell: no {what} of the table is called {word!r}; {near(word, names)}")
    trouble, state, moment = words
    if why := why_unreachable(trouble, state, moment):
        raise _refused(f"--cell: {text!r} cannot be reached: {why}; name another")
    return trouble, state, moment


def _plan(file: Path) -> Plan:
    try:
        return written.read(file)
    except OSError as error:
        raise _refused(
            f"--plan: {file} cannot be read: {error.strerror}; name a file that --shrink has written"
        ) from None
    except ValueError as error:
        raise _refused(f"--plan: {file} holds no plan: {error}; name a file that --shrink has written") from None


def _can_be_written(option: str, file: Path) -> None:
    """Found out before the run, of which it would be the last step."""
    there = file.exists()
    try:
        with file.open("a"):
            pass
        if not there:
            file.unlink()
    except OSError as error:
        raise _refused(f"{option}: {file} cannot be written: {error.strerror}; name another file") from None


def _refused(text: str) -> CommandError:
    return CommandError(Exit.USAGE, text)
