"""Plans that come by the moment at which a planted bug shows, however the traces of drawn seeds may shift."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.paper.faults import Fault, FaultKind, FaultPlan
from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from simulator.environment.network import START_MS
from simulator.environment.plan import LOTS, Act, Kill, Plan
from simulator.mutants.planting import calm


def canceled_unheard() -> Sequence[Plan]:
    """A stop is canceled by hand; no event tells of it, and positions say nothing of it either."""
    lost = Fault(kind=FaultKind.EVENT_LOST, count=0, from_ms=START_MS + 8_000, until_ms=START_MS + 600_000)
    acts = (_opening(3_000), Act(at_ms=10_000, do="hand cancel", symbol="ETHUSDT"))
    return [calm(*acts, faults=FaultPlan(faults=(lost,)))]


def filled_in_halves() -> Sequence[Plan]:
    """Two fills of one order for the same quantity: it takes two levels of the book."""
    level = next(each.level_quantity for each in DEFAULT_INSTRUMENTS if each.symbol == "ETHUSDT")
    return [calm(replace(_opening(3_000), lots=int(2 * level / LOTS["ETHUSDT"])))]


def positions_not_shown() -> Sequence[Plan]:
    """One reading of positions is empty."""
    empty = Fault(
        kind=FaultKind.EMPTY_LIST, method="GET", path="/positionRisk", count=1, from_ms=START_MS + 8_000,
        until_ms=START_MS + 60_000,
    )  # fmt: skip
    return [calm(_opening(3_000), safety_ms=60_000, fast_s=10, faults=FaultPlan(faults=(empty,)))]


def opened_unanswered() -> Sequence[Plan]:
    """It dies when an opening is durable, before that is answered, and the opening is said again."""
    return [calm(_opening(3_000), kills=(Kill(moment="durable", count=n, down_ms=50),)) for n in range(1, 6)]


def _opening(at_ms: int, *, offset_ppm: int = 0) -> Act:
    return Act(
        at_ms=at_ms, do="open", slot=0, symbol="ETHUSDT", strategy="alpha", lots=2, stop_ppm=10_000,
        offset_ppm=offset_ppm,
    )  # fmt: skip
