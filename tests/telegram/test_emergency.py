"""`/close_all` and `/pause` while something else is broken, and the answer position by position."""

from dataclasses import replace
from decimal import Decimal

import pytest

from actors.language.words import Words
from adapters.locales import load
from adapters.storage.memory import MemoryJournal
from messages import commands as c
from messages.requests import Reply
from messages.statement import verbatim
from messages.status import row
from messages.types import AccountId, PositionId, PositionState
from messages.wording import Position
from messages.wording.status import Status
from tests.telegram.stage import HOME, OWNER, STATUS, Desk, SlowDisk, Stage, view

KO = Words(language="ko", catalog=load("ko"))


def stage(*views: object, **more: object) -> Stage:
    made = Stage(desk=Desk(views=views or (view(1), view(2, symbol="ETHUSDT"))), **more)  # type: ignore[arg-type]
    made.up()
    return made


def confirmed(made: Stage, text: str) -> None:
    made.say(OWNER, text)
    made.press(OWNER, made.last, "✅")


def closed(made: Stage, *ordinals: int) -> None:
    made.desk.views = tuple(
        replace(v, state=PositionState.CLOSED, quantity=Decimal(0), reason=Position.EMERGENCY())
        if v.ordinal in ordinals
        else v
        for v in made.desk.views
    )


@pytest.mark.parametrize("words", [Words(), KO])
def test_a_quarantined_position_is_named_as_not_closed_with_what_to_do(words: Words) -> None:
    made = stage(words={OWNER: words})
    made.desk.broken = {made.desk.views[1].position_id: verbatim("its actor is quarantined: RuntimeError")}
    made.desk.react = lambda _: closed(made, 1)
    confirmed(made, "/close_all")
    made.advance(3)
    lines = made.last.text.splitlines()
    bad = next(line for line in lines if line.startswith("⛔ #2 ETHUSDT"))
    assert "albra flatten --break-glass" in bad
    assert next(line for line in lines if line.startswith("✅ #1 BTCUSDT"))
    before = len(made.last.texts)
    made.advance(200)
    assert len(made.last.texts) == before  # nothing more is to be expected, and nothing more is said


def test_a_position_that_nobody_can_read_is_named_before_and_after() -> None:
    made = stage(view(1))
    made.desk.broken = {
        PositionId("main.ETHUSDT.long.grid.2"): verbatim("its history is damaged: checksum of version 3")
    }
    made.say(OWNER, "/close_all")
    told = "⛔ main.ETHUSDT.long.grid.2: its history is damaged: checksum of version 3; close it at the venue"
    assert told in made.last.text
    made.desk.react = lambda _: closed(made, 1)
    made.press(OWNER, made.last, "Confirm")
    made.advance(3)
    assert "Closed 1 of 2." in made.last.text
    assert made.last.text.count(told) == 2
    assert "⛔ main.ETHUSDT.long.grid.2" in made.ask(OWNER, "/positions")
    made.desk.views = ()
    assert "⛔ main.ETHUSDT.long.grid.2" in made.ask(OWNER, "/positions")
    assert told in made.ask(OWNER, "/close_all")


def test_another_accounts_venue_that_is_down_is_the_reason_given_for_its_position_alone() -> None:
    other = replace(view(2, symbol="ETHUSDT"), account=AccountId("second"))
    made = stage(view(1), other)
    made.desk.status = (
        *STATUS,
        row(Status.ACCOUNT(name="second"), Status.VENUE, Status.DOWN()),
        row(Status.ACCOUNT(name="second"), Status.VENUE_TROUBLE, verbatim("no route")),
    )
    made.desk.react = lambda _: closed(made, 1)
    confirmed(made, "/close_all")
    made.advance(3)
    assert "Closed 1 of 2." in made.last.text
    assert "⏳ #2 ETHUSDT long: ACTIVE, 0.01 held at 60000, its venue is out of reach (no route)" in made.last.text
    assert "no route" not in made.last.text.splitlines()[-1]
    closed(made, 2)
    made.advance(3)
    assert "Closed 2 of 2." in made.last.text


