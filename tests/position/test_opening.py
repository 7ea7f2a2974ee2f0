"""From a wish to a position: market, limit, split, leverage, expiry, and every way an entry comes to nothing."""

from dataclasses import replace

import pytest

from messages import commands as c
from messages import reports as r
from messages.requests import CancelOrder, FetchFills, Reply, SubmitOpening
from messages.types import Key, OrderKind, OrderPurpose, OrderStatus, PositionState, RejectReason, Severity, Side
from tests.position.histories import opening, pending
from tests.position.story import (
    BEGIN_NS,
    LONG,
    SECOND,
    SHORT,
    Story,
    active,
    dec,
    effects_of,
    events_of,
    notices,
    opened,
    protected,
    stranger,
    wake,
)

S = PositionState
ENTRY, REDUCE, STOP = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP


def test_a_market_opening_intends_then_sends_and_answers_whoever_asked() -> None:
    story = Story()
    step = story.tell(story.opening())
    assert events_of(step) == ["PositionRequested", "OrderIntended", "StateChanged"]
    reply, submit = (effect.message for effect in step.effects)
    assert isinstance(reply, Reply)
    assert reply.accepted
    assert reply.position_id == story.position.position_id
    assert isinstance(submit, SubmitOpening)
    assert (submit.side, submit.quantity, submit.kind) == (Side.BUY, dec(10), OrderKind.MARKET)
    assert step.effects[1].to == "gateway/main"


def test_a_filled_market_opening_is_active_at_its_average_price() -> None:
    story = opened()
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4", "100"))
    assert story.state == S.OPENING
    story.tell(story.fill(story.order(ENTRY), "6", "101"))
    assert story.state == S.ACTIVE
    assert (story.position.quantity, story.position.entry_price) == (dec(10), dec("100.6"))
    assert dict(story.position.fees) == {"USDT": dec("0.08")}


def test_a_short_opens_by_selling() -> None:
    story = active(SHORT)
    assert story.submitted()[0].side is Side.SELL
    assert story.position.quantity == 10


def test_a_limit_opening_rests_and_fills_in_parts() -> None:
    story = opened(limit_price=dec(99))
    submit = story.submitted()[0]
    assert (submit.kind, submit.limit_price) == (OrderKind.LIMIT, dec(99))
    story.ack()
    for _ in range(2):
        story.tell(story.fill(story.order(ENTRY), "3", "99"))
        assert story.state == S.OPENING
    story.tell(story.fill(story.order(ENTRY), "4", "99"))
    assert story.state == S.ACTIVE
    assert story.position.entry_price == 99


def test_a_refused_entry_is_failed_says_why_and_is_not_sent_again() -> None:
    story = opening()
    step = story.tell(story.rejected(story.order(ENTRY), RejectReason.INSUFFICIENT_MARGIN, "margin is insufficient"))
    assert story.state == S.FAILED
    assert "margin is insufficient" in story.position.reason
    assert "margin is insufficient" in notices(step, Severity.WARNING)[0]
    assert len(story.submitted()) == 1


def test_an_order_rejected_after_its_acceptance_is_refused_all_the_same() -> None:
    story = opening()
    story.ack()
    step = story.tell(story.report(story.order(ENTRY), OrderStatus.REJECTED))
    assert story.state == S.FAILED
    assert notices(step, Severity.WARNING)


def test_a_fill_may_come_before_the_acknowledgment() -> None:
    story = opened()
    story.fill_all(ENTRY)
    assert story.state == S.ACTIVE
    before = story.position
    story.tell(story.accepted(story.order(ENTRY)))
    assert story.position == before


def test_a_report_of_being_filled_that_overtakes_its_trades_opens_nothing_twice() -> None:
    story = opened(stop_loss=dec(90))
    step = story.tell(story.report(story.order(ENTRY), OrderStatus.FILLED, "10"))
    assert story.state == S.RECONCILING
    assert wake(step, "fills") is not None
    assert [o.purpose for o in story.position.orders] == [ENTRY, STOP], "what is said to be filled is covered at once"
    step = story.tell(r.Woken(topic="fills"), after_ms=400)
    assert [type(ef.message) for ef in step.effects] == [FetchFills]
    story.fill_all(ENTRY)
    assert story.state == S.ACTIVE
    assert [o.purpose for o in story.position.orders] == [ENTRY, STOP]


def test_an_entry_called_filled_without_a_fill_is_read_and_not_sent_again() -> None:
    story = opened()
    step = story.tell(story.report(story.order(ENTRY), OrderStatus.FILLED, "0"))
    assert "FetchFills" in effects_of(step)
    assert len(story.submitted()) == 1
    story.fill_all(ENTRY)
    assert story.state == S.ACTIVE


def test_reports_that_come_twice_or_late_change_nothing() -> None:
    story = opened()
    fill = story.fill(story.order(ENTRY), "10")
    working = story.report(story.order(ENTRY), OrderStatus.WORKING)
    done = story.report(story.order(ENTRY), OrderStatus.FILLED, "10")
    story.tell(fill)
    story.tell(done)
    before = story.position
    for late in (fill, done, working, story.accepted(story.order(ENTRY)), story.unknown(story.order(ENTRY))):
        step = story.tell(late)
        assert not step.events, type(late).__name__
    assert story.position == before


