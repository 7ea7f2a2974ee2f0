"""A plan of a minute or two: little enough to run by the hundred in every test run, and in it no second is quiet."""

from dataclasses import replace
from random import Random

from messages.types import PositionSide
from simulator.environment.plan import STRATEGIES, SYMBOLS, Act, Plan, stream
from simulator.plans import swarm


def draw_sprint(seed: int) -> Plan:
    """The plan of a seed. The same in every process and Python version: only `Random` with a text seed is used."""
    shape = stream(seed, "shape")
    safety_ms = shape.randrange(40_000, 120_000)
    hedge = shape.randrange(4) == 0
    faults, names = swarm.faults_of_a_sprint(stream(seed, "faults"), safety_ms)
    return Plan(
        seed=seed,
        safety_ms=safety_ms,
        hedge=hedge,
        volatility_ppm=shape.choice((0, 50, 200, 600)),
        faults=replace(faults, seed=seed),
        weather=swarm.weather(stream(seed, "weather"), [(2_000, safety_ms)]),
        disk=swarm.disk(stream(seed, "disk")),
        acts=_acts(stream(seed, "acts"), safety_ms, hedge=hedge),
        kills=swarm.kills_of_a_sprint(stream(seed, "kills")),
        kinds=names,
    )


# Who does what ---------------------------------------------------------------------------------------------


def _acts(random: Random, safety_ms: int, *, hedge: bool) -> tuple[Act, ...]:
    acts: list[Act] = []
    leaning = {symbol: random.choice(tuple(PositionSide)) for symbol in SYMBOLS}
    for slot in range(random.randrange(2, 14)):
        acts += _life(random, slot, safety_ms, leaning, hedge=hedge)
    acts += _market(random, safety_ms)
    if random.randrange(4) == 0:
        acts += _human(random, safety_ms)
    if random.randrange(8) == 0:
        jump_ms = random.randrange(-4000, 4000)
        acts.append(Act(at_ms=random.randrange(safety_ms), do="jump the clock", offset_ppm=jump_ms))
    if random.randrange(6) == 0:
        at_ms = random.randrange(safety_ms)
        symbol = ("", *SYMBOLS)[at_ms % 4]
        acts += [
            Act(at_ms=at_ms, do="pause openings", symbol=symbol),
            Act(at_ms=at_ms + 8_000, do="resume openings", symbol=symbol),
        ]
    if random.randrange(10) == 0:
        acts.append(Act(at_ms=random.randrange(safety_ms), do="close all"))
    return tuple(sorted(acts, key=lambda act: act.at_ms))


def _life(random: Random, slot: int, safety_ms: int, leaning: dict[str, PositionSide], *, hedge: bool) -> list[Act]:
    """One position as a strategy sees it: opened, perhaps changed, perhaps closed."""
    at_ms = random.randrange(0, safety_ms * 3 // 4)
    symbol = random.choice(SYMBOLS)
    side = random.choice(tuple(PositionSide)) if hedge or random.randrange(8) == 0 else leaning[symbol]
    opening = Act(
        at_ms=at_ms,
        do="open",
        slot=slot,
        symbol=symbol,
        strategy=random.choice(STRATEGIES),
        side=side,
        lots=random.randrange(1, 5),
        offset_ppm=random.choice((0, 0, 0, -500, 1500, 4000)),
        stop_ppm=random.choice((0, 3_000, 10_000, 10_000)),
        target_ppm=random.choice((0, 0, 3_000, 15_000)),
        leverage=random.choice((0, 0, 0, 5, 10)),
    )
    acts = [opening]
    for _ in range(random.randrange(0, 6)):
        at_ms += random.choice((1, 300, 3_000, 12_000)) + random.randrange(2_000)
        acts.append(_change(random, slot, at_ms))
    return acts


def _change(random: Random, slot: int, at_ms: int) -> Act:
    do = random.choice(("close", "close", "close part", "close part", "move stop", "emergency", "pause", "resume"))
    return Act(
        at_ms=at_ms, do=do, slot=slot, percent=random.choice((25, 50, 75)), stop_ppm=random.choice((2_000, 8_000, 0))
    )


def _market(random: Random, safety_ms: int) -> list[Act]:
    return [
        Act(
            at_ms=random.randrange(safety_ms),
            do="move price",
            symbol=random.choice(SYMBOLS),
            offset_ppm=random.choice((-15_000, -4_000, -1_000, 1_000, 4_000, 15_000)),
        )
        for _ in range(random.randrange(0, 20))
    ]


def _human(random: Random, safety_ms: int) -> list[Act]:
    return [
        Act(
            at_ms=random.randrange(safety_ms),
            do=random.choice(("hand trade", "hand trade", "hand cancel", "hand leverage")),
            symbol=random.choice(SYMBOLS),
            side=random.choice(tuple(PositionSide)),
            lots=random.randrange(1, 4),
            leverage=random.choice((3, 7, 15)),
        )
        for _ in range(random.randrange(1, 4))
    ]
