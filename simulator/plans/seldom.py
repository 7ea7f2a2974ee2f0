"""What seldom comes together, and each of it is allowed: brought together on purpose, in one plan of so many.

Each is drawn from a stream of its own, from `FIRST_SEED` on, as the strange faults are: seeds on which planted bugs are
hunted stay what they were.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from adapters.paper.binance.answers import ANSWERS
from adapters.paper.faults import Fault, FaultKind, Moment
from simulator.environment.network import START_MS, Window
from simulator.environment.plan import SYMBOLS, Act, Kill, Plan, stream
from simulator.plans.strange import FIRST_SEED

Drawn = Callable[[Random, Plan], Plan]
MINUTE_MS = 60_000
EXTENTS = (
    Act(at_ms=0, do="openings"),
    Act(at_ms=0, do="an account"),
    *(Act(at_ms=0, do="openings", symbol=symbol, account=account) for symbol in SYMBOLS for account in ("", "main")),
)
"""Of a pause: everything, one account, one symbol of all accounts or of one."""

LIMITS = {
    "order_notional": (200, 500, 800),
    "symbol_exposure": (400, 1_000),
    "account_exposure": (700, 2_000),
    "openings_per_minute": (1, 2, 4),
    "daily_loss": (1, 5, 20),
}


def with_seldom(plan: Plan) -> Plan:
    if plan.seed < FIRST_SEED:
        return plan
    for name, (share, drawn) in SELDOM.items():
        random = stream(plan.seed, name)
        if not random.randrange(share):
            plan = drawn(random, plan)
    return plan


def _with_acts(plan: Plan, acts: Sequence[Act]) -> Plan:
    return replace(plan, acts=tuple(sorted((*plan.acts, *acts), key=lambda act: act.at_ms)))


def _with_faults(plan: Plan, *faults: Fault) -> Plan:
    return replace(plan, faults=replace(plan.faults, faults=(*plan.faults.faults, *faults)))


def _openings(plan: Plan) -> list[Act]:
    return [act for act in plan.acts if act.do == "open"]


def crossed_cancels(random: Random, plan: Plan) -> Plan:
    """An entry is not executed for now, and called off or closed before it is tried again."""
    for opening in random.sample(_openings(plan), min(2, len(_openings(plan)))):
        name = random.choice(("unavailable_503", "overloaded_1008", "too_many_orders_1015"))
        fault = ANSWERS[name].at(
            Moment.BEFORE_EFFECT, method="POST", path="/order", symbol=opening.symbol, count=random.randrange(1, 4)
        )
        from_ms = START_MS + opening.at_ms
        refused = replace(fault, from_ms=from_ms, until_ms=from_ms + MINUTE_MS, retry_after_s=random.choice((0, 1, 2)))
        if name.startswith("too_many"):
            refused = replace(refused, retry_after_s=random.randrange(1, 5))
        do = random.choice(("call off", "call off", "close", "emergency"))
        over = replace(opening, do=do, at_ms=opening.at_ms + random.randrange(1, 1_500))
        plan = _with_acts(_with_faults(plan, refused), [over])
    return plan


def former_lives(random: Random, plan: Plan) -> Plan:
    """A request takes effect near the end of its validity, when a new life is looking for it."""
    path = random.choice(("/order", "/order", "/algoOrder"))
    nth = random.randrange(1, 6)
    late = ANSWERS["read_timeout"].at(Moment.LATER, method="POST", path=path, nth=nth, count=1)
    late = replace(late, effect_delay_ms=random.randrange(2_500, 4_900))
    kill = Kill(moment="order", count=nth, down_ms=random.choice((50, 500, 1_500, 3_000)))
    return replace(_with_faults(plan, late), kills=(kill, *plan.kills))


def forced_together(random: Random, plan: Plan) -> Plan:
    """The venue closes what it will of two legs, or of one leg twice, within the same moment."""
    symbols = [act.symbol for act in _openings(plan)]
    if not symbols:
        return plan
    acts: list[Act] = []
    for _ in range(random.randrange(1, 4)):
        at_ms, symbol = random.randrange(plan.safety_ms), random.choice(symbols)
        for _ in range(random.randrange(2, 4)):
            account, _ = random.choice(plan.accounts)
            do = random.choice(("deleverage", "deleverage", "liquidate"))
            acts.append(Act(at_ms=at_ms + random.choice((0, 0, 5, 40)), do=do, symbol=symbol, account=account))
            symbol = random.choice((symbol, *symbols))
    return _with_acts(plan, acts)


def pauses_together(random: Random, plan: Plan) -> Plan:
    """Openings are held in several extents at once, and allowed again in another order, some of them twice."""
    acts: list[Act] = []
    from_ms = random.randrange(plan.safety_ms * 3 // 4)
    for extent in random.sample(EXTENTS, random.randrange(2, 5)):
        at_ms = from_ms + random.randrange(4_000)
        acts.append(replace(extent, at_ms=at_ms, do=f"pause {extent.do}"))
        for _ in range(random.randrange(1, 3)):
            over_ms = at_ms + random.choice((1, 3_000, 15_000))
            acts.append(replace(extent, at_ms=over_ms, do=f"resume {extent.do}"))
    return _with_acts(plan, acts)


def children_first(random: Random, plan: Plan) -> Plan:
    """A stop's or target's own order is told of, in parts, before that the stop has been triggered."""
    from_ms = START_MS + random.randrange(plan.safety_ms // 2)
    until_ms = from_ms + random.randrange(10_000, MINUTE_MS)
    late = Fault(kind=FaultKind.EVENT_DELAYED, event="ALGO_UPDATE", count=0, delay_ms=random.randrange(500, 9_000))
    parts = Fault(kind=FaultKind.PARTIAL_FILL, client_id="ab", count=0, keep_ppm=random.choice((250_000, 500_000)))
    faults = [replace(each, from_ms=from_ms, until_ms=until_ms) for each in (late, parts)]
    moves = [
        Act(at_ms=random.randrange(plan.safety_ms), do="move price", symbol=act.symbol, offset_ppm=ppm)
        for act in _openings(plan)[:6]
        for ppm in random.sample((-20_000, 20_000), 1)
    ]
    return _with_acts(_with_faults(plan, *faults), moves)


def empty_symbols(random: Random, plan: Plan) -> Plan:
    """Readings of positions lack one symbol for a while, and then another: no two vanish at once."""
    symbols = random.sample(SYMBOLS, random.randrange(2, 4))
    span_ms = plan.safety_ms if not plan.bursts else plan.bursts[0].until_ms
    from_ms = START_MS + random.randrange(span_ms // 2)
    faults = []
    for symbol in symbols:
        until_ms = from_ms + random.randrange(4_000, 30_000)
        lacks = Fault(
            kind=FaultKind.PARTIAL_LIST, method="GET", path="/positionRisk", account="main", count=0,
            from_ms=from_ms, until_ms=until_ms, key="symbol", value=symbol,
        )  # fmt: skip
        faults.append(lacks)
        from_ms = until_ms + random.choice((0, 500, 5_000))
    return _with_faults(plan, *faults)


def fleeting_additions(random: Random, plan: Plan) -> Plan:
    """Positions are enlarged while they are young, some of it worth having for a few seconds only."""
    acts = [
        replace(opening, do="add", at_ms=opening.at_ms + random.choice((5, 2_000, 9_000)), lots=random.randrange(1, 3))
        for opening in _openings(plan)
        for _ in range(random.randrange(3))
    ]
    return replace(_with_acts(plan, acts), additions_expire=True)


def limits(random: Random, plan: Plan) -> Plan:
    """What may be opened is limited, in one way or several; a lot is worth 150 to 240."""
    chosen = random.sample(tuple(LIMITS), random.randrange(1, 4))
    return replace(plan, limits=tuple((name, random.choice(LIMITS[name])) for name in sorted(chosen)))


def others_near_the_limit(random: Random, plan: Plan) -> Plan:
    """Another program at the same address uses most of what a minute grants, in some minutes all but a few requests."""
    acts = [
        Act(at_ms=at_ms, do="others ask", percent=random.choice((55, 70, 80, 90, 97)))
        for at_ms in range(random.randrange(20_000), plan.safety_ms, random.choice((7_000, 20_000, 61_000)))
    ]
    return _with_acts(plan, random.sample(acts, min(len(acts), 12)))


def unreadable_legs(random: Random, plan: Plan) -> Plan:
    """In hedge mode a row of the list of positions cannot be read for a while, and then one of another place."""
    plan = replace(plan, hedge=True)
    from_ms = START_MS + random.randrange(plan.safety_ms // 2)
    faults = []
    for row in random.sample(range(6), random.randrange(1, 4)):
        key = random.choice(("positionAmt", "positionSide", "markPrice", "symbol", ""))
        until_ms = from_ms + random.choice((3_000, 12_000, 40_000))
        fault = Fault(kind=FaultKind.MALFORMED, method="GET", path="/positionRisk", account="main", row=row, key=key)
        value = json.dumps(random.choice(("many", None, [])))
        faults.append(replace(fault, value=value, count=0, from_ms=from_ms, until_ms=until_ms))
        from_ms = until_ms + random.choice((0, 2_000, 15_000))
    return _with_faults(plan, *faults)


def second_user(random: Random, plan: Plan) -> Plan:
    """Somebody else is told as well, whom nothing reaches for a while, long before peace: so many come a minute."""
    if plan.chat is None:
        return plan
    return replace(plan, chat=replace(plan.chat, viewer=True, deaf=_spans(random, plan.safety_ms // 2, "deaf")))


def second_channel(random: Random, plan: Plan) -> Plan:
    """A webhook for what is critical, which is not there for a while."""
    if plan.chat is None:
        return plan
    outages = _spans(random, plan.safety_ms, "webhook down")
    return replace(plan, chat=replace(plan.chat, webhook=True, webhook_outages=outages))


def _spans(random: Random, within_ms: int, what: str) -> tuple[Window, ...]:
    spans = []
    for _ in range(random.randrange(3)):
        from_ms = random.randrange(within_ms)
        until_ms = min(within_ms, from_ms + random.choice((5_000, 30_000, 600_000, within_ms)))
        spans.append(Window(what=what, from_ms=from_ms, until_ms=until_ms))
    return tuple(spans)


SELDOM: dict[str, tuple[int, Drawn]] = {
    "crossed cancels": (10, crossed_cancels),
    "former lives": (12, former_lives),
    "forced together": (12, forced_together),
    "pauses together": (10, pauses_together),
    "children first": (12, children_first),
    "empty symbols": (12, empty_symbols),
    "fleeting additions": (10, fleeting_additions),
    "limits": (8, limits),
    "others near the limit": (12, others_near_the_limit),
    "unreadable legs": (14, unreadable_legs),
    "second user": (3, second_user),
    "second channel": (3, second_channel),
}
"""By the name of its stream: one plan in so many, and how."""
