"""What the venue says in no table's words, in absurd numbers, or by its list of positions alone, and what is told."""

from dataclasses import replace
from decimal import Decimal

import pytest

from actors.position.next_orders import CANCELED_WITHIN_MS
from actors.position.report_rules import LEVERAGE_PATIENCE_NS
from actors.position.state import OrderPhase
from messages import commands as c
from messages import reports as r
from messages.requests import CancelOrder, Notify, SetLeverage
from messages.statement import verbatim
from messages.types import OrderPurpose, OrderStatus, PositionState, RejectReason, Severity
from tests.position.histories import seen_held
from tests.position.story import (
    SECOND,
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
ENTRY, REDUCE, STOP = OrderPurpose.ENTRY, OrderPurpose.REDUCE, OrderPurpose.STOP
WORDS = "400 -9999 no such thing today"


def told(story: Story) -> str:
    return " | ".join(e.message.text for step in story.steps for e in step.effects if isinstance(e.message, Notify))


def answered(story: Story, purpose: OrderPurpose) -> None:
    """The venue refuses in words that no table has, and does not know the order afterwards."""
    order = story.order(purpose)
    story.tell(replace(story.unknown(order), cause=verbatim(WORDS), answered=True))
    story.tell(story.absent(order))


def shown(story: Story, quantity: str, begun_ns: int = 0) -> r.LegHeld:
    return r.LegHeld(
        position_id=story.position.position_id, quantity=dec(quantity), begun_ns=begun_ns or story.now_ns + SECOND
    )


def doubtful() -> Story:
    story = opened(stop_loss=dec(90))
    story.tell(story.unknown(story.order(ENTRY)))
    assert story.state == S.RECONCILING
    return story


# The venue's words ---------------------------------------------------------------------------------


def test_an_entry_that_is_refused_in_unlisted_words_fails_in_these_words() -> None:
    story = opened(stop_loss=dec(90))
    answered(story, ENTRY)
    assert story.state == S.FAILED
    assert WORDS in story.position.reason
    assert f"not opened: {WORDS}" in told(story)


def test_a_stop_that_is_refused_in_unlisted_words_is_placed_again_and_told_in_these_words_while_bare() -> None:
    story = opened(stop_loss=dec(90))
    story.fill_all(ENTRY)
    answered(story, STOP)
    step = story.tell(r.Woken(topic="unprotected"), after_ms=2_000)
    assert WORDS in " ".join(notices(step, Severity.CRITICAL))
    story.tell(r.Woken(topic="protect:stop"), after_ms=1_000)
    assert story.order(STOP).phase is OrderPhase.SENT


@pytest.mark.parametrize("quantity", [None, dec(4)])
def test_a_close_that_is_refused_in_unlisted_words_is_tried_again_and_told_in_these_words(
    quantity: Decimal | None,
) -> None:
    story = protected()
    story.tell(c.ClosePosition(quantity=quantity, **story.own()))
    answered(story, REDUCE)
    assert f"close came to nothing ({WORDS}); trying again, stop stays in place" in told(story)
    story.tell(r.Woken(topic="close"), after_ms=1_000)
    assert story.order(REDUCE).phase is OrderPhase.SENT


def test_a_refusal_in_listed_words_is_the_reason_with_its_code() -> None:
    story = opened()
    story.tell(replace(story.rejected(story.order(ENTRY), RejectReason.PERMISSION, "sign first"), code="-4411"))
    assert story.position.reason == "entry order refused: -4411 sign first"


def test_words_of_an_order_that_is_there_after_all_are_no_reason() -> None:
    story = opened()
    story.tell(replace(story.unknown(story.order(ENTRY)), cause=verbatim(WORDS), answered=True))
    story.fill_all(ENTRY)
    assert story.state == S.ACTIVE
    assert WORDS not in story.position.reason


# Leverage ------------------------------------------------------------------------------------------


def test_leverage_that_is_refused_on_a_held_position_is_told_and_what_was_held_stays() -> None:
    story = protected()
    story.tell(c.ModifyPosition(leverage=7, **story.own()))
    assert story.state == S.MODIFYING
    refusal = replace(story.leverage_refused(), leverage=7, text=verbatim("-4202 too young an account"))
    step = story.tell(refusal)
    assert story.state == S.ACTIVE
    assert "keeps its leverage: leverage refused: -4202 too young an account" in " ".join(
        notices(step, Severity.WARNING)
    )


@pytest.mark.parametrize("answer", ["unknown", "silence"])
def test_leverage_of_unknown_outcome_is_given_up_after_a_bounded_number_of_requests(answer: str) -> None:
    story = protected()
    step = story.tell(c.ModifyPosition(leverage=7, **story.own()))
    requests = 1
    began_ns = story.now_ns
    while story.position.leverage_pending:
        assert story.now_ns - began_ns < 2 * LEVERAGE_PATIENCE_NS
        if answer == "unknown":
            step = story.tell(replace(story.leverage_refused(unknown=True), leverage=7))
        due = wake(step, "leverage")
        if due is None:
            break
        step = story.tell(r.Woken(topic="leverage"), after_ms=due.after_ms)
        requests += effects_of(step).count(SetLeverage.__name__)
    assert (story.state, story.position.leverage_pending) == (S.ACTIVE, False)
    assert requests <= 12
    assert "leverage refused" in told(story)


# Absurd numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("filled", ["1E+20", "-1", "10.5"])
def test_more_filled_than_ordered_is_not_booked_and_asked_again(filled: str) -> None:
    story = opened()
    story.ack()
    step = story.tell(replace(story.report(story.order(ENTRY), OrderStatus.FILLED), filled_quantity=dec(filled)))
    assert (story.position.quantity, story.position.exposure, events_of(step)) == (dec(0), dec(0), [])
    assert wake(step, "fills") is not None
    story.fill_all(ENTRY)
    story.tell(story.report(story.order(ENTRY), OrderStatus.FILLED, "10"))
    assert (story.state, story.position.quantity) == (S.ACTIVE, dec(10))


@pytest.mark.parametrize("quantity", ["1E+20", "-1", "0"])
def test_a_trade_of_an_absurd_quantity_is_not_booked(quantity: str) -> None:
    story = opened()
    story.ack()
    step = story.tell(replace(story.fill(story.order(ENTRY)), quantity=dec(quantity)))
    assert (story.position.quantity, events_of(step)) == (dec(0), [])


# The list of positions alone -----------------------------------------------------------------------


def test_what_the_list_of_positions_shows_of_a_doubted_entry_is_covered_and_its_trades_are_booked_later() -> None:
    story = doubtful()
    step = story.tell(shown(story, "10"))
    assert story.order(STOP).quantity == dec(10)
    assert (story.position.exposure, story.position.quantity) == (dec(10), dec(0))
    assert wake(step, "fills") is not None
    story.ack(STOP)
    story.fill_all(ENTRY)
    story.settle()
    assert (story.state, story.position.quantity) == (S.ACTIVE, dec(10))
    assert len([o for o in story.position.orders if o.purpose is STOP]) == 1


def test_it_is_taken_back_where_the_entry_proves_absent() -> None:
    story = seen_held()
    step = story.tell(story.absent(story.order(ENTRY)))
    assert CancelOrder.__name__ in effects_of(step)
    story.cancel_done()
    assert (story.state, story.position.exposure) == (S.FAILED, dec(0))


@pytest.mark.parametrize("quantity", ["11", "0", "-3"])
def test_what_the_entry_cannot_explain_is_not_taken_for_its_fills(quantity: str) -> None:
    story = doubtful()
    step = story.tell(shown(story, quantity))
    assert (story.position.exposure, events_of(step)) == (dec(0), [])


def test_a_list_that_is_older_than_the_last_news_shows_nothing() -> None:
    story = doubtful()
    assert events_of(story.tell(shown(story, "10", begun_ns=story.position.touched_ns))) == []


def test_beside_a_neighbor_the_list_of_positions_is_not_evidence_of_one() -> None:
    story = doubtful()
    story.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    assert events_of(story.tell(shown(story, "10"))) == []


def test_a_close_passes_while_only_the_list_of_positions_shows_what_is_held() -> None:
    story = seen_held()
    story.tell(c.ClosePosition(**story.own()))
    assert story.order(REDUCE).quantity == dec(10)
    story.fill_all(REDUCE)
    story.fill_all(ENTRY)
    story.settle()
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))


