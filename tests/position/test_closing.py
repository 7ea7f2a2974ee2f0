"""Closing: whole, part, ahead of everything, on a shared leg; refused, raced by its own stop, repeated until flat."""

import pytest

from messages import commands as c
from messages import reports as r
from messages.requests import Reply, ResolveOrder, SubmitEmergency, SubmitReducing
from messages.statement import verbatim
from messages.types import OrderPurpose, OrderStatus, PositionState, RejectReason, Severity, Side
from tests.position.story import Story, active, dec, effects_of, notices, opened, protected, wake

S = PositionState
ENTRY, REDUCE, STOP, TARGET = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP, OrderPurpose.TARGET


def close(story: Story, **changes: object) -> c.ClosePosition:
    return c.ClosePosition(**{**story.own(), **changes})


def reductions(story: Story) -> list[object]:
    return [s.quantity for s in story.submitted() if isinstance(s, SubmitReducing | SubmitEmergency)]


def test_closing_the_whole_reduces_by_all_of_it_and_keeps_the_stop_until_flat() -> None:
    story = protected()
    step = story.tell(close(story))
    submit = step.effects[1].message
    assert isinstance(submit, SubmitReducing)
    assert (submit.side, submit.quantity) == (Side.SELL, dec(10))
    assert {o.purpose for o in story.position.live_orders()} == {REDUCE, STOP, TARGET}
    story.fill_all(REDUCE, price="110")
    story.cancel_done()
    assert (story.state, story.position.quantity, story.position.realized_pnl) == (S.CLOSED, dec(0), dec(100))


@pytest.mark.parametrize(
    ("part", "sold"),
    [({"quantity": dec(4)}, 4), ({"percent": dec(25)}, "2.5"), ({"percent": dec("33.33333")}, "3.333")],
)
def test_closing_a_part_leaves_the_rest(part: dict[str, object], sold: str) -> None:
    story = active()
    story.tell(close(story, **part))
    assert story.state == S.MODIFYING
    assert reductions(story) == [dec(sold)]
    story.fill_all(REDUCE)
    assert (story.state, story.position.quantity) == (S.ACTIVE, 10 - dec(sold))
    assert story.position.goal_quantity is None


@pytest.mark.parametrize(
    "part",
    [
        {"quantity": dec(11)},
        {"quantity": dec("0.0001")},
        {"percent": dec(0)},
        {"percent": dec(101)},
        {"quantity": dec(-1)},
    ],
)
def test_an_impossible_part_is_refused_with_the_numbers(part: dict[str, object]) -> None:
    story = active()
    step = story.tell(close(story, **part))
    assert (step.verdict, story.state, reductions(story)) == ("refused", S.ACTIVE, [])
    assert any(character.isdigit() for character in step.why)


def test_two_parts_closed_one_after_the_other_add_up() -> None:
    story = active()
    story.tell(close(story, quantity=dec(4)))
    story.tell(close(story, quantity=dec(4)))
    assert reductions(story) == [dec(4)], "one order at a time"
    story.fill_all(REDUCE)
    story.fill_all(REDUCE)
    assert (story.state, story.position.quantity) == (S.ACTIVE, dec(2))


def test_a_part_is_refused_while_the_whole_is_being_closed() -> None:
    story = active()
    story.tell(close(story))
    step = story.tell(close(story, quantity=dec(1)))
    assert step.verdict == "refused"
    assert story.position.goal_quantity == 0


def test_a_close_above_the_market_maximum_goes_part_by_part() -> None:
    story = Story()
    story.tell(story.opening("250"))
    for _ in range(3):
        story.fill_all(ENTRY)
    story.tell(close(story))
    for parts in (1, 2, 3):
        assert reductions(story) == [dec(100), dec(100), dec(50)][:parts]
        story.fill_all(REDUCE)
    assert story.state == S.CLOSED


def test_on_a_shared_leg_own_stops_are_proven_canceled_before_anything_is_closed() -> None:
    story = protected()
    step = story.tell(close(story, shared_leg=True))
    assert effects_of(step) == ["Reply", "CancelOrder", "CancelOrder"]
    stop, target = story.order(STOP), story.order(TARGET)
    story.tell(story.report(stop, OrderStatus.CANCELED))
    assert reductions(story) == []
    step = story.tell(story.report(target, OrderStatus.CANCELED))
    assert reductions(story) == [dec(10)]
    story.fill_all(REDUCE)
    assert story.state == S.CLOSED


