"""Whoever is told that a stop or a close came to nothing is told what the venue said of it, code and text."""

from dataclasses import replace

import pytest

from actors.position.state import LATEST, OrderPhase, last_failure_reason
from messages import commands as c
from messages import reports as r
from messages.requests import Notify
from messages.statement import Statement, verbatim
from messages.types import ClientOrderId, OrderPurpose, OrderStatus, RejectReason, Severity
from messages.types import PositionState as S
from messages.wording import Position as Say
from tests.position.story import SECOND, Story, dec, notices, opened

STOP, ENTRY, REDUCE = OrderPurpose.STOP, OrderPurpose.ENTRY, OrderPurpose.REDUCE
GTE = "400 -4509 TIF GTE can only be used with open positions."


def bare() -> Story:
    """Filled; the stop is on its way."""
    story = opened(stop_loss=dec(90))
    story.tell(story.fill(story.order(ENTRY)))
    return story


def doubted(story: Story, purpose: OrderPurpose) -> None:
    """A code that stands in no table: the answer is neither yes nor no."""
    story.tell(replace(story.unknown(story.order(purpose)), cause=verbatim(GTE)))


def closing() -> Story:
    """Its stop rests and stays; the close is on its way."""
    story = bare()
    story.tell(story.accepted(story.order(STOP)))
    story.tell(c.ClosePosition(**story.own()))
    return story


def test_a_stop_whose_answer_nobody_knows_is_told_of_with_that_answer() -> None:
    story = bare()
    doubted(story, STOP)
    step = story.tell(r.Woken(topic="unprotected"), after_ms=1_800)
    [told] = notices(step, Severity.CRITICAL)
    assert told.endswith(f"not covered by its stop; still placing it; the last answer: {GTE}")


def test_while_nothing_was_answered_nothing_is_quoted() -> None:
    step = bare().tell(r.Woken(topic="unprotected"), after_ms=1_800)
    [told] = notices(step, Severity.CRITICAL)
    assert told.endswith("not covered by its stop; still placing it.")


def test_a_moved_stop_that_is_proven_absent_is_told_of_with_the_answer_it_had() -> None:
    """The one before it still rests, so nobody is told that there is none."""
    story = bare()
    story.tell(story.accepted(story.order(STOP)))
    story.tell(c.ModifyPosition(stop_loss=dec(91), **story.own()))
    doubted(story, STOP)
    [told] = notices(story.tell(story.absent(story.order(STOP))), Severity.CRITICAL)
    assert told.endswith(f"stop came to nothing ({GTE}); trying again, the one at 90 still rests")


def test_a_missing_stop_is_not_told_of_a_second_time_when_its_absence_is_proven() -> None:
    story = bare()
    doubted(story, STOP)
    assert notices(story.tell(story.absent(story.order(STOP))), Severity.CRITICAL) == []


def test_the_close_of_what_no_stop_may_cover_says_what_the_venue_said_last() -> None:
    story = bare()
    told: list[str] = []
    for _ in range(12):
        doubted(story, STOP)
        steps = [story.tell(story.absent(story.order(STOP)), after_ms=4_000)]
        if story.state is not S.CLOSING:
            steps.append(story.tell(r.Woken(topic="protect:stop"), after_ms=4_000))
        told = [text for step in steps for text in notices(step, Severity.CRITICAL)]
        if story.state is S.CLOSING:
            break
    assert story.position.goal_quantity == 0
    assert told[-1].endswith(f"its stop was refused for 30 s; the last answer: {GTE}")


def test_a_close_that_is_proven_absent_is_told_of_with_the_answer_it_had() -> None:
    story = closing()
    doubted(story, REDUCE)
    step = story.tell(story.absent(story.order(REDUCE)))
    [told] = notices(step, Severity.CRITICAL)
    assert told.endswith(f"close came to nothing ({GTE}); trying again, stop stays in place")


