"""A position that is silent holds its symbol from the start: the reconciler hears of it later, on a slow disk much."""

from messages.requests import Reply
from messages.types import StrategyId
from tests.supervisor.test_fundings import Damaged, Desk


def test_nothing_opens_where_a_position_is_damaged_before_the_reconciler_has_heard_of_it() -> None:
    """Day 970000048: the same command opened a second time, since what it did was in the damaged history."""
    desk = Desk()
    desk.held("trend")
    desk.held("grid")
    again = desk.again(Damaged)
    again.house.open("open-grid", strategy=StrategyId("grid"))
    reply = again.house.all(Reply)[-1]
    assert not reply.accepted
    assert "main.BTCUSDT.long.grid.2 cannot say what it holds" in reply.text
