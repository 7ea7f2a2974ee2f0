"""An answer is true: accepted happens once, refused never, not ready is neither, and an id stands for one command."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from messages import commands as c
from messages import events as e
from messages import reports as r
from messages.ids import client_order_id
from messages.journal import OWN_COMMANDS, AppendStep
from messages.meaning import meaning
from messages.requests import Reply, SubmitOpening, SubmitReducing
from messages.statement import Statement, verbatim
from messages.types import AccountId, CommandId, JournalId, PositionId, ReplyCode, StrategyId, Symbol
from tests.journal.test_damaged_histories import damage
from tests.supervisor.house import BTC, EDGE, MAIN, House
from tests.supervisor.test_assigning import assign
from tests.supervisor.test_modify_checks import held
from tests.supervisor.test_supervisor import fill

GATEWAY = "gateway/main"
POSITION = PositionId("main.BTCUSDT.long.trend.1")
NINTH = PositionId("main.BTCUSDT.long.trend.9")


def told(house: House) -> list[tuple[str, bool, ReplyCode]]:
    return [(reply.command_id, reply.accepted, reply.code) for reply in house.all(Reply)]


def holding(image: Any = None) -> House:
    house = House(image).ready()
    if image is None:
        house.open("opened", stop_loss=Decimal(58_000))
        house.tell(fill(client_order_id(JournalId("memory00"), 1, 1)))
    return house


def about(command_id: str, **more: Any) -> dict[str, Any]:
    return {"command_id": CommandId(command_id), "reply_to": EDGE, **more}


COMMANDS: dict[str, Callable[[str], c.Command]] = {
    "close": lambda name: c.ClosePosition(**about(name, position_id=POSITION, percent=Decimal(50))),
    "close by symbol": lambda name: c.CloseMatching(**about(name, symbol=BTC, percent=Decimal(50))),
    "close now": lambda name: c.EmergencyClose(**about(name, position_id=POSITION)),
    "close all": lambda name: c.CloseAll(**about(name)),
    "move the stop": lambda name: c.ModifyPosition(**about(name, position_id=POSITION, stop_loss=Decimal(57_000))),
    "add": lambda name: c.ModifyPosition(**about(name, position_id=POSITION, add=Decimal("0.01"))),
    "pause": lambda name: c.PausePosition(**about(name, position_id=POSITION)),
    "pause openings": lambda name: c.PauseOpenings(**about(name)),
    "resume openings": lambda name: c.ResumeOpenings(**about(name)),
    "open": lambda name: replace(House.opening(name), strategy=StrategyId("second")),
}
CHANGING = tuple(name for name in COMMANDS if name != "resume openings")
"""What changes something in the house that is held against them."""
PUT_OFF = ("pause openings", "close all")
"""In force at once, promised when the disk has it."""


def effects(house: House) -> int:
    """Events that a command asks for, whichever they are."""
    asked = (
        e.CloseRequested, e.ProtectionRequested, e.AdditionRequested, e.PositionPaused, e.PositionRequested,
        e.OpeningsPaused, e.OpeningsResumed, e.CloseAllRequested,
    )  # fmt: skip
    return sum(isinstance(event, asked) for _, event in house.journal.recent_events(10_000))


@pytest.mark.parametrize("what", CHANGING)
def test_copies_that_wait_together_have_one_effect_and_one_answer(what: str) -> None:
    house = holding()
    before = effects(house)
    for _ in range(3):
        house.system.tell("supervisor", COMMANDS[what]("x"))
    house.run()
    each = 2 if what == "close all" else 1  # what is to be closed, and that all are to be
    assert effects(house) - before == each
    answers = [reply for reply in house.all(Reply) if reply.command_id == "x"]
    assert [answer.accepted for answer in answers] == [True] * 3
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("what", CHANGING)
def test_what_was_not_ready_has_no_copy_that_waits_and_may_be_asked_again(what: str) -> None:
    house = holding()
    before = effects(house)
    house.journal.fault = lambda: "database is locked"
    for _ in range(3):
        house.system.tell("supervisor", COMMANDS[what]("x"))
    house.run()
    answers = [reply for reply in house.all(Reply) if reply.command_id == "x"]
    assert {answer.code for answer in answers} == {ReplyCode.UNKNOWN if what in PUT_OFF else ReplyCode.NOT_READY}
    house.journal.fault = lambda: None
    house.run(10)
    if what not in PUT_OFF:
        assert effects(house) == before, "nothing of it waited"
        assert not any(isinstance(m, SubmitReducing) for m in house.heard[GATEWAY])
    house.tell(COMMANDS[what]("x"))
    answer = [reply for reply in house.all(Reply) if reply.command_id == "x"][-1]
    assert (answer.accepted, answer.code) == (True, ReplyCode.DECIDED)
    each = 2 if what == "close all" else 1
    assert effects(house) - before == each


@pytest.mark.parametrize("later", ["at once", "after a restart"])
@pytest.mark.parametrize("what", COMMANDS)
def test_an_id_stands_for_one_command(what: str, later: str) -> None:
    house = holding()
    house.tell(COMMANDS[what]("x"))
    assert told(house)[-1] == ("x", True, ReplyCode.DECIDED)
    if later == "after a restart":
        house = holding(house.journal.image)
    before = effects(house)
    for other in (name for name in COMMANDS if name != what):
        house.tell(COMMANDS[other]("x"))
        assert told(house)[-1] == ("x", False, ReplyCode.OTHER_COMMAND), other
    assert effects(house) == before
    house.tell(COMMANDS[what]("x"))
    assert told(house)[-1] == ("x", True, ReplyCode.DECIDED)
    assert effects(house) == before


@pytest.mark.parametrize("later", ["at once", "after a restart"])
def test_a_settling_that_was_refused_is_not_carried_out_when_it_is_said_again(later: str) -> None:
    """The entry is too young to be written off, and in doubt; half a minute later it is old enough."""
    house = House().ready()
    house.open("opened")
    name = client_order_id(JournalId("memory00"), 1, 1)
    house.tell(r.OutcomeUnknown(account=MAIN, symbol=BTC, client_order_id=name, cause=verbatim("read timeout")))
    settle = c.SettlePosition(**about("s", position_id=POSITION))
    house.tell(settle)
    assert told(house)[-1] == ("s", False, ReplyCode.DECIDED)
    if later == "after a restart":
        house = House(house.journal.image).ready()
    house.run(40)
    house.tell(settle)
    assert told(house)[-1] == ("s", False, ReplyCode.DECIDED)
    house.tell(replace(settle, command_id=CommandId("t")))
    assert told(house)[-1] == ("t", True, ReplyCode.DECIDED)


@pytest.mark.parametrize("later", ["at once", "after a restart"])
def test_what_was_refused_stays_refused_whatever_has_changed_since(later: str) -> None:
    house = House().ready()
    house.tell(c.PauseOpenings(**about("p")))
    house.open("x")
    refused = house.all(Reply)[-1]
    assert (refused.accepted, refused.code) == (False, ReplyCode.DECIDED)
    house.tell(c.ResumeOpenings(**about("r")))
    if later == "after a restart":
        house = House(house.journal.image).ready()
    house.open("x")
    again = house.all(Reply)[-1]
    assert (again.accepted, again.text) == (False, refused.text)
    house.open("x", quantity=Decimal("0.02"))
    assert house.all(Reply)[-1].code is ReplyCode.OTHER_COMMAND
    assert not house.all(SubmitOpening, GATEWAY)


def test_an_opening_before_the_account_was_read_is_not_refused_and_opens_when_asked_again() -> None:
    house = House()
    house.open("x")
    assert told(house)[-1] == ("x", False, ReplyCode.NOT_READY)
    house.ready()
    house.open("x")
    assert told(house)[-1] == ("x", True, ReplyCode.DECIDED)
    assert len(house.all(SubmitOpening, GATEWAY)) == 1


def test_what_only_reduces_does_not_wait_for_what_only_opening_needs() -> None:
    house = holding()
    house.tell(r.StreamDown(account=MAIN, cause=verbatim("reset")))
    house.tell(COMMANDS["add"]("a"))
    assert told(house)[-1] == ("a", False, ReplyCode.NOT_READY)
    house.tell(COMMANDS["move the stop"]("m"))
    house.tell(COMMANDS["close"]("c"))
    assert [answer[1:] for answer in told(house)[-2:]] == [(True, ReplyCode.DECIDED)] * 2


def test_a_close_by_symbol_that_is_said_again_does_not_take_what_was_opened_since() -> None:
    house = holding()
    close = c.CloseMatching(**about("x", symbol=BTC))
    house.tell(close)
    reducing = house.all(SubmitReducing, GATEWAY)[-1]
    house.tell(fill(reducing.client_order_id, trade="t2", side=reducing.side))
    for life in (house, House(house.journal.image).ready()):
        life.open("next" if life is house else "one more", strategy=StrategyId(f"s{id(life)}"))
        before = effects(life)
        life.tell(close)
        assert told(life)[-1] == ("x", True, ReplyCode.DECIDED)
        assert life.all(Reply)[-1].position_id == POSITION
        assert effects(life) == before


def test_an_id_of_a_position_that_is_long_over_opens_nothing_after_a_restart() -> None:
    """Far more have ended since than a start has at hand."""
    house = House().ready()
    for number in range(1, 31):
        house.open(f"c{number}")
        order = client_order_id(JournalId("memory00"), number, 1)
        house.tell(r.OrderAbsent(account=MAIN, symbol=BTC, client_order_id=order, evidence="asked twice"))
    again = House(house.journal.image).ready()
    again.open("c1")
    assert told(again)[-1] == ("c1", True, ReplyCode.DECIDED)
    assert not again.all(SubmitOpening, GATEWAY)


def test_a_commit_of_which_nobody_knows_whether_it_is_on_the_disk_promises_nothing() -> None:
    house = holding()
    house.journal.fault, house.journal.doubtful = (lambda: "disk I/O error"), True
    house.tell(COMMANDS["close"]("x"))
    assert told(house)[-1] == ("x", False, ReplyCode.UNKNOWN)


def test_what_a_suspended_position_has_in_its_mailbox_is_promised_to_nobody_and_happens_once() -> None:
    house = holding()
    before = effects(house)
    commits: list[Callable[[], None]] = []
    house.journal._later = commits.append
    house.tell(COMMANDS["move the stop"]("m"))
    for _ in range(3):
        house.tell(COMMANDS["close"]("x"))
    assert not [reply for reply in house.all(Reply) if reply.command_id in ("m", "x")]
    house.journal._later = lambda call: call()
    for commit in commits:
        commit()
    house.run(1)
    answers = [reply.accepted for reply in house.all(Reply) if reply.command_id == "x"]
    assert (answers, effects(house) - before) == ([True] * 3, 2)


def test_a_command_that_no_actor_can_handle_promises_nothing_and_the_next_one_is_served() -> None:
    house = House().ready()
    broken = c.ClosePosition(**about("x", position_id=POSITION, quantity="no number"))
    house.open("opened")
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1)))
    house.tell(broken)
    house.run(60)
    assert told(house)[-1] == ("x", False, ReplyCode.UNKNOWN)
    house.tell(COMMANDS["close"]("y"))
    assert told(house)[-1] == ("y", True, ReplyCode.DECIDED)


def test_two_edges_that_ask_under_one_id_are_both_answered_each_about_its_own_copy() -> None:
    house = holding()
    house.system.tell("supervisor", replace(COMMANDS["close"]("x"), causation_id="control#1"))
    house.system.tell("supervisor", replace(COMMANDS["close"]("x"), causation_id="control#2"))
    house.run()
    answers = [reply for reply in house.all(Reply) if reply.command_id == "x"]
    assert sorted(answer.causation_id for answer in answers) == ["control#1", "control#2"]


def test_the_meaning_of_a_command_is_what_it_asks_for_however_it_is_written() -> None:
    opening = House.opening("x")
    same = replace(opening, command_id=CommandId("y"), quantity=Decimal("0.010"), expires_at_ns=7, causation_id="z")
    assert meaning(same) == meaning(opening)
    others = [
        replace(opening, quantity=Decimal("0.011")),
        replace(opening, stop_loss=Decimal(1)),
        replace(opening, symbol=Symbol("ETHUSDT")),
        replace(opening, account=AccountId("other")),
    ]
    assert meaning(opening) not in {meaning(other) for other in others}
    assert meaning(c.PauseOpenings(**about("x"))) != meaning(c.ResumeOpenings(**about("x")))


@pytest.mark.parametrize("what", ["move the stop", "pause"])
def test_what_was_done_in_a_history_that_is_damaged_since_is_not_refused(what: str) -> None:
    """The answer was lost with the process, and the record of the effect with the disk: neither can be promised."""
    before = holding()
    before.tell(COMMANDS[what]("x"))
    damage(before.journal.image, 1, "end")
    house = House(before.journal.image).ready()
    house.tell(COMMANDS[what]("x"))
    assert told(house)[-1] == ("x", False, ReplyCode.UNKNOWN)
    house.tell(COMMANDS["close"]("never heard of"))
    assert told(house)[-1] == ("never heard of", False, ReplyCode.DECIDED)


def test_an_opening_repeated_after_its_history_was_damaged_names_its_position() -> None:
    before = House().ready()
    before.open("opened", stop_loss=Decimal(58_000))
    before.tell(fill(client_order_id(JournalId("memory00"), 1, 1)))
    damage(before.journal.image, 1, "end")
    house = House(before.journal.image).ready()
    house.open("opened", stop_loss=Decimal(58_000))
    again = house.all(Reply)[-1]
    assert (again.accepted, again.changed, again.position_id) == (True, False, POSITION)


def test_an_opening_repeated_after_its_position_was_retired_is_not_done_a_second_time() -> None:
    """Its symbol is open again, and the record that would show that it was done is the one that is damaged."""
    before = House().ready()
    before.open("opened")
    before.tell(fill(client_order_id(JournalId("memory00"), 1, 1)))
    image = before.journal.image
    damage(image, 1, "start")
    image.steps[:] = [(*row[:4], b"\xc1", row[5]) if row[1] == 1 else row for row in image.steps]
    house = House(image).ready()
    house.tell(c.RetirePosition(command_id=CommandId("r"), position_id=POSITION, discrepancy_id="d1"))
    for _ in range(2):
        house.open("opened")
        assert told(house)[-1] == ("opened", False, ReplyCode.UNKNOWN)
    assert house.all(SubmitOpening, "gateway/main") == []
    house.open("another")
    assert told(house)[-1] == ("another", True, ReplyCode.DECIDED)


TINY = Decimal("0.00001")
MANUAL = PositionId("main.BTCUSDT.long.manual.9")
REFUSED: dict[str, tuple[c.Command, c.Command]] = {
    "change": (COMMANDS["move the stop"]("x"), c.ModifyPosition(**about("x", position_id=NINTH, stop_loss=Decimal(1)))),
    "pause": (COMMANDS["pause"]("x"), c.PausePosition(**about("x", position_id=NINTH))),
    "open": (House.opening("x", quantity=TINY), House.opening("x", quantity=TINY, strategy=StrategyId("second"))),
    "close by symbol": (
        c.CloseMatching(**about("x", symbol=BTC)),
        c.CloseMatching(**about("x", symbol=BTC, strategy=StrategyId("second"))),
    ),
    "assign": (
        c.AssignPosition(**about("x", position_id=MANUAL, strategy=StrategyId("trend"))),
        c.AssignPosition(**about("x", position_id=MANUAL, strategy=StrategyId("second"))),
    ),
}
"""By kind: one that the first position may have carried out, and one that it never can have."""


@pytest.mark.parametrize("what", REFUSED)
def test_a_damaged_history_leaves_in_doubt_only_what_it_may_have_done(what: str) -> None:
    """What is refused about another position is refused for good, or it is asked for ever."""
    for command, code in zip(REFUSED[what], (ReplyCode.UNKNOWN, ReplyCode.DECIDED), strict=True):
        image = holding().journal.image
        damage(image, 1, "end")
        house = House(image).ready()
        house.tell(command)
        assert told(house)[-1] == ("x", False, ReplyCode.DECIDED)
        del image.steps[max(which for which, row in enumerate(image.steps) if row[1] == OWN_COMMANDS)]
        house = House(image).ready()
        for _ in range(2):
            house.tell(command)
            assert told(house)[-1] == ("x", False, code), command


def without_records(image: Any) -> House:
    image.steps[:] = [row for row in image.steps if row[1] != OWN_COMMANDS]
    return House(image).ready()


@pytest.mark.parametrize("what", CHANGING)
def test_an_id_whose_record_is_lost_stands_for_no_other_command(what: str) -> None:
    house = holding()
    house.tell(COMMANDS[what]("x"))
    again = without_records(house.journal.image)
    before = effects(again)
    for other in (name for name in COMMANDS if name != what):
        again.tell(COMMANDS[other]("x"))
        _, accepted, code = told(again)[-1]
        assert (accepted, code) == (False, ReplyCode.OTHER_COMMAND), other
    again.tell(COMMANDS[what]("x"))
    assert told(again)[-1] == ("x", True, ReplyCode.DECIDED)
    assert effects(again) == before


def change(**what: Any) -> c.ModifyPosition:
    return c.ModifyPosition(**about("x", position_id=POSITION, **what))


WHOLE = c.ClosePosition(**about("x", position_id=POSITION))
OPENING = replace(House.opening("x"), strategy=StrategyId("second"))
PART = c.ClosePosition(**about("x", position_id=POSITION, percent=Decimal(50)))
CONTENTS: dict[str, tuple[c.Command, tuple[c.Command, ...]]] = {
    "open": (OPENING, (replace(OPENING, quantity=Decimal("0.02")), replace(OPENING, strategy=StrategyId("third")))),
    "close": (WHOLE, (c.EmergencyClose(**about("x", position_id=POSITION)), replace(WHOLE, position_id=NINTH))),
    "close a part": (
        PART,
        (replace(PART, percent=Decimal(40)), replace(PART, percent=None, quantity=Decimal("0.005")), WHOLE),
    ),
    "move the stop": (
        COMMANDS["move the stop"]("x"),
        (
            change(stop_loss=Decimal(56_000)),
            change(take_profit=Decimal(70_000)),
            change(stop_loss=Decimal(57_000), add=Decimal("0.01")),
        ),
    ),
    "add": (COMMANDS["add"]("x"), (change(add=Decimal("0.02")),)),
    "close all of an account": (c.CloseAll(**about("x", account=MAIN)), (c.CloseAll(**about("x")),)),
    "pause": (COMMANDS["pause"]("x"), (c.PausePosition(**about("x", position_id=NINTH)),)),
    "pause openings": (COMMANDS["pause openings"]("x"), (c.PauseOpenings(**about("x", account=MAIN, symbol=BTC)),)),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_an_id_whose_record_is_lost_stands_for_what_its_events_show(what: str) -> None:
    command, others = CONTENTS[what]
    house = holding()
    house.tell(command)
    again = without_records(house.journal.image)
    for other in others:
        again.tell(other)
        assert told(again)[-1] == ("x", False, ReplyCode.OTHER_COMMAND), other
    again.tell(command)
    assert told(again)[-1] == ("x", True, ReplyCode.DECIDED)


def test_a_leverage_that_was_in_force_is_known_with_the_stop_that_was_moved_beside_it() -> None:
    house = House().ready()
    house.open("opened", leverage=5)
    house.tell(r.SettingApplied(account=MAIN, symbol=BTC, position_id=POSITION, leverage=5))
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1)))
    moved = change(stop_loss=Decimal(57_000), leverage=5)
    house.tell(moved)
    again = without_records(house.journal.image)
    again.tell(replace(moved, leverage=4))
    assert told(again)[-1] == ("x", False, ReplyCode.OTHER_COMMAND)
    again.tell(moved)
    assert told(again)[-1] == ("x", True, ReplyCode.DECIDED)


@pytest.mark.parametrize("holds", ["nothing", "a part"])
def test_to_whom_a_position_was_assigned_is_known_without_a_record(holds: str) -> None:
    house = House().ready()
    if holds == "a part":
        held(house)
    position_id = held(house, strategy="manual")
    assert assign(house, position_id, command_id="x").accepted
    again = without_records(house.journal.image)
    answer = assign(again, position_id, StrategyId("second"), command_id="x")
    assert (answer.accepted, answer.code) == (False, ReplyCode.OTHER_COMMAND)
    answer = assign(again, position_id, command_id="x")
    assert (answer.accepted, answer.changed, answer.code) == (True, False, ReplyCode.DECIDED)


@pytest.mark.parametrize("what", CHANGING)
def test_what_is_done_although_the_disk_refused_its_record_is_known_after_a_restart(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seed 2700000484, I5: the disk was full for the record alone, and the process ended before it took another."""
    house = holding()
    before = effects(house)
    append = house.journal.append

    def without_commands(steps: Sequence[AppendStep], done: Callable[[Statement | None], None]) -> None:
        if steps[0].ordinal == OWN_COMMANDS:
            done(verbatim("no space left on device"))
        else:
            append(steps, done)

    monkeypatch.setattr(house.journal, "append", without_commands)
    house.tell(COMMANDS[what]("x"))
    done = effects(house) - before
    again = House(house.journal.image).ready()
    assert CommandId("x") not in again.known.asked.ids
    for _ in range(2):
        again.tell(COMMANDS[what]("x"))
        assert told(again)[-1] == ("x", True, ReplyCode.DECIDED)
    assert effects(again) - before == done > 0, "once"


def test_an_id_of_which_only_the_use_is_known_promises_nothing() -> None:
    house = holding()
    house.tell(COMMANDS["move the stop"]("x"))
    again = without_records(house.journal.image)
    again.known.effects = {}
    for what in ("move the stop", "pause openings"):
        again.tell(COMMANDS[what]("x"))
        assert told(again)[-1] == ("x", False, ReplyCode.UNKNOWN)


@pytest.mark.parametrize("later", ["at once", "after a restart"])
def test_to_settle_is_a_command_like_any_and_has_no_other_ones_id(later: str) -> None:
    house = holding()
    house.tell(COMMANDS["pause"]("x"))
    if later == "after a restart":
        house = holding(house.journal.image)
    house.tell(c.SettlePosition(**about("x", position_id=POSITION)))
    assert told(house)[-1] == ("x", False, ReplyCode.OTHER_COMMAND)
