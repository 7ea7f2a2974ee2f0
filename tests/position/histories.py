"""For each state a realistic history that ends in it, and for each message a realistic one to send there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from actors.position.next_orders import CANCELED_WITHIN_MS
from actors.position.state import Order
from messages import commands as c
from messages import reports as r
from messages.base import Message
from messages.statement import verbatim
from messages.types import OrderPurpose, OrderStatus, PositionState, RejectReason
from tests.position.story import BTC, MS, SECOND, Story, active, dec, opened, protected

S = PositionState
ENTRY, REDUCE, STOP, TARGET = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP, OrderPurpose.TARGET


def pending() -> Story:
    """Admitted; its leverage is being set, nothing was sent."""
    story = opened(leverage=5, stop_loss=dec(90))
    assert story.state == S.PENDING
    return story


def opening() -> Story:
    """A market entry that nobody has answered yet."""
    story = opened(stop_loss=dec(90), take_profit=dec(120))
    assert story.state == S.OPENING
    return story


def modifying() -> Story:
    """The stop is being moved from 90 to 95: the new one is sent, the old one rests."""
    story = protected()
    story.tell(c.ModifyPosition(stop_loss=dec(95), **story.own()))
    assert story.state == S.MODIFYING
    return story


def modified() -> Story:
    """Somebody sold 2 of 10 at the venue; it is booked and the protection fits again."""
    story = protected()
    story.tell(c.AdjustPosition(quantity_delta=dec(-2), price=dec(101), why=verbatim("sold by hand"), **story.own()))
    story.settle()
    assert story.state == S.MODIFIED
    return story


def paused() -> Story:
    story = protected()
    story.tell(c.PausePosition(**story.own()))
    assert story.state == S.PAUSED
    return story


def reconciling() -> Story:
    """4 of 10 were to be closed, and nobody knows whether the order reached the venue."""
    story = protected()
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    story.tell(story.unknown(story.order(REDUCE)))
    assert story.state == S.RECONCILING
    return story


def closing() -> Story:
    """The whole is being closed; the order is not answered yet, the protection still rests."""
    story = protected()
    story.tell(c.ClosePosition(**story.own()))
    assert story.state == S.CLOSING
    return story


def closed() -> Story:
    story = closing()
    story.fill_all(REDUCE, price="105")
    story.settle()
    assert story.state == S.CLOSED
    return story


def failed() -> Story:
    story = opening()
    story.tell(story.rejected(story.order(ENTRY), RejectReason.INSUFFICIENT_MARGIN))
    assert story.state == S.FAILED
    return story


def cancelled() -> Story:
    """A limit entry rested unfilled and was canceled by command."""
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(c.ClosePosition(**story.own()))
    story.settle()
    assert story.state == S.CANCELLED
    return story


HISTORIES: Mapping[PositionState, Callable[[], Story]] = {
    S.PENDING: pending,
    S.OPENING: opening,
    S.ACTIVE: protected,
    S.MODIFYING: modifying,
    S.MODIFIED: modified,
    S.PAUSED: paused,
    S.RECONCILING: reconciling,
    S.CLOSING: closing,
    S.CLOSED: closed,
    S.FAILED: failed,
    S.CANCELLED: cancelled,
}

FOCUS: Mapping[PositionState, OrderPurpose] = {
    S.OPENING: ENTRY,
    S.ACTIVE: STOP,
    S.MODIFYING: STOP,
    S.MODIFIED: STOP,
    S.PAUSED: STOP,
    S.RECONCILING: REDUCE,
    S.CLOSING: REDUCE,
    S.CLOSED: STOP,
    S.FAILED: ENTRY,
    S.CANCELLED: ENTRY,
}
"""Whose order the venue speaks of in each state: the one in flight, else the one that rests or ended last."""


def leverage_of(story: Story) -> Story:
    """Its leverage is to be 5."""
    story.tell(c.ModifyPosition(leverage=5, **story.own()))
    return story


def levered_paused() -> Story:
    story = leverage_of(protected())
    story.tell(c.PausePosition(**story.own()))
    return story


def levered_reconciling() -> Story:
    story = leverage_of(protected())
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    story.tell(story.unknown(story.order(REDUCE)))
    return story


def levered_closing() -> Story:
    story = leverage_of(protected())
    story.tell(c.ClosePosition(**story.own()))
    return story


def adding() -> Story:
    """2 more are to be bought; the order is not answered yet."""
    story = protected()
    story.tell(c.ModifyPosition(add=dec(2), **story.own()))
    assert story.state == S.MODIFYING
    return story


def entry_doubted() -> Story:
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.tell(story.unknown(story.order(ENTRY)))
    assert story.state == S.RECONCILING
    return story


def partly_open() -> Story:
    """A limit entry of which 4 of 10 are filled, and protected."""
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4"))
    story.ack()
    assert story.state == S.OPENING
    return story


def added() -> Story:
    story = adding()
    story.ack()
    story.fill_all(ENTRY)
    story.settle()
    assert story.state == S.ACTIVE
    return story


def addition_refused() -> Story:
    story = adding()
    story.tell(story.rejected(story.order(ENTRY), RejectReason.INSUFFICIENT_MARGIN))
    assert story.state == S.ACTIVE
    return story


def addition_called_off() -> Story:
    story = adding()
    story.tell(c.CancelEntry(**story.own()))
    story.settle()
    assert story.state == S.ACTIVE
    return story


def rest_called_off() -> Story:
    """What was filled of a limit entry stays."""
    story = partly_open()
    story.tell(c.CancelEntry(**story.own()))
    story.settle()
    assert story.state == S.ACTIVE
    return story


def called_off() -> Story:
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(c.CancelEntry(**story.own()))
    story.settle()
    assert story.state == S.CANCELLED
    return story


def relevered() -> Story:
    story = leverage_of(protected())
    story.tell(story.leverage_set())
    assert story.state == S.ACTIVE
    return story


def relevering_refused() -> Story:
    story = leverage_of(protected())
    story.tell(story.leverage_refused())
    assert story.state == S.ACTIVE
    return story


def dust() -> Story:
    """Somebody sold all but a crumb at the venue."""
    story = protected()
    story.tell(
        c.AdjustPosition(quantity_delta=dec("-9.9995"), price=dec(101), why=verbatim("sold by hand"), **story.own())
    )
    assert story.state == S.PAUSED
    return story


def ruled(story: Story, **rules: Any) -> r.RulesChanged:
    return r.RulesChanged(position_id=story.position.position_id, instrument=replace(BTC, **rules))


def seen_held() -> Story:
    """Nothing tells of its entry, and the list of positions shows as much as it would have filled: its stop rests."""
    story = opened(stop_loss=dec(90))
    story.tell(story.unknown(story.order(ENTRY)))
    story.tell(r.LegHeld(position_id=story.position.position_id, quantity=dec(10), begun_ns=story.now_ns + SECOND))
    story.ack(STOP)
    assert (story.state, story.position.exposure) == (S.RECONCILING, dec(10))
    return story


def left_triggered() -> Story:
    """Flat, and its triggered stop stays at the venue, which cancels it not."""
    story = active(stop_loss=dec(90))
    story.tell(story.report(story.order(STOP), OrderStatus.TRIGGERED))
    story.now_ns += 3 * SECOND
    triggered = story.report(story.order(STOP), OrderStatus.TRIGGERED)
    story.tell(replace(triggered, queried=True, begun_ns=story.now_ns))
    story.tell(r.Woken(topic="fired"), after_ms=story.policy.protection_deadline_ms)
    story.fill_all(REDUCE)
    assert story.state == S.CLOSING
    story.tell(r.Woken(topic="fired"), after_ms=CANCELED_WITHIN_MS)
    assert story.state == S.CLOSED
    return story


_LEVERED: Mapping[PositionState, Callable[[], Story]] = {
    S.OPENING: lambda: leverage_of(opening()),
    S.MODIFYING: lambda: leverage_of(modifying()),
    S.PAUSED: levered_paused,
    S.RECONCILING: levered_reconciling,
    S.CLOSING: levered_closing,
}


def aged(story: Story) -> Story:
    """A minute later."""
    story.now_ns += 60 * SECOND
    return story


_SCENES: Mapping[tuple[PositionState, type[Message]], Callable[[], Story]] = {
    **{(state, r.SettingApplied): story for state, story in _LEVERED.items()},
    **{(state, r.SettingRefused): story for state, story in _LEVERED.items()},
    (S.RECONCILING, r.LegHeld): entry_doubted,
    (S.RECONCILING, c.SettlePosition): lambda: aged(entry_doubted()),
    (S.OPENING, c.SettlePosition): lambda: aged(HISTORIES[S.OPENING]()),
    (S.MODIFYING, c.SettlePosition): lambda: aged(HISTORIES[S.MODIFYING]()),
    (S.CLOSING, c.SettlePosition): lambda: aged(HISTORIES[S.CLOSING]()),
    (S.MODIFYING, c.CancelEntry): adding,
    (S.RECONCILING, c.CancelEntry): entry_doubted,
    (S.OPENING, r.FundingShare): partly_open,
    (S.CLOSED, r.Recovered): left_triggered,
}
"""Where the usual history of a state gives the message nothing to speak of."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A position in a state, and a message about to reach it."""

    story: Story
    message: Message