def test_a_partial_close_on_a_shared_leg_does_not_place_the_stop_it_just_canceled() -> None:
    story = protected()
    step = story.tell(close(story, quantity=dec(4), shared_leg=True))
    story.cancel_done()
    assert reductions(story) == [dec(4)]
    assert len(story.position.live_orders(STOP, TARGET)) == 0
    assert any(wake(step, "unprotected") for step in story.steps[-3:]), "bare, so the owner hears of it in time"
    story.fill_all(REDUCE)
    story.settle()
    assert {o.purpose: o.quantity for o in story.position.live_orders()} == {STOP: dec(6), TARGET: dec(6)}
    assert story.state == S.ACTIVE
    assert step.position.state is S.MODIFYING


def test_a_stop_that_fired_before_its_cancel_closes_a_shared_leg_without_a_second_order() -> None:
    story = protected()
    story.tell(close(story, shared_leg=True))
    story.tell(story.report(story.order(STOP), OrderStatus.TRIGGERED))
    story.tell(story.report(story.order(TARGET), OrderStatus.CANCELED))
    story.fill_all(STOP)
    assert (story.state, reductions(story)) == (S.CLOSED, [])


def test_a_close_that_a_passed_price_sets_off_takes_the_other_protective_order_off_first() -> None:
    """Nobody says then whether the leg is shared."""
    story = opened(stop_loss=dec(90), take_profit=dec(120))
    story.fill_all(ENTRY)
    story.tell(story.accepted(story.order(STOP)))
    step = story.tell(story.rejected(story.order(TARGET), RejectReason.WOULD_TRIGGER))
    assert effects_of(step)[0] == "CancelOrder"
    assert reductions(story) == []
    story.cancel_done()
    assert reductions(story) == [dec(10)]


def test_a_refused_close_keeps_the_stop_tells_and_tries_again_with_growing_pauses() -> None:
    story = protected()
    story.tell(close(story))
    pauses = []
    for _ in range(9):
        step = story.tell(story.rejected(story.order(REDUCE)))
        assert "stop stays in place" in notices(step, Severity.CRITICAL)[0]
        assert story.state == S.CLOSING
        assert len(story.position.live_orders(STOP)) == 1
        retry = wake(step, "close")
        assert retry is not None
        pauses.append(retry.after_ms)
        story.tell(r.Woken(topic="close"), after_ms=retry.after_ms)
    assert pauses == [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
    assert set(reductions(story)) == {dec(10)}


def nothing_to_reduce(story: Story, times: int, reason: RejectReason = RejectReason.REDUCE_ONLY) -> list[int]:
    """The venue refuses so many closes in a row; returns the pause after each in milliseconds."""
    pauses = []
    for _ in range(times):
        step = story.tell(story.rejected(story.order(REDUCE), reason))
        retry = wake(step, "close")
        assert retry is not None, "it never gives up"
        pauses.append(retry.after_ms)
        story.tell(r.Woken(topic="close"), after_ms=retry.after_ms)
    return pauses


def test_a_close_that_meets_nothing_to_reduce_is_tried_less_and_less_often_and_for_ever() -> None:
    """Day seed 9049: every 30 s one more order in the history of a position whose leg somebody else had taken."""
    story = protected()
    story.tell(close(story))
    assert nothing_to_reduce(story, 13)[6:] == [30_000, 60_000, 120_000, 240_000, 300_000, 300_000, 300_000]
    step = story.tell(story.rejected(story.order(REDUCE), RejectReason.REDUCE_ONLY))
    assert "trying again in 300 s" in notices(step, Severity.CRITICAL)[0]


@pytest.mark.parametrize("how", ["command", "fill", "adjustment", "other refusal", "another order's end"])
def test_whatever_changes_ends_the_long_pauses(how: str) -> None:
    story = protected()
    story.tell(close(story))
    nothing_to_reduce(story, 12)
    if how == "command":
        story.tell(story.rejected(story.order(REDUCE), RejectReason.REDUCE_ONLY))
        assert "SubmitReducing" in effects_of(story.tell(close(story))), "at once"
    elif how == "fill":
        story.tell(story.fill(story.order(STOP), "1"))
    elif how == "adjustment":
        story.tell(
            c.AdjustPosition(quantity_delta=dec(-1), price=dec(100), why=verbatim("x"), evidence="t9", **story.own())
        )
    elif how == "another order's end":
        story.tell(story.report(story.order(TARGET), OrderStatus.CANCELED))
    else:
        assert nothing_to_reduce(story, 1, RejectReason.OTHER) == [30_000]
    assert story.position.deferral_ms == 0


def test_an_emergency_is_not_deferred() -> None:
    story = protected()
    story.tell(close(story))
    nothing_to_reduce(story, 12)
    assert "SubmitReducing" not in effects_of(story.tell(c.EmergencyClose(**story.own())))
    assert max(nothing_to_reduce(story, 12)) == 30_000


def test_a_close_asked_for_again_does_not_wait_for_the_pause() -> None:
    story = active()
    story.tell(close(story))
    story.tell(story.rejected(story.order(REDUCE)))
    step = story.tell(c.EmergencyClose(**story.own()))
    assert "SubmitEmergency" in effects_of(step)


def test_a_refused_reduce_only_asks_after_everything_that_may_have_closed_it() -> None:
    story = protected()
    story.tell(close(story))
    step = story.tell(story.rejected(story.order(REDUCE), RejectReason.REDUCE_ONLY))
    assert effects_of(step).count("ResolveOrder") == 2, "the stop and the target"
    story.tell(story.report(story.order(STOP), OrderStatus.FILLED, "10"))
    story.fill_all(STOP)
    story.cancel_done()
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))


