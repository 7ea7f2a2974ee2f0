"""Unknown outcomes: asked after, never resent; found, absent, or proven wrong by a late fill."""

import pytest

from messages import commands as c
from messages import reports as r
from messages.requests import FetchFills, ResolveOrder
from messages.types import OrderPurpose, OrderStatus, PositionState, RejectReason, Severity
from tests.position.histories import opening
from tests.position.story import Story, active, dec, effects_of, notices, opened, protected, wake

S = PositionState
ENTRY, REDUCE, STOP = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP


def doubtful() -> Story:
    story = opening()
    step = story.tell(story.unknown(story.order(ENTRY)))
    assert story.state == S.RECONCILING
    assert notices(step, Severity.WARNING)
    return story


def test_a_doubtful_entry_that_is_found_working_opens() -> None:
    story = doubtful()
    story.tell(story.report(story.order(ENTRY), OrderStatus.WORKING))
    assert story.state == S.OPENING
    story.fill_all(ENTRY)
    assert story.state == S.ACTIVE
    assert len([o for o in story.position.orders if o.purpose is ENTRY]) == 1


def test_a_doubtful_entry_that_is_found_filled_is_active_once_its_trades_are_read() -> None:
    story = doubtful()
    story.tell(story.report(story.order(ENTRY), OrderStatus.FILLED, "10"))
    assert story.state == S.RECONCILING
    step = story.tell(r.Woken(topic="fills"), after_ms=400)
    assert any(isinstance(ef.message, FetchFills) for ef in step.effects)
    story.fill_all(ENTRY)
    story.tell(story.fetched(story.order(ENTRY), "10"))
    assert (story.state, story.position.quantity) == (S.ACTIVE, dec(10))


def test_a_doubtful_entry_that_is_proven_absent_fails_and_says_so() -> None:
    story = doubtful()
    step = story.tell(story.absent(story.order(ENTRY)))
    assert story.state == S.FAILED
    assert "never reached" in notices(step, Severity.WARNING)[0]


def test_a_doubtful_entry_is_never_sent_again_however_long_it_takes() -> None:
    story = doubtful()
    for topic in ("answer:1", "fills", "close", "protect:stop", "leverage"):
        story.tell(r.Woken(topic=topic), after_ms=60_000)
    story.tell(story.sweep())
    story.restart()
    assert len(story.submitted()) == 1
    assert story.state == S.RECONCILING


def test_a_fill_ends_the_doubt_about_its_order() -> None:
    story = doubtful()
    story.tell(story.fill(story.order(ENTRY), "3"))
    assert not story.position.in_doubt
    assert story.state == S.OPENING


@pytest.mark.parametrize("presumed", ["absent", "refused"])
def test_a_late_fill_after_a_presumed_failure_revives_with_a_critical_notice_and_protection(presumed: str) -> None:
    story = doubtful()
    entry = story.order(ENTRY)
    story.tell(story.absent(entry) if presumed == "absent" else story.rejected(entry))
    assert story.state == S.FAILED
    step = story.tell(story.fill(entry, "10"))
    assert (story.state, story.position.quantity) == (S.ACTIVE, dec(10))
    assert any("late fill" in text for text in notices(step, Severity.CRITICAL))
    assert "SubmitProtection" in effects_of(step)
    assert "ResolveOrder" in effects_of(step)
    assert wake(step, "unprotected") is not None


def test_a_late_acknowledgment_after_a_presumed_failure_revives_too() -> None:
    story = doubtful()
    story.tell(story.absent(story.order(ENTRY)))
    step = story.tell(story.accepted(story.order(ENTRY)))
    assert story.state == S.OPENING
    assert notices(step, Severity.CRITICAL)


def test_a_late_fill_of_an_opening_that_was_called_off_is_closed_again() -> None:
    story = opened(limit_price=dec(99))
    story.tell(c.ClosePosition(**story.own()))
    story.tell(story.rejected(story.order(ENTRY), RejectReason.NEVER_SENT))
    assert story.state == S.CANCELLED
    step = story.tell(story.fill(story.order(ENTRY), "10"))
    assert story.state == S.CLOSING
    assert "SubmitReducing" in effects_of(step)
    story.fill_all(REDUCE)
    assert story.state == S.CLOSED


def test_failed_is_not_the_last_word_while_exposure_is_open() -> None:
    story = opening()
    story.tell(story.rejected(story.order(ENTRY)))
    story.fill_all(ENTRY)
    assert not story.position.state.terminal
    story.tell(c.ClosePosition(**story.own()))
    story.settle()
    story.fill_all(REDUCE)
    story.settle()
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))


def test_a_refusal_that_contradicts_a_fill_changes_nothing_and_is_asked_about() -> None:
    story = opened()
    story.tell(story.fill(story.order(ENTRY), "4"))
    step = story.tell(story.rejected(story.order(ENTRY)))
    assert step.verdict == "refused"
    assert effects_of(step) == ["ResolveOrder"]
    assert story.position.quantity == 4


def test_silence_about_an_order_is_asked_about_and_is_doubt_once_it_is_known_to_have_left() -> None:
    story = opened()
    after = wake(story.steps[0], "answer:1")
    assert after is not None
    for _ in range(3):  # it may wait for the venue as long as a ban
        step = story.tell(r.Woken(topic="answer:1"), after_ms=after.after_ms)
        assert story.state == S.OPENING
        asked = step.effects[0].message
        assert isinstance(asked, ResolveOrder)
        assert asked.unanswered
        assert wake(step, "answer:1") is not None
    story.tell(story.unknown(story.order(ENTRY)))
    assert story.state == S.RECONCILING


