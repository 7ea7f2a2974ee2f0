"""Submits: handed to the port once, and again only when the venue certainly did not execute them."""

import pytest

from actors.gateway import retry
from actors.gateway.actions import MINUTE, MS, SECOND
from actors.gateway.context import ANSWER_LIMIT_NS
from messages import reports as r
from messages import requests as q
from messages.types import OrderStatus, RejectReason, Symbol
from tests.gateway import stage
from tests.gateway.stage import ID, START_NS, Stage

SUBMITS = (stage.opening(), stage.reducing(), stage.emergency(), stage.protection())


@pytest.mark.parametrize("submit", SUBMITS)
def test_a_submit_leaves_at_once_and_its_answer_goes_to_the_supervisor(submit: q.SubmitOrder) -> None:
    play = Stage()
    play.tell(submit)
    assert play.sent == [submit]
    play.tell(stage.accepted())
    assert play.said == [stage.accepted()]


@pytest.mark.parametrize("submit", SUBMITS)
def test_a_submit_told_again_is_asked_after_and_not_sent_again(submit: q.SubmitOrder) -> None:
    play = Stage()
    play.tell(submit, submit)
    play.advance(SECOND)
    assert [type(m) for m in play.sent] == [type(submit), q.QueryOrder]


def test_a_submit_told_again_to_the_next_life_is_not_sent_again() -> None:
    """The actor failed after the port had the order; the runtime delivers the message once more."""
    play = Stage()
    play.tell(stage.opening())
    play.start()
    play.tell(stage.opening())
    play.advance(SECOND)
    assert len(play.sent_of(q.SubmitOpening)) == 1
    assert len(play.sent_of(q.QueryOrder)) >= 1


def test_an_order_handed_over_by_a_former_life_is_resolved_though_nobody_asks() -> None:
    play = Stage()
    play.tell(stage.opening())
    play.start()
    play.advance(SECOND)
    play.tell(stage.report(queried=True))
    assert play.said_of(r.OrderReport) == [stage.report(queried=True)]
    assert len(play.sent_of(q.SubmitOpening)) == 1


@pytest.mark.parametrize(("answer", "within_s"), [(stage.unknown(), 10), (stage.not_executed(), 3)])
def test_the_answer_to_a_request_of_a_former_life_says_when_the_request_was_over(
    answer: r.AboutOrder, within_s: int
) -> None:
    """Without that, absence is provable only once the port owed its answer: half a minute later."""
    play = Stage()
    play.tell(stage.opening())
    play.start()
    play.tell(answer)
    play.answer_queries(stage.not_found(), for_ns=within_s * SECOND)
    assert [type(m) for m in play.said if isinstance(m, r.OrderAbsent)] == [r.OrderAbsent]
    assert len(play.sent_of(q.SubmitOpening)) == 1


def test_an_order_queued_by_a_former_life_is_sent_by_the_next_once() -> None:
    play = Stage()
    play.tell(stage.venue_down(), stage.reducing())
    play.start()
    assert play.sent_of(q.SubmitReducing) == []
    play.tell(stage.venue_up())
    assert len(play.sent_of(q.SubmitReducing)) == 1


def test_an_order_settled_as_never_sent_stays_so_for_the_next_life() -> None:
    play = Stage()
    play.tell(stage.venue_down(), stage.reducing(), stage.cancel())
    play.start()
    play.tell(stage.reducing(), stage.venue_up())
    assert play.sent_of(q.SubmitReducing) == []
    assert play.rejections() == [(ID, RejectReason.NEVER_SENT)] * 2


