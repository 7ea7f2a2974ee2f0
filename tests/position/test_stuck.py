"""A stop that fires and is not executed covers nothing: told at once, closed by market, and it blocks nothing."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from actors.position.machine import Step
from actors.position.next_orders import CANCELED_WITHIN_MS
from actors.position.state import OrderPhase
from messages import commands as c
from messages import reports as r
from messages.requests import CancelOrder, FetchFills, ResolveOrder, SubmitReducing
from messages.statement import verbatim
from messages.types import OrderPurpose, OrderStatus, PositionState, Severity
from tests.position.story import (
    LONG,
    MS,
    POLICY,
    SECOND,
    SHORT,
    Story,
    active,
    dec,
    effects_of,
    events_of,
    notices,
    opened,
    protected,
    wake,
)

S = PositionState
ENTRY, REDUCE, STOP, TARGET, TRAILING = (
    OrderPurpose.ENTRY,
    OrderPurpose.REDUCE,
    OrderPurpose.STOP,
    OrderPurpose.TARGET,
    OrderPurpose.TRAILING,
)
DEADLINE_MS = POLICY.protection_deadline_ms


def fire(story: Story, purpose: OrderPurpose = STOP) -> None:
    story.tell(story.report(story.order(purpose), OrderStatus.TRIGGERED))


def still_triggering(story: Story, purpose: OrderPurpose = STOP, filled: str = "0") -> r.OrderReport:
    """What a question that is asked now finds."""
    report = story.report(story.order(purpose), OrderStatus.TRIGGERED, filled)
    return replace(report, queried=True, begun_ns=story.now_ns)


def stalled(story: Story, purpose: OrderPurpose = STOP) -> Story:
    fire(story, purpose)
    story.now_ns += 3 * SECOND
    assert "OrderStalled" in events_of(story.tell(still_triggering(story, purpose)))
    return story


def due(story: Story) -> str:
    """The deadline's timer comes."""
    step = story.tell(r.Woken(topic="fired"), after_ms=DEADLINE_MS)
    return " ".join(notices(step, Severity.CRITICAL))


def canceled(story: Story, purpose: OrderPurpose) -> Step:
    return story.tell(story.report(story.order(purpose), OrderStatus.CANCELED))


def let_go(story: Story) -> Step:
    """The timer comes after which the venue's refusals of its cancel are believed."""
    return story.tell(r.Woken(topic="fired"), after_ms=CANCELED_WITHIN_MS)


def test_from_the_moment_it_fires_it_counts_as_no_protection() -> None:
    story = protected()
    step = story.tell(story.report(story.order(STOP), OrderStatus.TRIGGERED))
    assert story.position.unprotected
    told = wake(step, "unprotected")
    assert told is not None
    assert told.after_ms < 2_000
    step = story.tell(r.Woken(topic="unprotected"), after_ms=told.after_ms)
    assert "its stop was triggered at 90 and is not executed" in notices(step, Severity.CRITICAL)[0]


@pytest.mark.parametrize("key", [LONG, SHORT])
def test_it_is_closed_by_market_when_it_is_not_executed_in_time(key: object) -> None:
    story = protected(LONG if key is LONG else SHORT)
    fire(story)
    assert "was triggered and not executed for 30 s" in due(story)
    assert story.state == S.CLOSING
    assert story.position.goal_quantity == dec(0)
    story.tell(story.report(story.order(TARGET), OrderStatus.CANCELED))
    story.fill_all(REDUCE)
    story.tell(still_triggering(story))
    let_go(story)
    assert story.state == S.CLOSED
    assert "not executed" in story.position.reason


def test_nothing_is_closed_before_and_nothing_where_it_is_executed_after_all() -> None:
    story = protected()
    fire(story)
    story.tell(r.Woken(topic="fired"), after_ms=DEADLINE_MS - 100)
    assert not story.position.live_orders(REDUCE)
    story.fill_all(STOP, price="90")
    story.settle()
    assert story.state == S.CLOSED
    assert len(story.position.orders) == 3


@pytest.mark.parametrize(("purpose", "wanted"), [(TARGET, {"take_profit": dec(120)}), (TRAILING, {"trailing": dec(2)})])
def test_a_target_and_a_trailing_stop_are_no_other(purpose: OrderPurpose, wanted: dict[str, Any]) -> None:
    story = active(LONG, **wanted)
    fire(story, purpose)
    assert f"its {purpose} was triggered and not executed" in due(story)
    story.fill_all(REDUCE)
    story.tell(still_triggering(story, purpose))
    let_go(story)
    assert story.state == S.CLOSED


def test_a_close_by_hand_passes_it_and_ends_closed() -> None:
    story = protected()
    fire(story)
    step = story.tell(c.ClosePosition(**story.own()))
    assert SubmitReducing.__name__ in effects_of(step)
    story.ack(REDUCE)
    story.fill_all(REDUCE)
    assert story.state == S.CLOSING, "it may be executed in this moment"
    story.now_ns += 2 * SECOND
    step = story.tell(still_triggering(story))
    assert CancelOrder.__name__ in effects_of(step)
    story.cancel_done()
    assert story.state == S.CLOSED
    assert story.order(STOP).stalled


