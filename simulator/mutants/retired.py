"""Planted bugs in how a position whose history is damaged is retired."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from random import Random
from typing import Any

from actors.reconciler import retiring as rule
from actors.reconciler.core import Core
from actors.supervisor.context import SupervisorContext
from actors.supervisor.openings import Openings
from adapters.paper.faults import Fault, FaultKind, FaultPlan
from messages.types import Silence
from simulator.environment.network import START_MS
from simulator.environment.plan import Act, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch
from simulator.plans.retiring import FLIP, RETIRE, retiring

OPENING = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2, stop_ppm=30_000)


def _one_empty_list_retires(stack: ExitStack) -> None:
    patch(stack, rule.Pace, "of", classmethod(lambda cls, *_: cls(looks=1, lasting_ns=0)))


def _its_stops_are_not_looked_for(stack: ExitStack) -> None:
    patch(stack, rule, "_of", lambda *_: ())


def _retired_it_holds_its_symbol(stack: ExitStack) -> None:
    """The reconciler does not hear of it before the next start."""
    told = SupervisorContext.to_reconciler

    def to_reconciler(self: SupervisorContext, message: Any) -> None:
        if getattr(message, "state", None) is not Silence.RETIRED:
            told(self, message)

    patch(stack, SupervisorContext, "to_reconciler", to_reconciler)


def _what_is_damaged_holds_nothing(stack: ExitStack) -> None:
    """Neither by the supervisor's own memory, nor once the reconciler has heard of it."""
    patch(stack, Core, "_silent", lambda *_: None)
    patch(stack, Openings, "_unsettled", lambda *_: {})


def _cleared_and_retired() -> Sequence[Plan]:
    return [retiring(calm(OPENING), Random(1), OPENING)]


def _a_list_that_is_empty_for_a_while() -> Sequence[Plan]:
    """The venue holds all of it, and says for 12 s that it holds nothing."""
    acts = (
        OPENING,
        Act(at_ms=8_000, do=FLIP),
        *(Act(at_ms=at_ms, do=RETIRE) for at_ms in range(14_000, 44_000, 2_000)),
    )
    span: dict[str, Any] = {"from_ms": START_MS + 15_000, "until_ms": START_MS + 27_000, "count": 0}
    lie = Fault(kind=FaultKind.EMPTY_LIST, path="/positionRisk", **span)
    stops = Fault(kind=FaultKind.EMPTY_LIST, path="/openAlgoOrders", **span)
    return [calm(*acts, safety_ms=50_000, faults=FaultPlan(faults=(lie, stops)))]


def _sold_by_hand_and_its_stop_left() -> Sequence[Plan]:
    """In hedge mode the venue keeps a stop whose leg is flat."""
    acts = (
        OPENING,
        Act(at_ms=8_000, do=FLIP),
        Act(at_ms=14_000, do="hand close", symbol="SOLUSDT"),
        *(Act(at_ms=at_ms, do=RETIRE) for at_ms in range(16_000, 60_000, 4_000)),
    )
    return [calm(*acts, safety_ms=65_000, hedge=True)]


RETIRED: Mapping[str, Mutant] = {
    "one empty list retires": mutant(_one_empty_list_retires, "I2", plans=_a_list_that_is_empty_for_a_while),
    "stops of the retired are not looked for": mutant(
        _its_stops_are_not_looked_for, "I2", plans=_sold_by_hand_and_its_stop_left
    ),
    "retired it holds its symbol": mutant(_retired_it_holds_its_symbol, "I10", plans=_cleared_and_retired),
    "what is damaged holds nothing": mutant(_what_is_damaged_holds_nothing, "I10", plans=_cleared_and_retired),
}
