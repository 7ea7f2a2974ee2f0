"""The plan of a seed, in one of two sizes. The same in every process and Python version."""

from dataclasses import replace

from adapters.paper.faults import Fault, FaultKind, Moment
from simulator.environment import malformed
from simulator.environment.chat import draw_chat
from simulator.environment.network import START_MS, Window
from simulator.environment.plan import DAY, SPRINT, Act, Kill, Plan, stream
from simulator.plans.crowded import with_crowd
from simulator.plans.day import draw_day
from simulator.plans.retiring import with_retirement
from simulator.plans.seldom import with_seldom
from simulator.plans.settled import with_settling
from simulator.plans.sprint import draw_sprint
from simulator.plans.strange import with_strange_faults

INTRUDED_SHARE = 8
"""And in one of so many, somebody starts a second instance."""
VANISHED_SHARE = 12
"""And in one of so many, the venue's lists of positions are empty for longer than an absence must last to count."""
LOCKED_SHARE = 5
"""And in one of so many, another program holds the journal for a while."""
MALFORMED_SHARE = 4
"""And in one of so many, rows and events of the venue are not what they should be."""
UNTRUE_SHARE = 8
"""And in one of so many, a row of positions has a quantity for a while that could be, and is not."""
LOST_SHARE = 10
"""And in one of so many, a bit flips in the journal's log, so that acknowledged steps are missing at a start."""
UNRECORDED_SHARE = 6
"""And in one of so many, the records of what command ids stand for are lost at a start."""
SETTLED_SHARE = 8
"""And in one of so many, an owner settles what is in doubt by hand, and closes it at once."""
REFUSED_SHARE = 9
"""And in one of so many, the venue refuses each new stop for a while: those that rest stay."""
POWER_SHARE = 3
"""And in one of so many, the power goes with the process."""
EXHAUSTED_SHARE = 8
"""And in one of so many, no descriptor is free for a while."""
CHAT_SHARE = 3
"""One seed in so many has an owner in a chat."""


def draw(seed: int, size: str = SPRINT) -> Plan:
    """Only `Random` with a text seed is used. Raises KeyError for a size that does not exist."""
    drawn = {SPRINT: draw_sprint, DAY: draw_day}[size](seed)
    plan = _with_locks(_with_chat(_with_intruders(_with_malformed_rows(_with_empty_lists(drawn)))))
    plan = with_settling(with_strange_faults(_with_settling(plan)))
    plan = _with_lost_records(_with_exhaustion(_with_power_losses(_with_lost_steps(plan))))
    return with_retirement(with_crowd(with_seldom(_with_untrue_amounts(_with_refused_stops(plan)))))


def _with_refused_stops(plan: Plan) -> Plan:
    """Where one is to be moved, and long enough for three tries of it; in words that a table knows or in others."""
    random = stream(plan.seed, "a refused move")
    if random.randrange(REFUSED_SHARE):
        return plan
    moves = [act.at_ms for act in plan.acts if act.do.startswith("move")]
    from_ms = START_MS + (random.choice(moves) if moves else random.randrange(plan.safety_ms))
    fault = Fault(
        kind=FaultKind.STATUS,
        name="refused stops",
        method="POST",
        path="/algoOrder",
        moment=Moment.BEFORE_EFFECT,
        status=400,
        code=random.choice((-2010, -9999)),
        message="Not there.",
        count=0,
        from_ms=from_ms,
        until_ms=from_ms + random.randrange(6_000, 40_000),
    )
    faults = replace(plan.faults, faults=(*plan.faults.faults, fault))
    return replace(plan, faults=faults, kinds=(*plan.kinds, "refused stops"))


def _with_settling(plan: Plan) -> Plan:
    random = stream(plan.seed, "settling")
    slots = sorted({act.slot for act in plan.acts if act.do == "open"})
    if not slots or random.randrange(SETTLED_SHARE):
        return plan
    acts: list[Act] = []
    for _ in range(random.randrange(1, 6)):
        at_ms, slot = random.randrange(plan.safety_ms), random.choice(slots)
        acts += [Act(at_ms=at_ms, do="settle", slot=slot), Act(at_ms=at_ms + 100, do="close", slot=slot)]
    return replace(plan, acts=tuple(sorted((*plan.acts, *acts), key=lambda act: act.at_ms)))


def _with_lost_records(plan: Plan) -> Plan:
    """People say again what was answered, or something else under the same id."""
    random = stream(plan.seed, "lost records")
    if not plan.kills or random.randrange(UNRECORDED_SHARE):
        return plan
    at = random.randrange(len(plan.kills))
    kill = replace(plan.kills[at], unrecorded=True)
    return replace(plan, kills=(*plan.kills[:at], kill, *plan.kills[at + 1 :]), echoes=True)