def test_an_entry_above_the_market_maximum_goes_part_by_part() -> None:
    story = Story()
    story.tell(story.opening("250"))
    for sent, quantity in ((1, 100), (2, 100), (3, 50)):
        assert [s.quantity for s in story.submitted()][sent - 1 :] == [dec(quantity)]
        assert story.state == S.OPENING
        story.fill_all(ENTRY)
    assert story.state == S.ACTIVE
    assert story.position.quantity == 250


def test_a_refused_part_ends_the_entry_and_keeps_what_was_filled() -> None:
    story = Story()
    story.tell(story.opening("250", stop_loss=dec(90)))
    story.fill_all(ENTRY)
    step = story.tell(story.rejected(story.order(ENTRY)))
    assert "in full" in notices(step, Severity.WARNING)[0]
    story.settle()
    assert (story.state, story.position.quantity) == (S.ACTIVE, dec(100))
    assert len([s for s in story.submitted() if isinstance(s, SubmitOpening)]) == 2


def test_a_part_that_was_presumed_lost_and_then_fills_does_not_go_on_opening() -> None:
    story = Story()
    story.tell(story.opening("250"))
    story.tell(story.unknown(story.order(ENTRY)))
    story.tell(story.absent(story.order(ENTRY)))
    assert story.state == S.FAILED
    story.fill_all(ENTRY)
    assert story.state == S.ACTIVE
    assert len(story.submitted()) == 1


def test_doubt_about_the_stop_holds_the_next_part_of_the_entry() -> None:
    story = Story()
    story.tell(story.opening("250", stop_loss=dec(90)))
    story.tell(story.fill(story.order(ENTRY), "50"))
    story.tell(story.unknown(story.order(STOP)))
    story.fill_all(ENTRY)
    assert len([s for s in story.submitted() if isinstance(s, SubmitOpening)]) == 1
    story.tell(story.accepted(story.order(STOP)))
    assert len([s for s in story.submitted() if isinstance(s, SubmitOpening)]) == 2


def test_leverage_is_set_before_the_entry_is_sent() -> None:
    story = Story()
    step = story.tell(story.opening(leverage=5))
    assert story.state == S.PENDING
    assert effects_of(step) == ["SetLeverage", "Reply"]
    step = story.tell(story.leverage_set(3))
    assert not step.events, "another's leverage is not ours"
    story.tell(story.leverage_set(5))
    assert story.state == S.OPENING
    assert len(story.submitted()) == 1


def test_refused_leverage_fails_the_opening_before_anything_is_sent() -> None:
    story = pending()
    step = story.tell(story.leverage_refused())
    assert story.state == S.FAILED
    assert notices(step, Severity.WARNING)
    assert not story.submitted()


def test_leverage_of_unknown_outcome_is_asked_for_again() -> None:
    story = pending()
    step = story.tell(story.leverage_refused(unknown=True))
    assert story.state == S.PENDING
    assert wake(step, "leverage") is not None
    step = story.tell(r.Woken(topic="leverage"), after_ms=1_000)
    assert effects_of(step) == ["SetLeverage"]


def test_nothing_leaves_after_the_opening_has_expired() -> None:
    story = Story()
    story.tell(story.opening(leverage=5, expires_at_ns=BEGIN_NS + SECOND))
    story.tell(story.leverage_set(), after_ms=2_000)
    assert story.state == S.CANCELLED
    assert "expired" in story.position.reason
    assert not story.submitted()


def test_an_opening_expires_even_while_its_leverage_is_never_answered() -> None:
    story = Story()
    story.tell(story.opening(leverage=5, expires_at_ns=BEGIN_NS + SECOND))
    story.tell(r.Woken(topic="leverage"), after_ms=15_000)
    assert story.state == S.CANCELLED


def test_an_opening_that_expires_before_its_leverage_is_set_says_what_was_answered_to_that_last() -> None:
    story = Story()
    story.tell(story.opening(leverage=5, expires_at_ns=BEGIN_NS + SECOND))
    first = story.tell(story.leverage_refused(unknown=True))
    assert len(first.events) == 1
    assert not story.tell(story.leverage_refused(unknown=True)).events, "the same words are written down once"
    story.tell(r.Woken(topic="leverage"), after_ms=15_000)
    assert story.position.reason == "the opening expired before its leverage was set; the last answer: no"


def test_the_rest_of_a_split_entry_expires_and_what_is_held_stays() -> None:
    story = Story()
    story.tell(story.opening("250", expires_at_ns=BEGIN_NS + SECOND))
    story.tell(story.fill(story.order(ENTRY), "100"), after_ms=2_000)
    assert (story.state, story.position.quantity) == (S.ACTIVE, dec(100))
    assert len(story.submitted()) == 1


