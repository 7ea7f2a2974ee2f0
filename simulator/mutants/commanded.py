"""Planted bugs between a command and what the venue is made to do: I20, I22, I24."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

from actors.position import command_rules, next_orders
from actors.position.state import Position
from actors.position.step_builder import StepBuilder
from adapters.paper.faults import Fault, FaultKind, FaultPlan
from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from messages import commands as c
from simulator.environment.network import START_MS
from simulator.environment.plan import Act, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch, patch_rule

OPENING = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=4, stop_ppm=10_000)
MARKET_MOST = next(each.market_max_quantity for each in DEFAULT_INSTRUMENTS if each.symbol == "SOLUSDT")
FALL = Act(at_ms=8_000, do="move price", symbol="SOLUSDT", offset_ppm=-30_000)


def _a_move_is_forgotten(stack: ExitStack) -> None:
    """The stop that is asked for is the one that there is."""

    def moved(before: Decimal | None, wanted: Decimal | None) -> Decimal | None:
        return wanted if before is None else before

    patch(stack, command_rules, "_new_setting", moved)


def _a_stop_is_moved() -> Sequence[Plan]:
    return [calm(OPENING, Act(at_ms=8_000, do="move stop", slot=0, stop_ppm=20_000))]


def _a_target_is_a_stop(stack: ExitStack) -> None:
    """A moved target moves the stop."""

    def modified(step: StepBuilder, message: c.ModifyPosition) -> None:
        if message.take_profit is not None:
            message = replace(message, take_profit=None, stop_loss=step.position.stop_loss)
        command_rules.modify(step, message)

    patch_rule(stack, c.ModifyPosition, modified)


def _a_target_is_moved() -> Sequence[Plan]:
    return [calm(replace(OPENING, target_ppm=20_000), Act(at_ms=8_000, do="move target", slot=0, stop_ppm=30_000))]


def _a_part_is_what_is_left(stack: ExitStack) -> None:
    """A quarter is closed down to a quarter."""

    def closed(step: StepBuilder, message: c.ClosePosition) -> None:
        if message.percent is not None:
            message = replace(message, percent=100 - message.percent)
        command_rules.close(step, message)

    patch_rule(stack, c.ClosePosition, closed)


def _a_quarter_is_closed() -> Sequence[Plan]:
    return [calm(OPENING, Act(at_ms=12_000, do="close part", slot=0, percent=25))]


def _an_expiry_is_forgotten(stack: ExitStack) -> None:
    """Whatever was asked for is worth having, however late."""
    rule = command_rules.open_position
    patch_rule(stack, c.OpenPosition, lambda step, said: rule(step, replace(said, expires_at_ns=0)))


def _an_opening_that_waits() -> Sequence[Plan]:
    """The venue wants to hear nothing for a minute when the openings are asked for; one of them expires in between."""
    ban = Fault(kind=FaultKind.STATUS, name="ban_418", method="POST", path="/order", status=418, count=1,
                from_ms=START_MS + 2_000, until_ms=START_MS + 60_000)  # fmt: skip
    acts = [replace(OPENING, at_ms=3_000 + 200 * n, slot=n, strategy=name) for n, name in enumerate(("a", "b", "c"))]
    return [calm(*acts, safety_ms=200_000, faults=FaultPlan(faults=(ban,)))]


def _what_has_fired_is_bought_on(stack: ExitStack) -> None:
    """A stop that is triggered is no reason not to go on with the parts of an entry."""
    enter = next_orders._enter

    def entered(step: StepBuilder) -> None:
        with ExitStack() as inner:
            patch(inner, Position, "triggered_protection", ())  # in place of the property
            enter(step)

    patch(stack, next_orders, "_enter", entered)


def _a_trigger_between_two_parts() -> Sequence[Plan]:
    """An entry of several parts is under way when the price falls through the stop of the first, which is stuck."""
    stuck = Fault(kind=FaultKind.TRIGGER_STUCK, count=0, delay_ms=40_000)
    large = replace(OPENING, lots=4 * int(MARKET_MOST))
    falls = (replace(FALL, at_ms=at_ms) for at_ms in range(3_080, 3_200, 20))
    return [calm(large, fall, faults=FaultPlan(faults=(stuck,))) for fall in falls]


COMMANDED: dict[str, Mutant] = {
    "a move is forgotten": mutant(_a_move_is_forgotten, "I20", plans=_a_stop_is_moved),
    "a target is a stop": mutant(_a_target_is_a_stop, "I20", plans=_a_target_is_moved),
    "a part is what is left": mutant(_a_part_is_what_is_left, "I20", plans=_a_quarter_is_closed),
    "an expiry is forgotten": mutant(_an_expiry_is_forgotten, "I22", plans=_an_opening_that_waits),
    "what has fired is bought on": mutant(_what_has_fired_is_bought_on, "I24", plans=_a_trigger_between_two_parts),
}
