"""A ban binds everything that leaves, whichever request was the one to be told of it."""

from actors.gateway import request_queue
from actors.gateway.actions import SECOND
from messages import requests as q
from messages.reports import BudgetUsed
from messages.statement import verbatim
from messages.types import Severity
from tests.gateway import stage
from tests.gateway.stage import MAIN, Stage


def test_a_ban_that_the_adapter_met_on_its_own_holds_back_openings_and_closes_alike() -> None:
    """Simulation seed 24, I10: banned in answer to a reading of the clock, it went on opening."""
    play = Stage()
    play.tell(BudgetUsed(account=MAIN, uses=(), quiet_ms=120_000, cause=verbatim("HTTP 418")))
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


def test_after_a_silence_what_reduces_leaves_alone_for_a_moment() -> None:
    play = Stage()
    play.tell(BudgetUsed(account=MAIN, uses=(), quiet_ms=3_000, cause=verbatim("HTTP 429")))
    play.tell(q.FetchBalance(account=MAIN, request_id="b"))
    play.tell(stage.emergency(stage.order_id(2)), stage.cancel(stage.order_id(3)))
    play.advance(3 * SECOND)
    assert {type(message) for message in play.sent} == {q.SubmitEmergency, q.CancelOrder}
    play.advance(request_queue.REST_AFTER_NS)
    assert play.sent_of(q.FetchBalance)


def test_what_reduces_and_waited_for_a_connection_leaves_alone_for_a_moment() -> None:
    """As at a start while the address is banned: the connection is there, and everything is to be read."""
    play = Stage(up=False)
    play.tell(stage.emergency(stage.order_id(2)))
    play.tell(stage.venue_up())
    assert [type(message) for message in play.sent] == [q.SubmitEmergency]
    play.advance(request_queue.REST_AFTER_NS)
    assert play.sent_of(q.FetchPositions)


def test_a_connection_that_nothing_waits_for_reads_at_once() -> None:
    play = Stage(up=False)
    play.tell(stage.venue_up())
    assert play.sent_of(q.FetchPositions)


def test_a_new_life_keeps_to_the_silence_and_to_its_order() -> None:
    play = Stage()
    play.tell(BudgetUsed(account=MAIN, uses=(), quiet_ms=3_000, cause=verbatim("HTTP 429")))
    play.start()
    play.tell(stage.emergency(stage.order_id(2)))
    play.advance(3 * SECOND)
    assert {type(message) for message in play.sent} <= {q.SubmitEmergency}
    play.advance(2 * SECOND)
    assert play.sent_of(q.SubmitEmergency)
    assert play.sent_of(q.FetchPositions)