def scene(state: PositionState, message: type[Message]) -> Scene:
    blank = state is S.PENDING and message in (c.OpenPosition, c.AdoptPosition)  # nothing is known of it yet
    story = Story() if blank else _SCENES.get((state, message), HISTORIES[state])()
    return Scene(story, _COMMANDS[message](story) if message in _COMMANDS else _venue(story, message))


_COMMANDS: Mapping[type[Message], Callable[[Story], Message]] = {
    c.OpenPosition: lambda s: s.opening(),
    c.AdoptPosition: lambda s: s.adoption(),
    c.ClosePosition: lambda s: c.ClosePosition(**s.own()),
    c.EmergencyClose: lambda s: c.EmergencyClose(**s.own()),
    c.ModifyPosition: lambda s: c.ModifyPosition(stop_loss=dec(92), **s.own()),
    c.CancelEntry: lambda s: c.CancelEntry(**s.own()),
    c.PausePosition: lambda s: c.PausePosition(**s.own()),
    c.ResumePosition: lambda s: c.ResumePosition(**s.own()),
    c.SettlePosition: lambda s: c.SettlePosition(**s.own()),
    c.AdjustPosition: lambda s: c.AdjustPosition(
        quantity_delta=dec(2), price=dec(101), why=verbatim("bought by hand"), **s.own()
    ),
    r.SettingApplied: lambda s: s.leverage_set(),
    r.SettingRefused: lambda s: s.leverage_refused(),
    r.Sweep: lambda s: s.sweep(),
    r.FundingShare: lambda s: s.funding("-0.3", s.position.opened_ns + 1),
    r.RulesChanged: lambda s: ruled(s, min_notional=dec(20)),
    r.LegHeld: lambda s: r.LegHeld(position_id=s.position.position_id, quantity=dec(10), begun_ns=s.now_ns + 5 * MS),
    r.LegChanged: lambda s: r.LegChanged(position_id=s.position.position_id, shared=True),
    r.Recovered: lambda _: r.Recovered(),
}


def _venue(story: Story, message: type[Message]) -> Message:
    state = story.position.state
    if message is r.Woken:
        return r.Woken(topic="leverage" if state is S.PENDING else f"answer:{len(story.position.orders)}")
    if state is S.PENDING:  # an order of a life that this journal does not know
        known = active()
        return _about(known, known.order(ENTRY), message)
    return _about(story, story.order(FOCUS[state]), message)


def _about(story: Story, order: Order, message: type[Message]) -> Message:
    resting = order.kind.conditional and order.live
    status = OrderStatus.TRIGGERED if resting and order.phase == "working" else OrderStatus.WORKING
    made: Mapping[type[Message], Callable[[], Message]] = {
        r.OrderAccepted: lambda: story.accepted(order),
        r.OrderRejected: lambda: story.rejected(order),
        r.OutcomeUnknown: lambda: story.unknown(order),
        r.OrderReport: lambda: story.report(order, status),
        r.OrderAbsent: lambda: story.absent(order),
        r.CancelRejected: lambda: r.CancelRejected(code="-2011", **story.about(order)),
        r.FillReport: lambda: story.fill(order),
        r.FillsFetched: lambda: story.fetched(order, str(order.quantity)),
    }
    return made[message]()
