"""The plan of a seed, in one of two sizes. The same in every process and Python version."""

from tests.simulation.day import draw_day
from tests.simulation.plan import DAY, SPRINT, Plan
from tests.simulation.sprint import draw_sprint


def draw(seed: int, size: str = SPRINT) -> Plan:
    """Only `Random` with a text seed is used. Raises KeyError for a size that does not exist."""
    return {SPRINT: draw_sprint, DAY: draw_day}[size](seed)
