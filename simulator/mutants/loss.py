"""Planted bugs in what a start does when acknowledged steps are missing (row 26 of the faults)."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from actors import recovery
from actors.position import next_orders
from adapters.storage import lost_tail
from messages.ids import client_order_id
from simulator.environment import disk
from simulator.environment.plan import Act, Kill, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch


def _a_loss_holds_nothing(stack: ExitStack) -> None:
    patch(stack, lost_tail, "hold_openings", lambda *_args, **_more: None)


def _a_loss_is_not_told(stack: ExitStack) -> None:
    patch(stack, lost_tail, "in_words", lambda _journal: ())


def _a_loss_forgets_the_loss_before_it(stack: ExitStack) -> None:
    """The mark names the last step alone: what a lost hold had told is not counted again."""
    patch(stack, disk, "going_on", lambda *_known: ())


def _a_lost_ordinal_is_given_again(stack: ExitStack) -> None:
    patch(stack, recovery, "_lost_ordinals", lambda _own: ())


def _a_lost_id_is_given_again(stack: ExitStack) -> None:
    """Ids say nothing of the start that gave them."""
    patch(stack, next_orders, "client_order_id", lambda *parts: client_order_id(*parts[:3]))


def _short_history() -> Sequence[Plan]:
    """The last order of a position is lost, and it needs another."""
    acts = (
        _opening(3_000, 0, "BTCUSDT"),
        Act(at_ms=10_000, do="move stop", slot=0, stop_ppm=8_000),
        Act(at_ms=30_000, do="close", slot=0),
    )
    return [
        calm(*acts, safety_ms=60_000, kills=(Kill(moment="durable", count=count, down_ms=4_000, lost=2),))
        for count in range(5, 16)
    ]


def _short_log() -> Sequence[Plan]:
    """The end of a position's history is lost, and another is asked for."""
    acts = (_opening(3_000, 0, "BTCUSDT"), _opening(20_000, 1, "ETHUSDT"))
    return [calm(*acts, kills=(Kill(moment="durable", count=6, down_ms=4_000, lost=2),))]


def _short_log_twice() -> Sequence[Plan]:
    """The start that finds the loss dies right behind its hold, which is lost as well."""
    kills = (
        Kill(moment="durable", count=6, down_ms=4_000, lost=2),
        Kill(moment="durable", count=1, down_ms=4_000, lost=2),
    )
    return [replace(plan, kills=kills) for plan in _short_log()]


def _short_log_and_another_start() -> Sequence[Plan]:
    """A position is lost whole; the start that found out ends, and a human allows openings to the next one.

    Its entry rests, so that nothing is held, which would be adopted under a higher ordinal.
    """
    acts = (
        replace(_opening(3_000, 0, "BTCUSDT"), offset_ppm=50_000),
        Act(at_ms=16_000, do="kill", for_ms=1_000),
        Act(at_ms=20_000, do="resume openings"),
        _opening(23_000, 1, "ETHUSDT"),
    )
    return [calm(*acts, kills=(Kill(moment="durable", count=2, down_ms=4_000, lost=60),))]


def _opening(at_ms: int, slot: int, symbol: str) -> Act:
    return Act(at_ms=at_ms, do="open", slot=slot, symbol=symbol, strategy="alpha", lots=2, stop_ppm=10_000)


LOSS: Mapping[str, Mutant] = {
    "a loss holds nothing": mutant(_a_loss_holds_nothing, "I10", plans=_short_log),
    "a loss is not told": mutant(_a_loss_is_not_told, "I16", plans=_short_log),
    "a loss forgets the loss before it": mutant(_a_loss_forgets_the_loss_before_it, "I16", plans=_short_log_twice),
    "a lost id is given again": mutant(_a_lost_id_is_given_again, "I1", plans=_short_history),
    "a lost ordinal is given again": mutant(_a_lost_ordinal_is_given_again, "I1", plans=_short_log_and_another_start),
}
