"""A venue that wants to hear nothing for long, by one answer: what cannot leave in time is said at once."""

import pytest

from actors.supervisor.status import rows
from messages import reports as r
from messages.requests import Reply
from messages.types import ReplyCode, StrategyId
from tests.supervisor.house import MAIN, House

SECOND = 1_000_000_000


def silence(until_ns: int) -> r.GatewayStatus:
    return r.GatewayStatus(
        account=MAIN, reachable=True, outstanding=0, queued=0, in_doubt=0, retries=0, throttled_until_ns=until_ns
    )


@pytest.mark.parametrize(("silent_s", "accepted"), [(5, True), (120, False), (72 * 3600, False)])
def test_an_opening_that_would_expire_meanwhile_is_not_ready(silent_s: int, *, accepted: bool) -> None:
    house = House().ready()
    now_ns = house.dispatcher.clock.time_ns()
    house.tell(silence(now_ns + silent_s * SECOND))
    house.open("a", expires_at_ns=now_ns + 30 * SECOND)
    reply = house.all(Reply)[-1]
    assert (reply.accepted, reply.code) == (accepted, ReplyCode.DECIDED if accepted else ReplyCode.NOT_READY)
    assert ("wants to hear nothing until" in reply.text) is not accepted
    shown = {(str(each.section), str(each.name)): each.value for each in rows(house.known, ())}
    assert (shown["account main", "openings"] == "possible") is accepted
    house.tell(silence(0))
    house.open("b", strategy=StrategyId("b"), expires_at_ns=now_ns + 30 * SECOND)
    assert house.all(Reply)[-1].accepted, house.all(Reply)[-1]
