"""A held position has its stop: from the first fill, for the whole quantity, and somebody knows when it has not."""

from dataclasses import replace

import pytest

from messages import commands as c
from messages import reports as r
from messages.requests import CancelOrder, Notify, SubmitProtection, SubmitReducing
from messages.types import OrderKind, OrderPurpose, OrderStatus, PositionState, RejectReason, Severity, Side
from tests.position.histories import modifying
from tests.position.story import (
    BTC,
    SECOND,
    Story,
    active,
    dec,
    effects_of,
    events_of,
    notices,
    opened,
    protected,
    wake,
)

S = PositionState
ENTRY, REDUCE, STOP, TARGET = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP, OrderPurpose.TARGET


def test_protection_leaves_with_the_first_fill() -> None:
    story = opened(limit_price=dec(99), stop_loss=dec(90), take_profit=dec(120))
    step = story.tell(story.fill(story.order(ENTRY), "1"))
    stop, target = (ef.message for ef in step.effects if isinstance(ef.message, SubmitProtection))
    assert (stop.kind, stop.quantity, stop.trigger_price, stop.side) == (
        OrderKind.STOP_MARKET,
        dec(1),
        dec(90),
        Side.SELL,
    )
    assert (target.kind, target.quantity, target.trigger_price) == (OrderKind.TARGET_MARKET, dec(1), dec(120))
    assert wake(step, "unprotected") is not None


def test_protection_is_in_place_once_the_venue_has_all_of_it() -> None:
    story = opened(stop_loss=dec(90), take_profit=dec(120))
    story.fill_all(ENTRY)
    story.tell(story.accepted(story.order(STOP)))
    assert not story.position.protection_in_place
    step = story.tell(story.accepted(story.order(TARGET)))
    assert "ProtectionPlaced" in events_of(step)


def test_a_position_without_wanted_protection_never_claims_to_have_it() -> None:
    story = active()
    assert "ProtectionPlaced" not in [type(ev).__name__ for ev in story.events]


def test_the_owner_is_told_when_the_stop_does_not_rest_within_two_seconds() -> None:
    story = opened(stop_loss=dec(90))
    step = story.fill_all(ENTRY)
    after = wake(step, "unprotected")
    assert after is not None
    assert after.after_ms < 2_000
    step = story.tell(r.Woken(topic="unprotected"), after_ms=after.after_ms)
    assert "not covered" in notices(step, Severity.CRITICAL)[0]


def test_the_owner_is_told_at_once_when_the_trades_of_a_filled_entry_cannot_be_read() -> None:
    story = opened(stop_loss=dec(90))
    entry = story.order(ENTRY)
    story.tell(story.report(entry, OrderStatus.FILLED, filled="10"))
    step = story.tell(story.fetched(entry, "0"))
    assert "10 filled whose trades the venue does not show" in notices(step, Severity.CRITICAL)[0]
    again = story.tell(story.fetched(entry, "0"))
    ids = {ef.message.notice_id for s in (step, again) for ef in s.effects if isinstance(ef.message, Notify)}
    assert len(ids) == 1, "told again it is the same notice"


def test_nobody_is_woken_for_a_stop_that_rests_in_time() -> None:
    story = protected()
    step = story.tell(r.Woken(topic="unprotected"), after_ms=1_800)
    assert not step.effects


def test_a_stop_grows_with_the_position_and_the_new_one_rests_before_the_old_one_goes() -> None:
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4"))
    story.ack()
    small = story.order(STOP)
    step = story.tell(story.fill(story.order(ENTRY), "6"))
    assert effects_of(step)[0] == "SubmitProtection"
    assert "CancelOrder" not in effects_of(step)
    step = story.tell(story.accepted(story.order(STOP)))
    canceled = [ef.message.client_order_id for ef in step.effects if isinstance(ef.message, CancelOrder)]
    assert canceled == [small.client_order_id]
    assert story.order(STOP).quantity == 10


def test_a_stop_shrinks_after_a_partial_close() -> None:
    story = protected()
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    story.ack(REDUCE)
    story.fill_all(REDUCE)
    story.settle()
    assert story.state == S.ACTIVE
    assert {o.purpose: o.quantity for o in story.position.live_orders()} == {STOP: dec(6), TARGET: dec(6)}


