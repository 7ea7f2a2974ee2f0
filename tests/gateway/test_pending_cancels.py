"""Cancels: in order behind their own submit, repeated until the order is over."""

import pytest

from actors.gateway import retry
from actors.gateway.actions import MINUTE, MS, SECOND
from messages import reports as r
from messages import requests as q
from messages.types import OrderStatus, RejectReason, Severity
from tests.gateway import stage
from tests.gateway.stage import ID, Stage


def test_a_cancel_of_a_live_order_leaves_at_once() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.accepted(), stage.cancel())
    assert play.sent == [stage.opening(), stage.cancel()]
    play.tell(stage.report(status=OrderStatus.CANCELED))
    play.advance(MINUTE)
    assert len(play.sent_of(q.CancelOrder)) == 1


def test_a_cancel_that_meets_its_unsent_submit_keeps_both_here() -> None:
    play = Stage()
    play.tell(stage.venue_down(), stage.reducing(), stage.cancel(), stage.venue_up())
    assert play.rejections() == [(ID, RejectReason.NEVER_SENT)]
    assert play.sent_of(q.SubmitReducing) == []
    assert play.sent_of(q.CancelOrder) == []


def test_a_cancel_during_the_pause_before_another_attempt_ends_the_attempts() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.not_executed(), stage.cancel())
    play.advance(10 * SECOND)
    assert play.rejections() == [(ID, RejectReason.NEVER_SENT)]
    assert len(play.sent_of(q.SubmitOpening)) == 1


def test_a_cancel_that_overtook_its_submit_goes_to_the_venue_and_the_submit_does_not() -> None:
    """It may as well be for an order sent before a restart: then the venue must hear of it."""
    play = Stage()
    play.tell(stage.cancel(), stage.opening())
    assert play.sent == [stage.cancel()]
    assert play.rejections() == [(ID, RejectReason.NEVER_SENT)]


def test_a_cancel_of_an_order_from_before_the_restart_reaches_it() -> None:
    play = Stage()
    play.tell(stage.cancel(), stage.report(status=OrderStatus.CANCELED))
    assert play.sent == [stage.cancel()]
    assert play.said_of(r.OrderReport) == [stage.report(status=OrderStatus.CANCELED)]


@pytest.mark.parametrize("answer", [stage.accepted(), stage.unknown(), stage.report(), stage.fill()])
def test_a_cancel_waits_for_a_sign_of_its_submit_that_is_under_way(answer: r.AboutOrder) -> None:
    play = Stage()
    play.tell(stage.opening(), stage.cancel())
    play.advance(SECOND)
    assert play.sent_of(q.CancelOrder) == []
    play.tell(answer)
    assert play.sent_of(q.CancelOrder) == [stage.cancel()]


@pytest.mark.parametrize("shown", [stage.report(), stage.fill()])
def test_a_cancel_of_an_order_that_the_stream_has_shown_does_not_wait_for_the_submits_answer(
    shown: r.AboutOrder,
) -> None:
    play = Stage()
    play.tell(stage.opening(), shown, stage.cancel())
    assert play.sent_of(q.CancelOrder) == [stage.cancel()]


def test_a_cancel_under_way_turns_not_executed_into_never_sent() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.cancel(), stage.not_executed())
    play.advance(MINUTE)
    assert play.rejections() == [(ID, RejectReason.NEVER_SENT)]
    assert len(play.sent) == 1 + len(play.sent_of(q.FetchOpenOrders)) + len(play.sent_of(q.FetchPositions))


@pytest.mark.parametrize("answer", [stage.cancel_rejected(), stage.unknown(of_cancel=True)])
def test_an_unclear_cancel_is_passed_on_and_the_order_asked_after(answer: r.AboutOrder) -> None:
    play = Stage()
    play.tell(stage.opening(), stage.accepted(), stage.cancel(), answer)
    assert play.said[-1] == answer
    play.advance(SECOND)
    play.tell(stage.report(status=OrderStatus.FILLED, filled=stage.ONE, queried=True))
    assert play.said[-1] == stage.report(status=OrderStatus.FILLED, filled=stage.ONE, queried=True)
    assert len(play.sent_of(q.FetchFills)) == 1


def test_an_order_that_works_on_after_an_unclear_cancel_is_canceled_again() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.accepted(), stage.cancel(), stage.unknown(of_cancel=True))
    play.advance(250 * MS)
    play.tell(stage.report(queried=True))
    play.advance(SECOND)
    assert len(play.sent_of(q.CancelOrder)) == 2


def test_a_cancel_not_executed_is_repeated_after_a_pause() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.accepted(), stage.cancel(), stage.not_executed(of_cancel=True))
    play.advance(199 * MS)
    assert len(play.sent_of(q.CancelOrder)) == 1
    play.advance(MS)
    assert len(play.sent_of(q.CancelOrder)) == 2


def test_a_cancel_that_never_works_is_given_up_loudly() -> None:
    play = Stage()
    play.tell(stage.cancel())
    for _ in range(retry.CANCEL_ATTEMPTS + 5):
        play.tell(stage.not_executed(of_cancel=True))
        play.advance(6 * SECOND)
    assert len(play.sent_of(q.CancelOrder)) == retry.CANCEL_ATTEMPTS
    told = [notice for notice in play.notices if "could not be canceled" in notice.text]
    assert [notice.severity for notice in told] == [Severity.CRITICAL]


def test_a_cancel_told_twice_is_one() -> None:
    play = Stage()
    play.tell(stage.cancel(), stage.cancel())
    assert play.sent == [stage.cancel()]


def test_a_triggered_order_is_no_longer_canceled() -> None:
    play = Stage()
    play.tell(stage.cancel(), stage.not_executed(of_cancel=True), stage.report(status=OrderStatus.TRIGGERED))
    play.advance(MINUTE)
    assert len(play.sent_of(q.CancelOrder)) == 1


def test_a_cancel_in_flight_is_repeated_by_the_next_life() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.accepted(), stage.cancel())
    play.start()
    assert len(play.sent_of(q.CancelOrder)) == 2


def test_a_canceled_order_that_is_nowhere_is_proven_absent_and_the_cancel_over() -> None:
    play = Stage()
    play.tell(stage.cancel(), stage.cancel_rejected())
    asked = 0
    for _ in range(400):
        play.advance(50 * MS)
        for question in play.sent[asked:]:
            asked += 1
            if isinstance(question, q.QueryOrder | q.FetchFills):
                play.tell(stage.not_found())
    assert len(play.said_of(r.OrderAbsent)) == 1
    assert len(play.sent_of(q.CancelOrder)) == 1
    assert ID not in play.gateway._orders.cancels