def test_settled_by_hand_what_is_no_longer_covered_is_told() -> None:
    story = seen_held()
    story.now_ns += 60 * SECOND
    step = story.tell(c.SettlePosition(**story.own()))
    assert "10 that the venue says to hold is no longer covered" in " ".join(notices(step, Severity.CRITICAL))
    story.cancel_done()
    assert story.state == S.FAILED


# A stop that is stuck ------------------------------------------------------------------------------


def test_a_cancel_that_a_stuck_stop_refuses_is_asked_after_and_holds_no_close() -> None:
    story = active(stop_loss=dec(90))
    story.tell(story.report(story.order(STOP), OrderStatus.TRIGGERED))
    story.tell(c.ClosePosition(**story.own()))
    refused = r.CancelRejected(code="-2011", text=verbatim("Unknown order sent."), **story.about(story.order(STOP)))
    story.tell(refused)
    story.fill_all(REDUCE)
    story.now_ns += 3 * SECOND
    story.tell(replace(story.report(story.order(STOP), OrderStatus.TRIGGERED), queried=True, begun_ns=story.now_ns))
    story.tell(refused)
    story.tell(r.Woken(topic="fired"), after_ms=CANCELED_WITHIN_MS)
    assert (story.state, story.position.quantity) == (S.CLOSED, dec(0))