def test_a_close_that_is_done_waits_for_its_cancel_and_not_for_ever() -> None:
    story = stalled(protected())
    story.tell(c.ClosePosition(**story.own()))
    canceled(story, TARGET)
    story.fill_all(REDUCE)
    assert story.state == S.CLOSING, "its cancel is on its way"
    spent_ms = (story.now_ns - story.order(STOP).cancel_ns) // MS
    assert story.tell(r.Woken(topic="fired"), after_ms=CANCELED_WITHIN_MS - spent_ms - 1).events == ()
    assert "OrderUncancelable" in events_of(story.tell(r.Woken(topic="fired"), after_ms=1))
    assert story.state == S.CLOSED


def beside_a_neighbor() -> Story:
    story = protected()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    return stalled(story)


@pytest.mark.parametrize("percent", [None, dec(50)])
def test_beside_a_neighbor_a_close_waits_until_it_is_taken_off_the_book(percent: Decimal | None) -> None:
    story = beside_a_neighbor()
    step = story.tell(c.ClosePosition(shared_leg=True, percent=percent, **story.own()))
    assert SubmitReducing.__name__ not in effects_of(step)
    canceled(story, TARGET)
    assert not story.position.live_orders(REDUCE), "it may sell in this moment, and the rest would be a neighbor's"
    canceled(story, STOP)
    assert story.order(REDUCE).quantity == (dec(10) if percent is None else dec(5))


def test_beside_a_neighbor_one_that_sold_a_part_before_it_was_canceled_leaves_only_the_rest_to_close() -> None:
    story = beside_a_neighbor()
    story.tell(c.ClosePosition(shared_leg=True, **story.own()))
    canceled(story, TARGET)
    story.tell(story.fill(story.order(STOP), "4", price="90"))
    story.tell(story.report(story.order(STOP), OrderStatus.CANCELED, "4"))
    assert story.order(REDUCE).quantity == dec(6)


def test_beside_a_neighbor_one_that_the_venue_keeps_in_hand_is_waited_for_as_long_as_protection_allows() -> None:
    story = beside_a_neighbor()
    story.tell(c.ClosePosition(shared_leg=True, **story.own()))
    canceled(story, TARGET)
    let_go(story)
    assert not story.position.live_orders(REDUCE)
    story.tell(r.Woken(topic="fired"), after_ms=DEADLINE_MS - 3_000 - CANCELED_WITHIN_MS)
    assert story.order(REDUCE).quantity == dec(10)


def test_beside_a_neighbor_an_emergency_waits_for_its_cancel_alone() -> None:
    story = beside_a_neighbor()
    story.tell(c.EmergencyClose(**story.own()))
    canceled(story, TARGET)
    let_go(story)
    assert story.order(REDUCE).quantity == dec(10)


def test_the_wait_goes_on_through_a_restart() -> None:
    story = beside_a_neighbor()
    story.tell(c.ClosePosition(shared_leg=True, **story.own()))
    canceled(story, TARGET)
    story.now_ns += DEADLINE_MS * MS
    assert "OrderUncancelable" in events_of(story.restart())
    assert story.position.live_orders(REDUCE)


def test_beside_a_neighbor_a_close_passes_it_only_where_it_is_shown_to_be_stalled() -> None:
    story = protected()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    fire(story)
    story.tell(c.ClosePosition(shared_leg=True, **story.own()))
    story.cancel_done()
    assert not story.position.live_orders(REDUCE), "nobody says that it has not just sold"
    story.now_ns += 3 * SECOND
    step = story.tell(still_triggering(story))
    assert effects_of(step) == [CancelOrder.__name__], "what can be called off is called off first"
    canceled(story, STOP)
    assert story.position.live_orders(REDUCE)


def test_beside_a_neighbor_the_deadline_waits_for_that_too() -> None:
    story = protected()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    fire(story)
    assert not due(story)
    assert story.position.goal_quantity is None
    step = story.tell(still_triggering(story))
    assert "not executed for 30 s" in " ".join(notices(step, Severity.CRITICAL))


def test_a_question_that_was_asked_too_early_shows_nothing() -> None:
    story = protected()
    fire(story)
    early = replace(still_triggering(story), begun_ns=story.now_ns + 100 * MS)
    assert story.tell(early, after_ms=5_000).events == ()


def test_what_it_has_filled_in_part_is_kept_and_the_rest_is_closed() -> None:
    story = active(stop_loss=dec(90))
    fire(story)
    story.tell(story.fill(story.order(STOP), "4", price="90"))
    due(story)
    reduce = story.order(REDUCE)
    assert (reduce.quantity, story.position.quantity) == (dec(6), dec(6))


def test_the_time_goes_on_through_a_restart() -> None:
    story = protected()
    fire(story)
    story.now_ns += DEADLINE_MS * MS
    step = story.restart()
    assert "not executed for 30 s" in " ".join(notices(step, Severity.CRITICAL))


