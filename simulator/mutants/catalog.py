"""Planted bugs, each one thing that a careless change could do. They are switched on here, never in production."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from simulator.mutants.address import ADDRESS
from simulator.mutants.answers import ANSWERS
from simulator.mutants.belief import BELIEF
from simulator.mutants.commanded import COMMANDED
from simulator.mutants.loss import LOSS
from simulator.mutants.oracles import ORACLES
from simulator.mutants.people import PEOPLE
from simulator.mutants.planting import Mutant
from simulator.mutants.reckoned import RECKONED
from simulator.mutants.retired import RETIRED
from simulator.mutants.rows import ROWS
from simulator.mutants.settled import SETTLED
from simulator.mutants.settling import SETTLING
from simulator.mutants.shown import SHOWN
from simulator.mutants.strange import STRANGE
from simulator.mutants.wire import WIRE

MUTANTS: Mapping[str, Mutant] = {
    **WIRE, **ROWS, **BELIEF, **PEOPLE, **ANSWERS, **STRANGE, **LOSS, **COMMANDED, **RECKONED, **SETTLED, **SETTLING,
    **ADDRESS, **ORACLES, **RETIRED, **SHOWN,
}  # fmt: skip


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Within it production has this bug; none for an empty name. Raises KeyError for one that does not exist."""
    with ExitStack() as stack:
        if name:
            MUTANTS[name].plant(stack)
        yield