def test_a_journal_that_cannot_be_written_is_the_reason_given() -> None:
    made = stage()
    made.desk.status = (*STATUS[:-3], row(Status.JOURNAL(), Status.DISK, Status.FAILING()))
    confirmed(made, "/close_all")
    made.advance(200)
    assert made.last.text.count("the journal cannot be written; albra flatten --break-glass") == 2
    assert "⚠ Not everything is done yet" in made.last.text


def test_a_journal_that_hangs_keeps_nobody_from_being_told_what_to_do() -> None:
    """The answer is given when it is durable, which here is never."""
    made = stage()
    made.desk.undecided = True
    made.desk.status = (*STATUS[:-3], row(Status.JOURNAL(), Status.DISK, Status.FAILING()))
    confirmed(made, "/close_all")
    made.advance(10)
    assert made.last.text.count("the journal cannot be written; albra flatten --break-glass") == 2


def test_many_positions_are_all_accounted_for_in_messages_of_their_own() -> None:
    made = stage(*(view(number) for number in range(1, 151)))
    made.desk.react = lambda _: closed(made, *range(1, 150))
    confirmed(made, "/close_all")
    made.advance(1_000)
    told = "\n".join(shown.text for shown in made.chat.shown)
    assert "Closed 149 of 150." in told
    assert all(f"✅ #{number} BTCUSDT" in told for number in range(1, 150))
    assert "⏳ #150 BTCUSDT" in made.chat.shown[0].text  # what is not done stands first


@pytest.mark.parametrize(
    ("text", "kind"), [("/pause", c.PauseOpenings), ("/pause #1", c.PausePosition), ("/close #1", c.ClosePosition)]
)
def test_pausing_and_closing_do_not_wait_for_a_disk_that_hangs_or_refuses(text: str, kind: type[c.Command]) -> None:
    disk = SlowDisk()
    hanging = stage(store=MemoryJournal(later=disk))
    disk.slow = True
    confirmed(hanging, text)
    hanging.advance(3)
    assert [type(one) for one in hanging.desk.changes] == [kind]
    disk.turn()
    hanging.advance(1)
    assert len({one.command_id for one in hanging.desk.changes}) == 1  # the same command, however often it is told

    full = stage()
    full.store.fault = lambda: "no space left on device"
    confirmed(full, text)
    full.advance(1)
    assert kind in [type(one) for one in full.desk.changes]


def test_a_pause_that_the_journal_cannot_keep_is_answered_with_what_holds_and_for_how_long() -> None:
    made = stage()
    made.desk.silent = True
    made.say(OWNER, "/pause")
    made.advance(5)
    data = made.last.data("Confirm")
    made.press(OWNER, made.last, data=data)
    command = made.desk.changes[0]
    made.give(
        Reply(
            command_id=command.command_id, to=HOME, accepted=False, text=verbatim("the journal cannot be written: full")
        )
    )
    assert made.last.text.endswith("⛔ the journal cannot be written: full")


def test_what_became_of_it_is_said_when_the_chat_is_back_however_long_that_takes() -> None:
    made = stage()
    made.desk.react = lambda _: closed(made, 1, 2)
    made.say(OWNER, "/close_all")
    made.chat.down = True
    made.press(OWNER, made.last, "Confirm")
    made.advance(7_200)
    assert "Closed" not in made.last.text
    made.chat.down = False
    made.up()
    assert "Closed 2 of 2." in made.last.text
    before = len(made.last.texts)
    made.up()
    assert len(made.last.texts) == before


def test_pause_needs_neither_reconciler_nor_supervisors_list() -> None:
    made = stage()
    made.desk.silent = True
    made.say(OWNER, "/pause")
    made.advance(5)
    assert made.last.text == "Holds openings of <b>all symbols</b>."
    made.press(OWNER, made.last, "Confirm")
    assert [type(one) for one in made.desk.changes] == [c.PauseOpenings]
