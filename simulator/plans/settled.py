"""An operator who ends doubts by hand: where the venue says for most of a minute nothing of an order, and elsewhere.

Drawn from a stream of its own, from `FIRST_SEED` on, as the strange faults are.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from adapters.paper.binance.answers import ANSWERS
from adapters.paper.faults import Fault, FaultKind, Moment
from simulator.environment.network import START_MS, Window
from simulator.environment.plan import Act, Plan, stream
from simulator.plans.strange import FIRST_SEED

SETTLED_SHARE = 5
"""One seed in so many."""
STUCK = "settle what is stuck"
AGED_MS = 30_000
"""An order that is younger is refused to be written off."""
SILENT_MS = 75_000
SLOTS = 8


def with_settling(plan: Plan) -> Plan:
    """A wedge for each span in which people are at work, and what the operator does about it; or does for no reason."""
    random = stream(plan.seed, "settling")
    if plan.seed < FIRST_SEED or random.randrange(SETTLED_SHARE):
        return plan
    spans = [(burst.from_ms, burst.until_ms) for burst in plan.bursts] or [(0, plan.safety_ms)]
    first_ms, last_ms = random.choice(spans)
    wedged_ms = random.randrange(first_ms, first_ms + (last_ms - first_ms) // 2)
    faults = (*plan.faults.faults, *wedge(random, wedged_ms))
    mute = Window(what="mute", from_ms=wedged_ms, until_ms=wedged_ms + SILENT_MS)
    weather = replace(plan.weather, windows=(*plan.weather.windows, mute))
    acts = sorted((*plan.acts, *_settles(random, wedged_ms, last_ms)), key=lambda act: act.at_ms)
    return replace(plan, faults=replace(plan.faults, faults=faults), weather=weather, acts=tuple(acts))


def wedge(random: Random, from_ms: int) -> tuple[Fault, ...]:
    """The answer to an order is lost, and neither a query nor a list of orders tells of any; the stream is mute."""
    row = random.choice(("read_timeout", "timeout_408"))
    moment = random.choice((Moment.AFTER_EFFECT, Moment.BEFORE_EFFECT))
    path = random.choice(("/order", "/order", "/algoOrder"))
    lost = ANSWERS[row].at(moment, method="POST", path=path, count=random.choice((1, 2)))
    return tuple(
        replace(fault, from_ms=START_MS + from_ms, until_ms=START_MS + from_ms + SILENT_MS) for fault in (lost, *SILENT)
    )


SILENT = tuple(
    Fault(kind=FaultKind.RESET, method="GET", path=path, count=0)
    for path in ("/order", "/algoOrder", "/userTrades", "/openOrders", "/openAlgoOrders")
)
"""Nothing that is read says what became of an order."""


def _settles(random: Random, wedged_ms: int, last_ms: int) -> Iterator[Act]:
    for after_ms in (AGED_MS - 5_000, AGED_MS + 8_000, AGED_MS + 20_000):
        yield Act(at_ms=wedged_ms + after_ms + random.randrange(5_000), do=STUCK)
    for _ in range(random.randrange(1, 5)):
        yield Act(at_ms=random.randrange(wedged_ms, last_ms), do="settle", slot=random.randrange(SLOTS))
