"""The plan of a seed, in one of two sizes. The same in every process and Python version."""

from dataclasses import replace

from tests.simulation.chat import draw_chat
from tests.simulation.day import draw_day
from tests.simulation.plan import DAY, SPRINT, Plan, stream
from tests.simulation.sprint import draw_sprint

INTRUDED_SHARE = 8
"""And in one of so many, somebody starts a second instance."""
CHAT_SHARE = 3
"""One seed in so many has an owner in a chat."""


def draw(seed: int, size: str = SPRINT) -> Plan:
    """Only `Random` with a text seed is used. Raises KeyError for a size that does not exist."""
    return _with_chat(_with_intruders({SPRINT: draw_sprint, DAY: draw_day}[size](seed)))


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
