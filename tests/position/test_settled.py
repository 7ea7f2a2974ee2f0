"""Settled by hand: what was written off may have been done, so nothing of it is done a second time."""

import pytest

from actors.position.machine import Step
from messages import commands as c
from messages import reports as r
from messages.requests import SubmitOpening, SubmitReducing
from messages.statement import verbatim
from messages.types import OrderPurpose, OrderStatus, PositionState, Severity
from tests.position.story import MS, SECOND, Story, active, dec, effects_of, notices, opened, protected

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
    assert (story.position.goal_quantity, story.position.quantity) == (None, dec(10))
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
    story.tell(held(story, "10"))
    step = story.tell(c.ClosePosition(percent=dec(50), **story.own()))
    assert SubmitReducing.__name__ in effects_of(step)


def held(story: Story, quantity: str, after_ms: int = 1_000) -> r.LegHeld:
    """What the venue's list shows that is read a while later."""
    story.now_ns += after_ms * MS
    return r.LegHeld(position_id=story.position.position_id, quantity=dec(quantity), begun_ns=story.now_ns)


def closed_again(*, shared: bool = False, emergency: bool = False) -> tuple[Story, Step]:
    """Settled, and closed before it was compared."""
    story = protected()
    if shared:
        story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    settled(closing(story, None))
    command = c.EmergencyClose if emergency else c.ClosePosition
    step = story.tell(command(shared_leg=shared, **story.own()))
    story.settle()
    return story, step


def test_a_close_before_the_comparison_is_accepted_and_waits_for_it() -> None:
    story, step = closed_again()
    assert (story.position.goal_quantity, story.state) == (dec(0), S.CLOSING)
    assert SubmitReducing.__name__ not in effects_of(step)
    assert c.Reconcile.__name__ in effects_of(step)
    assert SubmitReducing.__name__ not in effects_of(story.restart())
    assert SubmitReducing.__name__ in effects_of(story.tell(held(story, "10")))


def test_what_was_read_before_the_close_or_differs_verifies_nothing() -> None:
    story, _ = closed_again()
    before = r.LegHeld(position_id=story.position.position_id, quantity=dec(10), begun_ns=story.now_ns - SECOND)
    assert SubmitReducing.__name__ not in effects_of(story.tell(before))
    assert SubmitReducing.__name__ not in effects_of(story.tell(held(story, "4")))


def test_a_close_sells_what_the_comparison_leaves() -> None:
    story, _ = closed_again()
    booked = c.AdjustPosition(quantity_delta=dec(-6), price=dec(100), why=verbatim("the venue has less"), **story.own())
    assert SubmitReducing.__name__ not in effects_of(story.tell(booked))
    story.tell(held(story, "4"))
    assert story.order(REDUCE).quantity == dec(4)


def test_alone_on_its_leg_a_close_waits_for_half_a_minute() -> None:
    story, _ = closed_again()
    assert SubmitReducing.__name__ not in effects_of(story.tell(r.Woken(topic="compared"), after_ms=20_000))
    assert SubmitReducing.__name__ in effects_of(story.tell(r.Woken(topic="compared"), after_ms=11_000))


def test_beside_a_neighbor_a_close_waits_on_and_that_is_told() -> None:
    story, _ = closed_again(shared=True)
    for _ in range(3):
        step = story.tell(r.Woken(topic="compared"), after_ms=31_000)
        assert SubmitReducing.__name__ not in effects_of(step)
        assert c.Reconcile.__name__ in effects_of(step)
        assert "its close waits" in " ".join(notices(step, Severity.CRITICAL))


def test_an_emergency_beside_a_neighbor_waits_for_half_a_minute() -> None:
    story, step = closed_again(shared=True, emergency=True)
    assert "SubmitEmergency" not in effects_of(step)
    story.tell(r.Woken(topic="compared"), after_ms=31_000)
    story.cancel_done()
    assert "SubmitEmergency" in [kind for each in story.steps[-4:] for kind in effects_of(each)]


def test_its_late_fill_is_booked() -> None:
    story = closing(protected(), "50")
    settled(story)
    story.tell(story.fill(story.order(REDUCE), "5"))
    assert (story.position.quantity, story.position.goal_quantity) == (dec(5), None)


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
    assert story.position.goal_quantity == dec(0)
    assert story.order(REDUCE).quantity == dec(10)


def test_a_leverage_that_is_given_up_is_given_up_once_and_remembered_as_that() -> None:
    """Said again after a restart, it was carried out, and is not refused because nothing is unknown any more."""
    story = protected()
    story.tell(c.ModifyPosition(leverage=5, **story.own()))
    settle = c.SettlePosition(**story.own())
    story.tell(settle)
    assert not story.position.leverage_pending
    story.restart()
    assert settle.command_id in story.position.commands
    assert story.tell(settle).events == ()


def test_a_close_that_may_have_been_done_ends_though_no_fill_of_its_entry_is_known() -> None:
    """The entry's fill is shown later, and that of the close after it: closed at once, it would sell a neighbor's."""
    story = opened()
    story.tell(story.report(story.order(ENTRY), OrderStatus.FILLED, "10"))
    story.tell(c.ClosePosition(**story.own()))
    story.tell(story.unknown(story.order(REDUCE)))
    settled(story)
    assert story.position.goal_quantity is None
    step = story.fill_all(ENTRY)
    assert SubmitReducing.__name__ not in effects_of(step)
    story.tell(story.fill(story.order(REDUCE), "10"))
    assert story.state == S.CLOSED


@pytest.mark.parametrize("parts", [("10",), ("4", "6")])
def test_a_fill_that_is_known_late_takes_the_place_of_what_was_settled_for_it(parts: tuple[str, ...]) -> None:
    """The entry is said to be filled, its trades are not shown, and all of it is sold meanwhile: 1 lost on each."""
    story = Story()
    story.tell(story.opening())
    entry = story.order(ENTRY)
    story.tell(story.report(entry, OrderStatus.FILLED, "10"))
    story.tell(c.EmergencyClose(**story.own()))
    story.tell(story.fill(story.order(REDUCE), "10", price="99"))
    assert story.position.quantity == -10
    settled(story)
    assert (story.position.state, story.position.quantity) == (S.CLOSED, dec(0))
    for part in parts:
        story.tell(story.fill(entry, part, price="100"))
    assert (story.position.state, story.position.quantity, story.position.assumed) == (S.CLOSED, dec(0), dec(0))
    assert story.position.realized_pnl == -10
