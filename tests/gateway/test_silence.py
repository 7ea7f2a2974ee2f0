"""A ban binds everything that leaves, whichever request was the one to be told of it."""

from actors.gateway.actions import SECOND
from messages import requests as q
from messages.reports import BudgetUsed
from messages.types import Severity
from tests.gateway import stage
from tests.gateway.stage import MAIN, Stage


def test_a_ban_that_the_adapter_met_on_its_own_holds_back_openings_and_closes_alike() -> None:
    """Simulation seed 24, I10: banned in answer to a reading of the clock, it went on opening."""
    play = Stage()
    play.tell(BudgetUsed(account=MAIN, uses=(), quiet_ms=120_000, cause="HTTP 418"))
    play.tell(stage.opening(), stage.emergency(stage.order_id(2)))
    play.advance(119 * SECOND)
    assert play.sent == []
    assert [notice.severity for notice in play.notices] == [Severity.CRITICAL]
    play.advance(2 * SECOND)
    assert play.sent_of(q.SubmitEmergency)


def test_use_without_a_wish_for_silence_silences_nobody() -> None:
    play = Stage()
    play.tell(BudgetUsed(account=MAIN, uses=()))
    play.tell(stage.opening())
    assert play.sent_of(q.SubmitOpening)