def _with_exhaustion(plan: Plan) -> Plan:
    random = stream(plan.seed, "descriptors")
    if random.randrange(EXHAUSTED_SHARE):
        return plan
    spans = [(burst.from_ms, burst.until_ms) for burst in plan.bursts] or [(0, plan.safety_ms)]
    from_ms = random.randrange(*random.choice(spans))
    window = Window(what="exhausted", from_ms=from_ms, until_ms=from_ms + random.randrange(2_000, 25_000))
    return replace(plan, weather=replace(plan.weather, windows=(*plan.weather.windows, window)))


def _with_power_losses(plan: Plan) -> Plan:
    random = stream(plan.seed, "power")
    if random.randrange(POWER_SHARE):
        return plan
    return replace(plan, kills=tuple(replace(kill, power=True) for kill in plan.kills))


def _with_lost_steps(plan: Plan) -> Plan:
    """A human allows openings again, sooner or later."""
    random = stream(plan.seed, "lost steps")
    if random.randrange(LOST_SHARE):
        return plan
    kill = Kill(
        moment=random.choice(("durable", "durable", "order", "arrival")),
        count=random.randrange(1, random.choice((8, 40, 100))),
        down_ms=random.choice((4_000, 15_000)),
        lost=random.randrange(1, random.choice((3, 12, 40))),
    )
    allowed = Act(at_ms=random.randrange(plan.safety_ms), do="resume openings")
    at = random.randrange(len(plan.kills) + 1)
    kills = (*plan.kills[:at], kill, *plan.kills[at:])
    return replace(plan, kills=kills, acts=tuple(sorted((*plan.acts, allowed), key=lambda act: act.at_ms)))


def _with_locks(plan: Plan) -> Plan:
    """Another program holds the journal for a while, and people say again what was answered."""
    random = stream(plan.seed, "locks")
    if random.randrange(LOCKED_SHARE):
        return plan
    spans = [(burst.from_ms, burst.until_ms) for burst in plan.bursts] or [(0, plan.safety_ms)]
    locks = []
    for _ in range(random.randrange(1, 4)):
        from_ms = START_MS + random.randrange(*random.choice(spans))
        locks.append((from_ms, from_ms + random.randrange(500, 15_000)))
    return replace(plan, disk=replace(plan.disk, locks=tuple(locks)), echoes=True)


def _with_empty_lists(plan: Plan) -> Plan:
    random = stream(plan.seed, "empty lists")
    if random.randrange(VANISHED_SHARE):
        return plan
    spans = [(burst.from_ms, burst.until_ms) for burst in plan.bursts] or [(0, plan.safety_ms)]
    first_ms, last_ms = random.choice(spans)
    from_ms = START_MS + random.randrange(first_ms, (first_ms + last_ms) // 2)
    fault = Fault(
        kind=FaultKind.EMPTY_LIST,
        method="GET",
        path="/positionRisk",
        account="main",
        count=0,
        from_ms=from_ms,
        until_ms=from_ms + random.randrange(25_000, 90_000),
    )
    return replace(plan, faults=replace(plan.faults, faults=(*plan.faults.faults, fault)))


def _with_malformed_rows(plan: Plan) -> Plan:
    random = stream(plan.seed, "malformed rows")
    if random.randrange(MALFORMED_SHARE):
        return plan
    spans = [(burst.from_ms, burst.until_ms) for burst in plan.bursts] or [(0, plan.safety_ms)]
    faults = []
    for _ in range(random.randrange(1, 5)):
        first_ms, last_ms = random.choice(spans)
        from_ms = START_MS + random.randrange(first_ms, last_ms)
        until_ms = from_ms + random.randrange(5_000, 90_000)
        faults.append(replace(malformed.drawn(random), from_ms=from_ms, until_ms=until_ms))
    return replace(plan, faults=replace(plan.faults, faults=(*plan.faults.faults, *faults)))


def _with_untrue_amounts(plan: Plan) -> Plan:
    """For longer than an absence must last to count."""
    random = stream(plan.seed, "untrue amounts")
    if random.randrange(UNTRUE_SHARE):
        return plan
    spans = [(burst.from_ms, burst.until_ms) for burst in plan.bursts] or [(0, plan.safety_ms)]
    from_ms = START_MS + random.randrange(*random.choice(spans))
    until_ms = from_ms + random.randrange(25_000, 90_000)
    fault = replace(malformed.untrue(random), from_ms=from_ms, until_ms=until_ms)
    return replace(plan, faults=replace(plan.faults, faults=(*plan.faults.faults, fault)))


def _with_intruders(plan: Plan) -> Plan:
    random = stream(plan.seed, "instances")
    if random.randrange(INTRUDED_SHARE):
        return plan
    moments = (random.randrange(2_000, plan.safety_ms) for _ in range(random.randrange(1, 4)))
    return replace(plan, intrusions=tuple(sorted(moments)))


def _with_chat(plan: Plan) -> Plan:
    random = stream(plan.seed, "chat")
    if random.randrange(CHAT_SHARE):
        return plan
    spans = [(burst.from_ms, burst.until_ms) for burst in plan.bursts] or [(0, plan.safety_ms)]
    return replace(plan, chat=draw_chat(random, spans, plan.safety_ms))
