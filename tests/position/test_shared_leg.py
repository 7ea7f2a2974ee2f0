"""Beside a neighbor on the leg: orders of one purpose are never for more than is held, whoever dies in between (I8)."""

from dataclasses import replace
from decimal import Decimal

from messages import commands as c
from messages import reports as r
from messages.requests import CancelOrder
from messages.types import OrderPurpose, RejectReason
from messages.types import PositionState as S
from tests.position.story import BTC, Story, dec, effects_of, events_of, opened, protected, wake

STOP, TARGET, ENTRY, REDUCE = OrderPurpose.STOP, OrderPurpose.TARGET, OrderPurpose.ENTRY, OrderPurpose.REDUCE


def joined(story: Story, *, shared: bool = True) -> Story:
    """Another strategy opens on the leg, or leaves it."""
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=shared))
    return story


def resting(story: Story, purpose: OrderPurpose = STOP) -> list[Decimal]:
    return [order.leaves_quantity for order in story.position.live_orders(purpose)]


def added(story: Story, quantity: str) -> Story:
    story.tell(c.ModifyPosition(add=dec(quantity), **story.own()))
    story.fill_all(ENTRY)
    return story


def test_who_stands_on_the_leg_is_remembered_and_told_twice_it_is_remembered_once() -> None:
    story = joined(protected())
    assert story.position.shared_leg
    assert events_of(story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))) == []
    assert not joined(story, shared=False).position.shared_leg


def test_a_moved_stop_is_placed_once_the_old_one_is_known_to_be_gone() -> None:
    story = joined(protected())
    step = story.tell(c.ModifyPosition(stop_loss=dec(92), **story.own()))
    assert effects_of(step) == ["Reply", "CancelOrder"]
    old = story.order(STOP)
    assert old.cancel_intended
    story.cancel_done()
    assert (story.order(STOP).trigger_price, resting(story)) == (dec(92), [dec(10)])
    assert any(wake(step, "unprotected") for step in story.steps), "bare for a moment, so the owner hears if it lasts"
    story.settle()
    assert story.state == S.ACTIVE


def test_an_old_stop_that_fires_before_its_cancel_is_not_followed_by_a_new_one() -> None:
    story = joined(protected())
    story.tell(c.ModifyPosition(stop_loss=dec(92), **story.own()))
    story.fill_all(STOP)
    story.settle()
    assert (story.state, resting(story)) == (S.CLOSED, [])


def test_what_was_added_is_covered_beside_what_rests() -> None:
    story = added(joined(protected()), "4")
    assert (resting(story), resting(story, TARGET)) == ([dec(10), dec(4)], [dec(10), dec(4)])
    assert not any(isinstance(ef.message, CancelOrder) for step in story.steps for ef in step.effects)
    story.settle()
    assert (story.state, story.position.protection_in_place) == (S.ACTIVE, True)


def test_a_crowd_of_small_stops_makes_room_by_its_smallest_and_the_largest_stays() -> None:
    story = joined(protected())
    for _ in range(3):
        added(story, "2")
        assert dec(10) in resting(story)
        assert sum(resting(story)) <= story.position.quantity
        story.settle()
    assert resting(story) == [dec(10), dec(6)]


def test_a_part_that_is_too_small_for_an_order_takes_another_along() -> None:
    story = joined(opened(limit_price=dec(99), stop_loss=dec(90)))
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4"))
    story.settle()
    story.tell(r.RulesChanged(position_id=story.position.position_id, instrument=replace(BTC, min_quantity=dec(2))))
    story.tell(story.fill(story.order(ENTRY), "1"))
    assert story.order(STOP).cancel_intended
    story.cancel_done()
    assert resting(story) == [dec(5)]


def test_alone_again_the_new_stop_rests_before_the_old_one_goes() -> None:
    story = joined(joined(protected()), shared=False)
    story.tell(c.ModifyPosition(stop_loss=dec(92), **story.own()))
    assert resting(story) == [dec(10), dec(10)]


def test_alone_again_the_new_stop_rests_before_the_old_one_goes_unless_the_venue_takes_no_more_of_them() -> None:
    """Day seed 2100348, I7: a close in many fills left a stop of each size, and no room for the one that was wanted."""
    story = protected()
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    reduce = story.order(REDUCE)
    for trade in ("a", "b", "c"):  # each fill comes before the stop for the one before it is acknowledged
        story.tell(story.fill(reduce, "1", trade=trade))
        if trade != "a":
            story.ack(STOP)
    sizes = resting(story)
    assert sizes == [dec(10), dec(9), dec(8), dec(7)], "each as large as what was held when it was placed"
    story.tell(story.rejected(story.order(STOP), RejectReason.LIMIT_REACHED))
    leaving = [order for order in story.position.live_orders(STOP) if order.cancel_intended]
    staying = [order.leaves_quantity for order in story.position.live_orders(STOP) if not order.cancel_intended]
    assert ([order.leaves_quantity for order in leaving], staying) == ([dec(9), dec(8)], [dec(10)])
