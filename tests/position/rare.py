"""Histories that chance does not bring about, or hardly ever: together with random lives they show every transition."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from actors.position.refused_moves import REFUSED_MOST
from messages import commands as c
from messages import reports as r
from messages.statement import verbatim
from messages.types import OrderPurpose, OrderStatus, PositionState, RejectReason
from tests.position.histories import (
    added,
    addition_called_off,
    addition_refused,
    aged,
    called_off,
    closing,
    dust,
    entry_doubted,
    left_triggered,
    leverage_of,
    modified,
    modifying,
    opening,
    partly_open,
    paused,
    relevered,
    relevering_refused,
    rest_called_off,
    ruled,
    seen_held,
)
from tests.position.story import BEGIN_NS, SECOND, Story, active, dec, opened, protected

S = PositionState
ENTRY, REDUCE, STOP, TARGET = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP, OrderPurpose.TARGET


def rejected_late() -> Story:
    """Accepted, and rejected all the same."""
    story = opening()
    story.ack()
    story.tell(story.report(story.order(ENTRY), OrderStatus.REJECTED))
    return story


def expired_unsent() -> Story:
    """The leverage was confirmed too late."""
    story = opened(leverage=5, expires_at_ns=BEGIN_NS + SECOND)
    story.tell(story.leverage_set(), after_ms=2_000)
    return story


def filled_after_its_cancel() -> Story:
    """Said to be canceled with nothing filled, and yet filled."""
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(story.report(story.order(ENTRY), OrderStatus.CANCELED))
    story.tell(story.fill(story.order(ENTRY), "2"))
    return story


def partly_covered() -> Story:
    """Above the market maximum it takes three stops, and the venue refuses the last one for too long."""
    story = Story()
    story.tell(story.opening("250", stop_loss=dec(90)))
    for _ in range(3):
        story.tell(story.fill(story.order(ENTRY)))
    story.tell(story.accepted(story.order(STOP)))
    first, second, last = story.position.live_orders(STOP)
    story.tell(story.accepted(second))
    story.tell(story.rejected(last, RejectReason.LIMIT_REACHED))
    story.tell(r.Woken(topic="protect:stop"), after_ms=30_000)
    assert (story.state, story.position.goal_quantity) == (S.MODIFYING, first.leaves_quantity + second.leaves_quantity)
    return story


def refused_too_long(story: Story) -> Story:
    """The latest stop is refused, and so is the next one, when the time is up."""
    story.tell(story.rejected(story.order(STOP)))
    story.tell(r.Woken(topic="protect:stop"), after_ms=1_000)
    story.tell(story.absent(story.order(STOP)), after_ms=30_000)
    return story


def moved_in_vain() -> Story:
    """Beside a neighbor the stop made room for one that the venue refuses."""
    story = protected()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    story.tell(c.ModifyPosition(stop_loss=dec(95), **story.own()))
    story.cancel_done()
    assert story.state == S.MODIFYING
    assert refused_too_long(story).state == S.CLOSING
    return story


def moved_in_vain_and_back() -> Story:
    """The price before is refused as well, until it is taken."""
    story = protected()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    story.tell(c.ModifyPosition(stop_loss=dec(95), **story.own()))
    story.cancel_done()
    for _ in range(REFUSED_MOST + 1):
        story.tell(story.rejected(story.order(STOP)))
        story.tell(r.Woken(topic="protect:stop"), after_ms=2_000)
    assert (story.state, story.position.stop_loss) == (S.MODIFYING, dec(90))
    story.settle()
    assert story.state == S.ACTIVE
    return story


def target_given_up() -> Story:
    """There was none before, and the venue takes none."""
    story = active(stop_loss=dec(90))
    story.tell(c.ModifyPosition(take_profit=dec(120), **story.own()))
    for _ in range(REFUSED_MOST):
        story.tell(story.rejected(story.order(TARGET)))
        story.tell(r.Woken(topic="protect:target"), after_ms=2_000)
    assert (story.state, story.position.take_profit) == (S.ACTIVE, None)
    return story


def bare_while_filling() -> Story:
    """A limit entry of which 4 of 10 are filled, and the venue takes no stop."""
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4"))
    assert refused_too_long(story).state == S.CLOSING
    return story


def partly_covered_on_hold() -> Story:
    """On hold while the venue ends the last of three stops for too long."""
    story = Story()
    story.tell(story.opening("250", stop_loss=dec(90)))
    for _ in range(3):
        story.tell(story.fill(story.order(ENTRY)))
    for order in story.position.live_orders(STOP)[:2]:
        story.tell(story.accepted(order))
    story.tell(c.PausePosition(**story.own()))
    story.tell(story.rejected(story.order(STOP)))
    story.tell(r.Woken(topic="protect:stop"), after_ms=1_000)
    assert story.state == S.PAUSED
    story.tell(story.report(story.order(STOP), OrderStatus.REJECTED), after_ms=30_000)
    assert story.state == S.MODIFYING
    return story


def outgrown() -> Story:
    """The venue's minimum is above what is held now: nothing can close it but the venue itself."""
    story = protected()
    story.tell(ruled(story, min_quantity=dec(20)))
    assert story.state == S.PAUSED
    return story


