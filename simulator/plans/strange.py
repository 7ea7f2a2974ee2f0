"""What a venue does and says that is in no table: triggers without an execution, codes, numbers (faults 32 to 34).

Drawn apart from the swarm, from streams of their own. The first seeds, on which planted bugs are hunted, stay what they
were: such a bug is to be caught by its own invariant, and has plans of its own where it is about these faults.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from adapters.paper.faults import Fault, FaultKind, Moment
from simulator.environment.network import START_MS
from simulator.environment.plan import Plan, stream

Drawn = Callable[[Random], Sequence[Fault]]
STUCK_SHARE, UNLISTED_SHARE, ABSURD_SHARE = 4, 4, 5
"""One seed in so many."""
FIRST_SEED = 10_000
UNLISTED = (-4999, -4777, -9401, -5999)
_REQUESTS: tuple[tuple[str, str], ...] = (
    ("POST", "/order"),
    ("POST", "/algoOrder"),
    ("POST", "/algoOrder"),
    ("DELETE", "/order"),
    ("DELETE", "/algoOrder"),
    ("POST", "/leverage"),
    ("GET", "/order"),
    ("GET", "/algoOrder"),
    ("GET", "/userTrades"),
    ("GET", "/positionRisk"),
)
_ABSURD = ('"1e20"', '"-3"', '"NaN"', '"1000000000000"', "null", "7.5", "true", "[]")
_ANSWERS: tuple[tuple[str, str], ...] = (
    ("POST", "/order"),
    ("GET", "/order"),
    ("GET", "/algoOrder"),
    ("GET", "/openOrders"),
    ("GET", "/userTrades"),
    ("DELETE", "/order"),
)


def with_strange_faults(plan: Plan) -> Plan:
    if plan.seed < FIRST_SEED:
        return plan
    for name, share, drawn in (
        ("stuck triggers", STUCK_SHARE, stuck_triggers),
        ("unlisted codes", UNLISTED_SHARE, unlisted_codes),
        ("absurd numbers", ABSURD_SHARE, absurd_numbers),
    ):
        plan = _with(plan, name, share, drawn)
    return plan


def _with(plan: Plan, name: str, share: int, drawn: Drawn) -> Plan:
    random = stream(plan.seed, name)
    if random.randrange(share):
        return plan
    spans = [(burst.from_ms, burst.until_ms) for burst in plan.bursts] or [(0, plan.safety_ms)]
    faults = []
    for fault in drawn(random):
        first_ms, last_ms = random.choice(spans)
        from_ms = random.randrange(first_ms, max(first_ms + 1, last_ms - 10_000))
        faults.append(replace(fault, from_ms=START_MS + from_ms, until_ms=START_MS + last_ms))
    return replace(plan, faults=replace(plan.faults, faults=(*plan.faults.faults, *faults)))


def stuck_triggers(random: Random) -> Sequence[Fault]:
    """A price comes, and what waited for it is not executed: late, or never."""
    kinds = (
        FaultKind.TRIGGER_STUCK, FaultKind.TRIGGER_STUCK, FaultKind.CHILD_STUCK, FaultKind.TRIGGER_REJECTED,
        FaultKind.TRIGGER_EXPIRED, FaultKind.CHILD_REJECTED, FaultKind.CHILD_CANCELED,
    )  # fmt: skip
    return [
        Fault(
            kind=random.choice(kinds),
            client_id="ab",
            count=random.choice((0, 1, 2)),
            delay_ms=random.choice((1_000, 5_000, 25_000, 60_000)),
            message="Margin is insufficient.",
        )
        for _ in range(random.randrange(1, 3))
    ]


def unlisted_codes(random: Random) -> Sequence[Fault]:
    """A refusal that no table knows; now and then of what was done all the same."""
    return [
        Fault(
            kind=FaultKind.STATUS,
            name="unlisted",
            method=method,
            path=path,
            status=400,
            code=random.choice(UNLISTED),
            message="A rule of the venue that nobody has heard of.",
            moment=random.choice((Moment.BEFORE_EFFECT, Moment.BEFORE_EFFECT, Moment.AFTER_EFFECT)),
            count=random.choice((0, 1, 3)),
            chance_ppm=random.choice((1_000_000, 300_000)),
        )
        for method, path in random.sample(_REQUESTS, random.randrange(1, 4))
    ]


def absurd_numbers(random: Random) -> Sequence[Fault]:
    """More executed than ordered, less than nothing, no number at all."""
    faults = [
        Fault(
            kind=FaultKind.ABSURD_NUMBERS,
            method=method,
            path=path,
            body=random.choice(_ABSURD),
            count=random.choice((1, 3)),
        )
        for method, path in random.sample(_ANSWERS, random.randrange(1, 4))
    ]
    event = Fault(
        kind=FaultKind.EVENT_ABSURD,
        event=random.choice(("ORDER_TRADE_UPDATE", "ALGO_UPDATE")),
        body=random.choice(_ABSURD),
        count=random.choice((1, 3)),
    )
    return [*faults, event]
