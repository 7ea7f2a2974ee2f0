"""Planted bugs of what is said: reasons that are not so, positions that are not listed, counts of something else."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from actors.position import command_rules
from actors.supervisor import status
from actors.supervisor.query_handlers import QueryHandlers
from messages import commands as c
from messages.reports import PositionView
from messages.types import PositionState
from messages.wording import Position as Say
from simulator.environment.plan import Act, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch


def _parts_are_never_closed(stack: ExitStack) -> None:
    """Refused, with the reason of another situation."""
    goal = command_rules._goal_quantity

    def unwilling(p: Any, message: c.ClosePosition) -> Any:
        left, why = goal(p, message)
        return (left, why) if why or not left else (left, Say.CLOSING_WHOLE())

    patch(stack, command_rules, "_goal_quantity", unwilling)


def _what_is_on_hold_is_not_listed(stack: ExitStack) -> None:
    asked_for = QueryHandlers._asked_for

    def forgetful(self: QueryHandlers, command: c.ListPositions) -> list[PositionView]:
        return [view for view in asked_for(self, command) if view.state is not PositionState.PAUSED]

    patch(stack, QueryHandlers, "_asked_for", forgetful)


def _the_status_counts_what_is_over(stack: ExitStack) -> None:
    """Positions that were retired, and no actor of which is left."""
    positions = status._positions

    def counting(registry: Any, holds: Any, broken: int) -> Any:
        return positions(registry, holds, broken + sum(view.state.terminal for view in registry.views.values()))

    patch(stack, status, "_positions", counting)


def _one_after_another() -> Sequence[Plan]:
    acts = (
        Act(at_ms=3_000, do="open", slot=0, symbol="BTCUSDT", strategy="alpha", lots=4, stop_ppm=10_000),
        Act(at_ms=4_000, do="open", slot=1, symbol="ETHUSDT", strategy="beta", lots=4, stop_ppm=10_000),
        Act(at_ms=8_000, do="close part", slot=0, percent=50),
        Act(at_ms=12_000, do="pause", slot=0),
        Act(at_ms=14_000, do="close", slot=1),
    )
    return [calm(*acts)]


SHOWN: Mapping[str, Mutant] = {
    "parts are never closed": mutant(_parts_are_never_closed, "I29", plans=_one_after_another),
    "what is on hold is not listed": mutant(_what_is_on_hold_is_not_listed, "I30", plans=_one_after_another),
    "the status counts what is over": mutant(_the_status_counts_what_is_over, "I30", plans=_one_after_another),
}
