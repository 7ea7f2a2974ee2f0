"""Planted bugs in what follows when a doubt is ended by hand."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from actors.position import next_orders
from adapters.paper.faults import Fault, FaultKind, FaultPlan
from simulator.environment.network import START_MS
from simulator.environment.plan import Act, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch


def _a_close_after_settling_does_not_wait(stack: ExitStack) -> None:
    patch(stack, next_orders, "_waits_for_comparison", lambda _draft: False)


def _closed_again_before_the_comparison() -> Sequence[Plan]:
    """A close is executed beside a neighbor, and nothing tells of it for a while; its owner settles, and closes again.

    Its question and its trades cannot be read, its events are lost. The list of positions can be read.
    """
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2)
    acts = (
        opening,
        replace(opening, at_ms=4_000, slot=1, strategy="beta"),
        Act(at_ms=10_000, do="close", slot=0),
        Act(at_ms=45_000, do="settle", slot=0),
        Act(at_ms=45_100, do="close", slot=0),
        Act(at_ms=80_000, do="answer"),
    )
    silent: dict[str, Any] = {"from_ms": START_MS + 9_900, "until_ms": START_MS + 70_000, "count": 0}
    faults = (
        Fault(kind=FaultKind.RESET, method="POST", path="/order", from_ms=START_MS + 9_900, count=1),
        Fault(kind=FaultKind.RESET, method="GET", path="/order", **silent),
        Fault(kind=FaultKind.RESET, method="GET", path="/userTrades", **silent),
        Fault(kind=FaultKind.EVENT_LOST, event="ORDER_TRADE_UPDATE", **silent),
    )
    return [calm(*acts, safety_ms=100_000, faults=FaultPlan(faults=faults))]


SETTLED: Mapping[str, Mutant] = {
    "a close after settling does not wait": mutant(
        _a_close_after_settling_does_not_wait, "I8", plans=_closed_again_before_the_comparison
    ),
}
