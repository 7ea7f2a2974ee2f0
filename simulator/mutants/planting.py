"""What every planted bug is made of: something of production is replaced, and put back afterwards."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

from actors.position.step_builder import StepBuilder
from actors.position.table import TABLE, Cell, CellKind
from adapters.paper.faults import FaultPlan
from messages.base import Message
from simulator.environment.disk import STEADY
from simulator.environment.network import CALM
from simulator.environment.plan import Act, Plan
from simulator.plans.draw import draw

KNOWN_MOST = 40
"""Seeds among which one catches a bug that drawn plans come by."""
Plant = Callable[[ExitStack], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A bug. Only `caught_by` may catch it: another invariant would do so by accident.

    A sprint of `seed` or of the first few catches it: another trace of the same seed may pass by it. One that shows at
    a rare moment only brings `plans` that come by that moment, and is hunted with these instead of drawn ones.
    """

    plant: Plant
    caught_by: frozenset[str]
    seed: int = 1
    plans: Callable[[], Sequence[Plan]] | None = None

    def known(self) -> Iterable[Plan]:
        """One of these catches it."""
        seeds = (self.seed, *range(1, KNOWN_MOST))
        return (draw(seed) for seed in seeds) if self.plans is None else self.plans()

    def candidates(self, first: int, most: int, size: str) -> Iterator[Plan]:
        """Its own plans, whatever the size; or those of so many seeds."""
        if self.plans is not None:
            yield from self.plans()
            return
        for seed in range(first, first + most):
            yield draw(seed, size)


def mutant(plant: Plant, *caught_by: str, seed: int = 1, plans: Callable[[], Sequence[Plan]] | None = None) -> Mutant:
    return Mutant(plant=plant, caught_by=frozenset(caught_by), seed=seed, plans=plans)


def calm(*acts: Act, **more: Any) -> Plan:
    """A day on which nothing goes wrong but for what is named."""
    known: dict[str, Any] = {"seed": 1, "safety_ms": 30_000, "hedge": False, "volatility_ppm": 0, "acts": acts}
    return Plan(**{**known, "faults": FaultPlan(), "weather": CALM, "disk": STEADY, **more})


def patch(stack: ExitStack, where: object, name: str, what: object) -> None:
    before = vars(where)[name] if name in vars(where) else getattr(where, name)
    setattr(where, name, what)
    stack.callback(setattr, where, name, before)


def patch_rule(stack: ExitStack, message: type[Message], rule: Callable[[StepBuilder, Any], None]) -> None:
    """Another rule wherever this message has one."""
    cells = cast("dict[Any, Cell]", TABLE[message])
    for state, cell in list(cells.items()):
        if cell.rule is not None:
            cells[state] = Cell(kind=CellKind.APPLIED, rule=rule)
            stack.callback(cells.__setitem__, state, cell)