def test_closing_a_resting_entry_cancels_it() -> None:
    story = opened(limit_price=dec(99))
    story.ack()
    step = story.tell(c.ClosePosition(**story.own()))
    assert story.state == S.CLOSING
    assert isinstance(step.effects[1].message, CancelOrder)
    story.cancel_done()
    assert story.state == S.CANCELLED
    assert "closed by command" in story.position.reason


def test_an_entry_that_still_waits_in_the_gateway_can_be_taken_back() -> None:
    story = opening()
    step = story.tell(c.EmergencyClose(**story.own()))
    assert "CancelOrder" in effects_of(step)
    story.tell(story.rejected(story.order(ENTRY), RejectReason.NEVER_SENT))
    assert story.state == S.CANCELLED
    assert "emergency" in story.position.reason


def test_a_cancel_that_met_nothing_is_repeated_once_the_order_is_known_to_work() -> None:
    story = opened(limit_price=dec(99))
    story.tell(c.ClosePosition(**story.own()))
    step = story.tell(story.accepted(story.order(ENTRY)))
    assert "CancelOrder" in effects_of(step)


def test_a_fill_while_the_entry_is_being_canceled_is_closed_again() -> None:
    story = opened(limit_price=dec(99))
    story.ack()
    story.tell(c.ClosePosition(**story.own()))
    step = story.tell(story.fill(story.order(ENTRY), "4"))
    assert "SubmitReducing" in effects_of(step)
    story.cancel_done()
    story.fill_all(REDUCE)
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))


def test_an_entry_canceled_by_the_venue_with_nothing_filled_is_cancelled_and_its_trades_are_read() -> None:
    story = opened(limit_price=dec(99))
    story.ack()
    step = story.tell(story.report(story.order(ENTRY), OrderStatus.EXPIRED))
    assert story.state == S.CANCELLED
    assert "FetchFills" in effects_of(step)


def test_a_fill_after_the_cancel_still_counts() -> None:
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(story.report(story.order(ENTRY), OrderStatus.CANCELED))
    step = story.tell(story.fill(story.order(ENTRY), "2"))
    assert (story.state, story.position.quantity) == (S.ACTIVE, dec(2))
    assert notices(step, Severity.CRITICAL)
    assert story.order(STOP).quantity == 2


def test_a_partial_fill_then_a_cancel_keeps_the_quantity_and_fits_the_stop_to_it() -> None:
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "3"))
    story.settle()
    story.tell(story.fill(story.order(ENTRY), "1"))
    story.tell(story.report(story.order(ENTRY), OrderStatus.CANCELED, "4"))
    story.settle()
    assert (story.state, story.position.quantity) == (S.ACTIVE, dec(4))
    assert [o.quantity for o in story.position.live_orders(STOP)] == [dec(4)]


@pytest.mark.parametrize("key", [LONG, SHORT], ids=lambda k: k.side)
def test_realized_profit_is_exact_and_signed_by_the_side(key: Key) -> None:
    story = protected(key)
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE, price="103.5")
    assert story.position.realized_pnl == dec(35) * story.key.side.sign


def test_a_second_opening_is_refused_whatever_the_position_is_doing() -> None:
    story = active()
    step = story.tell(story.opening())
    reply = step.effects[0].message
    assert isinstance(reply, Reply)
    assert not reply.accepted
    assert story.position.quantity == 10


def test_a_command_told_twice_has_one_effect_and_two_answers() -> None:
    story = Story()
    command = story.opening()
    story.tell(command)
    step = story.tell(command)
    assert not step.events
    assert effects_of(step) == ["Reply"]
    assert len(story.submitted()) == 1


def test_a_position_that_was_never_asked_for_cannot_be_closed() -> None:
    for command in (c.ClosePosition, c.EmergencyClose):
        story = Story()
        step = story.tell(command(**story.own()))
        assert (step.verdict, step.events, story.state) == ("refused", (), S.PENDING)


def test_an_adopted_position_is_active_told_of_and_can_be_protected_and_closed() -> None:
    story = Story()
    step = story.tell(story.adoption("3"))
    assert (story.state, story.position.quantity, story.position.entry_price) == (S.ACTIVE, dec(3), dec(100))
    assert notices(step, Severity.WARNING)
    assert not story.submitted(), "adopting sends nothing"
    story.tell(c.ModifyPosition(stop_loss=dec(95), **story.own()))
    story.settle()
    assert story.position.protection_in_place
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE, price="110")
    story.settle()
    assert story.state == S.CLOSED
    assert story.position.realized_pnl == 30


def test_an_order_that_the_journal_does_not_know_is_told_of_and_changes_nothing() -> None:
    story = active()
    report = replace(story.fill(story.order(ENTRY), "1"), client_order_id=stranger(story.order(ENTRY)))
    for told in (story, pending()):
        quantity = told.position.quantity
        step = told.tell(report)
        assert events_of(step) == ["MessageRefused"]
        assert notices(step, Severity.CRITICAL)
        assert told.position.quantity == quantity