def test_a_stop_that_fires_closes_the_position_and_takes_the_target_along() -> None:
    story = protected()
    story.tell(story.report(story.order(STOP), OrderStatus.TRIGGERED))
    assert story.state == S.CLOSING
    step = story.fill_all(STOP, price="89.5")
    assert "CancelOrder" in effects_of(step)
    story.cancel_done()
    assert story.state == S.CLOSED
    assert story.events[-1].because == "stop filled"  # type: ignore[attr-defined]
    assert story.position.realized_pnl == dec(-105)
    assert not story.position.live_orders()


def test_a_stop_that_fires_in_part_is_not_replaced_while_it_fires() -> None:
    story = protected()
    story.tell(story.report(story.order(STOP), OrderStatus.TRIGGERED))
    step = story.tell(story.fill(story.order(STOP), "4"))
    assert "SubmitProtection" not in effects_of(step)
    story.fill_all(STOP)
    story.cancel_done()
    assert story.state == S.CLOSED


def test_a_stop_reported_filled_before_its_trades_is_neither_replaced_nor_doubled_by_a_close() -> None:
    story = protected()
    story.tell(story.report(story.order(STOP), OrderStatus.FILLED, "10"))
    assert story.state == S.RECONCILING
    story.tell(c.ClosePosition(**story.own()))
    assert [s.client_order_id for s in story.submitted()] == [o.client_order_id for o in story.position.orders[:3]]
    story.fill_all(STOP)
    story.cancel_done()
    assert story.state == S.CLOSED


def test_a_stop_that_fires_during_a_partial_entry_cancels_the_rest_of_it() -> None:
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4"))
    story.ack()
    step = story.fill_all(STOP)
    assert "CancelOrder" in effects_of(step)
    story.cancel_done()
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))


def test_a_refused_stop_is_told_of_retried_with_growing_pauses_and_ends_in_a_close() -> None:
    story = opened(stop_loss=dec(90))
    story.fill_all(ENTRY)
    begun, pauses, told = story.now_ns, [], 0
    for _ in range(12):
        step = story.tell(story.rejected(story.order(STOP)))
        told += len(notices(step, Severity.CRITICAL))
        retry = wake(step, "protect:stop")
        if retry is None:
            break
        pauses.append(retry.after_ms)
        story.tell(r.Woken(topic="protect:stop"), after_ms=retry.after_ms)
        if story.position.goal_quantity == 0:
            break
    assert pauses == [500, 1_000, 2_000, 4_000, 8_000, 16_000]
    assert told == 1, "the same words are told once"
    assert story.state == S.CLOSING
    assert (story.now_ns - begun) // SECOND in range(30, 34)
    assert any("refused for 30 s" in text for text in notices(story.steps[-1], Severity.CRITICAL))
    assert "SubmitReducing" in effects_of(story.steps[-1])


def test_a_close_for_a_refused_stop_takes_the_target_off_first() -> None:
    """Nobody says then whether the leg is shared, and the target could fire meanwhile."""
    story = opened(stop_loss=dec(90), take_profit=dec(120))
    story.fill_all(ENTRY)
    story.tell(story.accepted(story.order(TARGET)))
    story.tell(story.rejected(story.order(STOP)))
    step = story.tell(r.Woken(topic="protect:stop"), after_ms=30_000)
    assert "CancelOrder" in effects_of(step)
    assert "SubmitReducing" not in effects_of(step)
    story.cancel_done()
    assert isinstance(story.submitted()[-1], SubmitReducing)


def test_a_stop_rejected_after_its_acceptance_is_a_refusal_like_any_other() -> None:
    story = protected()
    step = story.tell(story.report(story.order(STOP), OrderStatus.REJECTED))
    assert "ProtectionFailed" in events_of(step)
    assert notices(step, Severity.CRITICAL)
    assert wake(step, "protect:stop") is not None


def test_a_stop_whose_price_is_already_passed_closes_at_market() -> None:
    story = opened(stop_loss=dec(90))
    story.fill_all(ENTRY)
    step = story.tell(story.rejected(story.order(STOP), RejectReason.WOULD_TRIGGER))
    assert story.state == S.CLOSING
    assert "already passed" in story.position.reason
    assert "SubmitReducing" in effects_of(step)


