"""The declared transitions are those that occur: each is found in a life, and no life leaves them."""

import pytest

from actors.position import machine, transitions
from actors.position.table import STATES, TABLE
from actors.position.transitions import MEANING, ORDER, TRANSITIONS, cause_of, is_declared
from messages import commands as c
from messages import reports as r
from messages.types import OrderPurpose, OrderStatus, PositionState
from tests.position.histories import modified
from tests.position.rare import reported_further
from tests.position.story import protected
from tests.position.witnesses import declared, seen_in, seen_in_cells, witnesses

S = PositionState
STOP = OrderPurpose.STOP


def test_each_declared_transition_occurs_by_each_of_its_causes_and_no_other() -> None:
    seen = seen_in_cells() | seen_in(witnesses())
    assert seen == declared(), "python -m tests.position.witnesses looks for them anew"


def test_a_stop_that_is_lost_after_its_deadline_closes_a_position_changed_outside() -> None:
    """MODIFIED -> CLOSING by OrderAbsent: the report is the first message after the protection deadline."""
    story = modified()
    story.tell(story.report(story.order(STOP), OrderStatus.REJECTED))
    assert story.state == S.MODIFIED
    story.tell(r.Woken(topic="protect:stop"), after_ms=1_000)
    story.tell(story.absent(story.order(STOP)), after_ms=story.policy.protection_deadline_ms)
    assert (S.MODIFIED, ORDER, S.CLOSING) in story.transitions


def test_a_report_of_more_fills_than_are_known_puts_a_closed_position_in_doubt() -> None:
    """CLOSED -> RECONCILING by OrderReport: the canceled entry was filled further, and its trades are unknown."""
    story = reported_further()
    assert (S.CLOSED, ORDER, S.RECONCILING) in story.transitions


def test_a_deadline_is_found_by_whichever_message_comes_first() -> None:
    assert is_declared(S.ACTIVE, r.LegChanged, S.CLOSING)
    assert is_declared(S.ACTIVE, r.Woken, S.CLOSING)
    assert not is_declared(S.ACTIVE, r.LegChanged, S.MODIFIED)


def test_terminal_states_are_left_only_by_the_word_of_the_venue_about_an_order() -> None:
    for before in STATES:
        if before.terminal:
            assert {transition.causes for transition in TRANSITIONS[before].values()} == {ORDER}
            assert not any(after.terminal for after in TRANSITIONS[before])


def test_a_rule_that_may_leave_a_terminal_state_is_one_about_orders() -> None:
    """Timers and money pass through too, and change no state there."""
    harmless = {r.FundingShare, r.Woken, r.Recovered}
    for before in (state for state in STATES if state.terminal):
        reviving = {message for message, row in TABLE.items() if row[before].rule is not None} - harmless
        assert {cause_of(message) for message in reviving} == {ORDER}


def test_every_state_is_reached_left_and_explained() -> None:
    for state in STATES:
        assert MEANING[state]
        assert any(state in row for row in TRANSITIONS.values()) or state is STATES[0]
        assert TRANSITIONS[state], "none is a trap"


def test_an_undeclared_transition_counts_and_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fact of the venue is never refused for a table's sake: the step says that it is a bug."""
    story = protected()
    pause = c.PausePosition(**story.own())
    assert machine.decide(story.position, pause, story.now_ns, story.policy).declared
    without = {**TRANSITIONS, S.ACTIVE: {}}
    monkeypatch.setattr(transitions, "TRANSITIONS", without)
    step = machine.decide(story.position, pause, story.now_ns, story.policy)
    assert (step.declared, step.position.state) == (False, S.PAUSED)