def outgrown_while_reduced() -> Story:
    """The venue refuses a part by rules that are known only then: by these all that is held is dust."""
    story = protected()
    story.tell(c.ClosePosition(quantity=dec(3), **story.own()))
    story.tell(story.rejected(story.order(REDUCE), RejectReason.FILTER))
    assert story.state == S.MODIFYING
    story.tell(ruled(story, quantity_step=dec(20)))
    assert (story.state, story.position.goal_quantity) == (S.PAUSED, None)
    return story


def relevering_given_up() -> Story:
    """The venue answers neither yes nor no for a minute."""
    story = leverage_of(protected())
    story.tell(r.Woken(topic="leverage"), after_ms=61_000)
    assert story.state == S.ACTIVE
    return story


def seen_held_in_vain() -> Story:
    story = seen_held()
    story.tell(story.absent(story.order(ENTRY)))
    story.cancel_done()
    assert story.state == S.FAILED
    return story


def settled_bare() -> Story:
    story = seen_held()
    story.now_ns += 60 * SECOND
    story.tell(c.SettlePosition(**story.own()))
    assert story.state == S.CLOSING
    return story


def settled_flat() -> Story:
    """Closed while its stop is triggered and not told of any more; its owner ends that."""
    story = active(stop_loss=dec(90))
    story.tell(story.report(story.order(STOP), OrderStatus.TRIGGERED))
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE)
    story.now_ns += 60 * SECOND
    story.tell(c.SettlePosition(**story.own()))
    assert story.state == S.CLOSED
    return story


def settled_unread() -> Story:
    """Said to be filled twice as much as its trades tell, for ever; its owner ends that."""
    story = active()
    entry = story.order(ENTRY)
    story.tell(replace(story.report(entry, OrderStatus.FILLED, "20"), quantity=dec(20)))
    assert story.state == S.RECONCILING
    story.now_ns += 60 * SECOND
    story.tell(c.SettlePosition(**story.own()))
    assert story.state == S.ACTIVE
    return story


def settled_sold_unread() -> Story:
    """Its entry is said to be filled, and not shown; all of it is sold meanwhile."""
    story = Story()
    story.tell(story.opening())
    story.tell(story.report(story.order(ENTRY), OrderStatus.FILLED, "10"))
    story.tell(c.EmergencyClose(**story.own()))
    story.tell(story.fill(story.order(REDUCE), "10"))
    story.now_ns += 60 * SECOND
    story.tell(c.SettlePosition(**story.own()))
    assert story.state == S.CLOSED
    return story


def settled_called_off() -> Story:
    """An entry that is not told of any more, and is not wanted either."""
    story = aged(entry_doubted())
    story.tell(c.ClosePosition(**story.own()))
    story.tell(c.SettlePosition(**story.own()))
    assert story.state == S.CANCELLED
    return story


def settled_reduction() -> Story:
    """A reduction that the venue has, and tells nothing of."""
    story = active(stop_loss=dec(90))
    story.tell(c.ClosePosition(percent=dec(50), **story.own()))
    story.ack()
    story.now_ns += 60 * SECOND
    story.tell(c.SettlePosition(**story.own()))
    assert story.state == S.ACTIVE
    return story


# Ends, revivals and holds that no random life is likely to reach


def adopted_with_stop() -> Story:
    story = Story()
    story.tell(replace(story.adoption(), stop_loss=dec(90)))
    assert story.state == S.MODIFYING
    return story


def adopted_dust() -> Story:
    story = Story()
    story.tell(story.adoption("0.0005"))
    assert story.state == S.PAUSED
    return story


