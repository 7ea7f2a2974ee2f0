"""The process dies in every phase: what was in flight is asked after, nothing is sent again, no state is lost."""

from collections.abc import Callable

import pytest

from actors.position.state import OrderPhase, Position
from messages import codec
from messages import commands as c
from messages import reports as r
from messages.requests import CancelOrder, ResolveOrder, SubmitOrder
from messages.types import OrderKind, OrderPurpose, OrderStatus, PositionState
from tests.position.histories import HISTORIES, modified, paused, pending
from tests.position.story import Story, active, dec, effects_of, opened, protected, wake

S = PositionState
ENTRY, REDUCE, STOP = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP


def asked(story: Story) -> set[str]:
    return {ef.message.client_order_id for ef in story.steps[-1].effects if isinstance(ef.message, ResolveOrder)}


def resting(story: Story) -> set[str]:
    """Orders last known to rest on the book, untouched."""
    orders = story.position.live_orders()
    settled = [o for o in orders if o.phase is OrderPhase.WORKING and not o.cancel_intended and not o.triggered]
    return {o.client_order_id for o in settled if o.kind is not OrderKind.MARKET}


def sent(story: Story) -> list[str]:
    return [e.message.client_order_id for e in story.steps[-1].effects if isinstance(e.message, SubmitOrder)]


@pytest.mark.parametrize("history", HISTORIES.values(), ids=lambda h: h.__name__)
def test_a_restart_in_any_state_asks_after_every_live_order_that_may_not_rest_and_sends_none(
    history: Callable[[], Story],
) -> None:
    story = history()
    live = {o.client_order_id for o in story.position.live_orders()}
    for _ in range(2):
        story.restart()
        assert asked(story) == live - resting(story)
        assert not sent(story)


@pytest.mark.parametrize("history", HISTORIES.values(), ids=lambda h: h.__name__)
def test_after_a_restart_the_first_sweep_asks_after_every_live_order_that_it_does_not_list(
    history: Callable[[], Story],
) -> None:
    story = history()
    live = story.position.live_orders()
    story.restart()
    if not live:
        return
    story.tell(story.sweep(), after_ms=10)
    assert asked(story) == {o.client_order_id for o in live}
    story.tell(story.sweep(*live), after_ms=10)
    assert not asked(story) & resting(story)


def test_an_order_from_the_future_of_a_clock_that_was_set_back_is_asked_after_at_once() -> None:
    story = protected()
    story.now_ns -= 3_600_000_000_000
    story.restart()
    assert asked(story) == {story.order(STOP).client_order_id, story.order(OrderPurpose.TARGET).client_order_id}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=lambda h: h.__name__)
def test_a_snapshot_holds_every_state_whole(history: Callable[[], Story]) -> None:
    position = history().position
    assert codec.decode_as(codec.encode(position), Position) == position


@pytest.mark.parametrize(
    ("history", "state"),
    [(paused, S.PAUSED), (modified, S.MODIFIED), (protected, S.ACTIVE), (pending, S.PENDING)],
    ids=["paused", "modified", "active", "pending"],
)
def test_a_state_without_anything_in_flight_is_the_same_after_a_restart(
    history: Callable[[], Story], state: PositionState
) -> None:
    story = history()
    story.restart()
    assert story.state is state


def test_a_closing_position_does_not_come_back_as_active() -> None:
    story = protected()
    story.tell(c.ClosePosition(**story.own()))
    story.ack()
    story.restart()
    assert story.state == S.CLOSING
    story.fill_all(REDUCE)
    story.cancel_done()
    assert story.state == S.CLOSED


def test_a_close_whose_order_was_never_answered_is_in_doubt_after_a_restart_and_still_a_close() -> None:
    story = active()
    story.tell(c.ClosePosition(**story.own()))
    story.restart()
    assert (story.state, story.position.goal_quantity) == (S.RECONCILING, dec(0))
    story.tell(story.absent(story.order(REDUCE)))
    assert story.state == S.CLOSING
    story.tell(r.Woken(topic="close"), after_ms=500)
    story.fill_all(REDUCE)
    assert story.state == S.CLOSED


def test_a_close_waiting_to_be_tried_again_is_tried_again_after_a_restart() -> None:
    story = active()
    story.tell(c.ClosePosition(**story.own()))
    for _ in range(4):
        story.tell(story.rejected(story.order(REDUCE)))
        story.tell(r.Woken(topic="close"), after_ms=30_000)
    story.tell(story.rejected(story.order(REDUCE)))
    step = story.restart()
    assert wake(step, "close") is not None


def test_a_cancel_is_repeated_after_a_restart() -> None:
    story = opened(limit_price=dec(99))
    story.ack()
    story.tell(c.ClosePosition(**story.own()))
    step = story.restart()
    assert [type(ef.message) for ef in step.effects] == [CancelOrder, ResolveOrder]


def test_leverage_is_asked_for_again_after_a_restart() -> None:
    story = pending()
    step = story.restart()
    assert effects_of(step) == ["SetLeverage"]
    story.tell(story.leverage_set())
    assert story.state == S.OPENING


def test_unread_fills_are_read_after_a_restart() -> None:
    story = protected()
    story.tell(story.report(story.order(STOP), OrderStatus.FILLED, "10"))
    step = story.restart()
    assert wake(step, "fills") is not None


def test_a_bare_position_is_watched_after_a_restart() -> None:
    story = opened(stop_loss=dec(90))
    story.fill_all(ENTRY)
    step = story.restart()
    assert wake(step, "unprotected") is not None


def test_a_command_told_again_after_a_restart_has_no_second_effect() -> None:
    story = active()
    command = c.ClosePosition(quantity=dec(4), **story.own())
    story.tell(command)
    story.fill_all(REDUCE)
    story.restart()
    step = story.tell(command)
    assert not step.events
    assert story.position.quantity == 6


def test_a_restart_during_a_split_entry_holds_the_next_part_until_nothing_is_in_doubt() -> None:
    story = Story()
    story.tell(story.opening("250"))
    story.tell(story.fill(story.order(ENTRY), "40"))
    story.restart()
    assert len(story.submitted()) == 1
    story.fill_all(ENTRY)
    assert len(story.submitted()) == 2
