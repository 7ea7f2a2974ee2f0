"""Settled by hand: what was written off may have been done, so nothing of it is done a second time."""

import pytest

from messages import commands as c
from messages import reports as r
from messages.requests import SubmitOpening, SubmitReducing
from messages.types import OrderPurpose, OrderStatus, PositionState, Severity
from tests.position.story import SECOND, Story, active, dec, effects_of, notices, opened, protected

S = PositionState
ENTRY, REDUCE, STOP = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP
TOPICS = ("close", "answer:1", "fills", "fired", "protect:stop", "leverage")


def closing(story: Story, percent: str | None) -> Story:
    """A close whose outcome stays unknown."""
    wanted = None if percent is None else dec(percent)
    story.tell(c.ClosePosition(percent=wanted, shared_leg=story.position.shared_leg, **story.own()))
    story.cancel_done()
    story.tell(story.unknown(story.order(REDUCE)))
    return story


def settled(story: Story) -> list[str]:
    """The classes of all that leaves from the settling on, through a minute of timers and a restart."""
    story.now_ns += 60 * SECOND
    steps = [story.tell(c.SettlePosition(**story.own()))]
    steps += [story.tell(r.Woken(topic=topic), after_ms=10_000) for topic in TOPICS]
    steps.append(story.restart())
    return [kind for step in steps for kind in effects_of(step)]


@pytest.mark.parametrize("percent", [None, "50"])
@pytest.mark.parametrize("shared", [False, True])
def test_a_reduction_that_may_have_been_done_is_not_done_twice(percent: str | None, *, shared: bool) -> None:
    story = protected()
    if shared:
        story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    sent = settled(closing(story, percent))
    assert SubmitReducing.__name__ not in sent
    assert (story.position.goal, story.position.quantity) == (None, dec(10))
    assert "close" in " ".join(notices(story.steps[-2 - len(TOPICS)], Severity.WARNING))


def test_a_second_close_that_waited_for_the_first_ends_with_it() -> None:
    story = closing(protected(), "50")
    story.tell(c.ClosePosition(percent=dec(50), **story.own()))
    story.tell(story.unknown(story.order(REDUCE)))
    assert SubmitReducing.__name__ not in settled(story)


def test_an_emergency_close_is_no_other() -> None:
    story = protected()
    story.tell(c.EmergencyClose(**story.own()))
    story.tell(story.unknown(story.order(REDUCE)))
    assert "SubmitEmergency" not in settled(story)


def test_a_close_that_is_said_to_be_done_and_whose_trades_are_not_shown_is_no_other() -> None:
    story = closing(protected(), None)
    story.tell(story.report(story.order(REDUCE), OrderStatus.FILLED, "10"))
    assert SubmitReducing.__name__ not in settled(story)


def test_a_close_beside_a_stop_that_may_be_at_work_is_no_other() -> None:
    story = protected()
    story.tell(story.report(story.order(STOP), OrderStatus.FILLED, "10"))
    story.tell(c.ClosePosition(**story.own()))
    assert SubmitReducing.__name__ not in settled(story)


def test_what_is_held_meanwhile_is_covered() -> None:
    story = protected()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    closing(story, None)
    assert not story.position.live_orders(STOP)
    settled(story)
    story.settle()
    assert story.position.live_orders(STOP)


def test_it_is_compared_and_can_be_closed_again() -> None:
    story = closing(protected(), "50")
    assert c.Reconcile.__name__ in settled(story)
    step = story.tell(c.ClosePosition(percent=dec(50), **story.own()))
    assert SubmitReducing.__name__ in effects_of(step)


def test_its_late_fill_is_booked() -> None:
    story = closing(protected(), "50")
    settled(story)
    story.tell(story.fill(story.order(REDUCE), "5"))
    assert (story.position.quantity, story.position.goal) == (dec(5), None)


def test_an_addition_that_may_have_been_made_is_not_made_twice() -> None:
    story = active()
    story.tell(c.ModifyPosition(add=dec(5), **story.own()))
    story.tell(story.unknown(story.order(ENTRY)))
    assert SubmitOpening.__name__ not in settled(story)


def test_a_part_of_an_entry_that_may_have_been_filled_is_not_sent_twice() -> None:
    story = opened(quantity="300")
    story.ack()
    story.fill_all(ENTRY)
    story.tell(story.unknown(story.order(ENTRY)))
    assert SubmitOpening.__name__ not in settled(story)


def test_a_close_of_an_entry_that_is_unknown_stays_so_that_its_late_fill_is_closed() -> None:
    story = opened()
    story.tell(story.unknown(story.order(ENTRY)))
    story.tell(c.ClosePosition(**story.own()))
    settled(story)
    story.fill_all(ENTRY)
    assert story.position.goal == dec(0)
    assert story.order(REDUCE).quantity == dec(10)
