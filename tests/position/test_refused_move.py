"""A protective order is to be moved, and the venue refuses the new one: the position stays with what rests."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeAlias

import pytest

from actors.position.refused_moves import REFUSED_MOST
from messages import commands as c
from messages import events as e
from messages import reports as r
from messages.requests import CancelOrder, Notify, Reply, SubmitProtection, SubmitReducing
from messages.statement import verbatim
from messages.types import CorrelationId, OrderPurpose, OrderStatus, RejectReason, Severity
from messages.types import PositionState as S
from tests.position.story import BTC, SECOND, Story, active, dec, opened, protected, wake

ENTRY, STOP, TARGET, TRAILING = OrderPurpose.ENTRY, OrderPurpose.STOP, OrderPurpose.TARGET, OrderPurpose.TRAILING
Answer: TypeAlias = Callable[..., None]
WORDS = "400 -9999 No such thing."
MOVES = {
    STOP: ("stop_loss", dec(90), dec(95)),
    TARGET: ("take_profit", dec(120), dec(130)),
    TRAILING: ("trailing", dec(2), dec(3)),
}


def guarded(purpose: OrderPurpose = STOP) -> Story:
    name, at, _ = MOVES[purpose]
    wanted: dict[str, Any] = {name: at}
    return active(**wanted)


def moved(story: Story, purpose: OrderPurpose = STOP, to: Decimal | None = None) -> Story:
    name, _, wanted = MOVES[purpose]
    move: dict[str, Any] = {name: to or wanted, **story.own()}
    story.tell(c.ModifyPosition(**move))
    return story


def refused(story: Story, purpose: OrderPurpose = STOP, reason: RejectReason = RejectReason.OTHER) -> None:
    """In words that a table knows."""
    story.tell(story.rejected(story.order(purpose), reason, "not there"))
    again(story, purpose)


def unclear(story: Story, purpose: OrderPurpose = STOP) -> None:
    """In words of no table: it is asked after, and the venue has no such order."""
    order = story.order(purpose)
    story.tell(replace(story.unknown(order), cause=verbatim(WORDS), answered=True))
    story.tell(story.absent(order))
    again(story, purpose)


def again(story: Story, purpose: OrderPurpose) -> None:
    """A timer belongs to what set it."""
    topic = f"protect:{purpose}"
    due = next((found for step in reversed(story.steps) if (found := wake(step, topic))), None)
    correlation_id = due.correlation_id if due else CorrelationId("")
    story.tell(r.Woken(topic=topic, correlation_id=correlation_id), after_ms=2_000)


def told(story: Story) -> list[tuple[Severity, str]]:
    """Every notice since the latest command."""
    begun = max(n for n, step in enumerate(story.steps) if any(isinstance(ef.message, Reply) for ef in step.effects))
    sent = (ef.message for step in story.steps[begun:] for ef in step.effects)
    return [(notice.severity, notice.text) for notice in sent if isinstance(notice, Notify)]


def notified(story: Story) -> list[Notify]:
    return [ef.message for step in story.steps for ef in step.effects if isinstance(ef.message, Notify)]


def resting(story: Story, purpose: OrderPurpose = STOP) -> list[tuple[Decimal | None, Decimal]]:
    return [(order.setting, order.leaves_quantity) for order in story.position.live_orders(purpose)]


def requests(story: Story) -> list[e.ProtectionRequested]:
    return [event for event in story.events if isinstance(event, e.ProtectionRequested)]


def submitted(story: Story) -> int:
    return sum(isinstance(each, SubmitProtection) for each in story.submitted())


@pytest.mark.parametrize("purpose", MOVES)
@pytest.mark.parametrize("answer", [refused, unclear])
def test_after_three_refusals_the_position_stays_with_what_rests(answer: Answer, purpose: OrderPurpose) -> None:
    name, at, wanted = MOVES[purpose]
    story = moved(guarded(purpose), purpose)
    for _ in range(REFUSED_MOST):
        assert story.state != S.ACTIVE
        assert getattr(story.position, name) == wanted
        answer(story, purpose)
    assert (story.state, getattr(story.position, name)) == (S.ACTIVE, at)
    assert resting(story, purpose) == [(at, dec(10))]
    assert story.position.protection_in_place
    [*_, (severity, text)] = [each for each in told(story) if each[0] is not Severity.INFO]
    assert severity is Severity.WARNING, "it is covered"
    words = WORDS if answer is unclear else "-1 not there"
    assert f"its {purpose} stays at {at}; the move to {wanted} was refused by the venue: {words}" in text
    assert (requests(story)[-1].why in text, requests(story)[-1].command_id) == (True, "")


@pytest.mark.parametrize("answer", [refused, unclear])
def test_the_same_refusal_is_told_once_and_then_what_became_of_the_move(answer: Answer) -> None:
    story = moved(guarded())
    for _ in range(REFUSED_MOST):
        answer(story)
    kinds = [
        words
        for _, text in told(story)
        for words in ("outcome of the stop", "trying again", "stays at")
        if words in text
    ]
    assert kinds == ["outcome of the stop", "trying again", "stays at"][0 if answer is unclear else 1 :]


def test_the_move_is_over_nothing_is_tried_any_more_and_the_next_one_is_tried_afresh() -> None:
    story = moved(guarded())
    for _ in range(REFUSED_MOST):
        refused(story)
    before = submitted(story)
    for _ in range(3):
        again(story, STOP)
    assert (submitted(story), story.state) == (before, S.ACTIVE)
    moved(story, to=dec(96))
    assert (submitted(story), story.state) == (before + 1, S.MODIFYING), "at once"
    story.settle()
    assert (story.state, resting(story)) == (S.ACTIVE, [(dec(96), dec(10))])


def test_what_the_command_was_answered_stays_and_the_notice_belongs_to_it() -> None:
    story = guarded()
    move = c.ModifyPosition(stop_loss=dec(95), **story.own())
    story.tell(move)
    for _ in range(REFUSED_MOST):
        refused(story)
    replies = [ef.message for step in story.steps for ef in step.effects if isinstance(ef.message, Reply)]
    assert [(reply.command_id, reply.accepted) for reply in replies][-1] == (move.command_id, True)
    assert [str(n.correlation_id) for n in notified(story) if "stays at" in n.text] == [move.command_id]
    again_ = story.tell(move)
    assert [ef.message.accepted for ef in again_.effects if isinstance(ef.message, Reply)] == [True]


def test_what_does_not_come_to_the_venue_is_no_refusal() -> None:
    story = moved(guarded())
    for reason in (RejectReason.NEVER_SENT, RejectReason.NOT_EXECUTED, RejectReason.EXPIRED):
        refused(story, reason=reason)
        story.tell(story.unknown(story.order(STOP)))
        story.tell(story.absent(story.order(STOP)))
        again(story, STOP)
    assert (story.state, story.position.stop_loss) == (S.MODIFYING, dec(95))
    for _ in range(REFUSED_MOST):
        story.tell(r.Woken(topic="protect:stop"), after_ms=30_000)
        story.tell(story.rejected(story.order(STOP)))
    assert (story.state, story.position.stop_loss) == (S.ACTIVE, dec(90))


def test_while_the_symbol_does_not_trade_a_refusal_says_nothing() -> None:
    story = moved(guarded())
    story.tell(r.RulesChanged(position_id=story.position.position_id, instrument=replace(BTC, trading=False)))
    for _ in range(REFUSED_MOST + 2):
        story.tell(story.rejected(story.order(STOP), RejectReason.SYMBOL))
        story.tell(r.Woken(topic="protect:stop"), after_ms=30_000)
    assert (story.state, story.position.stop_loss) == (S.MODIFYING, dec(95))


def test_a_price_that_was_passed_meanwhile_is_due_as_ever() -> None:
    story = moved(guarded())
    refused(story, reason=RejectReason.WOULD_TRIGGER)
    assert story.state == S.CLOSING


def test_two_moves_are_refused_side_by_side_and_each_is_tried_three_times() -> None:
    story = protected()
    story.tell(c.ModifyPosition(stop_loss=dec(95), take_profit=dec(130), **story.own()))
    for _ in range(REFUSED_MOST):
        for purpose in (STOP, TARGET):
            story.tell(story.rejected(story.order(purpose)))
        for purpose in (STOP, TARGET):
            again(story, purpose)
    assert (story.state, story.position.stop_loss, story.position.take_profit) == (S.ACTIVE, dec(90), dec(120))
    assert submitted(story) == 2 + 2 * REFUSED_MOST
    assert [text.rpartition(": its ")[2].split()[0] for _, text in told(story) if "stays at" in text] == [
        "stop",
        "target",
    ]
    assert sum("trying again" in text for _, text in told(story)) == 2


@pytest.mark.parametrize("purpose", [STOP, TARGET])
def test_one_move_of_two_is_refused_and_the_other_goes_on(purpose: OrderPurpose) -> None:
    story = protected()
    story.tell(c.ModifyPosition(stop_loss=dec(95), take_profit=dec(130), **story.own()))
    other = TARGET if purpose is STOP else STOP
    for _ in range(REFUSED_MOST):
        story.tell(story.rejected(story.order(purpose)))
        story.tell(r.Woken(topic=f"protect:{purpose}"), after_ms=2_000)
    name, at, _ = MOVES[purpose]
    assert (story.state, getattr(story.position, name)) == (S.MODIFYING, at)
    story.settle()
    assert story.state == S.ACTIVE
    assert resting(story, purpose) == [(at, dec(10))]
    assert resting(story, other) == [(MOVES[other][2], dec(10))]


def test_a_restart_in_between_forgets_no_refusal() -> None:
    story = moved(guarded())
    refused(story)
    unclear(story)
    story.restart()
    lost = story.order(STOP)
    assert lost.phase == "doubted", "it was on its way when the process died"
    story.tell(story.absent(lost))
    again(story, STOP)
    refused(story)
    assert (story.state, resting(story)) == (S.ACTIVE, [(dec(90), dec(10))])
    [notice] = [n for n in notified(story) if "stays at" in n.text]
    assert str(notice.correlation_id) == requests(story)[-2].command_id
    story.restart()
    assert (story.state, story.position.stop_loss) == (S.ACTIVE, dec(90))


def test_after_a_reduction_the_larger_one_that_rests_is_kept_and_made_to_fit() -> None:
    story = moved(guarded())
    refused(story)
    story.tell(c.ClosePosition(quantity=dec(4), **story.own()))
    story.ack(OrderPurpose.REDUCE)
    story.fill_all(OrderPurpose.REDUCE)
    for _ in range(REFUSED_MOST):
        refused(story)
    assert (story.state, story.position.stop_loss, story.position.unprotected) == (S.MODIFYING, dec(90), False)
    story.settle()
    assert (story.state, resting(story)) == (S.ACTIVE, [(dec(90), dec(6))])


def test_while_an_entry_fills_what_rests_for_a_part_names_the_price_for_all() -> None:
    """Nothing is closed for a price that the venue takes."""
    story = opened(limit_price=dec(99), stop_loss=dec(90))
    story.ack()
    story.tell(story.fill(story.order(ENTRY), "4"))
    story.ack()
    moved(story)
    story.tell(story.fill(story.order(ENTRY), "6"))
    for _ in range(REFUSED_MOST):
        refused(story)
    assert story.position.stop_loss == dec(90)
    assert told(story)[-1][0] is Severity.CRITICAL, "six are bare until it rests"
    story.settle()
    assert (story.state, resting(story)) == (S.ACTIVE, [(dec(90), dec(10))])


def test_a_part_that_rests_at_the_new_price_is_not_given_up() -> None:
    story = Story()
    story.tell(story.opening("150", stop_loss=dec(90)))
    for _ in range(2):
        story.ack()
        story.fill_all(ENTRY)
    story.settle()
    moved(story)
    first, second = (o for o in story.position.live_orders(STOP) if o.setting == dec(95))
    story.tell(story.accepted(first))
    story.tell(story.rejected(second))
    for _ in range(REFUSED_MOST + 1):
        again(story, STOP)
        story.tell(story.rejected(story.order(STOP)))
    assert story.position.stop_loss == dec(95)
    assert not story.position.unprotected


# Beside a neighbor: the old one goes before the new one is placed ---------------------------------------


def beside(story: Story) -> Story:
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    return story


def test_on_a_shared_leg_the_one_that_made_room_is_placed_again() -> None:
    story = moved(beside(guarded()))
    story.cancel_done()
    for _ in range(REFUSED_MOST):
        refused(story)
    assert told(story)[-1][0] is Severity.CRITICAL
    assert "its stop is to go back to 90; the move to 95 was refused" in told(story)[-1][1]
    assert (story.position.stop_loss, resting(story)) == (dec(90), [(dec(90), dec(10))])
    story.settle()
    assert (story.state, story.position.protection_in_place) == (S.ACTIVE, True)
    again(story, STOP)
    assert resting(story) == [(dec(90), dec(10))]


def test_a_leg_that_is_shared_from_now_on_costs_nothing_but_the_move() -> None:
    story = moved(guarded())
    refused(story)
    beside(story)
    story.tell(story.rejected(story.order(STOP)))
    again(story, STOP)
    story.cancel_done()
    again(story, STOP)
    refused(story)
    story.settle()
    assert (story.state, resting(story)) == (S.ACTIVE, [(dec(90), dec(10))])


def test_where_the_way_back_is_refused_too_it_is_closed_in_the_time_that_it_had() -> None:
    story = moved(beside(guarded()))
    story.cancel_done()
    begun = story.now_ns
    for _ in range(20):
        refused(story)
        if story.state == S.CLOSING:
            break
    assert story.state == S.CLOSING
    assert (story.now_ns - begun) // 1_000_000 < 36_000
    assert len(requests(story)) == 2, "there and back, and no further"
    assert any(isinstance(each, SubmitReducing) for each in story.submitted())


def test_what_grows_long_after_a_refused_move_is_not_closed_for_it() -> None:
    """The next refusal is the first one, and gets the whole time."""
    story = moved(guarded())
    for _ in range(REFUSED_MOST):
        refused(story)
    story.now_ns += 3_600 * SECOND
    story.tell(c.ModifyPosition(add=dec(4), **story.own()))
    story.fill_all(ENTRY)
    story.tell(story.rejected(story.order(STOP)))
    assert story.position.unprotected
    again(story, STOP)
    assert (story.position.goal_quantity, story.order(STOP).setting) == (None, dec(90))
    story.settle()
    assert (story.state, resting(story)) == (S.ACTIVE, [(dec(90), dec(14))])


def test_a_stop_that_was_taken_off_on_purpose_is_no_way_back() -> None:
    story = guarded()
    moved(story, to=None)
    story.settle()
    story.tell(c.ModifyPosition(stop_loss=dec(0), **story.own()))
    story.settle()
    moved(story, to=dec(92))
    for _ in range(REFUSED_MOST):
        refused(story)
    assert story.position.stop_loss == dec(92)
    assert resting(story) == [(dec(92), dec(10))], "it is tried on"


def test_a_stop_that_rested_where_it_is_wanted_is_no_refused_move() -> None:
    """The venue took the move, and somebody cancels the stop time after time."""
    story = moved(guarded())
    story.settle()
    for _ in range(REFUSED_MOST + 1):
        story.tell(story.report(story.order(STOP), OrderStatus.CANCELED))
        story.tell(r.Woken(topic="protect:stop"), after_ms=5_000)
        story.tell(story.accepted(story.order(STOP)))
    assert story.position.stop_loss == dec(95)
    assert resting(story) == [(dec(95), dec(10))]
    assert not any(isinstance(ef.message, CancelOrder) for ef in story.steps[-1].effects)


# The way back is refused too ---------------------------------------------------------------------------


def refused_both_ways(answer: Answer) -> Story:
    """Beside a neighbor: the stop made room, the move was refused for good, and the price before it once."""
    story = moved(beside(guarded()))
    story.cancel_done()
    for _ in range(REFUSED_MOST + 1):
        answer(story)
    assert story.position.stop_loss == dec(90)
    return story


@pytest.mark.parametrize("answer", [refused, unclear])
def test_it_is_being_moved_until_the_order_rests_where_it_was(answer: Answer) -> None:
    story = refused_both_ways(answer)
    begun = next(n for n, step in enumerate(story.steps) if step.position.modifying)
    assert {str(step.position.state) for step in story.steps[begun:]} <= {S.MODIFYING, S.RECONCILING}
    assert story.state == S.MODIFYING
    story.settle()
    assert (story.state, resting(story)) == (S.ACTIVE, [(dec(90), dec(10))])


@pytest.mark.parametrize("answer", [refused, unclear])
def test_that_the_way_back_is_refused_and_nothing_rests_is_told_once(answer: Answer) -> None:
    story = refused_both_ways(answer)
    answer(story)
    words = [text for severity, text in told(story) if severity is Severity.CRITICAL]
    assert sum("its stop is to go back to 90;" in text for text in words) == 1
    assert [text.endswith("trying again, none rests") for text in words if "trying again, " in text] == [True]
    assert sum("outcome of the stop" in text for _, text in told(story)) <= 1


@pytest.mark.parametrize("answer", [refused, unclear])
def test_the_time_without_a_stop_counts_from_when_it_left_the_book(answer: Answer) -> None:
    story = moved(beside(guarded()))
    story.cancel_done()
    begun = story.now_ns
    for _ in range(REFUSED_MOST + 2):
        answer(story)
    due = [found.after_ms for step in story.steps if (found := wake(step, "overdue"))]
    assert due, "a timer ends it, not the next try"
    story.now_ns = begun + (story.policy.protection_deadline_ms - 100) * 1_000_000
    if story.order(STOP).live:
        story.tell(story.rejected(story.order(STOP)))
    assert story.state == S.MODIFYING
    story.tell(r.Woken(topic="overdue"), after_ms=100)
    assert (story.state, story.now_ns - begun <= 30_000 * 1_000_000 + 100_000_000) == (S.CLOSING, True)


def test_the_opening_is_told_once_whatever_is_in_doubt_later() -> None:
    story = guarded()
    for _ in range(2):
        story.tell(c.ClosePosition(quantity=dec(2), **story.own()))
        story.tell(story.unknown(story.order(OrderPurpose.REDUCE)))
        story.fill_all(OrderPurpose.REDUCE)
        story.settle()
    assert story.state == S.ACTIVE
    assert sum(" open at " in each.text for each in notified(story)) == 1


# What guards nothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [TARGET, TRAILING])
@pytest.mark.parametrize("answer", [refused, unclear])
def test_a_new_order_that_guards_nothing_is_given_up_after_three_refusals(
    answer: Answer, purpose: OrderPurpose
) -> None:
    name, _, wanted = MOVES[purpose]
    story = moved(guarded(), purpose)
    for _ in range(REFUSED_MOST):
        assert story.state != S.ACTIVE
        answer(story, purpose)
    assert (story.state, getattr(story.position, name), resting(story)) == (S.ACTIVE, None, [(dec(90), dec(10))])
    before = submitted(story)
    again(story, purpose)
    assert submitted(story) == before
    given_up = [text for severity, text in told(story) if "given up" in text and severity is Severity.WARNING]
    words = WORDS if answer is unclear else "-1 not there"
    assert [
        f"its {purpose} at {wanted} is given up, none rests; the venue refused it: {words}" in text for text in given_up
    ] == [True]


def test_the_last_refusal_is_told_with_its_end_and_not_as_another_try() -> None:
    story = moved(guarded(), TARGET)
    for number in range(REFUSED_MOST):
        story.tell(story.rejected(story.order(TARGET), text=f"no {number}"))
        again(story, TARGET)
    said = [text for _, text in told(story) if "target" in text]
    assert ["trying again" in text for text in said] == [True, True, False]
    assert said[-1].endswith("is given up, none rests; the venue refused it: -1 no 2")


def test_a_target_whose_way_back_is_refused_too_is_given_up() -> None:
    story = beside(protected())
    moved(story, TARGET)
    story.cancel_done()
    for _ in range(2 * REFUSED_MOST):
        assert story.state == S.MODIFYING
        refused(story, TARGET)
    assert (story.state, story.position.take_profit, story.position.stop_loss) == (S.ACTIVE, None, dec(90))


def test_a_new_stop_that_guards_is_not_given_up() -> None:
    story = moved(active())
    for _ in range(REFUSED_MOST + 1):
        refused(story)
    assert (story.state, story.position.stop_loss) == (S.MODIFYING, dec(95))


def test_a_target_of_the_opening_is_no_move() -> None:
    story = opened(stop_loss=dec(90), take_profit=dec(120))
    story.fill_all(ENTRY)
    story.ack(STOP)
    for _ in range(REFUSED_MOST + 1):
        refused(story, TARGET)
    assert story.position.take_profit == dec(120)


@pytest.mark.parametrize("reason", [RejectReason.OTHER, RejectReason.LIMIT_REACHED])
@pytest.mark.parametrize("purpose", MOVES)
def test_the_first_refusal_of_a_move_says_what_still_rests(purpose: OrderPurpose, reason: RejectReason) -> None:
    story = moved(guarded(purpose), purpose)
    refused(story, purpose, reason)
    [text] = [text for _, text in told(story) if "trying again" in text]
    assert text.endswith(f"trying again, the one at {MOVES[purpose][1]} still rests")