def test_not_executed_is_sent_again_under_the_same_id_after_growing_pauses() -> None:
    play = Stage()
    play.tell(stage.opening())
    for _ in range(retry.OPENING_ATTEMPTS - 1):
        play.tell(stage.not_executed())
        play.advance(SECOND)
    submits = [(at // MS, m) for at, m in play.sent_at if isinstance(m, q.SubmitOpening)]
    assert [at for at, _ in submits] == [0, 200, 1_000 + 400, 2_000 + 800]
    assert {m.client_order_id for _, m in submits} == {ID}
    assert play.rejections() == []


def test_an_opening_that_is_never_executed_is_refused_after_its_attempts() -> None:
    play = Stage()
    play.tell(stage.opening())
    for _ in range(retry.OPENING_ATTEMPTS):
        play.tell(stage.not_executed())
        play.advance(SECOND)
    assert len(play.sent_of(q.SubmitOpening)) == retry.OPENING_ATTEMPTS
    assert play.rejections() == [(ID, RejectReason.NOT_EXECUTED)]


@pytest.mark.parametrize("submit", [stage.reducing(), stage.emergency(), stage.protection()])
def test_what_reduces_is_sent_again_far_longer_and_then_left_to_its_position(submit: q.SubmitOrder) -> None:
    play = Stage()
    play.tell(submit)
    for _ in range(retry.REDUCING_ATTEMPTS):
        play.tell(stage.not_executed())
        play.advance(10 * SECOND)
    assert len(play.sent_of(type(submit))) == retry.REDUCING_ATTEMPTS
    assert play.rejections() == [(ID, RejectReason.NOT_EXECUTED)]


def test_the_venue_may_ask_for_a_longer_pause_before_the_next_attempt() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.not_executed(after_ms=3_000))
    play.advance(3 * SECOND - MS)
    assert len(play.sent_of(q.SubmitOpening)) == 1
    play.advance(MS)
    assert len(play.sent_of(q.SubmitOpening)) == 2


def test_an_opening_does_not_leave_after_it_expired() -> None:
    play = Stage()
    play.tell(stage.opening(expires_at_ns=START_NS))
    assert play.sent == []
    assert play.rejections() == [(ID, RejectReason.EXPIRED)]


def test_an_opening_that_would_expire_before_its_next_attempt_is_refused_at_once() -> None:
    play = Stage()
    play.tell(stage.opening(expires_at_ns=START_NS + SECOND), stage.not_executed(after_ms=2_000))
    assert play.rejections() == [(ID, RejectReason.EXPIRED)]


def test_an_opening_that_expires_during_a_ban_is_refused_while_the_ban_lasts() -> None:
    play = Stage()
    ban(play, 600_000)
    play.tell(stage.opening(expires_at_ns=START_NS + 5 * SECOND))
    play.advance(6 * SECOND)
    assert play.rejections() == [(ID, RejectReason.EXPIRED)]
    play.advance(20 * MINUTE)
    assert play.sent_of(q.SubmitOpening) == []


def ban(play: Stage, retry_after_ms: int) -> None:
    other = stage.order_id(9, 9)
    play.tell(stage.reducing(other), stage.not_executed(other, after_ms=retry_after_ms, throttled=True))
    play.tell(stage.cancel(other))
    play.forget()


def test_during_a_ban_nothing_leaves_and_afterwards_everything_does() -> None:
    play = Stage()
    ban(play, 120_000)
    play.tell(stage.emergency(), stage.cancel(stage.order_id(2)), stage.resolve(stage.order_id(3)))
    play.advance(119 * SECOND)
    assert play.sent == []
    play.advance(2 * SECOND)
    assert {type(m) for m in play.sent} >= {q.SubmitEmergency, q.CancelOrder, q.QueryOrder}


def test_a_ban_outlives_the_actor() -> None:
    play = Stage()
    ban(play, 120_000)
    play.start()
    play.tell(stage.emergency())
    play.advance(60 * SECOND)
    assert play.sent == []


def test_a_ban_is_told_to_the_owner_once() -> None:
    play = Stage()
    for number in (1, 2, 3):
        play.tell(stage.reducing(stage.order_id(number)))
    for number in (1, 2, 3):
        play.tell(stage.not_executed(stage.order_id(number), after_ms=120_000, throttled=True))
    assert len(play.notices) == 1
    assert "accepts nothing for 2 min" in play.notices[0].text


def test_an_unknown_outcome_is_told_at_once_and_then_found_out() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.unknown())
    assert play.said == [stage.unknown()]
    play.advance(250 * MS)
    assert [type(m) for m in play.sent] == [q.SubmitOpening, q.QueryOrder]
    play.tell(stage.report(queried=True))
    assert play.said[-1] == stage.report(queried=True)
    play.advance(MINUTE)
    assert len(play.sent_of(q.QueryOrder)) == 1


def test_an_order_that_never_arrived_is_proven_absent_with_evidence() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.unknown())
    answer_honestly(play, 20 * SECOND)
    (absent,) = play.said_of(r.OrderAbsent)
    assert absent.client_order_id == ID
    assert len(play.sent_of(q.SubmitOpening)) == 1


def answer_honestly(play: Stage, duration_ns: int) -> None:
    """Nothing of ours is at this venue."""
    end = play.clock.monotonic + duration_ns
    answered = len(play.sent)
    while play.clock.monotonic < end:
        play.advance(50 * MS)
        while answered < len(play.sent):
            question = play.sent[answered]
            answered += 1
            if isinstance(question, q.QueryOrder | q.FetchFills):
                play.tell(stage.not_found(question.client_order_id))
            elif isinstance(question, q.CancelOrder):
                play.tell(stage.cancel_rejected(question.client_order_id))