def test_a_refused_reduce_only_asks_after_a_reduction_that_was_called_refused_too() -> None:
    story = active()
    story.tell(close(story))
    wrongly = story.order(REDUCE)
    story.tell(story.rejected(wrongly))
    story.tell(r.Woken(topic="close"), after_ms=500)
    step = story.tell(story.rejected(story.order(REDUCE), RejectReason.REDUCE_ONLY))
    asked = [ef.message.client_order_id for ef in step.effects if isinstance(ef.message, ResolveOrder)]
    assert asked == [wrongly.client_order_id]
    story.tell(story.report(wrongly, OrderStatus.FILLED, "10"))
    story.tell(story.fill(wrongly, "10"))
    assert story.state == S.CLOSED


def test_every_reduction_is_sent_as_one_and_never_as_an_opening() -> None:
    story = protected()
    story.tell(close(story))
    story.tell(story.rejected(story.order(REDUCE), RejectReason.REDUCE_ONLY))
    story.tell(r.Woken(topic="close"), after_ms=500)
    assert [type(s).__name__ for s in story.submitted()[3:]] == ["SubmitReducing", "SubmitReducing"]


def test_a_stop_that_fires_while_closing_ends_in_one_closed_position() -> None:
    story = protected()
    story.tell(close(story))
    story.tell(story.report(story.order(STOP), OrderStatus.TRIGGERED))
    story.fill_all(STOP, price="89")
    assert story.state == S.CLOSING, "the reduction is still out"
    story.tell(story.rejected(story.order(REDUCE), RejectReason.REDUCE_ONLY))
    story.cancel_done()
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))
    assert reductions(story) == [dec(10)]


def test_a_stop_and_a_reduction_that_fill_together_share_the_quantity() -> None:
    story = protected()
    story.tell(close(story))
    story.tell(story.fill(story.order(STOP), "6"))
    story.tell(story.fill(story.order(REDUCE), "4"))
    story.tell(story.report(story.order(STOP), OrderStatus.EXPIRED, "6"))
    story.tell(story.report(story.order(REDUCE), OrderStatus.EXPIRED, "4"))
    story.cancel_done()
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))


def test_more_sold_than_held_is_never_hidden() -> None:
    story = protected()
    story.tell(close(story))
    story.fill_all(REDUCE)
    step = story.tell(story.fill(story.order(STOP), "10"))
    assert (story.state, story.position.quantity) == (S.RECONCILING, dec(-10))
    assert "more sold than held" in " ".join(notices(step, Severity.CRITICAL))


