"""A full-size plan: a day and a night, quiet for most of it, with bursts in which everything happens at once."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from messages.types import PositionSide
from simulator.environment.plan import STRATEGIES, SYMBOLS, Act, Burst, Plan, Trap, stream
from simulator.plans import swarm
from simulator.troubles.aimed import helpers_for, life_for
from simulator.troubles.coverage import reachable

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ACTS_LEAST = 200
TRAPS = 4
STRIDE = 1_009
"""Prime to the number of cells, so that the traps of a seed have nothing in common."""
OPENINGS = (4, 8)
FUNDING_MS = (6_400_000, 35_200_000, 64_000_000)
"""When the venue pays funding, in this simulation's time: 00:00, 08:00 and 16:00 UTC."""
_FASTEST_S = (3_600, 7_200, 14_400)
_PROBES_MS = (3_600_000, 7_200_000, 14_400_000)
_REFRESHES_MS = (2_400_000, 3_000_000, 3_400_000)


def draw_day(seed: int) -> Plan:
    """The plan of a seed: 24 hours, at least 200 acts, one restart, about ten faults."""
    shape = stream(seed, "day shape")
    bursts = _bursts(stream(seed, "day bursts"))
    hedge = shape.randrange(3) == 0
    second = shape.choice(("", "one_way", "hedge"))
    accounts = (("main", hedge), *((("second", second == "hedge"),) if second else ()))
    spans = [(burst.from_ms, burst.until_ms) for burst in bursts]
    traps = _traps(seed, stream(seed, "day traps"), bursts)
    faults, names = swarm.faults_of_a_day(stream(seed, "day faults"), shape.choice((0, 2, 4, 6, 8)), spans)
    return Plan(
        seed=seed,
        safety_ms=DAY_MS,
        hedge=hedge,
        second=second,
        volatility_ppm=shape.choice((0, 10, 50, 150)),
        faults=replace(faults, seed=seed),
        weather=swarm.weather(stream(seed, "day weather"), spans),
        disk=swarm.disk(stream(seed, "day disk")),
        acts=_acts(stream(seed, "day acts"), bursts, accounts, traps),
        kills=swarm.kills_of_a_day(stream(seed, "day kills"), shape.choice((0, 0, 1, 2))),
        kinds=names,
        fast_s=shape.choice(_FASTEST_S),
        probe_ms=shape.choice(_PROBES_MS),
        refresh_ms=shape.choice(_REFRESHES_MS),
        traps=traps,
        bursts=bursts,
    )


