"""Protection of a position above the market maximum: as many orders as it takes, and few."""

from dataclasses import replace
from decimal import Decimal

import pytest

from messages import commands as c
from messages import reports as r
from messages.requests import CancelOrder
from messages.types import OrderPurpose, OrderStatus, RejectReason, Severity
from messages.types import PositionState as S
from tests.position.story import BTC, SECOND, Story, dec, notices, wake

STOP, TARGET, ENTRY, REDUCE = OrderPurpose.STOP, OrderPurpose.TARGET, OrderPurpose.ENTRY, OrderPurpose.REDUCE
MOST = BTC.max_market_quantity


def filled(quantity: str = "250", **wanted: Decimal) -> Story:
    """A position larger than one order may be: its entry came in parts, its protection has just been sent."""
    story = Story()
    story.tell(story.opening(quantity, **{"stop_loss": dec(90), **wanted}))
    while any(o.live for o in story.position.orders if o.purpose is ENTRY):
        story.tell(story.fill(story.order(ENTRY)))
        accept_all(story)
    return story


def accept_all(story: Story) -> None:
    """Every answer that is due comes, also to what those bring with them."""
    while waiting := [o for o in story.position.live_orders() if o.purpose.protective and not o.venue_order_id]:
        story.tell(story.accepted(waiting[0]))
    story.cancel_done()


def resting(story: Story, purpose: OrderPurpose = STOP) -> list[Decimal]:
    return sorted(o.leaves_quantity for o in story.position.live_orders(purpose))


def test_a_stop_above_the_market_maximum_rests_in_parts_that_cover_all_of_it() -> None:
    story = filled(take_profit=dec(120))
    assert resting(story) == resting(story, TARGET) == [dec(50), dec(100), dec(100)]
    assert all(order.quantity <= MOST for order in story.position.orders)
    assert (story.state, story.position.protection_in_place, story.position.unprotected) == (S.ACTIVE, True, False)


def test_until_the_last_part_rests_the_position_counts_as_bare() -> None:
    story = filled()
    story.tell(c.ModifyPosition(stop_loss=dec(91), **story.own()))
    for order in [o for o in story.position.live_orders(STOP) if not o.venue_order_id][:2]:
        story.tell(story.accepted(order))
    assert not story.position.unprotected, "the old ones still rest"
    assert not story.position.protection_in_place, "the new ones do not yet cover all of it"


def test_moving_the_stop_places_every_new_part_before_an_old_one_goes() -> None:
    story = filled()
    step = story.tell(c.ModifyPosition(stop_loss=dec(91), **story.own()))
    assert not any(isinstance(effect.message, CancelOrder) for effect in step.effects)
    assert len([o for o in story.position.live_orders(STOP) if o.trigger_price == 91]) == 3
    accept_all(story)
    assert {o.trigger_price for o in story.position.live_orders(STOP)} == {dec(91)}
    assert resting(story) == [dec(50), dec(100), dec(100)]


def test_a_partial_close_keeps_the_parts_that_still_fit() -> None:
    story = filled()
    placed = len(story.position.orders)
    story.tell(c.ClosePosition(quantity=dec(100), **story.own()))
    story.tell(story.fill(story.order(REDUCE)))
    accept_all(story)
    assert resting(story) == [dec(50), dec(100)]
    assert len(story.position.orders) == placed + 1, "the reduction is the only new order"


def test_an_addition_adds_one_part() -> None:
    story = filled()
    story.tell(c.ModifyPosition(add=dec(30), **story.own()))
    story.tell(story.fill(story.order(ENTRY)))
    accept_all(story)
    assert resting(story) == [dec(30), dec(50), dec(100), dec(100)]
    assert story.position.protection_in_place


def test_a_position_that_grows_by_crumbs_has_few_stops_all_the_same() -> None:
    story = filled("150")
    for _ in range(6):
        story.tell(c.ModifyPosition(add=dec(1), **story.own()))
        story.tell(story.fill(story.order(ENTRY)))
        accept_all(story)
    assert sum(resting(story)) == 156
    assert len(resting(story)) <= 3


def test_parts_that_fire_one_after_the_other_close_it_to_the_last() -> None:
    story = filled()
    for order in story.position.live_orders(STOP):
        story.tell(story.fill(order, price="89"))
        story.tell(story.report(order, OrderStatus.FILLED, order.quantity))
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))
    assert not any(o.purpose is REDUCE for o in story.position.orders), "the stops did all of it"


