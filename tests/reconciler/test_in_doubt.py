"""A doubt ends where it is gone, not where it was not looked at: until then openings wait and the position is held."""

from dataclasses import replace

import pytest

from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import Outcome
from messages.reports import LegHeld
from messages.types import OrderPurpose, PositionState
from tests.reconciler.world import BTC, NOW, SECOND, D, Play, order_view, row, view


def in_doubt(*, mode: PositionState = PositionState.RECONCILING) -> Play:
    """1 believed, 0.6 held, and an outcome that the venue does not tell."""
    play = Play(views={1: view(1, "1", state=mode, in_doubt=True, touched_ns=NOW - 60 * SECOND)})
    play.at_venue(row("0.6"))
    return play


def touched(play: Play) -> None:
    """Something of it moves, and the doubt stays: its leg is skipped until it has been in doubt for long again."""
    before = play.views[1]
    play.hold(replace(before, version=before.version + 1, touched_ns=play.clock.time_ns()))


@pytest.mark.parametrize("every_s", [7, 45])
def test_while_it_is_in_doubt_it_is_never_told_as_resolved(every_s: int) -> None:
    play = in_doubt()
    for _ in range(300 // every_s):
        play.run(every_s)
        touched(play)
        assert all(record.outcome is not Outcome.RESOLVED for record in play.records)
        assert not play.records or BTC in play.held
    assert len(play.records) == 1
    assert not any("resolved" in notice.text for notice in play.notices)


def test_it_is_resolved_where_nothing_of_it_is_in_doubt() -> None:
    play = in_doubt()
    play.run(20)
    assert [x.type for x in play.records] == [DiscrepancyType.STATE_MISMATCH]
    settled = replace(
        play.views[1], version=9, quantity=D("0.6"), in_doubt=False, state=PositionState.ACTIVE, touched_ns=0
    )
    play.hold(replace(settled, touched_ns=play.clock.time_ns()))
    play.run(90)
    assert [x.outcome for x in play.records] == [Outcome.RESOLVED]
    assert "nothing of it is in doubt" in play.records[0].why
    assert BTC not in play.held


def test_what_an_entry_in_doubt_has_filled_is_told_with_the_time_of_the_list_that_shows_it() -> None:
    """Its position takes no list for news that began before it knew of what it believes."""
    doubted = order_view(1, OrderPurpose.ENTRY, phase="doubted")
    state = PositionState.RECONCILING
    play = Play()
    play.hold(view(1, "0", state=state, in_doubt=True, touched_ns=NOW - 60 * SECOND, orders=(doubted,)))
    play.at_venue(row("1"))
    play.run(60)
    told = [message for message in play.answers if isinstance(message, LegHeld)]
    assert {each.quantity for each in told} == {D(1)}
    assert all(NOW < each.begun_ns <= play.clock.time_ns() for each in told)