def test_absence_counts_from_when_the_port_gave_up_not_from_when_it_was_handed_the_order() -> None:
    """A request may sit in the adapter for long before its bytes leave."""
    play = Stage()
    play.tell(stage.opening())
    play.advance(20 * SECOND)
    play.tell(stage.unknown())
    answer_honestly(play, 5 * SECOND)
    assert play.said_of(r.OrderAbsent) == []
    answer_honestly(play, 5 * SECOND)
    assert len(play.said_of(r.OrderAbsent)) == 1


def test_the_window_the_venue_names_is_waited_for() -> None:
    play = Stage()
    play.tell(stage.venue_up(window_ms=60_000), stage.opening(), stage.unknown())
    answer_honestly(play, 60 * SECOND)
    assert play.said_of(r.OrderAbsent) == []
    answer_honestly(play, 5 * SECOND)
    assert len(play.said_of(r.OrderAbsent)) == 1


def test_an_intent_of_a_former_process_may_have_been_sent_until_this_one_began() -> None:
    """Its wall clock may have been wrong, and the request may still be on its way."""
    play = Stage(up=False)
    play.tell(stage.venue_up(), stage.resolve(sent_ns=START_NS - 3_600 * SECOND))
    answer_honestly(play, 5_900 * MS)
    assert play.said_of(r.OrderAbsent) == []
    answer_honestly(play, 2 * SECOND)
    assert len(play.said_of(r.OrderAbsent)) == 1


def test_a_cancel_that_fails_does_not_delay_the_proof_that_an_order_of_a_former_life_is_absent() -> None:
    """The cancel does not know when the order was sent; the question before it does."""
    play = Stage(up=False)
    play.tell(stage.venue_up(), stage.resolve(sent_ns=START_NS - 3_600 * SECOND), stage.cancel())
    answer_honestly(play, 4 * SECOND)
    play.tell(stage.unknown(of_cancel=True))
    answer_honestly(play, 4 * SECOND)
    assert len(play.said_of(r.OrderAbsent)) == 1


def test_several_questions_about_one_order_are_one_doubt() -> None:
    play = Stage()
    play.tell(stage.resolve(), stage.resolve(), stage.resolve())
    play.advance(250 * MS)
    assert len(play.sent_of(q.QueryOrder)) == 1
    assert play.gateway._orders.resolutions.__len__() == 1


def test_a_queried_order_with_fills_has_its_trades_read() -> None:
    play = Stage()
    play.tell(stage.resolve())
    play.advance(SECOND)
    play.tell(stage.report(status=OrderStatus.FILLED, filled=stage.ONE, queried=True))
    assert len(play.sent_of(q.FetchFills)) == 1
    play.tell(stage.fill(), stage.fills_fetched(filled=stage.ONE))
    assert [type(m) for m in play.said] == [r.OrderReport, r.FillReport, r.FillsFetched]


def test_a_port_that_does_not_answer_leaves_doubt_not_silence() -> None:
    play = Stage()
    play.tell(stage.opening())
    play.advance(ANSWER_LIMIT_NS + 2 * SECOND)
    assert [said.client_order_id for said in play.said_of(r.OutcomeUnknown)] == [ID]
    assert len(play.sent_of(q.QueryOrder)) >= 1


def test_not_executed_against_better_knowledge_does_not_send_again() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.report(), stage.not_executed())
    play.advance(10 * SECOND)
    assert len(play.sent_of(q.SubmitOpening)) == 1


def test_an_order_seen_at_the_venue_while_it_waits_for_another_attempt_is_not_sent_again() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.not_executed(), stage.report())
    play.advance(10 * SECOND)
    assert len(play.sent_of(q.SubmitOpening)) == 1


def test_an_emergency_drops_the_openings_of_its_symbol_that_still_wait() -> None:
    play = Stage()
    ban(play, 60_000)
    mine, other = stage.order_id(1, 1), stage.order_id(1, 2)
    play.tell(stage.opening(mine), stage.opening(other, Symbol("ETHUSDT")), stage.emergency(stage.order_id(1, 3)))
    assert play.rejections() == [(mine, RejectReason.NEVER_SENT)]
    play.advance(61 * SECOND)
    assert [m.client_order_id for m in play.sent_of(q.SubmitOpening)] == [other]
    assert isinstance(play.sent[0], q.SubmitEmergency)


def test_an_opening_that_its_own_positions_emergency_overtook_is_not_sent() -> None:
    play = Stage()
    play.tell(stage.emergency(stage.order_id(3)), stage.opening(stage.order_id(2)), stage.opening(stage.order_id(4)))
    assert play.rejections() == [(stage.order_id(2), RejectReason.NEVER_SENT)]
    assert [m.client_order_id for m in play.sent_of(q.SubmitOpening)] == [stage.order_id(4)]


