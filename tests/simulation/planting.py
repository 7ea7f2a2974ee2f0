"""What every planted bug is made of: something of production is replaced, and put back afterwards."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

from actors.position.draft import Draft
from actors.position.table import TABLE, Cell, CellKind
from messages.base import Message

Plant = Callable[[ExitStack], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A bug. Only `caught_by` may catch it: another invariant would do so by accident. `seed` is one that does."""

    plant: Plant
    caught_by: frozenset[str]
    seed: int = 0
    size: str = "sprint"


def mutant(plant: Plant, *caught_by: str, seed: int = 0, size: str = "sprint") -> Mutant:
    return Mutant(plant=plant, caught_by=frozenset(caught_by), seed=seed, size=size)


def patch(stack: ExitStack, where: object, name: str, what: object) -> None:
    before = vars(where)[name] if name in vars(where) else getattr(where, name)
    setattr(where, name, what)
    stack.callback(setattr, where, name, before)


def patch_rule(stack: ExitStack, message: type[Message], rule: Callable[[Draft, Any], None]) -> None:
    """Another rule wherever this message has one."""
    cells = cast("dict[Any, Cell]", TABLE[message])
    for state, cell in list(cells.items()):
        if cell.rule is not None:
            cells[state] = Cell(kind=CellKind.APPLIED, rule=rule)
            stack.callback(cells.__setitem__, state, cell)
