"""The venue halts a symbol: what is held there stays as it is, and goes on at once when the symbol trades again."""

from dataclasses import replace

from messages import commands as c
from messages import reports as r
from messages.requests import SubmitProtection, SubmitReducing
from messages.types import OrderPurpose, RejectReason
from messages.types import PositionState as S
from tests.position.story import BTC, Story, active, dec, opened

STOP, REDUCE, ENTRY = OrderPurpose.STOP, OrderPurpose.REDUCE, OrderPurpose.ENTRY


def trading(story: Story, *, now: bool) -> None:
    story.tell(r.RulesChanged(position_id=story.position.position_id, instrument=replace(BTC, trading=now)))


def refused_for(story: Story, seconds: int) -> None:
    """The stop is refused again and again, for so long."""
    until_ns = story.now_ns + seconds * 1_000_000_000
    while story.now_ns < until_ns:
        if story.order(STOP).live:
            story.tell(story.rejected(story.order(STOP), RejectReason.SYMBOL))
        story.tell(r.Woken(topic="protect:stop"), after_ms=5_000)


def test_a_stop_refused_because_the_symbol_is_halted_closes_nothing_and_rests_once_it_trades_again() -> None:
    story = opened(stop_loss=dec(90))
    story.fill_all(ENTRY)
    trading(story, now=False)
    refused_for(story, 120)
    assert story.position.goal_quantity is None, "no close would be taken either"
    if story.order(STOP).live:
        story.tell(story.rejected(story.order(STOP), RejectReason.SYMBOL))
    before = len(story.submitted())
    trading(story, now=True)
    [sent] = story.submitted()[before:]
    assert isinstance(sent, SubmitProtection), "at once, and not when the pause after the last refusal is over"
    story.tell(story.accepted(story.order(STOP)))
    assert (story.state, story.position.protection_in_place) == (S.ACTIVE, True)


def test_a_close_refused_because_the_symbol_is_halted_is_sent_at_once_when_it_trades_again() -> None:
    story = active(stop_loss=dec(90))
    trading(story, now=False)
    story.tell(c.ClosePosition(**story.own()))
    for _ in range(8):
        story.tell(story.rejected(story.order(REDUCE), RejectReason.SYMBOL))
        story.tell(r.Woken(topic="close"), after_ms=30_000)
    story.tell(story.rejected(story.order(REDUCE), RejectReason.SYMBOL))
    before = len(story.submitted())
    trading(story, now=True)
    [sent] = story.submitted()[before:]
    assert isinstance(sent, SubmitReducing)
    assert story.state == S.CLOSING


def test_a_position_whose_stop_stays_refused_once_the_symbol_trades_is_closed_after_the_configured_time() -> None:
    story = opened(stop_loss=dec(90))
    story.fill_all(ENTRY)
    trading(story, now=False)
    refused_for(story, 60)
    trading(story, now=True)
    assert story.position.goal_quantity is None
    refused_for(story, 40)
    assert story.position.goal_quantity == 0