def test_an_emergency_leaves_though_openings_fill_their_lane() -> None:
    play = Stage()
    for ordinal in range(1, 200):
        play.tell(stage.opening(stage.order_id(1, ordinal), Symbol("ETHUSDT")))
    play.tell(stage.emergency(stage.order_id(1, 500)))
    assert isinstance(play.sent[-1], q.SubmitEmergency)
    assert len(play.sent_of(q.SubmitOpening)) < 20


def test_a_submit_that_comes_after_the_question_about_it_does_not_make_the_answer_untrue() -> None:
    play = Stage()
    play.tell(stage.resolve(), stage.opening())
    assert play.sent_of(q.SubmitOpening) == []
    assert play.rejections() == [(ID, RejectReason.NEVER_SENT)]


def test_a_submit_that_comes_after_the_proof_of_its_absence_is_not_sent() -> None:
    play = Stage()
    play.tell(stage.resolve())
    answer_honestly(play, 20 * SECOND)
    play.tell(stage.reducing())
    answer_honestly(play, 20 * SECOND)
    assert play.sent_of(q.SubmitReducing) == []
    assert len(play.said_of(r.OrderAbsent)) == 2


def test_doubt_outlives_any_number_of_lives() -> None:
    play = Stage()
    play.tell(stage.opening())
    for _ in range(3):
        play.start()
    play.advance(SECOND)
    play.tell(stage.report(queried=True))
    assert play.said_of(r.OrderReport) == [stage.report(queried=True)]


def test_a_read_that_was_told_to_wait_silences_everything() -> None:
    play = Stage()
    play.tell(stage.resolve())
    play.advance(SECOND)
    play.tell(stage.query_failed(retry_after_ms=30_000), stage.emergency(stage.order_id(2)))
    play.advance(29 * SECOND)
    assert play.sent_of(q.SubmitEmergency) == []
    play.advance(2 * SECOND)
    assert len(play.sent_of(q.SubmitEmergency)) == 1


def test_a_read_that_merely_failed_silences_nothing() -> None:
    play = Stage()
    play.tell(stage.resolve())
    play.advance(SECOND)
    play.tell(stage.query_failed(retry_after_ms=500), stage.emergency(stage.order_id(2)))
    assert len(play.sent_of(q.SubmitEmergency)) == 1


@pytest.mark.parametrize("lives", [1, 2])
def test_while_the_port_may_still_be_sending_it_an_order_is_not_called_absent(lives: int) -> None:
    play = Stage()
    play.tell(stage.opening())
    if lives == 2:
        play.start()
    play.tell(stage.resolve())
    answer_honestly(play, ANSWER_LIMIT_NS + 5 * SECOND)
    assert play.said_of(r.OrderAbsent) == []
    answer_honestly(play, 5 * SECOND)
    assert len(play.said_of(r.OrderAbsent)) == 1


def test_an_order_seen_while_it_is_queued_for_another_attempt_is_taken_out_of_the_queue() -> None:
    play = Stage()
    play.tell(stage.reducing(), stage.not_executed(), stage.venue_down())
    play.advance(SECOND)
    play.tell(stage.report(), stage.venue_up())
    assert len(play.sent_of(q.SubmitReducing)) == 1


def test_the_late_answer_of_an_earlier_doubt_does_not_settle_a_later_one() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.unknown())
    play.advance(250 * MS)
    play.tell(stage.accepted(), stage.cancel(), stage.cancel_rejected())
    play.advance(250 * MS)
    play.tell(stage.report(queried=True))  # asked before the cancel
    play.advance(SECOND)
    assert len(play.sent_of(q.QueryOrder)) == 2
    assert len(play.sent_of(q.CancelOrder)) == 1


def test_at_a_bans_end_the_emergency_leaves_first_though_its_first_attempt_met_the_ban() -> None:
    play = Stage()
    crowd = [stage.opening(stage.order_id(2, n)) for n in range(30)]
    last = stage.emergency(stage.order_id(3, 2))
    play.tell(*crowd, stage.emergency(stage.order_id(3, 1)))
    play.tell(stage.not_executed(stage.order_id(3, 1), after_ms=120_000, throttled=True))
    play.tell(stage.cancel(stage.order_id(4)), last)
    play.tell(*(stage.not_executed(o.client_order_id, after_ms=120_000, throttled=True) for o in crowd[:16]))
    play.sent.clear()
    play.advance(119 * SECOND)
    assert play.sent == []
    play.advance(SECOND)
    assert [type(m) for m in play.sent[:3]] == [q.SubmitEmergency, q.SubmitEmergency, q.CancelOrder]
    assert play.sent[0] == last
    assert {type(m) for m in play.sent[3:]} <= {q.SubmitOpening, q.FetchOpenOrders, q.FetchPositions}
