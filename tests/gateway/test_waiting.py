"""What waits here has not left: its outcome is no doubt, however long it waits, and its end says what it waited for."""

from dataclasses import replace

import pytest

from actors.gateway.actions import SECOND
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.statement import verbatim
from messages.types import PositionId, RejectReason
from tests.gateway import stage
from tests.gateway.stage import BTC, ID, MAIN, START_NS, Stage

ASKED = replace(stage.resolve(), unanswered=True)
BAN = r.BudgetUsed(account=MAIN, uses=(), quiet_ms=120_000, cause=verbatim("HTTP 418"))
SETTING = q.SetLeverage(
    account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("p"), expires_at_ns=START_NS + 50 * SECOND
)


@pytest.mark.parametrize("order", [stage.opening(), stage.reducing(), stage.emergency(), stage.protection()])
@pytest.mark.parametrize("trouble", [BAN, stage.venue_down()], ids=["ban", "out of reach"])
def test_an_order_that_waits_is_no_doubt(order: q.SubmitOrder, trouble: Message) -> None:
    play = Stage()
    play.tell(trouble, order)
    play.advance(15 * SECOND)
    refused = play.rejections()  # openings are, while the venue is out of reach
    play.tell(ASKED)
    assert play.said_of(r.OutcomeUnknown) == []
    assert play.sent_of(q.QueryOrder) == []
    assert set(play.rejections()) == set(refused)


def test_a_close_that_the_venue_put_off_is_no_doubt() -> None:
    play = Stage()
    play.tell(stage.reducing(), stage.not_executed(after_ms=30_000))
    play.advance(15 * SECOND)
    play.tell(ASKED)
    assert play.said_of(r.OutcomeUnknown) == []


def test_an_order_that_has_left_is_in_doubt_when_nothing_was_heard_of_it() -> None:
    play = Stage()
    play.tell(stage.opening())
    play.advance(15 * SECOND)
    play.tell(ASKED)
    assert [said.client_order_id for said in play.said_of(r.OutcomeUnknown)] == [ID]
    play.advance(SECOND)
    assert len(play.sent_of(q.QueryOrder)) == 1


def test_an_order_that_no_life_remembers_is_in_doubt() -> None:
    """After a restart: what was sent before it may be at the venue."""
    play = Stage()
    play.tell(ASKED)
    assert [said.client_order_id for said in play.said_of(r.OutcomeUnknown)] == [ID]


def test_an_order_that_waited_in_a_former_life_waits_on() -> None:
    play = Stage()
    play.tell(BAN, stage.reducing())
    play.start()
    play.tell(ASKED)
    assert play.said_of(r.OutcomeUnknown) == []
    play.advance(121 * SECOND)
    assert len(play.sent_of(q.SubmitReducing)) == 1


@pytest.mark.parametrize(
    ("trouble", "why"), [(BAN, "the venue asks for silence"), (stage.venue_down(), "venue unreachable")]
)
def test_a_setting_that_waits_for_too_long_is_refused_and_says_what_it_waited_for(trouble: Message, why: str) -> None:
    play = Stage()
    play.tell(trouble)
    play.tell(SETTING)
    play.advance(55 * SECOND)
    (refused,) = play.said_of(r.SettingRefused)
    assert (refused.unknown, why in refused.text) == (False, True)
    play.advance(120 * SECOND)
    assert play.sent_of(q.SetLeverage) == []


def test_an_opening_that_waits_for_too_long_says_what_it_waited_for() -> None:
    play = Stage()
    play.tell(BAN, stage.opening(expires_at_ns=START_NS + 10 * SECOND))
    play.advance(15 * SECOND)
    (refused,) = play.said_of(r.OrderRejected)
    assert refused.reason is RejectReason.EXPIRED
    assert refused.text == "expired before it was sent: the venue asks for silence"
