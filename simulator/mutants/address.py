"""Planted bugs where several accounts reach the venue from one address."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from actors.gateway.budget import Policy
from actors.gateway.lane import Lane
from actors.gateway.shared_budget import SharedBudget
from adapters.exchange.client import CcxtVenue
from simulator.environment.plan import SYMBOLS, Act, Plan, stream
from simulator.mutants.planting import Mutant, calm, mutant, patch
from simulator.plans.crowded import crowded


def _each_has_the_whole_budget(stack: ExitStack) -> None:
    """An account is an address of its own, and what the venue says of the others' use is not heard: alone, either of

    the two is made up for by the other.
    """

    def alone(self: CcxtVenue) -> object:
        return self._neighbors.allowance(f"{self._settings.address} of {self._account}")

    patch(stack, CcxtVenue, "allowance", property(alone))
    patch(stack, SharedBudget, "on_reported_usage", lambda *_: None)


def _closing_waits_for_reads(stack: ExitStack) -> None:
    """Everybody's turn comes, whatever is asked."""
    finds_room = SharedBudget._finds_room

    def in_turn(self: SharedBudget, who: str, lane: Lane, amount: int, policy: Policy) -> bool:
        return finds_room(self, who, Lane.READING, amount, policy)

    patch(stack, SharedBudget, "_finds_room", in_turn)
    patch(stack, address, "SERVED", 1)


def _a_desk() -> Sequence[Plan]:
    """On each of five accounts something is opened as soon as it may be, moved, and closed."""
    return [_busy(seed) for seed in range(1, 6)]


def _busy(seed: int) -> Plan:
    plan = crowded(calm(seed=seed, safety_ms=60_000), stream(seed, "crowd"))
    names = [name for name, _ in plan.accounts]
    acts = sorted((act for slot, name in enumerate(names) for act in _life(slot, name)), key=lambda act: act.at_ms)
    readings = tuple(Act(at_ms=at_ms, do="reconcile") for at_ms in range(5_000, 60_000, 4_000))
    return replace(plan, acts=(*acts, *readings))


def _life(slot: int, name: str) -> Iterator[Act]:
    symbol = SYMBOLS[slot % len(SYMBOLS)]
    opening = Act(at_ms=3_000, do="open", slot=slot, symbol=symbol, strategy="alpha", lots=2, stop_ppm=30_000)
    yield replace(opening, account=name)
    for at_ms in range(20_000, 50_000, 6_000):
        yield Act(at_ms=at_ms + 400 * slot, do="move stop", slot=slot, stop_ppm=20_000 + at_ms)
    yield Act(at_ms=52_000 + 200 * slot, do="close", slot=slot)


ADDRESS: Mapping[str, Mutant] = {
    "each account has the whole budget": mutant(_each_has_the_whole_budget, "I10", plans=_a_desk),
    "closing waits for reads": mutant(_closing_waits_for_reads, "I11", plans=_a_desk),
}
