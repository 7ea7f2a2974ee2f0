"""What humans do: holds, changes made at the venue, and the states that the engine before us could not leave."""

from dataclasses import replace

import pytest

from actors.position.state import Order
from messages import commands as c
from messages import reports as r
from messages.requests import Notify
from messages.statement import verbatim
from messages.types import OrderPurpose, OrderStatus, PositionState, Severity
from tests.position.histories import modified, paused
from tests.position.story import MS, Story, active, dec, effects_of, notices, opened, protected

S = PositionState
ENTRY, REDUCE, STOP = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP


def adjusted(story: Story, delta: str, price: str = "101") -> c.AdjustPosition:
    return c.AdjustPosition(
        quantity_delta=dec(delta), price=dec(price), why=verbatim("by hand"), evidence="t9", **story.own()
    )


def test_a_change_made_outside_is_booked_told_and_protected() -> None:
    story = protected()
    step = story.tell(adjusted(story, "-2", "110"))
    assert (story.state, story.position.quantity, story.position.realized_pnl) == (S.MODIFIED, dec(8), dec(20))
    assert notices(step, Severity.WARNING)
    story.settle()
    assert {o.quantity for o in story.position.live_orders()} == {dec(8)}
    assert story.state == S.MODIFIED, "until a human accepts it"
    story.tell(c.ResumePosition(**story.own()))
    assert story.state == S.ACTIVE


def shown(story: Story, order: Order, *, queried: bool, began_ms_ago: int = 5) -> r.OrderReport:
    """A reading of the venue that began lately and shows the order live."""
    begun_ns = story.now_ns + (10 - began_ms_ago) * MS
    return replace(story.report(order, OrderStatus.WORKING), queried=queried, begun_ns=begun_ns)


def said_to_be_canceled() -> tuple[Story, Order]:
    story = opened(limit_price=dec(99))
    story.ack()
    order = story.order(ENTRY)
    story.tell(story.report(order, OrderStatus.CANCELED))
    assert story.state == S.CANCELLED
    return story, story.position.orders[0]


def test_an_entry_that_is_listed_after_it_was_said_to_be_canceled_is_asked_after_and_called_off() -> None:
    """Seed 6100002, I5: a resting entry was believed canceled, and nobody looked for it."""
    story, order = said_to_be_canceled()
    step = story.tell(shown(story, order, queried=False))
    assert (effects_of(step), story.state) == (["ResolveOrder"], S.CANCELLED), "one word against another"
    step = story.tell(shown(story, order, queried=True))
    assert "CancelOrder" in effects_of(step)
    assert (story.state, len(notices(step, Severity.CRITICAL))) == (S.CLOSING, 1)
    story.tell(story.report(story.order(ENTRY), OrderStatus.CANCELED))
    assert story.state == S.CANCELLED


def test_what_was_read_before_the_word_of_its_end_revives_no_order() -> None:
    story, order = said_to_be_canceled()
    for queried in (False, True):
        step = story.tell(shown(story, order, queried=queried, began_ms_ago=100))
        assert (effects_of(step), story.state) == ([], S.CANCELLED)
    assert effects_of(story.tell(story.report(order, OrderStatus.WORKING))) == [], "the stream, late"


def test_an_entry_in_part_goes_on_when_its_end_was_no_end() -> None:
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    order = story.order(ENTRY)
    story.tell(story.fill(order, "4"))
    story.settle()
    story.tell(story.report(order, OrderStatus.CANCELED, "4"))
    assert story.state == S.ACTIVE
    step = story.tell(replace(shown(story, order, queried=True), filled_quantity=dec(4)))
    assert ("CancelOrder" in effects_of(step), story.state) == (False, S.OPENING)
    assert [o.quantity for o in story.position.live_orders(ENTRY)] == [dec(10)], "nothing was sent anew"


def test_of_two_stops_the_one_that_was_said_to_be_canceled_goes() -> None:
    story = active(stop_loss=dec(90))
    before = story.order(STOP)
    story.tell(story.report(before, OrderStatus.CANCELED))
    story.tell(r.Woken(topic="protect:stop"), after_ms=500)
    story.settle()
    step = story.tell(shown(story, before, queried=True))
    assert effects_of(step) == ["CancelOrder"]
    assert step.effects[0].message.client_order_id == before.client_order_id  # type: ignore[attr-defined]


def test_what_is_bought_outside_moves_the_entry_price() -> None:
    story = active()
    story.tell(adjusted(story, "10", "110"))
    assert (story.position.quantity, story.position.entry_price) == (dec(20), dec(105))


def test_a_corrected_price_or_leverage_is_believed_and_the_quantity_stays() -> None:
    story = protected()
    step = story.tell(replace(adjusted(story, "0"), entry_price=dec("99.5"), leverage=3))
    assert (story.state, story.position.quantity) == (S.MODIFIED, dec(10))
    assert (story.position.entry_price, story.position.leverage) == (dec("99.5"), 3)
    assert "SubmitProtection" not in effects_of(step), "what protects it still fits"


