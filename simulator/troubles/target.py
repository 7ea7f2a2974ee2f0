"""A plan of a minute whose only purpose is one cell of the coverage table."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from adapters.paper.faults import FaultPlan, Quirks
from messages.types import PositionSide
from simulator.environment.disk import STEADY
from simulator.environment.network import CALM
from simulator.environment.plan import SYMBOLS, Act, Plan, Trap, stream
from simulator.troubles.aimed import helpers_for, life_for
from simulator.troubles.catalog import LATE_FILL
from simulator.troubles.coverage import Cell
from simulator.troubles.staged import LEAD_MS, Stage, beside, fires, stage

LIVES = 3
FIRST_MS, EVERY_MS = 2_000, 12_000
SAFETY_MS = FIRST_MS + LIVES * EVERY_MS + 14_000
FAST_S = 10
"""Between two sweeps, so that there are readings to be spoiled."""
STAGED_EVERY_MS = 22_000


def draw_target(seed: int, cell: Cell) -> Plan:
    """Some lives one after another, each with a trap for the cell; no trouble but those that lead there.

    Even seeds leave it to chance when what is outstanding; odd ones stage it, so that it lasts. What needs somebody
    else's life before it is always staged.
    """
    return _staged(seed, cell) if seed % 2 or cell[0] == LATE_FILL else _by_chance(seed, cell)


def _by_chance(seed: int, cell: Cell) -> Plan:
    random = stream(seed, f"target {' '.join(cell)}")
    hedge = random.randrange(3) == 0
    accounts = (("main", hedge),)
    traps = tuple(_traps(random, cell))
    leaning = {("main", symbol): random.choice(tuple(PositionSide)) for symbol in SYMBOLS}
    acts: list[Act] = []
    for slot, trap in enumerate(each for each in traps if (each.trouble, each.state, each.moment) == cell):
        life = life_for(random, slot, trap, accounts, leaning)
        acts += [*life, *_readings(random, life), *_prices(random, life)]
    return Plan(
        seed=seed,
        safety_ms=SAFETY_MS,
        hedge=hedge,
        volatility_ppm=random.choice((0, 50, 200)),
        faults=FaultPlan(seed=seed),
        weather=CALM,
        disk=STEADY,
        acts=tuple(sorted(acts, key=lambda act: act.at_ms)),
        fast_s=FAST_S,
        traps=traps,
        aim=cell,
    )


def _staged(seed: int, cell: Cell) -> Plan:
    random = stream(seed, f"stage {' '.join(cell)}")
    trouble, state, moment = cell
    delayed = fires(Trap(trouble=trouble, state=state, moment=moment))
    # A child order bears the name of its stop, or one of its own.
    named = trouble != LATE_FILL or seed % 4 < 2
    quirks = Quirks(trigger_delay_ms=1_000 if delayed else 0, child_keeps_client_id=named)
    sides = {symbol: random.choice(tuple(PositionSide)) for symbol in SYMBOLS}
    # Who is beside keeps the position mode from being changed, and has no old stop whose fill could be told.
    alone = trouble in ("mode changed", LATE_FILL)
    whole = Stage() if alone else Stage(acts=(beside(sides[SYMBOLS[0]]),))
    lead_ms = LEAD_MS if trouble == LATE_FILL else 0
    every_ms = STAGED_EVERY_MS + lead_ms
    for slot in range(_lives(trouble)):
        from_ms = 2 * FIRST_MS + slot * every_ms + lead_ms
        trap = Trap(trouble=trouble, state=state, moment=moment, from_ms=from_ms)
        whole += stage(random, slot, trap, sides)
        whole += Stage(acts=(Act(at_ms=from_ms + STAGED_EVERY_MS - 1_500, do="close", slot=slot),))
    return Plan(
        seed=seed,
        safety_ms=FIRST_MS + LIVES * every_ms,
        hedge=random.randrange(3) == 0 and trouble != LATE_FILL,
        volatility_ppm=0,
        faults=FaultPlan(seed=seed, faults=whole.faults, quirks=quirks),
        weather=replace(CALM, windows=whole.windows),
        disk=STEADY,
        acts=tuple(sorted(whole.acts, key=lambda act: act.at_ms)),
        fast_s=FAST_S,
        traps=whole.traps,
        aim=cell,
    )


def _lives(trouble: str) -> int:
    """An actor that is poisoned again and again is quarantined, as it should be."""
    return 1 if trouble == "poison" else LIVES


def _traps(random: Random, cell: Cell) -> Iterator[Trap]:
    trouble, state, moment = cell
    for which in range(_lives(trouble)):
        trap = Trap(trouble=trouble, state=state, moment=moment, from_ms=FIRST_MS + which * EVERY_MS)
        yield from helpers_for(random, trap)
        yield trap


def _readings(random: Random, life: Sequence[Act]) -> Iterator[Act]:
    """Somebody asks for a sweep about when the position is commanded."""
    for act in life:
        at_ms = max(1, act.at_ms + random.choice((-40, -10, 0, 5, 20, 60)))
        yield Act(at_ms=at_ms, do="reconcile", account=act.account, symbol=act.symbol)


def _prices(random: Random, life: Sequence[Act]) -> Iterator[Act]:
    """What rests is met now and then."""
    if random.randrange(3) == 0:
        last = max(act.at_ms for act in life)
        away = replace(life[0], at_ms=last + random.randrange(200, 5_000), do="move price", slot=-1)
        yield replace(away, offset_ppm=random.choice((-5_000, 5_000)))