def test_more_sold_than_held_is_told_even_while_something_else_is_in_doubt() -> None:
    story = protected()
    story.tell(close(story))
    story.tell(story.fill(story.order(REDUCE), "9"))
    story.tell(story.report(story.order(REDUCE), OrderStatus.FILLED, "10"))
    step = story.tell(story.fill(story.order(STOP), "10"))
    assert story.state == S.RECONCILING
    assert "more sold than held" in " ".join(notices(step, Severity.CRITICAL))


def test_a_reduction_that_fills_in_part_and_expires_is_followed_by_the_rest() -> None:
    story = active()
    story.tell(close(story))
    story.tell(story.fill(story.order(REDUCE), "7"))
    story.tell(story.report(story.order(REDUCE), OrderStatus.EXPIRED, "7"))
    assert reductions(story) == [dec(10), dec(3)]
    story.fill_all(REDUCE)
    assert story.state == S.CLOSED


def test_a_reduction_that_expires_unfilled_is_not_repeated_at_the_pace_of_the_network() -> None:
    story = active()
    story.tell(close(story))
    step = story.tell(story.report(story.order(REDUCE), OrderStatus.EXPIRED))
    assert reductions(story) == [dec(10)]
    assert wake(step, "close") is not None
    assert "FetchFills" in effects_of(step), "perhaps it was filled after all"


def test_a_reduction_reported_filled_before_its_trades_is_not_sent_again() -> None:
    story = active()
    story.tell(close(story))
    story.tell(story.report(story.order(REDUCE), OrderStatus.FILLED, "10"))
    story.tell(r.Woken(topic="close"), after_ms=5_000)
    assert reductions(story) == [dec(10)]
    story.fill_all(REDUCE)
    assert story.state == S.CLOSED


def test_an_emergency_close_goes_ahead_of_everything_and_repeats_until_flat() -> None:
    story = protected()
    story.tell(c.EmergencyClose(**story.own()))
    for reason in (RejectReason.NOT_EXECUTED, RejectReason.OTHER):
        step = story.tell(story.rejected(story.order(REDUCE), reason))
        retry = wake(step, "close")
        assert retry is not None
        story.tell(r.Woken(topic="close"), after_ms=retry.after_ms)
    story.tell(story.unknown(story.order(REDUCE)))
    story.tell(story.absent(story.order(REDUCE)))
    story.tell(r.Woken(topic="close"), after_ms=30_000)
    story.fill_all(REDUCE)
    story.cancel_done()
    assert story.state == S.CLOSED
    assert [type(s) for s in story.submitted()[3:]] == [SubmitEmergency] * 4


def test_an_emergency_closes_what_a_doubtful_reduction_leaves_and_no_more() -> None:
    story = active()
    story.tell(close(story, quantity=dec(4)))
    story.tell(story.unknown(story.order(REDUCE)))
    story.tell(c.EmergencyClose(**story.own()))
    assert reductions(story) == [dec(4), dec(6)]
    doubtful = story.position.orders[-2]
    story.fill_all(REDUCE)
    story.tell(story.absent(doubtful))
    assert story.state == S.CLOSING
    story.tell(r.Woken(topic="close"), after_ms=500)
    assert reductions(story) == [dec(4), dec(6), dec(4)]
    story.fill_all(REDUCE)
    assert story.state == S.CLOSED


def test_closing_while_the_entry_fills_closes_what_comes_in_afterwards() -> None:
    story = opened(limit_price=dec(99))
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4"))
    story.tell(close(story))
    story.tell(story.fill(story.order(ENTRY), "1"))
    story.cancel_done()
    story.fill_all(REDUCE)
    assert reductions(story) == [dec(4), dec(1)]
    story.fill_all(REDUCE)
    assert story.state == S.CLOSED


def test_a_close_is_answered_when_it_is_accepted_and_when_it_is_refused() -> None:
    story = active()
    for command, accepted in ((close(story, quantity=dec(99)), False), (close(story), True)):
        replies = [ef.message for ef in story.tell(command).effects if isinstance(ef.message, Reply)]
        assert [reply.accepted for reply in replies] == [accepted]


def test_a_market_reduction_acknowledged_and_never_filled_is_asked_after() -> None:
    story = active()
    story.tell(close(story))
    story.ack()
    step = story.tell(r.Woken(topic="answer:2"), after_ms=15_000)
    assert effects_of(step) == ["ResolveOrder"]
