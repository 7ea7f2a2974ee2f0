"""Adding, leverage, trailing stops, calling an entry off, dust, funding; and what ACTIVE says of how it came about."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from actors.funding import held_at
from actors.position.machine import decide
from actors.position.policy import Policy
from messages import commands as c
from messages import events as e
from messages import requests as q
from messages.reports import Woken
from messages.types import (
    OrderKind,
    OrderPurpose,
    OrderStatus,
    RejectReason,
    Severity,
    TriggerPrice,
)
from tests.position.histories import (
    added,
    addition_called_off,
    addition_refused,
    closed,
    dust,
    partly_open,
    relevered,
    relevering_refused,
    rest_called_off,
)
from tests.position.story import (
    BEGIN_NS,
    SECOND,
    Story,
    active,
    dec,
    effects_of,
    events_of,
    notices,
    opened,
    protected,
)

ENTRY, REDUCE, STOP, TARGET, TRAILING = tuple(OrderPurpose)


def modify(story: Story, **changes: Any) -> Any:
    return story.tell(c.ModifyPosition(**changes, **story.own()))


def refused(story: Story, **changes: Any) -> str:
    step = modify(story, **changes)
    [answer] = [ef.message for ef in step.effects if isinstance(ef.message, q.Reply)]
    assert not answer.accepted
    return answer.text


# Adding ----------------------------------------------------------------------------------------------


def test_an_addition_is_a_market_entry_of_its_own_and_protection_grows_with_it() -> None:
    story = protected()
    modify(story, add=dec(2))
    entry = story.order(ENTRY)
    assert (entry.kind, entry.quantity) == (OrderKind.MARKET, dec(2))
    assert story.submitted()[-1].side is story.key.side.increasing
    story.ack()
    story.tell(story.fill(entry, price="112"))
    assert story.position.quantity == 12
    assert story.position.entry_price == 102
    story.settle()
    live = story.position.live_orders()
    assert sorted((o.purpose, o.quantity) for o in live) == [(STOP, dec(12)), (TARGET, dec(12))]
    assert story.position.reason == "added 2"


def test_a_part_of_an_entry_that_was_called_off_does_not_come_with_an_addition() -> None:
    story = rest_called_off()
    modify(story, add=dec(1))
    story.ack()
    story.fill_all(ENTRY)
    story.settle()
    assert story.position.quantity == 5
    assert story.state == "ACTIVE"


def test_an_adopted_position_can_be_added_to() -> None:
    story = Story()
    story.tell(story.adoption())
    modify(story, add=dec(1))
    story.ack()
    story.fill_all(ENTRY)
    assert (story.position.quantity, story.state) == (dec(4), "ACTIVE")


def test_an_addition_above_the_market_maximum_goes_in_parts() -> None:
    story = active()
    modify(story, add=dec(150))
    story.ack()
    story.fill_all(ENTRY)
    assert story.state == "MODIFYING"
    story.ack()
    story.fill_all(ENTRY)
    assert [o.quantity for o in story.position.orders if o.purpose is ENTRY] == [10, 100, 50]
    assert (story.position.quantity, story.position.reason) == (dec(160), "added 150")


def test_a_refused_addition_leaves_the_position_as_it_was_and_says_why() -> None:
    story = addition_refused()
    assert story.position.quantity == 10
    assert "entry order refused" in story.position.reason
    assert notices(story.steps[-1], Severity.WARNING)
    modify(story, add=dec(1))
    assert story.order(ENTRY).quantity == 1


def test_an_addition_that_expired_is_not_sent_after_a_slow_change_of_leverage() -> None:
    story = active()
    modify(story, leverage=5, add=dec(2), expires_at_ns=BEGIN_NS + SECOND)
    assert story.order(ENTRY).quantity == 10
    story.tell(story.leverage_set(), after_ms=5_000)
    assert story.position.quantity == 10
    assert story.order(ENTRY).quantity == 10
    assert story.state == "ACTIVE"


def test_an_addition_is_sent_after_the_leverage_that_came_with_it() -> None:
    story = active()
    step = modify(story, leverage=5, add=dec(2))
    assert "SetLeverage" in effects_of(step)
    assert "SubmitOpening" not in effects_of(step)
    assert "SubmitOpening" in effects_of(story.tell(story.leverage_set()))


def test_a_stop_that_fires_ends_an_addition_that_has_parts_to_come() -> None:
    story = protected()
    modify(story, add=dec(150))
    story.ack()
    story.fill_all(ENTRY)
    story.tell(story.fill(story.order(STOP), "4", price="90"))
    story.settle()
    assert story.order(ENTRY).phase == "canceled"
    assert [o.quantity for o in story.position.orders if o.purpose is ENTRY] == [10, 100, 50]
    assert story.position.addition_leaves == 0


def test_what_cannot_be_added_to_says_why() -> None:
    assert "not a positive multiple of 0.001" in refused(active(), add=dec("0.0005"))
    assert "not done yet" in refused(partly_open(), add=dec(1))
    reducing = protected()
    reducing.tell(c.ClosePosition(quantity=dec(4), **reducing.own()))
    assert "being reduced" in refused(reducing, add=dec(1))
    assert refused(active()) == "nothing to change was named"


def test_a_repeated_addition_has_one_effect() -> None:
    story = active()
    command = c.ModifyPosition(add=dec(2), **story.own())
    story.tell(command)
    assert events_of(story.tell(command)) == []


# Leverage --------------------------------------------------------------------------------------------


def test_leverage_is_believed_when_the_venue_confirms_it() -> None:
    story = active()
    modify(story, leverage=5)
    assert (story.position.leverage, story.state) == (None, "MODIFYING")
    assert (relevered().position.leverage, relevered().position.reason) == (5, "leverage set to 5")


def test_a_refused_leverage_leaves_what_is_held_and_its_protection() -> None:
    story = relevering_refused()
    assert (story.position.quantity, story.state, story.position.leverage) == (dec(10), "ACTIVE", None)
    assert story.position.reason == "leverage refused: no"
    assert len(story.position.live_orders(STOP, TARGET)) == 2


def test_leverage_of_unknown_outcome_is_asked_for_again_also_after_a_restart() -> None:
    story = active()
    modify(story, leverage=5)
    story.tell(story.leverage_refused(unknown=True))
    assert story.state == "MODIFYING"
    assert "SetLeverage" in effects_of(story.restart())


def test_a_leverage_that_is_given_up_says_what_was_answered_last() -> None:
    story = active()
    modify(story, leverage=5)
    story.tell(story.leverage_refused(unknown=True))
    step = story.tell(Woken(topic="leverage"), after_ms=61_000)
    why = "leverage refused: its outcome is unknown after 60 s; the last answer: no"
    assert story.position.reason == why
    assert any(why in notice for notice in notices(step, Severity.WARNING))


def test_a_second_leverage_waits_for_the_first() -> None:
    story = active()
    modify(story, leverage=5)
    assert "leverage 5 is being set already" in refused(story, leverage=7)


# Trailing stops and trigger prices ---------------------------------------------------------------------


def test_a_trailing_stop_is_a_third_order_for_the_whole_quantity() -> None:
    story = active(stop_loss=dec(90), take_profit=dec(120), trailing=dec(2))
    [trailing] = [s for s in story.submitted() if s.kind is OrderKind.TRAILING_STOP_MARKET]
    assert isinstance(trailing, q.SubmitProtection)
    assert (trailing.callback_rate, trailing.trigger_price, trailing.quantity) == (dec(2), None, dec(10))
    assert story.position.protection_in_place
    modify(story, trailing=dec(3))
    story.settle()
    [live] = story.position.live_orders(TRAILING)
    assert live.callback_rate == 3
    modify(story, trailing=dec(0))
    story.settle()
    assert story.position.live_orders(TRAILING) == ()


def test_a_trailing_stop_alone_is_the_protection_that_must_rest() -> None:
    story = opened(trailing=dec(2))
    story.ack()
    story.fill_all(ENTRY)
    assert story.position.unprotected
    for wait_ms in (500, 31_000):
        story.tell(story.rejected(story.order(TRAILING)), after_ms=wait_ms)
        if story.state == "CLOSING":
            break
        story.tell(Woken(topic=f"protect:{TRAILING}"), after_ms=wait_ms)
    assert story.position.goal_quantity == 0


def test_what_a_trailing_stop_sold_closes_the_position_and_the_rest_goes() -> None:
    story = active(stop_loss=dec(90), trailing=dec(2))
    story.fill_all(TRAILING, price="108")
    story.settle()
    assert (story.state, story.position.realized_pnl) == ("CLOSED", dec(80))
    assert story.position.live_orders() == ()


def test_stops_trigger_on_the_price_that_the_configuration_names() -> None:
    story = Story(policy=Policy(trigger=TriggerPrice.LAST))
    story.tell(story.opening(stop_loss=dec(90)))
    story.fill_all(ENTRY)
    assert story.submitted()[-1].trigger is TriggerPrice.LAST


# Entries that rest -------------------------------------------------------------------------------------


def test_a_resting_entry_ends_by_itself_and_a_market_entry_has_no_date() -> None:
    story = Story(policy=Policy(entry_good_for_ms=3_600_000))
    story.tell(story.opening(limit_price=dec(99)))
    assert story.submitted()[-1].good_till_ns == story.now_ns + 3_600 * SECOND
    market = Story(policy=Policy(entry_good_for_ms=3_600_000))
    market.tell(market.opening())
    assert market.submitted()[-1].good_till_ns == 0


def test_calling_off_an_entry_keeps_what_is_filled_also_what_fills_before_the_cancel() -> None:
    story = partly_open()
    story.tell(c.CancelEntry(**story.own()))
    entry = story.order(ENTRY)
    assert entry.cancel_intended
    story.tell(story.fill(entry, "3"))
    story.tell(story.report(entry, OrderStatus.CANCELED, "7"))
    story.settle()
    assert (story.position.quantity, story.state) == (dec(7), "ACTIVE")
    assert story.submitted()[-1].quantity == 7
    assert all(not isinstance(s, q.SubmitReducing) for s in story.submitted())
    assert story.position.reason == "the rest of the entry was called off"


def test_an_addition_that_is_called_off_unanswered_leaves_what_was_held() -> None:
    story = addition_called_off()
    assert (story.position.quantity, len(story.position.live_orders())) == (dec(10), 2)


# Venue realities ---------------------------------------------------------------------------------------


def test_resting_orders_that_block_a_close_are_canceled_and_then_it_closes() -> None:
    story = protected()
    story.tell(c.ClosePosition(**story.own()))
    step = story.tell(story.rejected(story.order(REDUCE), RejectReason.BLOCKED))
    assert effects_of(step).count("CancelOrder") == 2
    story.cancel_done()
    assert isinstance(story.submitted()[-1], q.SubmitReducing)
    story.fill_all(REDUCE)
    assert story.state == "CLOSED"


def test_a_blocked_part_close_gets_its_protection_back() -> None:
    story = protected()
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    story.tell(story.rejected(story.order(REDUCE), RejectReason.BLOCKED))
    story.cancel_done()
    story.ack()
    story.fill_all(REDUCE)
    story.settle()
    assert sorted(o.quantity for o in story.position.live_orders(STOP, TARGET)) == [6, 6]
    assert (story.position.reason, story.state) == ("reduced to 6", "ACTIVE")


def test_dust_is_told_once_and_left_alone_with_its_reason() -> None:
    story = dust()
    assert "0.0005 left is dust: below the venue's minimum of 0.001" in story.position.reason
    assert any("dust" in text for text in notices(story.steps[-1], Severity.WARNING))
    sent = len(story.submitted())
    story.settle()
    story.restart()
    assert len(story.submitted()) == sent
    step = story.tell(c.ClosePosition(**story.own()))
    assert "dust" in step.why


def test_funding_is_money_and_never_quantity_and_counts_once() -> None:
    story = active()
    share = story.funding("-0.3")
    story.tell(share)
    assert events_of(story.tell(share)) == []
    assert dict(story.position.funding) == {"USDT": Decimal("-0.3")}
    story.tell(story.funding("0.1", story.now_ns + 1))
    assert dict(story.position.funding) == {"USDT": Decimal("-0.2")}
    assert (story.position.quantity, story.position.realized_pnl) == (dec(10), dec(0))


def test_a_share_is_a_level_and_what_it_lacks_is_booked_once() -> None:
    story = active()
    at_ns = story.now_ns
    story.tell(story.funding("-0.3", at_ns))
    assert events_of(story.tell(story.funding("-0.2", at_ns))) == []  # found before the first was booked
    story.tell(story.funding("-0.2", at_ns, booked="-0.3"))
    assert [ev.amount for ev in story.events if isinstance(ev, e.FundingBooked)] == [dec("-0.3"), dec("0.1")]
    story.tell(story.funding("0", at_ns, booked="-0.2"))
    assert dict(story.position.funding) == {"USDT": dec(0)}


def test_what_was_paid_while_it_was_open_is_its_own_after_it_is_closed() -> None:
    story = closed()
    assert events_of(story.tell(story.funding("-0.3", story.now_ns + 1))) == []
    story.tell(story.funding("-0.3", story.position.opened_ns + 1))
    assert (story.state, dict(story.position.funding)) == ("CLOSED", {"USDT": dec("-0.3")})


def test_a_snapshot_of_before_there_were_tracks_says_when_it_was_opened_and_what_was_paid_last() -> None:
    story = active()
    told = story.funding("-0.3")
    story.tell(told)
    old = replace(story.position, track=None)
    later = story.funding("-0.3", story.now_ns + SECOND)
    assert decide(old, told, story.now_ns, Policy()).events == ()
    assert decide(old, later, story.now_ns, Policy()).position.funding == (("USDT", dec("-0.6")),)
    assert held_at(old.known_track, old.quantity, old.opened_ns) == 0
    assert held_at(old.known_track, old.quantity, old.opened_ns + 1) == old.quantity


def test_funding_from_before_it_was_opened_is_somebody_elses() -> None:
    story = active()
    share = replace(story.funding("-0.3"), ts_event=story.now_ns - 60 * SECOND)
    assert events_of(story.tell(share)) == []


# What it says of itself ----------------------------------------------------------------------------------


def because(story: Story) -> str:
    return [ev.because for ev in story.events if isinstance(ev, e.StateChanged)][-1]


def test_active_says_what_really_happened_last() -> None:
    assert because(protected()) == "entry done"
    story = protected()
    modify(story, stop_loss=dec(95))
    story.settle()
    assert because(story) == story.position.reason == "protection changed"
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    story.fill_all(REDUCE)
    assert because(story) == story.position.reason == "reduced to 6"
    assert because(added()) == "added 2"
    story.tell(c.PausePosition(**story.own()))
    story.tell(c.ResumePosition(**story.own()))
    assert because(story) == "resumed"
