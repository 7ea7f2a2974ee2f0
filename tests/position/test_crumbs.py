"""What is held is no whole number of the venue's steps: as much is covered and closed as orders can be for."""

from dataclasses import replace
from decimal import Decimal

import pytest

from messages import commands as c
from messages import reports as r
from messages.requests import SubmitProtection, SubmitReducing
from messages.statement import verbatim
from messages.types import OrderPurpose, OrderStatus, PositionState, RejectReason, Severity
from tests.position.story import BTC, POLICY, Story, active, dec, notices, protected

S = PositionState
ENTRY, REDUCE, STOP, TARGET = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP, OrderPurpose.TARGET


def coarser(story: Story, step: str = "4") -> None:
    rules = replace(BTC, quantity_step=dec(step))
    story.tell(r.RulesChanged(position_id=story.position.position_id, instrument=rules))


def asked(story: Story, kind: type) -> list[Decimal]:
    return [each.quantity for each in story.submitted() if isinstance(each, kind)]


@pytest.mark.parametrize("shared", [False, True])
def test_a_step_that_becomes_coarser_leaves_the_stop_that_rests(*, shared: bool) -> None:
    story = protected()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=shared))
    before = len(story.submitted())
    coarser(story)
    story.settle()
    assert len(story.submitted()) == before
    assert (story.state, story.position.unprotected) == (S.ACTIVE, False)


@pytest.mark.parametrize("shared", [False, True])
def test_a_stop_is_moved_for_as_many_whole_steps_as_are_held(*, shared: bool) -> None:
    story = protected()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=shared))
    coarser(story)
    story.tell(c.ModifyPosition(stop_loss=dec(95), **story.own()))
    story.cancel_done()
    story.settle()
    assert asked(story, SubmitProtection)[-1] == 8
    assert [o.leaves_quantity for o in story.position.live_orders(STOP)] == [8]
    assert (story.state, story.position.unprotected, story.position.protection_in_place) == (S.ACTIVE, False, True)


def test_a_close_sells_whole_steps_and_tells_of_the_crumb() -> None:
    story = active()
    coarser(story)
    story.tell(c.ClosePosition(**story.own()))
    told = notices(story.tell(story.fill(story.order(REDUCE))), Severity.WARNING)
    assert asked(story, SubmitReducing) == [8]
    assert (story.state, story.position.quantity) == (S.PAUSED, dec(2))
    assert any("2 left is dust: below the venue's minimum of 4" in text for text in told)
    sent = len(story.submitted())
    story.settle()
    story.restart()
    assert len(story.submitted()) == sent, "what no order can be for is not asked for again"


def test_a_crumb_beside_a_neighbor_keeps_no_stop_for_more_than_it_is() -> None:
    story = protected()
    coarser(story)
    story.tell(c.ClosePosition(quantity=dec(8), **story.own()))
    story.tell(story.fill(story.order(REDUCE)))
    assert [o.leaves_quantity for o in story.position.live_orders(STOP) if not o.cancel_intended] == [10], (
        "it only reduces"
    )
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    assert [o for o in story.position.live_orders(STOP, TARGET) if not o.cancel_intended] == []


def test_a_reading_with_a_crumb_takes_no_stop_away() -> None:
    """The venue says 10.5 where a step is 1: nothing orders can be for is bare, and nothing has to be sold."""
    story = protected()
    coarser(story, "1")
    sent = len(story.submitted())
    story.tell(
        c.AdjustPosition(quantity_delta=dec("0.5"), price=dec(101), why=verbatim("read at the venue"), **story.own()),
        after_ms=POLICY.protection_deadline_ms,
    )
    story.settle()
    assert len(story.submitted()) == sent
    assert (story.position.unprotected, story.position.goal_quantity) == (False, None)
    assert [(o.leaves_quantity, o.cancel_intended) for o in story.position.live_orders(STOP)] == [(dec(10), False)]


def test_a_part_is_done_when_what_is_left_of_it_is_a_crumb() -> None:
    story = active()
    story.tell(c.ClosePosition(quantity=dec(5), **story.own()))
    coarser(story)
    story.tell(story.rejected(story.order(REDUCE), RejectReason.OTHER, "Quantity not increased by step size."))
    story.tell(r.Woken(topic="close"), after_ms=1_000)
    told = notices(story.tell(story.fill(story.order(REDUCE))), Severity.WARNING)
    assert asked(story, SubmitReducing) == [5, 4]
    assert (story.state, story.position.quantity, story.position.goal_quantity) == (S.ACTIVE, dec(6), None)
    assert story.position.reason == "reduced to 6"
    assert [text.split(": ", 1)[1] for text in told] == [
        "reduced to 6, not to 5: the rest is below the venue's quantity step."
    ]


@pytest.mark.parametrize("paused", [False, True])
def test_a_part_of_what_has_become_dust_is_not_called_done(*, paused: bool) -> None:
    """Day 2500001421, I20: all that is held is below the least; a paused one was called reduced, and nobody heard."""
    story = protected()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    if paused:
        story.tell(c.PausePosition(**story.own()))
    story.tell(c.ClosePosition(quantity=dec(3), shared_leg=True, **story.own()))
    story.cancel_done()
    story.tell(story.rejected(story.order(REDUCE), RejectReason.FILTER, "Precision is over the maximum."))
    rules = replace(BTC, quantity_step=dec(20))
    step = story.tell(r.RulesChanged(position_id=story.position.position_id, instrument=rules))
    told = notices(step, Severity.WARNING)
    assert [text.split(": ", 1)[1] for text in told] == [
        "10 left is dust: below the venue's minimum of 20; close it at the venue."
    ]
    assert (story.state, story.position.quantity, story.position.goal_quantity) == (S.PAUSED, dec(10), None)
    assert "is dust" in story.position.reason
    coarser(story, "1")
    story.settle()
    assert asked(story, SubmitReducing) == [3], "what was ended and told is not taken up again"
    assert sum(o.leaves_quantity for o in story.position.live_orders(STOP)) == 10


def test_dust_whose_stop_is_stuck_is_left_to_its_stop() -> None:
    """Day 940000258: no close can be sent for it, and the stop that the venue has in hand may still take it."""
    story = protected()
    story.tell(story.report(story.order(STOP), OrderStatus.TRIGGERED))
    coarser(story, "20")
    sent = len(story.submitted())
    story.tell(r.Woken(topic="fired"), after_ms=POLICY.protection_deadline_ms + 1_000)
    assert len(story.submitted()) == sent
    assert (story.position.goal_quantity, story.order(STOP).cancel_intended) == (None, False)
    story.tell(story.fill(story.order(STOP)))
    story.tell(story.report(story.order(STOP), OrderStatus.FILLED, "10"))
    story.settle()
    assert story.position.quantity == 0


def test_a_finer_step_is_covered_to_its_last() -> None:
    story = active()
    coarser(story)
    story.tell(c.ModifyPosition(stop_loss=dec(90), **story.own()))
    story.settle()
    assert sum(o.leaves_quantity for o in story.position.live_orders(STOP)) == 8
    coarser(story, "1")
    story.settle()
    story.tell(r.Woken(topic="protect:stop"), after_ms=10_000)
    story.settle()
    assert sum(o.leaves_quantity for o in story.position.live_orders(STOP) if not o.cancel_intended) == 10