def test_what_is_executed_after_the_close_is_booked_and_told() -> None:
    story = stalled(active(stop_loss=dec(90)))
    due(story)
    story.fill_all(REDUCE)
    story.cancel_done()
    assert story.state == S.CLOSED
    step = story.tell(story.fill(story.order(STOP), "10"))
    assert (story.state, story.position.quantity) == (S.RECONCILING, dec(-10))
    assert "more sold than held" in " ".join(notices(step, Severity.CRITICAL))


def test_a_rejection_of_it_after_the_close_asks_only_whether_it_sold() -> None:
    story = stalled(active(stop_loss=dec(90)))
    due(story)
    story.fill_all(REDUCE)
    let_go(story)
    rejected = replace(story.report(story.order(STOP), OrderStatus.REJECTED), text=verbatim("Reduce Only reject"))
    step = story.tell(rejected)
    assert (story.state, effects_of(step)) == (S.CLOSED, [FetchFills.__name__])


@pytest.mark.parametrize("status", [OrderStatus.EXPIRED, OrderStatus.CANCELED, OrderStatus.REJECTED])
def test_one_that_comes_to_nothing_is_told_in_the_venues_words_and_placed_again(status: OrderStatus) -> None:
    story = protected()
    fire(story)
    step = story.tell(replace(story.report(story.order(STOP), status), text=verbatim("Margin is insufficient.")))
    assert "Margin is insufficient." in " ".join(notices(step, Severity.CRITICAL))
    assert "Margin is insufficient." in story.order(STOP).phase_reason
    story.tell(r.Woken(topic="protect:stop"), after_ms=600)
    assert story.order(STOP).phase is OrderPhase.SENT


def test_one_that_fires_while_the_entry_goes_on_lets_nothing_more_be_bought() -> None:
    story = opened(quantity="300", stop_loss=dec(90))
    story.ack()
    story.fill_all(ENTRY)
    story.ack()
    fire(story)
    story.tell(story.fill(story.order(ENTRY)))
    story.tell(story.report(story.order(ENTRY), OrderStatus.FILLED, "100"))
    assert [o.purpose for o in story.position.orders] == [ENTRY, STOP, ENTRY]


def test_while_the_symbol_is_halted_it_is_not_closed() -> None:
    story = protected()
    fire(story)
    assert story.position.instrument is not None
    halted = replace(story.position.instrument, trading=False)
    story.tell(r.RulesChanged(position_id=story.position.position_id, instrument=halted))
    assert not due(story)
    story.tell(
        r.RulesChanged(position_id=story.position.position_id, instrument=replace(halted, trading=True)),
        after_ms=60_000,
    )
    assert story.position.goal_quantity == 0


def test_settled_by_hand_it_is_over() -> None:
    story = protected()
    fire(story)
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE)
    story.now_ns += 60 * SECOND
    step = story.tell(c.SettlePosition(**story.own()))
    story.settle()
    assert story.state == S.CLOSED, events_of(step)


def test_one_that_outlives_its_position_is_told_since_it_reduces_what_is_opened_there() -> None:
    story = stalled(active(stop_loss=dec(90)))
    due(story)
    story.fill_all(REDUCE)
    step = let_go(story)
    assert story.state == S.CLOSED
    told = " ".join(notices(step, Severity.CRITICAL))
    assert f"{story.order(STOP).client_order_id} is triggered and still at the venue" in told


def test_one_that_ended_with_its_position_is_not_told() -> None:
    story = active(stop_loss=dec(90))
    story.tell(c.ClosePosition(**story.own()))
    story.fill_all(REDUCE)
    story.cancel_done()
    assert story.state == S.CLOSED
    assert not any("still at the venue" in text for step in story.steps for text in notices(step, Severity.CRITICAL))


def test_one_that_outlives_its_position_is_asked_after_and_canceled_again_after_a_restart() -> None:
    """Day 860000268, I5: it had ended while no process lived, and counted as live from then on."""
    story = stalled(active(stop_loss=dec(90)))
    due(story)
    story.fill_all(REDUCE)
    let_go(story)
    step = story.restart()
    assert effects_of(step) == [CancelOrder.__name__, ResolveOrder.__name__]
    story.tell(story.report(story.order(STOP), OrderStatus.EXPIRED))
    assert (story.state, story.position.live_orders()) == (S.CLOSED, ())


def test_one_that_outlives_its_position_is_asked_after_until_it_is_over() -> None:
    """Sprint 900500643, I5: its end was told to a mute stream, and nothing asked any more."""
    story = stalled(active(stop_loss=dec(90)))
    due(story)
    story.fill_all(REDUCE)
    let_go(story)
    step = story.tell(r.Woken(topic="fills"), after_ms=10_000)
    assert effects_of(step) == [FetchFills.__name__, ResolveOrder.__name__]
    assert wake(step, "fills") is not None
    story.tell(story.report(story.order(STOP), OrderStatus.EXPIRED))
    assert (story.state, story.position.live_orders()) == (S.CLOSED, ())
    assert effects_of(story.tell(r.Woken(topic="fills"), after_ms=10_000)) == []