def test_a_part_that_is_refused_is_tried_again_and_nothing_else_is() -> None:
    story = filled()
    story.tell(c.ModifyPosition(add=dec(100), **story.own()))
    story.tell(story.fill(story.order(ENTRY)))
    step = story.tell(story.rejected(story.order(STOP), RejectReason.LIMIT_REACHED, "Reach max stop order limit."))
    [told] = notices(step, Severity.CRITICAL)
    assert "the account has as many resting orders as it may have" in told
    retry = wake(step, "protect:stop")
    assert retry is not None
    again = story.tell(r.Woken(topic="protect:stop"), after_ms=retry.after_ms)
    assert [effect.message.quantity for effect in again.effects if hasattr(effect.message, "quantity")] == [dec(100)]


def test_what_no_stop_may_cover_for_too_long_is_closed_and_the_rest_stays_protected() -> None:
    """As many conditional orders as the venue allows, and one more is needed: -4045."""
    story = filled()
    story.tell(c.ModifyPosition(add=dec(100), **story.own()))
    story.tell(story.fill(story.order(ENTRY)))
    told: list[str] = []
    for _ in range(12):
        if story.position.goal_quantity is not None:
            break
        step = story.tell(story.rejected(story.order(STOP), RejectReason.LIMIT_REACHED))
        retry = wake(step, "protect:stop")
        assert retry is not None
        told = notices(story.tell(r.Woken(topic="protect:stop"), after_ms=retry.after_ms), Severity.CRITICAL)
    assert story.position.goal_quantity == 250
    assert any("Reducing" in text and "to 250, which is covered" in text for text in told)
    covering = [o for o in story.position.live_orders(STOP) if o.resting and not o.cancel_intended]
    assert sum(o.leaves_quantity for o in covering) == 250, "what covers stays"
    story.tell(story.fill(story.order(REDUCE)))
    accept_all(story)
    assert (story.state, story.position.quantity, sum(resting(story))) == (S.ACTIVE, dec(250), dec(250))


@pytest.mark.parametrize("shared", [False, True])
def test_an_addition_that_no_stop_may_cover_is_sold_and_the_rest_is_never_bare(*, shared: bool) -> None:
    """-4045 for more than a few seconds: the stop of what was there before rests throughout."""
    story = filled("50")
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=shared))
    story.tell(c.ModifyPosition(add=dec(10), **story.own()))
    story.tell(story.fill(story.order(ENTRY)))
    for _ in range(12):
        if story.position.goal_quantity is not None:
            break
        step = story.tell(story.rejected(story.order(STOP), RejectReason.LIMIT_REACHED))
        retry = wake(step, "protect:stop")
        assert retry is not None
        story.tell(r.Woken(topic="protect:stop"), after_ms=retry.after_ms)
    assert (story.position.goal_quantity, story.order(REDUCE).quantity) == (dec(50), dec(10))
    assert [o.leaves_quantity for o in story.position.live_orders(STOP) if o.resting and not o.cancel_intended] == [50]
    story.tell(story.fill(story.order(REDUCE)))
    accept_all(story)
    assert [o.leaves_quantity for o in story.position.live_orders(STOP) if not o.cancel_intended] == [50]
    assert (story.state, story.position.unprotected) == (S.ACTIVE, False)


@pytest.mark.parametrize("quantity", ["1", "99.999", "100"])
def test_what_one_order_covers_has_one(quantity: str) -> None:
    assert resting(filled(quantity)) == [dec(quantity)]


def test_a_restart_in_the_middle_of_placing_parts_places_none_twice() -> None:
    story = Story()
    story.tell(story.opening("250", stop_loss=dec(90)))
    for _ in range(3):
        story.tell(story.fill(story.order(ENTRY)))
    story.restart()
    assert all(o.live for o in story.position.orders if o.purpose is STOP)
    accept_all(story)
    assert sum(resting(story)) == 250
    assert story.now_ns > SECOND


def test_rules_without_a_bound_need_one_stop() -> None:
    story = Story()
    story.tell(story.opening("250", stop_loss=dec(90), instrument=replace(BTC, max_market_quantity=dec(0))))
    story.fill_all(ENTRY)
    assert [o.quantity for o in story.position.live_orders(STOP)] == [dec(250)]
