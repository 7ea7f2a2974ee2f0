"""Several accounts behind one address whose limit is as much smaller: what many have at the venue's own, in a minute.

Drawn from a stream of its own, from `FIRST_SEED` on, as the strange faults are. Whoever opens does so on any of the
accounts. No window of bad weather: what waits then waits for the venue's limit, and for nothing else.
"""

from dataclasses import replace
from random import Random

from simulator.environment.network import Weather
from simulator.environment.plan import Plan, stream
from simulator.plans.strange import FIRST_SEED

CROWDED_SHARE = 100
"""One sprint in so many."""
WEIGHT_EACH = 200
"""Of a minute. An account that starts uses most of that at once, so that several have to wait for one another."""
CROWDED_PEACE_MS = 240_000
"""So much longer everything takes where each reading waits for its turn."""


OTHERS_PEACE_MS = 62_000
"""What another program has used of a minute is free again with the next one."""


def others_ask(plan: Plan) -> bool:
    """Whether another program at the same address uses most of what it may, now and then."""
    return any(act.do == "others ask" for act in plan.acts) or any(
        trap.trouble == "others near the limit" for trap in plan.traps
    )


def with_crowd(plan: Plan) -> Plan:
    random = stream(plan.seed, "crowd")
    if plan.seed < FIRST_SEED or plan.bursts or random.randrange(CROWDED_SHARE):
        return plan
    return crowded(plan, random)


def crowded(plan: Plan, random: Random) -> Plan:
    plan = replace(plan, beside=random.randrange(3, 5), weather=_steady(plan.weather))
    names = [name for name, _ in plan.accounts]
    acts = (replace(act, account=random.choice(names)) if act.do == "open" else act for act in plan.acts)
    return replace(plan, acts=tuple(acts), weight_per_minute=WEIGHT_EACH * len(names))


def _steady(weather: Weather) -> Weather:
    return replace(weather, windows=(), lost_request=0, lost_answer=0)
