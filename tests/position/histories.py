"""For each state a realistic history that ends in it, and for each message a realistic one to send there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actors.position.state import Order
from messages import commands as c
from messages import reports as r
from messages.base import Message
from messages.types import OrderPurpose, OrderStatus, PositionState, RejectReason
from tests.position.story import BEGIN_NS, SECOND, Story, active, dec, opened, protected

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
    story.tell(c.AdjustPosition(quantity_delta=dec(-2), price=dec(101), why="sold by hand", **story.own()))
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


RARE: tuple[Callable[[], Story], ...] = (rejected_late, expired_unsent)
"""Histories that chance does not bring about."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A position in a state, and a message about to reach it."""

    story: Story
    message: Message


def scene(state: PositionState, message: type[Message]) -> Scene:
    blank = state is S.PENDING and message in (c.OpenPosition, c.AdoptPosition)  # nothing is known of it yet
    story = Story() if blank else HISTORIES[state]()
    return Scene(story, _COMMANDS[message](story) if message in _COMMANDS else _venue(story, message))


_COMMANDS: Mapping[type[Message], Callable[[Story], Message]] = {
    c.OpenPosition: lambda s: s.opening(),
    c.AdoptPosition: lambda s: s.adoption(),
    c.ClosePosition: lambda s: c.ClosePosition(**s.own()),
    c.EmergencyClose: lambda s: c.EmergencyClose(**s.own()),
    c.ModifyPosition: lambda s: c.ModifyPosition(stop_loss=dec(92), **s.own()),
    c.PausePosition: lambda s: c.PausePosition(**s.own()),
    c.ResumePosition: lambda s: c.ResumePosition(**s.own()),
    c.AdjustPosition: lambda s: c.AdjustPosition(
        quantity_delta=dec(2), price=dec(101), why="bought by hand", **s.own()
    ),
    r.SettingApplied: lambda s: s.leverage_set(),
    r.SettingRefused: lambda s: s.leverage_refused(),
    r.Sweep: lambda s: s.sweep(),
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