def test_a_close_that_waits_for_the_venue_is_closing_and_no_doubt() -> None:
    story = protected()
    story.tell(c.ClosePosition(**story.own()))
    closing = story.order(OrderPurpose.REDUCE)
    story.tell(r.Woken(topic=f"answer:{closing.number}"), after_ms=15_000)
    assert story.state == S.CLOSING
    story.tell(story.unknown(closing))
    assert story.state == S.RECONCILING


def test_silence_about_a_cancel_is_answered_by_canceling_again() -> None:
    story = opened(limit_price=dec(99))
    story.ack()
    story.tell(c.ClosePosition(**story.own()))
    step = story.tell(r.Woken(topic="answer:1"), after_ms=15_000)
    assert effects_of(step) == ["CancelOrder", "ResolveOrder"]
    assert wake(step, "answer:1") is not None


def test_a_doubtful_cancel_leaves_the_order_what_it_was() -> None:
    story = opened(limit_price=dec(99))
    story.ack()
    story.tell(c.ClosePosition(**story.own()))
    before = story.position
    story.tell(story.unknown(story.order(ENTRY), cancel=True))
    assert story.position == before


def test_an_unread_fill_is_read_again_until_it_is_there_and_told_of_when_it_takes_long() -> None:
    story = protected()
    step = story.tell(story.report(story.order(STOP), OrderStatus.FILLED, "10"))
    grace = wake(step, "fills")
    assert grace is not None
    told = []
    for _ in range(8):
        step = story.tell(r.Woken(topic="fills"), after_ms=2_000)
        assert effects_of(step)[0] == "FetchFills"
        assert wake(step, "fills") is not None
        told += notices(step, Severity.WARNING)
    assert told, "the owner hears of trades that cannot be read"
    story.fill_all(STOP)
    story.cancel_done()
    assert story.state == S.CLOSED


def test_a_reading_that_knows_less_than_we_do_forgets_nothing() -> None:
    story = active()
    story.tell(story.fetched(story.order(ENTRY), "0"))
    story.tell(story.sweep())
    assert story.position.quantity == 10


def test_an_order_missing_from_the_book_is_asked_after_unless_it_changed_since_the_reading_began() -> None:
    story = protected()
    stale = story.sweep()
    story.tell(c.ModifyPosition(stop_loss=dec(95), **story.own()))
    step = story.tell(stale)
    asked = {ef.message.client_order_id for ef in step.effects if isinstance(ef.message, ResolveOrder)}
    old_stop, target, new_stop = story.position.orders[1:]
    assert asked == {old_stop.client_order_id, target.client_order_id}
    assert new_stop.client_order_id not in asked
    step = story.tell(story.sweep(old_stop, target, new_stop))
    assert [ef.message.client_order_id for ef in step.effects if isinstance(ef.message, ResolveOrder)] == [
        new_stop.client_order_id
    ], "on the book or not, an order without an answer is asked after"


def test_an_acknowledged_order_that_the_venue_no_longer_knows_can_still_come_back() -> None:
    story = opened(limit_price=dec(99))
    story.ack()
    story.tell(story.absent(story.order(ENTRY)))
    assert story.state == S.CANCELLED
    story.tell(story.report(story.order(ENTRY), OrderStatus.WORKING))
    assert story.state == S.OPENING


def test_a_verdict_that_comes_after_the_order_ended_changes_nothing() -> None:
    story = active()
    before = story.position
    entry = story.order(ENTRY)
    for late in (story.absent(entry), story.unknown(entry), story.rejected(entry)):
        story.tell(late)
    assert story.position == before


def test_a_reduction_proven_absent_is_sent_anew_under_a_new_id() -> None:
    story = active()
    story.tell(c.ClosePosition(**story.own()))
    story.tell(story.unknown(story.order(REDUCE)))
    story.tell(story.absent(story.order(REDUCE)))
    story.tell(r.Woken(topic="close"), after_ms=500)
    first, second = (s.client_order_id for s in story.submitted()[1:])
    assert first != second


def test_notices_of_one_kind_and_version_are_one_notice() -> None:
    story = opened()
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4"))
    story.tell(story.report(story.order(ENTRY), OrderStatus.FILLED, "10"))
    story.tell(r.Woken(topic="fills"), after_ms=11_000)
    step = story.tell(r.Woken(topic="fills"), after_ms=2_000)
    again = story.tell(r.Woken(topic="fills"), after_ms=2_000)
    ids = {ef.message.notice_id for s in (step, again) for ef in s.effects if hasattr(ef.message, "notice_id")}
    assert len(ids) == 1


def test_holding_it_and_asking_in_vain_make_no_doubt_younger() -> None:
    story = doubtful()
    since_ns = story.position.touched_ns
    story.tell(c.PausePosition(**story.own()))
    story.tell(c.ResumePosition(**story.own()))
    step = story.tell(c.ModifyPosition(stop_loss=dec(90), **story.own()))
    assert step.verdict == "refused"
    assert story.position.touched_ns == since_ns