def leverage_never_answered() -> Story:
    story = opened(leverage=5)
    story.tell(r.Woken(topic="leverage"), after_ms=70_000)
    assert story.state == S.FAILED
    return story


def settled_part_of_entry() -> Story:
    """4 of 10 are filled, and no answer tells of the rest."""
    story = opened()
    story.tell(story.fill(story.order(ENTRY), "4"))
    aged(story).tell(c.SettlePosition(**story.own()))
    assert story.state == S.ACTIVE
    return story


def settled_unfilled_entry() -> Story:
    """A market entry that the venue acknowledged, and never filled."""
    story = opened()
    story.ack()
    aged(story).tell(c.SettlePosition(**story.own()))
    assert story.state == S.CANCELLED
    return story


def outgrown_after_a_change_outside() -> Story:
    story = modified()
    story.tell(ruled(story, min_quantity=dec(20)))
    assert story.state == S.PAUSED
    return story


def outgrown_while_closed() -> Story:
    """The venue refuses the close by rules that are known only then."""
    story = closing()
    story.tell(story.rejected(story.order(REDUCE), RejectReason.FILTER))
    story.tell(ruled(story, min_quantity=dec(20)))
    assert story.state == S.PAUSED
    return story


def left_as_dust_while_closed() -> Story:
    """A human sells all but a crumb while the close is retried."""
    story = closing()
    story.tell(story.rejected(story.order(REDUCE)))
    story.tell(sold_by_hand(story, "9.9995"))
    assert story.state == S.PAUSED
    return story


def sold_by_hand(story: Story, quantity: str) -> c.AdjustPosition:
    why = verbatim("sold by hand")
    return c.AdjustPosition(quantity_delta=-dec(quantity), price=dec(101), why=why, **story.own())


def sold_on_hold() -> Story:
    story = active()
    story.tell(c.PausePosition(**story.own()))
    story.tell(sold_by_hand(story, "10"))
    assert story.state == S.CLOSED
    return story


def sold_while_relevered() -> Story:
    story = leverage_of(active())
    story.tell(sold_by_hand(story, "10"))
    assert story.state == S.CLOSED
    return story


def settled_reduction_of(story: Story) -> Story:
    """4 are to be sold, in doubt, and written off."""
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    story.tell(story.unknown(story.order(REDUCE)))
    assert story.state == S.RECONCILING
    aged(story).tell(c.SettlePosition(**story.own()))
    return story


def settled_on_hold() -> Story:
    story = settled_reduction_of(paused())
    assert story.state == S.PAUSED
    return story


def settled_after_a_change_outside() -> Story:
    story = settled_reduction_of(modified())
    assert story.state == S.MODIFIED
    return story


def settled_stop() -> Story:
    """The moved stop is in doubt, and written off: it is tried again."""
    story = modifying()
    story.tell(story.unknown(story.order(STOP)))
    aged(story).tell(c.SettlePosition(**story.own()))
    assert story.state == S.MODIFYING
    return story


def settled_stop_while_filling() -> Story:
    """The stop of 4 of 10 is in doubt, and written off, while the rest of the entry is resting."""
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4"))
    story.tell(story.unknown(story.order(STOP)))
    aged(story).tell(c.SettlePosition(**story.own()))
    assert story.state == S.OPENING
    return story


def settled_cancel_of_entry() -> Story:
    """The entry is called off, and the venue does not answer."""
    story = opened(limit_price=dec(99))
    story.tell(c.CancelEntry(**story.own()))
    aged(story).tell(c.SettlePosition(**story.own()))
    assert story.state == S.CANCELLED
    return story


def settled_cancel_of_stop() -> Story:
    """The entry was never filled, and the cancel of its stop is not answered."""
    story = seen_held()
    story.tell(story.absent(story.order(ENTRY)))
    assert story.state == S.CLOSING
    aged(story).tell(c.SettlePosition(**story.own()))
    assert story.state == S.FAILED
    return story


def stopped_out(story: Story) -> Story:
    """The stop closes what the entry has filled so far; the rest of the entry is canceled."""
    story.tell(story.fill(story.order(STOP)))
    story.cancel_done()
    assert story.state == S.CLOSED
    return story


def refilled() -> Story:
    """The canceled entry was filled further all the same."""
    story = stopped_out(partly_open())
    story.tell(story.fill(story.order(ENTRY), "1"))
    assert story.state == S.ACTIVE
    return story