def test_a_close_that_was_called_off_before_it_left_is_nobodys_news() -> None:
    """Its stop filled meanwhile: there is nothing left to close."""
    story = closing()
    story.tell(story.fill(story.order(STOP)))
    assert notices(story.tell(story.absent(story.order(REDUCE))), Severity.CRITICAL) == []


def test_refusals_are_told_with_code_and_text() -> None:
    story = bare()
    step = story.tell(story.rejected(story.order(STOP), RejectReason.FILTER, "Precision is over the maximum."))
    [told] = notices(step, Severity.CRITICAL)
    assert "refused by the venue: -1 Precision is over the maximum.; trying again" in told
    story = closing()
    step = story.tell(story.rejected(story.order(REDUCE), RejectReason.OTHER, "no"))
    [told] = notices(step, Severity.CRITICAL)
    assert "close refused (-1 no); trying again" in told


LIMITS = {
    RejectReason.LIMIT_REACHED: "the account has as many resting orders as it may have",
    RejectReason.POSITION_LIMIT: "the venue allows no larger position at this leverage",
}


@pytest.mark.parametrize("reason", LIMITS)
def test_a_limit_of_orders_and_one_of_positions_are_told_apart(reason: RejectReason) -> None:
    story = bare()
    [told] = notices(story.tell(story.rejected(story.order(STOP), reason)), Severity.CRITICAL)
    assert [words in told for words in LIMITS.values()] == [each is reason for each in LIMITS]


def test_what_was_answered_before_it_was_asked_for_anew_or_before_one_rested_is_not_quoted() -> None:
    story = bare()
    doubted(story, STOP)
    assert last_failure_reason(story.position, STOP, 0) == GTE
    assert last_failure_reason(story.position, STOP, story.position.touched_ns + SECOND) == ""
    story.tell(story.accepted(story.order(STOP)))
    assert (story.order(STOP).phase, last_failure_reason(story.position, STOP, 0)) == (OrderPhase.WORKING, "")
    story.tell(story.report(story.order(STOP), OrderStatus.EXPIRED))
    assert last_failure_reason(story.position, STOP, 0) == "expired"
    assert len(story.position.orders) < LATEST


def test_nobody_is_told_of_a_stop_that_was_never_wanted() -> None:
    story = opened()
    story.tell(story.fill(story.order(ENTRY)))
    story.tell(c.ClosePosition(**story.own()))
    [told] = notices(story.tell(story.rejected(story.order(REDUCE))), Severity.CRITICAL)
    assert told.endswith("trying again, it has no stop")


def test_a_trailing_stop_that_would_trigger_at_once_closes_and_names_no_price() -> None:
    """It has a callback rate, and no price that could have been passed."""
    story = opened(trailing=dec(2))
    story.tell(story.fill(story.order(ENTRY)))
    story.tell(story.rejected(story.order(OrderPurpose.TRAILING), RejectReason.WOULD_TRIGGER))
    assert (story.state, story.position.reason) == (S.CLOSING, "its trailing would have been triggered at once")


def test_reports_of_two_unknown_orders_are_two_notices_before_anything_was_recorded() -> None:
    """Position and version are the same, and so is the code: the order tells them apart."""
    named = opened()
    story = Story()
    told = []
    for number in (1, 2):
        order = replace(named.order(ENTRY), client_order_id=ClientOrderId(f"j0urna1x000000700{number}"))
        step = story.tell(named.accepted(order))
        told += [effect.message.notice_id for effect in step.effects if isinstance(effect.message, Notify)]
    assert len(set(told)) == len(told) == 2


def test_what_the_owner_reads_is_made_of_facts() -> None:
    story = closing()
    step = story.tell(story.rejected(story.order(REDUCE), RejectReason.OTHER, "no"))
    [notice] = [effect.message for effect in step.effects if isinstance(effect.message, Notify)]
    assert notice.text.code == "position.close_refused_again"
    why, stop = notice.text.args["why"], notice.text.args["stop"]
    assert isinstance(why, Statement)
    assert (dict(why.args), stop) == ({"code": "-1", "text": "no"}, Say.STOP_RESTS())