def test_a_stop_canceled_by_somebody_else_is_placed_again_but_not_in_a_storm() -> None:
    story = protected()
    step = story.tell(story.report(story.order(STOP), OrderStatus.CANCELED), after_ms=3_600_000)
    assert not story.position.protection_in_place
    assert "SubmitProtection" not in effects_of(step), "not at the pace of the network"
    retry = wake(step, "protect:stop")
    assert retry is not None
    assert wake(step, "unprotected") is not None, "and the owner hears of it when it takes long"
    step = story.tell(r.Woken(topic="protect:stop"), after_ms=retry.after_ms)
    assert effects_of(step) == ["SubmitProtection"]
    story.ack()
    assert story.position.protection_in_place


def test_a_stop_canceled_again_hours_later_does_not_count_as_refused_for_hours() -> None:
    story = protected()
    for _ in range(3):
        step = story.tell(story.report(story.order(STOP), OrderStatus.CANCELED), after_ms=3_600_000)
        assert story.state == S.ACTIVE
        retry = wake(step, "protect:stop")
        assert retry is not None
        assert retry.after_ms == 500
        story.tell(r.Woken(topic="protect:stop"), after_ms=500)
        story.ack()


def test_a_stop_in_doubt_is_not_placed_a_second_time() -> None:
    story = opened(stop_loss=dec(90))
    story.fill_all(ENTRY)
    story.tell(story.unknown(story.order(STOP)))
    assert story.state == S.RECONCILING
    story.tell(r.Woken(topic="protect:stop"), after_ms=5_000)
    assert len([s for s in story.submitted() if isinstance(s, SubmitProtection)]) == 1
    story.tell(story.absent(story.order(STOP)))
    step = story.tell(r.Woken(topic="protect:stop"), after_ms=500)
    assert effects_of(step) == ["SubmitProtection"]


def test_moving_the_stop_is_modifying_until_the_new_one_rests() -> None:
    story = modifying()
    assert [o.trigger_price for o in story.position.live_orders(STOP)] == [dec(90), dec(95)]
    step = story.tell(story.accepted(story.order(STOP)))
    assert story.state == S.ACTIVE
    assert "CancelOrder" in effects_of(step)
    story.cancel_done()
    assert [o.trigger_price for o in story.position.live_orders(STOP)] == [dec(95)]


def test_a_refused_move_keeps_the_old_stop_resting() -> None:
    story = modifying()
    step = story.tell(story.rejected(story.order(STOP)))
    assert story.state == S.MODIFYING
    assert notices(step, Severity.CRITICAL)
    assert [o.trigger_price for o in story.position.live_orders(STOP)] == [dec(90)]
    assert wake(step, "unprotected") is None, "the old one still covers it"


def test_zero_removes_the_stop() -> None:
    story = protected()
    step = story.tell(c.ModifyPosition(stop_loss=dec(0), **story.own()))
    assert "CancelOrder" in effects_of(step)
    story.cancel_done()
    assert [o.purpose for o in story.position.live_orders()] == [TARGET]
    assert story.state == S.ACTIVE


@pytest.mark.parametrize("price", ["90.05", "-1"])
def test_an_impossible_stop_price_is_refused_and_changes_nothing(price: str) -> None:
    story = protected()
    step = story.tell(c.ModifyPosition(stop_loss=dec(price), **story.own()))
    assert (step.verdict, story.state) == ("refused", S.ACTIVE)
    assert story.position.stop_loss == 90
    assert price in step.why


def test_no_stop_outlives_its_position() -> None:
    story = protected()
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE)
    assert story.state == S.CLOSING, "the protection is still on the book"
    story.cancel_done()
    assert story.state == S.CLOSED


def test_a_stop_sent_just_before_the_position_went_flat_is_canceled_when_it_answers() -> None:
    story = opened(stop_loss=dec(90))
    story.fill_all(ENTRY)
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE)
    assert story.state == S.CLOSING
    step = story.tell(story.accepted(story.order(STOP)))
    assert "CancelOrder" in effects_of(step)
    story.cancel_done()
    assert story.state == S.CLOSED


def test_protection_without_an_instrument_bound_is_for_the_whole_quantity() -> None:
    story = Story()
    story.tell(story.opening("250", stop_loss=dec(90), instrument=replace(BTC, max_market_quantity=dec(0))))
    story.fill_all(ENTRY)
    assert story.order(STOP).quantity == 250