def reported_further() -> Story:
    """The venue says so before it shows the trade."""
    story = stopped_out(partly_open())
    story.tell(story.report(story.order(ENTRY), OrderStatus.CANCELED, "6"))
    assert story.state == S.RECONCILING
    return story


def refilled_after_a_change_outside() -> Story:
    story = partly_open()
    story.tell(sold_by_hand(story, "1"))
    story.settle()
    stopped_out(story)
    story.tell(story.fill(story.order(ENTRY), "1"))
    assert story.state == S.MODIFIED
    return story


def second_part_after_all() -> Story:
    """The second part of an entry was presumed lost; the first is closed by its stop."""
    story = Story()
    story.tell(story.opening("250", stop_loss=dec(90)))
    story.tell(story.fill(story.order(ENTRY)))
    story.ack(STOP)
    story.tell(story.absent(story.order(ENTRY)))
    stopped_out(story)
    story.tell(story.fill(story.order(ENTRY), "1"))
    assert story.state == S.OPENING
    return story


def paused_in_doubt(**changes: Any) -> Story:
    """On hold while the outcome of its entry is unknown."""
    story = opened(**changes)
    story.tell(story.unknown(story.order(ENTRY)))
    story.tell(c.PausePosition(**story.own()))
    assert story.state == S.RECONCILING
    return story


def filled_on_hold_after_its_absence() -> Story:
    story = paused_in_doubt()
    story.tell(story.absent(story.order(ENTRY)))
    assert story.state == S.FAILED
    story.fill_all(ENTRY)
    assert story.state == S.PAUSED
    return story


def filled_on_hold_after_its_cancel() -> Story:
    story = paused_in_doubt()
    story.tell(story.report(story.order(ENTRY), OrderStatus.CANCELED))
    assert story.state == S.CANCELLED
    story.fill_all(ENTRY)
    assert story.state == S.PAUSED
    return story


def filled_during_a_change_after_its_cancel() -> Story:
    story = leverage_of(opened(limit_price=dec(99)))
    story.tell(story.report(story.order(ENTRY), OrderStatus.CANCELED))
    assert story.state == S.CANCELLED
    story.fill_all(ENTRY)
    assert story.state == S.MODIFYING
    return story


def entry_goes_on_on_hold() -> Story:
    """The second part of the entry waits for a change of leverage, and a hold does not stop it."""
    story = Story()
    story.tell(story.opening("250"))
    leverage_of(story)
    story.tell(story.fill(story.order(ENTRY)))
    story.tell(c.PausePosition(**story.own()))
    assert story.state == S.PAUSED
    story.tell(story.leverage_set())
    assert story.state == S.OPENING
    return story


def entry_goes_on_at_last() -> Story:
    """As above, and the leverage is not answered for a minute."""
    story = Story()
    story.tell(story.opening("250"))
    leverage_of(story)
    story.tell(story.fill(story.order(ENTRY)))
    assert story.state == S.MODIFYING
    story.tell(r.Woken(topic="leverage"), after_ms=70_000)
    assert story.state == S.OPENING
    return story


RARE: tuple[Callable[[], Story], ...] = (
    rejected_late,
    expired_unsent,
    filled_after_its_cancel,
    partly_covered,
    moved_in_vain,
    moved_in_vain_and_back,
    target_given_up,
    bare_while_filling,
    partly_covered_on_hold,
    outgrown,
    outgrown_while_reduced,
    relevering_given_up,
    seen_held_in_vain,
    settled_bare,
    settled_flat,
    settled_unread,
    settled_sold_unread,
    settled_called_off,
    settled_reduction,
    adopted_with_stop,
    adopted_dust,
    leverage_never_answered,
    settled_part_of_entry,
    settled_unfilled_entry,
    outgrown_after_a_change_outside,
    outgrown_while_closed,
    left_as_dust_while_closed,
    sold_on_hold,
    sold_while_relevered,
    settled_on_hold,
    settled_after_a_change_outside,
    settled_stop,
    settled_stop_while_filling,
    settled_cancel_of_entry,
    settled_cancel_of_stop,
    refilled,
    reported_further,
    refilled_after_a_change_outside,
    second_part_after_all,
    filled_on_hold_after_its_absence,
    filled_on_hold_after_its_cancel,
    filled_during_a_change_after_its_cancel,
    entry_goes_on_on_hold,
    entry_goes_on_at_last,
    left_triggered,
    added,
    addition_refused,
    addition_called_off,
    rest_called_off,
    called_off,
    relevered,
    relevering_refused,
    dust,
)
