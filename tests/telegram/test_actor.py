"""Conversations: who may say what, what is asked before it is done, and that nothing is done twice."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from actors.language.markup import untagged
from actors.telegram.grammar import COMMANDS
from actors.telegram.history import HISTORY, ChatState
from actors.telegram.progress import retyped
from actors.telegram.rate_limit import UPDATES_MOST
from actors.telegram.roles import may
from adapters.storage.memory import MemoryJournal
from messages import codec
from messages import commands as c
from messages.discrepancy_type import DiscrepancyType
from messages.events import StateChanged
from messages.notices import AcknowledgeNotice
from messages.reconciliation import Unproven
from messages.reports import OrderView
from messages.requests import Reply
from messages.statement import verbatim
from messages.telegram import ChatKind, IncomingOther, IncomingPress, IncomingText, Role, UrgentText
from messages.types import (
    AccountId,
    ClientOrderId,
    CommandId,
    OrderPurpose,
    PositionId,
    PositionState,
    StrategyId,
    Symbol,
)
from messages.wording import Position, Reconciler
from tests.telegram.server import check_text
from tests.telegram.stage import (
    GROUP,
    HOME,
    OWNER,
    STRANGER,
    TRADER,
    USERS,
    VIEWER,
    Desk,
    SlowDisk,
    Stage,
    closing,
    divergence,
    view,
)

EXAMPLES = {
    "phase2_status": "/phase2_status",
    "reconcile": "/reconcile BTCUSDT",
    "position_states": "/position_states",
    "discrepancies": "/discrepancies BTCUSDT 5",
    "ack": "/ack d1",
    "positions": "/positions",
    "position": "/position BTCUSDT",
    "open": "/open ETHUSDT long 0.1 sl=2900",
    "close": "/close BTCUSDT",
    "close_all": "/close_all",
    "modify": "/modify #1 sl=59000",
    "assign": "/assign #1 trend",
    "settle": "/settle #1",
    "pause": "/pause",
    "resume": "/resume",
    "balance": "/balance",
    "status": "/status",
    "health": "/health",
    "logs": "/logs 5",
    "history": "/history #1",
    "accounts": "/accounts",
    "strategies": "/strategies",
    "help": "/help",
}
CHANGING = ("open", "close", "close_all", "modify", "assign", "pause", "resume", "ack")


def stage(*views: object, **more: object) -> Stage:
    made = Stage(desk=Desk(views=views or (view(),), discrepancies=(divergence(),)), **more)  # type: ignore[arg-type]
    made.desk.records = (
        codec.encode(StateChanged(before=PositionState.OPENING, after=PositionState.ACTIVE, because=verbatim("x"))),
    )
    made.up()
    return made


def test_every_command_has_its_example() -> None:
    assert EXAMPLES.keys() == COMMANDS.keys()


@pytest.mark.parametrize("user", [OWNER, TRADER, VIEWER])
@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_by_each_role(user: int, name: str) -> None:
    made = stage()
    answer = made.ask(user, EXAMPLES[name])
    check_text(answer, "HTML")
    allowed = may(USERS[user], name) and not (name == "resume" and user != OWNER)
    assert answer.startswith("As ") != allowed
    assert made.desk.changes == []
    shows_buttons = any("Confirm" in button.text for row in made.last.buttons for button in row)
    assert shows_buttons == (allowed and name in CHANGING)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_stranger_gets_silence_and_a_line_in_the_log(name: str) -> None:
    made = stage()
    assert made.ask(STRANGER, EXAMPLES[name]) == ""
    assert made.ask(OWNER, EXAMPLES[name], chat=-777) == ""  # a group that is not listed
    lines = [fields for line, fields in made.logged if line == "WARNING unauthorized user in the chat"]
    assert [line["user"] for line in lines] == ["666", "100"]
    assert made.chat.kept == [made._update - 1, made._update]
    assert made.desk.told == []


def test_a_stranger_gets_silence_whatever_kind_of_update_it_is() -> None:
    made = stage()
    told = len(made.chat.shown)
    about = {"chat_id": STRANGER, "user_id": STRANGER, "chat_kind": ChatKind.PRIVATE, "message_id": 1}
    made.give(
        IncomingOther(update_id=9_001, **about, what="edit"),  # type: ignore[arg-type]
        IncomingPress(update_id=9_002, **about, press_id="p", data="r:positions"),  # type: ignore[arg-type]
        IncomingText(update_id=9_003, **about, text="/start", sent_ns=0),  # type: ignore[arg-type]
    )
    assert len([line for line, _ in made.logged if line == "WARNING unauthorized user in the chat"]) == 3
    assert (len(made.chat.shown), made.chat.alerts, sorted(made.chat.kept)) == (told, {}, [9_001, 9_002, 9_003])


@pytest.mark.parametrize("what", ["edit", "forwarded"])
def test_who_corrects_a_command_by_editing_it_is_told_that_it_does_nothing(what: str) -> None:
    made = stage(view(1))
    about: dict[str, Any] = {"user_id": OWNER, "message_id": 1, "what": what}
    made.give(IncomingOther(update_id=9_001, chat_id=OWNER, chat_kind=ChatKind.PRIVATE, **about))
    assert made.last.text == "An edited or forwarded message is no command: write it again."
    told = len(made.chat.shown)
    made.give(IncomingOther(update_id=9_002, chat_id=GROUP, chat_kind=ChatKind.GROUP, **about))
    assert (len(made.chat.shown), made.desk.changes) == (told, [])  # a group has other business than ours


def test_a_flood_of_strangers_fills_neither_log_nor_journal() -> None:
    made = stage()
    before = len(made.store.image.steps)
    for _ in range(500):
        made.say(STRANGER, "/close_all")
    assert len(made.store.image.steps) == before
    assert len(made.logged) <= 25


def test_who_asks_without_end_keeps_no_owner_waiting_and_no_emergency() -> None:
    made = stage()
    for _ in range(UPDATES_MOST):
        made.say(VIEWER, "/status")
    before, shown = len(made.store.image.steps), len(made.chat.shown)
    for _ in range(100):
        made.say(VIEWER, "/status")
    assert len(made.store.image.steps) == before, "the journal hears nothing of the rest"
    assert len(made.chat.shown) == shown + 1, "and the viewer once"
    made.say(OWNER, "/status")
    assert len(made.chat.shown) == shown + 2
    for _ in range(2 * UPDATES_MOST):
        made.say(TRADER, "/positions")
    shown = len(made.chat.shown)
    made.say(TRADER, "/close_all")
    assert len(made.chat.shown) == shown + 1


def test_a_listed_group_is_heard_and_answered_there() -> None:
    made = stage()
    assert "1 position" in made.ask(OWNER, "/positions@albra_bot", chat=GROUP)
    assert made.last.chat_id == GROUP
    assert made.ask(OWNER, "/positions@other_bot", chat=GROUP) == ""
    assert made.ask(OWNER, "good morning", chat=GROUP) == ""


def confirmed(made: Stage, user: int, text: str) -> None:
    made.say(user, text)
    made.press(user, made.last, "Confirm")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("/open ETHUSDT long 0.1 sl=2900", c.OpenPosition),
        ("/close BTCUSDT 50%", c.ClosePosition),
        ("/close_all", c.CloseAll),
        ("/modify #1 sl=59000 tp=0", c.ModifyPosition),
        ("/pause", c.PauseOpenings),
        ("/pause #1", c.PausePosition),
        ("/resume BTCUSDT", c.ResumeOpenings),
        ("/resume #1", c.ResumePosition),
    ],
)
def test_a_confirmed_command_leaves_once_and_is_audited(text: str, kind: type[c.Command]) -> None:
    made = stage()
    made.say(OWNER, text)
    data = made.last.data("Confirm")
    made.press(OWNER, made.last, data=data)
    assert [type(one) for one in made.desk.changes] == [kind]
    again = made.press(OWNER, made.chat.shown[0], data=data)
    made.advance(120)
    assert len(made.desk.changes) == 1
    assert (OWNER, "confirmed") in made.audit()
    # A finger that presses twice is not told to say it again.
    assert made.chat.alerts[again.press_id].startswith("That is decided already")


def test_a_button_of_an_earlier_life_means_nothing_in_this_one() -> None:
    first = stage()
    first.say(OWNER, "/close_all")
    old = first.last
    data = old.data("Confirm")
    later = first.again()
    later.up()
    later.chat.broken = False
    later.say(OWNER, "/open ETHUSDT long 5")
    press = later.press(OWNER, replace(old, message_id=77), data=data)
    assert later.desk.changes == []
    assert later.chat.alerts[press.press_id].startswith("I was restarted since")
    assert later.last.data("Confirm") != data


def test_what_can_no_longer_be_said_on_a_button_is_said_in_a_message() -> None:
    made = stage(view(1))
    made.say(OWNER, "/close_all")
    before = made.last
    later = made.again()
    later.chat.too_old = True
    later.press(OWNER, before, data=before.data("Confirm"))
    assert later.last.text.startswith("I was restarted since: this button does nothing any more.")
    assert len(later.chat.shown) == 1


def test_an_opening_expires_a_minute_after_its_confirmation() -> None:
    made = stage()
    confirmed(made, OWNER, "/open ETHUSDT long 0.1")
    command = made.desk.changes[0]
    assert isinstance(command, c.OpenPosition)
    assert command.expires_at_ns - made.dispatcher.clock.time_ns() == 60_000_000_000
    assert command.quantity == Decimal("0.1")


def test_what_will_happen_is_shown_before_it_does() -> None:
    made = stage(view(1), view(2, symbol="ETHUSDT", strategy="grid", quantity=Decimal(-0), entry_price=Decimal(3000)))
    text = made.ask(OWNER, "/close_all")
    assert text.startswith("Closes <b>2 positions</b>, about 610.00 USDT at mark price:")
    assert "⚠ Without a stop." in made.ask(OWNER, "/open ETHUSDT long 1")
    assert "would close it at once" not in made.ask(OWNER, "/modify #1 sl=59000 tp=62000")
    below, above = "must be below its price: 61500 against 61000", "must be above its price: 60999 against 61000"
    assert f"⛔ the stop of a long {below}" in made.ask(OWNER, "/modify #1 sl=61500")
    assert f"⛔ the target of a long {above}" in made.ask(OWNER, "/modify #1 tp=60999")
    assert "⛔ the stop of a short must be above its price" in made.ask(OWNER, "/open BTCUSDT short 1 sl=60000")
    assert not made.last.buttons, "what the supervisor would refuse is not offered"
    assert "⚠ Removes its stop at 58000." in made.ask(OWNER, "/modify #1 sl=0")


def test_every_button_by_a_stranger_does_nothing() -> None:
    made = stage()
    for text in EXAMPLES.values():
        made.say(OWNER, text)
    before = len(made.desk.told)
    kept = [(shown, button.data) for shown in list(made.chat.shown) for row in shown.buttons for button in row]
    assert len(kept) > 15
    texts = [shown.texts[:] for shown in made.chat.shown]
    for shown, data in kept:
        made.press(STRANGER, shown, data=data)
    assert len(made.desk.told) == before
    assert [shown.texts for shown in made.chat.shown] == texts
    assert made.chat.alerts == {}


def test_somebody_elses_confirmation_is_not_yours() -> None:
    made = stage()
    made.say(OWNER, "/close_all", chat=GROUP)
    press = made.press(TRADER, made.last, "Confirm")
    assert made.chat.alerts[press.press_id] == "Only who asked can confirm."
    assert made.desk.changes == []
    made.press(OWNER, made.last, "Confirm")
    assert len(made.desk.changes) == 1


def test_a_confirmation_is_bound_to_its_message() -> None:
    made = stage()
    made.say(OWNER, "/close_all")
    first = made.last
    made.say(OWNER, "/positions")
    made.press(OWNER, made.last, data=first.data("Confirm"))
    assert made.desk.changes == []


def test_a_confirmation_lives_for_a_minute() -> None:
    made = stage()
    made.say(OWNER, "/close_all")
    made.advance(61)
    press = made.press(OWNER, made.last, "Confirm")
    assert made.chat.alerts[press.press_id].startswith("Too late")
    assert made.desk.changes == []
    assert made.chat.shown[0].buttons == ()


def test_a_position_that_changed_since_is_not_closed_on_an_old_word() -> None:
    made = stage()
    made.say(OWNER, "/close #1")
    made.desk.views = (view(version=10, quantity=Decimal("0.5")),)
    press = made.press(OWNER, made.last, "Confirm")
    assert made.chat.alerts[press.press_id].startswith("It has changed since")
    assert made.desk.changes == []


def test_canceled_is_canceled() -> None:
    made = stage()
    made.say(OWNER, "/close_all")
    data = made.last.data("Confirm")
    made.press(OWNER, made.last, "Cancel")
    assert made.last.text.endswith("❌ Canceled.")
    made.press(OWNER, made.last, data=data)
    assert made.desk.changes == []


def test_i14_a_redelivered_update_has_no_second_effect() -> None:
    made = stage()
    made.say(OWNER, "/close_all")
    press = made.press(OWNER, made.last, "Confirm")
    made.give(press, press)
    assert len(made.desk.changes) == 1
    later = made.again()
    later.give(press)
    assert len(made.desk.changes) == 1
    assert later.chat.kept == [press.update_id]


def test_an_update_is_let_go_only_when_it_is_durable() -> None:
    disk = SlowDisk()
    made = stage(store=MemoryJournal(later=disk))
    disk.slow = True
    made.say(OWNER, "/positions")
    assert made._update not in made.chat.kept
    assert "1 position" in made.last.text  # reading waits for nothing
    disk.turn()
    made.advance(1)
    assert made._update in made.chat.kept


def test_an_emergency_that_overtakes_an_earlier_text_lets_nothing_go_but_itself() -> None:
    made = stage()
    about = {"chat_id": OWNER, "user_id": OWNER, "chat_kind": ChatKind.PRIVATE, "message_id": 1}
    now_ns = made.dispatcher.clock.time_ns()
    made.give(
        IncomingText(update_id=9_001, **about, text="/open ETHUSDT long 1", sent_ns=now_ns),  # type: ignore[arg-type]
        UrgentText(update_id=9_002, **about, text="/close_all", sent_ns=now_ns),  # type: ignore[arg-type]
    )
    assert made.chat.kept[-2:] == [9_002, 9_001]


def test_an_emergency_waits_two_seconds_for_a_disk_that_hangs() -> None:
    disk = SlowDisk()
    made = stage(store=MemoryJournal(later=disk))
    made.say(OWNER, "/close_all")
    disk.slow = True
    made.press(OWNER, made.last, "Confirm")
    made.advance(1)
    assert made.desk.changes == []
    made.advance(2)
    assert [type(one) for one in made.desk.changes] == [c.CloseAll]


def test_confirmed_is_not_said_before_it_is_durable_and_what_a_kill_took_is_said_on_the_button() -> None:
    """Otherwise the redelivered press is refused where nobody sees it, under a message that says Confirmed."""
    disk = SlowDisk()
    made = stage(view(1), store=MemoryJournal(later=disk))
    made.say(OWNER, "/close BTCUSDT")
    shown = made.last
    disk.slow = True
    press = made.press(OWNER, shown, "Confirm")
    assert (len(shown.texts), made.chat.alerts, made.desk.changes) == (1, {}, [])
    later = Stage(seed=2, store=MemoryJournal(), desk=made.desk)
    later.give(press)
    assert later.chat.alerts[press.press_id].startswith("I was restarted since")
    disk.turn()
    made.advance(1)
    assert any("Confirmed" in text for text in shown.texts)
    assert made.chat.alerts[press.press_id] == ""


def test_a_command_that_comes_late_is_answered_and_not_carried_out() -> None:
    made = stage()
    text = made.ask(OWNER, "/close_all", ago_s=600)
    assert text.startswith("That came 10 min 0 s late")
    assert made.last.buttons == ()
    assert "1 position" in made.ask(OWNER, "/positions", ago_s=600)


def test_close_all_tells_position_by_position_what_became_of_it() -> None:
    made = stage(view(1), view(2, symbol="ETHUSDT"))

    def half(command: c.Command) -> None:
        if isinstance(command, c.CloseAll):
            first = replace(
                made.desk.views[0], state=PositionState.CLOSED, quantity=Decimal(0), reason=Position.EMERGENCY()
            )
            stuck = replace(made.desk.views[1], state=PositionState.CLOSING, in_doubt=True)
            made.desk.views = (first, stuck)

    made.desk.react = half
    confirmed(made, OWNER, "/close_all")
    made.advance(3)
    text = made.chat.shown[0].text
    assert "Closed 1 of 2." in text
    assert "✅ #1 BTCUSDT long: CLOSED" in text
    assert "⏳ #2 ETHUSDT long: CLOSING, 0.01 held at 60000, an order" in text
    made.advance(200)
    assert "⚠ Not everything is done yet" in made.chat.shown[0].text


def test_close_all_works_while_the_supervisor_lists_nothing_and_the_disk_is_ill() -> None:
    made = stage()
    made.desk.silent = True
    made.store.fault = lambda: "no space left on device"
    made.say(OWNER, "/close_all")
    made.advance(6)
    assert "could not be listed" in made.last.text
    made.press(OWNER, made.last, "Confirm")
    made.advance(1)
    assert c.CloseAll in [type(one) for one in made.desk.changes]
    assert len({one.command_id for one in made.desk.changes}) == 1


def test_an_opening_is_refused_while_the_disk_is_ill() -> None:
    made = stage()
    made.say(OWNER, "/open ETHUSDT long 1")
    made.store.fault = lambda: "no space left on device"
    made.press(OWNER, made.last, "Confirm")
    made.advance(1)
    assert made.desk.changes == []
    assert "⛔ Refused: the journal cannot be written (no space left on device)." in made.last.text


def test_a_refusal_of_the_supervisor_is_shown_with_its_reason() -> None:
    made = stage()
    made.say(OWNER, "/pause #1")
    data = made.last.data("Confirm")
    made.desk.silent = True
    made.press(OWNER, made.last, data=data)
    made.advance(5)
    command = made.desk.changes[0]
    made.give(Reply(command_id=command.command_id, to=HOME, accepted=False, text=verbatim("it <is> over")))
    assert made.last.text.endswith("⛔ it &lt;is&gt; over")


def test_a_command_without_an_answer_is_said_again_by_the_next_process_under_its_own_id() -> None:
    made = stage()
    made.say(OWNER, "/pause")
    made.desk.silent = True
    made.press(OWNER, made.last, "Confirm")
    first = made.desk.changes[0]
    later = made.again()
    assert [one.command_id for one in made.desk.changes] == [first.command_id] * 2
    later.give(Reply(command_id=first.command_id, to=HOME, accepted=True, text=verbatim("openings are paused")))
    later.again()
    assert len(made.desk.changes) == 2


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("/open ETHUSDT short 1.5 sl=4000", "/open ETHUSDT short 1.5"),
        ("/pause ETHUSDT", "/pause ETHUSDT"),
        ("/close_all account=main", "/close_all main"),
    ],
)
def test_what_is_carried_on_after_a_restart_is_named(said: str, named: str) -> None:
    made = stage(view(1))
    made.say(OWNER, said)
    made.desk.silent = True
    made.press(OWNER, made.last, "Confirm")
    made.advance(5)
    later = made.again()
    later.chat.shown = made.chat.shown
    command_id = made.desk.changes[0].command_id
    later.give(Reply(command_id=command_id, to=HOME, accepted=False, text=verbatim("it is over")))
    assert untagged(later.last.text) == f"Carried on after a restart: {named}\n⛔ it is over"


def test_a_command_for_a_position_is_named_by_its_number_and_symbol() -> None:
    about: dict[str, Any] = {"command_id": CommandId("tg-1"), "reply_to": HOME, "position_id": view(17).position_id}
    assert retyped(c.ClosePosition(**about)) == "/close #17 BTCUSDT"
    assert retyped(c.ModifyPosition(**about)) == "/modify #17 BTCUSDT"
    assert retyped(c.AssignPosition(**about, strategy=StrategyId("grid"))) == "/assign #17 BTCUSDT"


def test_a_command_that_a_restart_left_behind_for_long_is_given_up_visibly() -> None:
    made = stage()
    made.say(OWNER, "/pause")
    made.desk.silent = True
    made.press(OWNER, made.last, "Confirm")
    desk = Desk()
    later = Stage(seed=3, store=made.store, desk=desk, start_ns=made.dispatcher.clock.time_ns() + 61_000_000_000)
    assert desk.changes == []
    assert later.last.text.startswith("A restart came between your confirmation of")
    assert Stage(seed=4, store=made.store, desk=desk).chat.shown == []


def test_which_position_is_meant_is_asked_and_not_guessed() -> None:
    made = stage(view(1), view(2, strategy="grid"))
    assert "Which one?" in made.ask(OWNER, "/close BTCUSDT 50%")
    made.press(OWNER, made.last, "#2")
    assert "Closes <b>50 %</b> of" in made.last.text
    made.desk.react = lambda command: closing(made.desk, command)
    made.press(OWNER, made.last, "Confirm")
    command = made.desk.changes[0]
    assert isinstance(command, c.ClosePosition)
    assert command.position_id == "main.BTCUSDT.long.grid.2"
    assert "Closes" in made.ask(OWNER, "/close BTCUSDT strategy=manual")


def test_what_became_of_a_change_is_said_with_what_holds_now() -> None:
    made = stage(view(1))

    def changed(_: c.Command) -> None:
        known = made.desk.views[0]
        after = {"stop_loss": Decimal(57_000), "trailing": Decimal("1.5"), "leverage": 3, "version": known.version + 2}
        made.desk.views = (replace(known, **after),)  # type: ignore[arg-type]

    made.desk.react = changed
    made.ask(OWNER, "/modify #1 sl=57000 trailing=1.5 leverage=3")
    made.press(OWNER, made.last, "Confirm")
    made.advance(3)
    assert "held at 60000, stop 57000, trailing stop 1.5 %, leverage 3x" in made.last.text
    assert "trailing stop: 1.5 %" in made.ask(OWNER, "/position #1")


def test_a_manual_position_is_handed_to_a_strategy_from_the_phone() -> None:
    made = stage(view(1), view(2, strategy="grid"))
    assert "Hands it to strategy <b>trend</b>, with its stops:" in made.ask(OWNER, "/assign BTCUSDT trend")
    made.press(OWNER, made.last, "Confirm")
    [command] = made.desk.changes
    assert isinstance(command, c.AssignPosition)
    assert (command.position_id, command.strategy) == ("main.BTCUSDT.long.manual.1", "trend")
    assert "Something is missing: STRATEGY" in made.ask(OWNER, "/assign BTCUSDT")
    assert "is no strategy" in made.ask(OWNER, "/assign #1 not-one")


def test_what_is_written_off_is_named_before_it_is_settled_from_the_phone() -> None:
    doubted = OrderView(
        client_order_id=ClientOrderId("a1"),
        purpose=OrderPurpose.ENTRY,
        phase="doubted",
        quantity=Decimal(2),
        filled_quantity=Decimal(0),
        price=None,
    )
    unclear = replace(view(1), orders=(*view(1).orders, doubted), in_doubt=True, reported_quantity=Decimal(2))
    made = stage(unclear, view(2, strategy="grid"))
    asked = untagged(made.ask(OWNER, "/settle #1"))
    assert "Writes off what is unknown of it" in asked
    assert "entry: doubted, 0/2" in asked
    assert "The venue says that 2 more is held." in asked
    assert made.desk.changes == []
    made.press(OWNER, made.last, "Confirm")
    [command] = made.desk.changes
    assert isinstance(command, c.SettlePosition)
    assert command.position_id == unclear.position_id
    assert untagged(made.ask(OWNER, "/settle #2")) == f"Nothing of {view(2, strategy='grid').position_id} is unknown."
    assert made.ask(TRADER, "/settle #1").startswith("As ")


def test_positions_of_several_accounts_are_told_apart_wherever_they_are_listed() -> None:
    other = AccountId("second")
    made = stage(view(1), replace(view(2), account=other, position_id=PositionId("second.BTCUSDT.long.manual.2")))
    assert "(second)" in made.ask(OWNER, "/positions")
    assert "manual, second" in made.ask(OWNER, "/position_states")
    assert "(manual, second)" in made.ask(OWNER, "/close_all")
    made.ask(OWNER, "/close BTCUSDT")
    assert made.last.data("#2 long manual, second")


def test_a_page_is_turned_in_place() -> None:
    made = stage(*(view(number) for number in range(1, 26)))
    made.say(OWNER, "/positions")
    shown = made.last
    made.press(OWNER, shown, "▶")
    assert "#11 " in shown.text
    made.press(OWNER, shown, "▶")
    assert "#25 " in shown.text
    made.press(OWNER, shown, "◀")
    assert "#11 " in shown.text
    assert len(made.chat.shown) == 1


def test_reconcile_shows_that_it_works_and_then_its_result_in_place() -> None:
    made = stage()
    made.say(OWNER, "/reconcile")
    assert made.last.texts[0] == "Comparing everything with the venue …"
    assert "3 checked, 1 discrepancies, 1 attempted, 1 succeeded, 1.234 s" in made.last.text


def test_what_is_not_proven_yet_is_told_with_both_figures() -> None:
    made = stage()
    made.desk.unproven = (
        Unproven(
            account=AccountId("main"),
            symbol=Symbol("ETHUSDT"),
            type=DiscrepancyType.SIZE_MISMATCH,
            believed=Reconciler.SHORT(quantity=Decimal("0.5")),
            reported=Reconciler.SHORT(quantity=Decimal("0.6")),
        ),
    )
    made.say(OWNER, "/reconcile")
    assert "Not proven yet, 1 differ:\n<b>ETHUSDT</b>: believed short 0.5, venue short 0.6" in made.last.text


def test_acknowledging_reaches_the_notifier_with_who_did() -> None:
    made = stage()
    heard: list[object] = []
    from tests.runtime.world import Hand

    made.system.spawn("notifier", lambda context: Hand(context, lambda _, message: heard.append(message)))
    made.say(OWNER, "/positions")
    made.press(TRADER, replace(made.last, chat_id=TRADER), data="n:7")
    made.press(VIEWER, replace(made.last, chat_id=VIEWER), data="n:7")
    assert [(m.number, m.user_id) for m in heard if isinstance(m, AcknowledgeNotice)] == [(7, TRADER)]


def test_the_menu_of_each_user_shows_what_the_role_may_do() -> None:
    made = stage()
    assert "close_all" not in made.chat.menus[VIEWER]
    assert "logs" not in made.chat.menus[TRADER]
    assert set(made.chat.menus[OWNER]) == set(COMMANDS)
    assert all(may(Role.VIEWER, name) for name in made.chat.menus[VIEWER])


def test_a_silent_supervisor_is_said_to_be_silent() -> None:
    made = stage()
    made.desk.silent = True
    made.say(OWNER, "/positions")
    made.advance(5)
    assert made.last.text.startswith("The supervisor does not answer")


def test_a_snapshot_is_what_its_events_give() -> None:
    made = stage()
    for _ in range(80):
        made.say(OWNER, "/positions")
    from adapters.storage import record
    from adapters.storage.memory import _as_record

    snapshot = made.store.image.snapshots[-3]
    events = [e for row in made.store.image.steps for e in record.decode_events(_as_record(row))]
    assert codec.encode(HISTORY.fold(events[: snapshot.version])) == snapshot.payload
    assert CommandId("x") not in {one.command_id for one in codec.decode_as(snapshot.payload, ChatState).unanswered}


def test_a_defect_costs_one_answer_and_not_what_was_said_before() -> None:
    made = stage()
    made.say(OWNER, "/close_all")
    press = made.press(OWNER, made.last, "Confirm")
    made.chat.broken = True
    made.say(OWNER, "/positions")
    made.advance(5)
    assert "1 position" in made.ask(OWNER, "/positions@albra_bot")
    made.give(press)
    made.advance(5)
    assert len({one.command_id for one in made.desk.changes}) == 1


def test_what_changes_nothing_needs_no_confirmation() -> None:
    made = stage()
    assert made.ask(OWNER, "/modify #1 tp=0") == "There is nothing to change."
    assert "Sets its target at <b>65000</b>." in made.ask(OWNER, "/modify #1 tp=65000")


def test_a_button_does_no_more_than_its_presser_may_say() -> None:
    made = stage()
    made.say(OWNER, "/position #1", chat=GROUP)
    before = len(made.chat.shown)
    press = made.press(VIEWER, made.last, "Close 50 %")
    assert made.chat.alerts[press.press_id] == "You may not do that."
    assert len(made.chat.shown) == before
    made.press(TRADER, made.chat.shown[0], "Close 50 %")
    assert "Closes <b>50 %</b> of" in made.last.text