def _bursts(random: Random) -> tuple[Burst, ...]:
    """The first begins with the day, one is about a funding, the last ends with the day."""
    lengths = [random.randrange(40_000, 90_000) for _ in range(random.randrange(3, 6))]
    begins = [3_000, random.choice(FUNDING_MS) - lengths[1] // 2]
    begins += [random.randrange(HOUR_MS, DAY_MS - HOUR_MS) for _ in lengths[3:]]
    begins = [*sorted(begins), DAY_MS - lengths[-1]]
    return tuple(Burst(from_ms=begin, until_ms=begin + length) for begin, length in zip(begins, lengths, strict=True))


def _traps(seed: int, random: Random, bursts: Sequence[Burst]) -> tuple[Trap, ...]:
    """Cell after cell of the table, so that seeds in a row try all of them; each in any burst."""
    cells = reachable()
    traps: list[Trap] = []
    for which in range(TRAPS):
        trouble, state, moment = cells[(seed * TRAPS + which) * STRIDE % len(cells)]
        from_ms = random.choice((bursts[0], bursts[0], *bursts)).from_ms + random.randrange(20_000)
        trap = Trap(trouble=trouble, state=state, moment=moment, from_ms=from_ms)
        traps += [*helpers_for(random, trap), trap]
    return tuple(traps)


# Who does what ---------------------------------------------------------------------------------------------

Accounts = Sequence[tuple[str, bool]]


def _acts(random: Random, bursts: Sequence[Burst], accounts: Accounts, traps: Sequence[Trap]) -> tuple[Act, ...]:
    acts: list[Act] = []
    leaning = {(name, symbol): random.choice(tuple(PositionSide)) for name, _ in accounts for symbol in SYMBOLS}
    for slot in range(random.randrange(*OPENINGS)):
        acts += _life(random, slot, bursts, accounts, leaning)
    for slot, trap in enumerate(traps, start=OPENINGS[1]):
        acts += life_for(random, slot, trap, accounts, leaning)
    if random.randrange(3) == 0:
        acts += _human(random, bursts, accounts)
    acts += _operator(random, bursts)
    acts.append(Act(at_ms=_moment(random, bursts), do="kill", for_ms=random.choice((50, 1_000, 4_000, 15_000))))
    if random.randrange(8) == 0:
        acts.append(Act(at_ms=_moment(random, bursts), do="jump the clock", offset_ppm=random.randrange(-4000, 4000)))
    # Somebody looks in now and then, and answers what he is asked.
    acts += [Act(at_ms=at_ms, do="answer") for at_ms in range(HOUR_MS // 4, DAY_MS, HOUR_MS // 2)]
    acts += [_price(random, bursts) for _ in range(max(40, ACTS_LEAST - len(acts)))]
    return tuple(sorted(acts, key=lambda act: act.at_ms))


def _moment(random: Random, bursts: Sequence[Burst], *, margin_ms: int = 0) -> int:
    burst = random.choice(bursts)
    return random.randrange(burst.from_ms, burst.until_ms - margin_ms)


def _life(
    random: Random,
    slot: int,
    bursts: Sequence[Burst],
    accounts: Accounts,
    leaning: dict[tuple[str, str], PositionSide],
) -> list[Act]:
    """One position as a strategy sees it: opened, changed several times, perhaps closed, perhaps hours later."""
    which = random.randrange(len(bursts))
    at_ms = random.randrange(bursts[which].from_ms, bursts[which].until_ms - 15_000)
    account, hedge = random.choice(accounts)
    symbol = random.choice(SYMBOLS)
    side = random.choice(tuple(PositionSide)) if hedge or random.randrange(8) == 0 else leaning[account, symbol]
    opening = Act(
        at_ms=at_ms,
        do="open",
        slot=slot,
        account=account,
        symbol=symbol,
        strategy=random.choice(STRATEGIES),
        side=side,
        lots=random.randrange(1, 5),
        offset_ppm=random.choice((0, 0, 0, -500, 1500, 4000)),
        stop_ppm=random.choice((0, 3_000, 10_000, 10_000)),
        target_ppm=random.choice((0, 0, 3_000, 15_000)),
        leverage=random.choice((0, 0, 0, 5, 10)),
        percent=random.choice((0, 0, 0, 2)),
    )
    acts = [opening]
    for _ in range(random.randrange(2, 9)):
        if which + 1 < len(bursts) and random.randrange(6) == 0:
            which += 1
            at_ms = random.randrange(bursts[which].from_ms, bursts[which].until_ms)
        else:
            at_ms = min(
                bursts[which].until_ms, at_ms + random.choice((1, 300, 3_000, 12_000)) + random.randrange(2_000)
            )
        acts.append(_change(random, slot, at_ms))
    if random.randrange(4):
        acts.append(Act(at_ms=at_ms + random.randrange(3_000), do="close", slot=slot))
    return acts


_CHANGES = (
    "close part", "close part", "move stop", "move stop", "move target", "add", "add", "lever", "trail", "emergency",
    "pause", "resume", "resume", "call off",
)  # fmt: skip


def _change(random: Random, slot: int, at_ms: int) -> Act:
    return Act(
        at_ms=at_ms,
        do=random.choice(_CHANGES),
        slot=slot,
        lots=random.randrange(1, 3),
        percent=random.choice((25, 50, 75)),
        leverage=random.choice((3, 5, 10, 20)),
        stop_ppm=random.choice((2_000, 8_000, 0)),
    )


def _price(random: Random, bursts: Sequence[Burst]) -> Act:
    return Act(
        at_ms=_moment(random, bursts),
        do="move price",
        symbol=random.choice(SYMBOLS),
        offset_ppm=random.choice((-15_000, -4_000, -1_000, -300, 300, 1_000, 4_000, 15_000)),
    )


def _human(random: Random, bursts: Sequence[Burst], accounts: Accounts) -> list[Act]:
    """Somebody trades by hand, on one symbol of one account: there nothing is as the strategies left it."""
    account, _ = random.choice(accounts)
    symbol = random.choice(SYMBOLS)
    does = (
        "hand trade", "hand reduce", "hand flip", "hand close", "hand cancel", "hand leverage", "hand margin",
    )  # fmt: skip
    return [
        Act(
            at_ms=_moment(random, bursts),
            do=random.choice(does),
            account=account,
            symbol=symbol,
            side=random.choice(tuple(PositionSide)),
            lots=random.randrange(1, 4),
            leverage=random.choice((3, 7, 15)),
        )
        for _ in range(random.randrange(1, 6))
    ]


def _operator(random: Random, bursts: Sequence[Burst]) -> list[Act]:
    acts = [
        Act(at_ms=_moment(random, bursts), do=do)
        for do in ("reconcile", "reconcile", "status", "list")
        if random.randrange(2)
    ]
    if random.randrange(4) == 0:
        at_ms = _moment(random, bursts, margin_ms=10_000)
        symbol = random.choice(("", *SYMBOLS))
        acts += [
            Act(at_ms=at_ms, do="pause openings", symbol=symbol),
            Act(at_ms=at_ms + 8_000, do="resume openings", symbol=symbol),
        ]
    if random.randrange(6) == 0:
        acts.append(Act(at_ms=_moment(random, bursts), do="close all", account=random.choice(("", "main"))))
    return acts
