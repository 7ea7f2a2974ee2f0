"""Planted bugs in how an operator ends a doubt by hand."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from actors.position import command_rules
from actors.position.step_builder import StepBuilder
from actors.supervisor import intake
from adapters.paper.binance.answers import ANSWERS
from adapters.paper.faults import FaultPlan, Moment
from messages import commands as c
from messages import events as e
from simulator.environment.network import CALM, START_MS, Window
from simulator.environment.plan import Act, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch, patch_rule
from simulator.plans.settled import SILENT, STUCK

OPENING = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2, stop_ppm=30_000)


def _settle_forgets_the_goal(stack: ExitStack) -> None:
    """Whatever was written off, the position is not to be closed any more."""

    def settled(step: StepBuilder, message: c.SettlePosition) -> None:
        command_rules.settle(step, message)
        if step.events and step.position.goal_quantity is not None:
            step.record(e.CloseAbandoned, command_id=message.command_id, why=command_rules.BY_HAND)

    patch_rule(stack, c.SettlePosition, settled)


def _what_is_young_is_written_off(stack: ExitStack) -> None:
    """An operator knows what he does."""
    patch(stack, command_rules, "SETTLE_AFTER_NS", 0)


def _each_settling_is_another(stack: ExitStack) -> None:
    """A settling that was refused is looked at anew when it is said again."""
    others = tuple(each for each in intake.FROM_OUTSIDE if each is not c.SettlePosition)
    patch(stack, intake, "FROM_OUTSIDE", others)


def _a_close_of_what_is_unknown() -> Sequence[Plan]:
    """The entry is filled and nothing tells of it; it is to be closed, and settled; then its fill is shown."""
    return _unheard_of(1, Act(at_ms=8_000, do="close", slot=0), Act(at_ms=36_000, do=STUCK))


def _settled_at_once() -> Sequence[Plan]:
    return _unheard_of(1, Act(at_ms=24_000, do=STUCK))


def _settled_too_early() -> Sequence[Plan]:
    """It is refused, and said again as often as its edge likes."""
    acts = tuple(Act(at_ms=at_ms, do=STUCK) for at_ms in range(14_000, 34_000, 2_000))
    return [replace(plan, seed=seed, echoes=True) for seed in range(1, 12) for plan in _unheard_of(1, *acts)]


def _unheard_of(nth: int, *acts: Act) -> Sequence[Plan]:
    """The answer to an order is lost, and until peace nothing that is read or heard tells of it."""
    lost = ANSWERS["read_timeout"].at(Moment.AFTER_EFFECT, method="POST", path="/order", nth=nth)
    faults = tuple(replace(each, from_ms=START_MS + 2_500, until_ms=START_MS + 60_000) for each in (lost, *SILENT))
    mute = replace(CALM, windows=(Window(what="mute", from_ms=2_500, until_ms=60_000),))
    return [calm(OPENING, *acts, safety_ms=50_000, faults=FaultPlan(faults=faults), weather=mute)]


SETTLING: Mapping[str, Mutant] = {
    "settle forgets the goal": mutant(_settle_forgets_the_goal, "I20", plans=_a_close_of_what_is_unknown),
    "what is young is written off": mutant(_what_is_young_is_written_off, "I20", plans=_settled_at_once),
    "each settling is another": mutant(_each_settling_is_another, "I19", plans=_settled_too_early),
}
