"""A discrepancy acknowledged from the phone: by who trades, after a confirmation, as it was shown."""

from dataclasses import replace
from decimal import Decimal

import pytest

from actors.language.words import Words
from messages.commands import AcknowledgeDiscrepancy, Command
from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import Outcome
from messages.statement import verbatim, word
from messages.types import Attribution, PositionId, Silence
from messages.wording import Reconciler
from tests.telegram.stage import OWNER, TRADER, VIEWER, Desk, Stage, divergence

HELD = PositionId("main.BTCUSDT.long.manual.1")


def stage(**changes: object) -> Stage:
    made = Stage(desk=Desk(discrepancies=(divergence(**changes),)))
    made.up()
    return made


def acknowledged(made: Stage) -> list[tuple[str, Attribution | None]]:
    assert all(isinstance(one, AcknowledgeDiscrepancy) for one in made.desk.changes)
    return [(one.discrepancy_id, one.apply) for one in made.desk.changes]  # type: ignore[attr-defined]


@pytest.mark.parametrize("user", [OWNER, TRADER])
def test_a_press_on_the_list_shows_what_it_ends_and_a_second_press_ends_it(user: int) -> None:
    made = stage(outcome=Outcome.ESCALATED, why="the policy leaves it to you", paused=(HELD,))
    made.say(user, "/discrepancies")
    made.press(user, made.last, "Acknowledge d1")
    assert "it is not repaired" in made.last.text
    assert "Openings of BTCUSDT are allowed again." in made.last.text
    assert f"Ends the hold on {HELD}." in made.last.text
    assert acknowledged(made) == []
    made.press(user, made.last, "Confirm")
    assert acknowledged(made) == [("d1", None)]
    assert (user, "confirmed") in made.audit()


def test_who_only_reads_has_no_such_button_and_cannot_press_another_ones() -> None:
    made = stage()
    made.say(VIEWER, "/discrepancies")
    assert not any("Acknowledge" in button.text for row in made.last.buttons for button in row)
    press = made.press(VIEWER, made.last, data="r:ack d1")
    assert made.chat.alerts[press.press_id] == "You may not do that."
    assert made.ask(VIEWER, "/ack d1").startswith("As viewer")
    assert (VIEWER, "refused") in made.audit()


def test_one_that_has_changed_since_is_not_acknowledged_on_an_old_word() -> None:
    made = stage()
    made.say(OWNER, "/ack D1")
    made.desk.discrepancies = (divergence(reported="long 5"),)
    press = made.press(OWNER, made.last, "Confirm")
    assert made.chat.alerts[press.press_id].startswith("It has changed since")
    assert acknowledged(made) == []


def test_one_that_is_over_or_unknown_is_said_to_be_so() -> None:
    made = stage(outcome=Outcome.RESOLVED)
    assert made.ask(OWNER, "/ack d1") == "d1 is over: resolved."
    assert made.ask(OWNER, "/ack d7") == "There is no discrepancy d7."
    made.say(OWNER, "/discrepancies")
    assert not any("Acknowledge" in button.text for row in made.last.buttons for button in row)


def test_whose_the_difference_was_can_be_said_from_the_phone() -> None:
    made = stage(outcome=Outcome.ESCALATED)
    assert "Books the difference on the strategies, pro_rata:" in made.ask(OWNER, "/ack d1 apply=pro_rata")
    made.press(OWNER, made.last, "Confirm")
    assert acknowledged(made) == [("d1", Attribution.PRO_RATA)]


def test_without_a_reconciler_nothing_is_acknowledged() -> None:
    made = stage()
    made.say(OWNER, "/ack d1")
    made.desk.silent = True
    press = made.press(OWNER, made.last, "Confirm")
    made.advance(5)
    assert made.chat.alerts[press.press_id] == "The supervisor does not answer."
    made.say(OWNER, "/ack d1")
    made.advance(5)
    assert made.last.text.startswith("The reconciler does not answer")


def test_the_notice_that_needs_somebody_has_the_button_as_well() -> None:
    from actors.notifier import texts
    from actors.notifier.outbox import Entry
    from messages.types import Severity

    text = Reconciler.NEEDS_YOU(
        record="d12",
        type=DiscrepancyType.SIZE_MISMATCH,
        symbol="BTCUSDT",
        believed=Reconciler.LONG(quantity=Decimal(1)),
        reported=word("flat"),
        why=Reconciler.MANUAL(),
    )
    entry = Entry(number=3, severity=Severity.CRITICAL, text=text, queued_ns=1, waiting=("1",), position_id=HELD)
    rows = texts.buttons((entry,), Words())
    assert [(button.text, button.data) for row in rows for button in row] == [
        ("Acknowledge", "n:3"),
        ("#1 BTCUSDT", "r:position #1"),
        ("Acknowledge d12", "r:ack d12"),
    ]
    silent = replace(entry, severity=Severity.INFO)
    assert texts.buttons((silent,), Words()) == ()
    of_an_earlier_version = replace(entry, text=verbatim(str(text)))
    assert [button.data for row in texts.buttons((of_an_earlier_version,), Words()) for button in row] == [
        "n:3",
        "r:position #1",
    ]


def test_an_answer_is_shown_under_what_was_confirmed() -> None:
    made = stage()
    answered: list[Command] = []
    made.desk.react = answered.append
    made.say(OWNER, "/ack d1")
    made.press(OWNER, made.last, "Confirm")
    assert made.last.text.endswith("✅ accepted")
    assert len(answered) == 1


@pytest.mark.parametrize("outcome", [Outcome.ESCALATED, Outcome.ACKNOWLEDGED])
def test_of_a_damaged_history_it_says_that_it_retires_the_position(outcome: Outcome) -> None:
    made = stage(outcome=outcome, target=HELD)
    made.desk.broken, made.desk.silence = {HELD: verbatim("its history is damaged: record 5")}, Silence.DAMAGED
    said = made.ask(OWNER, "/ack d1")
    assert f"Retires {HELD}, whose history is damaged:" in said
    assert "it is not repaired" not in said
    made.press(OWNER, made.last, "Confirm")
    assert acknowledged(made) == [("d1", None)]


def test_of_a_quarantined_position_it_is_acknowledged_as_ever() -> None:
    made = stage(outcome=Outcome.ESCALATED, target=HELD)
    made.desk.broken = {HELD: verbatim("its actor is quarantined: poison")}
    assert "it is not repaired" in made.ask(OWNER, "/ack d1")


def test_what_is_retired_is_named_where_it_is_asked_for_and_in_no_list() -> None:
    made = Stage(desk=Desk(views=(), retired=((HELD, verbatim("its history is damaged: record 5")),)))
    made.up()
    assert made.ask(OWNER, f"/position {HELD}") == f"{HELD} is retired: its history is damaged: record 5"
    assert made.ask(OWNER, "/positions") == "No open positions."