def test_a_position_sold_outside_is_closed_and_its_orders_are_taken_off() -> None:
    story = protected()
    step = story.tell(adjusted(story, "-10", "105"))
    assert effects_of(step).count("CancelOrder") == 2
    story.cancel_done()
    assert story.state == S.CLOSED
    assert story.events[-1].because == "by hand"  # type: ignore[attr-defined]


@pytest.mark.parametrize(("delta", "price"), [("-11", "100"), ("0", "100"), ("1", "0")])
def test_a_change_that_cannot_have_happened_is_refused(delta: str, price: str) -> None:
    story = active()
    step = story.tell(adjusted(story, delta, price))
    assert (step.verdict, story.state, story.position.quantity) == ("refused", S.ACTIVE, dec(10))


def test_what_is_bought_outside_during_a_partial_close_is_not_sold_by_it() -> None:
    story = active()
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    story.tell(adjusted(story, "2"))
    story.fill_all(REDUCE)
    assert (story.state, story.position.quantity) == (S.MODIFIED, dec(8))


def test_a_split_entry_does_not_go_on_after_a_change_made_outside() -> None:
    story = Story()
    story.tell(story.opening("250"))
    story.tell(story.fill(story.order(ENTRY), "50"))
    story.tell(adjusted(story, "-10"))
    story.fill_all(ENTRY)
    assert len(story.submitted()) == 1


def test_a_hold_keeps_protection_lets_close_and_lets_nothing_else() -> None:
    story = paused()
    assert story.tell(c.ModifyPosition(stop_loss=dec(95), **story.own())).verdict == "refused"
    story.tell(story.report(story.order(STOP), OrderStatus.CANCELED), after_ms=3_600_000)
    assert story.state == S.PAUSED
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE)
    story.cancel_done()
    assert story.state == S.CLOSED


def test_a_hold_ends_by_resuming_and_can_be_put_on_twice() -> None:
    story = paused()
    assert story.tell(c.PausePosition(**story.own())).verdict == "applied"
    story.tell(c.ResumePosition(**story.own()))
    assert story.state == S.ACTIVE


def test_a_hold_put_on_during_a_reduction_shows_when_that_is_done() -> None:
    story = active()
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    story.tell(c.PausePosition(**story.own()))
    assert story.state == S.MODIFYING
    story.fill_all(REDUCE)
    assert story.state == S.PAUSED


def test_a_stop_fires_through_a_hold() -> None:
    story = paused()
    story.fill_all(STOP, price="90")
    story.cancel_done()
    assert story.state == S.CLOSED


@pytest.mark.parametrize("leave", ["close", "emergency", "pause", "modify", "adjust", "stop", "doubt"])
def test_every_way_out_of_active_leads_out_of_it(leave: str) -> None:
    """The engine before us had no path that left ACTIVE."""
    story = protected()
    message = {
        "close": c.ClosePosition(**story.own()),
        "emergency": c.EmergencyClose(**story.own()),
        "pause": c.PausePosition(**story.own()),
        "modify": c.ModifyPosition(stop_loss=dec(95), **story.own()),
        "adjust": adjusted(story, "-1"),
        "stop": story.report(story.order(STOP), OrderStatus.TRIGGERED),
        "doubt": story.report(story.order(STOP), OrderStatus.FILLED, "10"),
    }[leave]
    story.tell(message)
    assert story.state != S.ACTIVE


def test_a_modified_position_that_is_closed_is_closed() -> None:
    story = modified()
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE)
    story.cancel_done()
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))


def test_oversold_is_settled_by_booking_what_happened() -> None:
    story = protected()
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE)
    story.tell(story.fill(story.order(STOP), "10"))
    assert story.position.quantity == -10
    story.tell(adjusted(story, "10", "100"))
    story.cancel_done()
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))


def test_a_limit_entry_that_is_resting_cannot_be_paused_but_can_be_protected() -> None:
    story = opened(limit_price=dec(99))
    story.ack()
    assert story.tell(c.PausePosition(**story.own())).verdict == "refused"
    story.tell(c.ModifyPosition(stop_loss=dec(90), **story.own()))
    step = story.tell(story.fill(story.order(ENTRY), "10"))
    assert "SubmitProtection" in effects_of(step)


def test_a_resting_entry_that_a_human_moves_is_told_once_for_each_move() -> None:
    story = opened(limit_price=dec(90))
    [entry] = story.position.live_orders(ENTRY)
    story.tell(story.accepted(entry))
    resting = replace(story.report(entry, OrderStatus.WORKING), limit_price=entry.limit_price)
    moves = [resting, replace(resting, limit_price=dec(91)), replace(resting, quantity=resting.quantity / 2)]
    told = [
        [effect.message for effect in story.tell(each).effects if isinstance(effect.message, Notify)]
        for each in (*moves, *moves)
    ]
    assert [len(each) for each in told] == [0, 1, 1, 0, 1, 1]
    assert len({notice.notice_id for each in told for notice in each}) == 2
    assert f"changed at the venue: {entry.quantity:f} at 91, it was {entry.quantity:f} at 90" in told[1][0].text
