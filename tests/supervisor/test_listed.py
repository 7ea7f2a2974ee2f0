"""What is listed: every position, those too that cannot say what they hold, and each at the mark of its account."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from actors.supervisor.memory import Restored
from adapters.control import wire
from messages import commands as c
from messages import lifecycle
from messages import reports as r
from messages.addresses import position_address
from messages.requests import Reply
from messages.statement import verbatim
from messages.status import Level
from messages.types import AccountId, CommandId, PositionId, PositionMode, Silence
from tests.supervisor.house import BTC, EDGE, MAIN, RULES, House
from tests.supervisor.test_failures import QUARANTINED, held

NAME = PositionId("main.BTCUSDT.long.trend.1")
OTHER = PositionId("main.ETHUSDT.short.manual.1")
SECOND = AccountId("second")


def listed(house: House, **asked: Any) -> r.PositionsAnswer:
    house.tell(c.ListPositions(command_id=CommandId("q"), reply_to=EDGE, **asked))
    return house.all(r.PositionsAnswer)[-1]


class Damaged(House):
    """The first position's history cannot be read."""

    def _restored(self) -> Restored:
        found = super()._restored()
        silent = tuple((p.position_id, verbatim("a checksum")) for p in found.positions)
        return replace(found, positions=(), silent=silent)


def test_a_quarantined_position_is_a_row_with_its_last_figures() -> None:
    house = held(protected=True)
    house.tell(QUARANTINED)
    (row,) = wire.positions(listed(house))
    assert (row["state"], row["previous"], row["quantity"]) == ("QUARANTINED", "ACTIVE", "0.01")
    assert row["in_doubt"]
    assert "ValueError" in row["reason"]


def test_a_released_one_is_what_it_was() -> None:
    house = held(protected=True)
    house.tell(QUARANTINED)
    house.tell(lifecycle.ActorReleased(address=position_address(1)))
    (row,) = wire.positions(listed(house))
    assert row["state"] == "ACTIVE"


def test_a_close_of_all_names_what_it_may_not_reach() -> None:
    house = Damaged(held(protected=True).journal.image)
    for name, account in (("all", None), ("here", MAIN)):
        house.tell(c.CloseAll(command_id=CommandId(name), reply_to=EDGE, account=account))
        assert house.all(Reply)[-1].text == (
            f"closing 0 positions; what {NAME} holds is not known here: albra flatten --break-glass closes at the venue"
        )


def test_a_damaged_position_is_a_row_that_says_so_under_every_question_for_it() -> None:
    house = Damaged(held(protected=True).journal.image)
    for asked in ({}, {"terminal": True}, {"position_id": NAME, "terminal": True}):
        (row,) = wire.positions(listed(house, **asked))
        assert (row["position_id"], row["state"], row["quantity"]) == (NAME, "DAMAGED", None)
        assert "a checksum" in row["reason"]
    assert wire.positions(listed(house, position_id=OTHER, terminal=True)) == []
    assert row.keys() == wire.position(listed(held(protected=True)).views[0], None).keys()


def test_status_names_what_cannot_say_what_it_holds() -> None:
    house = Damaged(held(protected=True).journal.image)
    house.tell(c.ReadStatus(command_id=CommandId("s"), reply_to=EDGE))
    answer = house.all(r.StatusAnswer)[-1]
    shown = {(str(each.section), str(each.name)): each.value for each in answer.rows}
    assert shown["positions", "quarantined or damaged"] == "1"
    assert shown["positions", NAME] == "its history is damaged: a checksum"
    assert answer.verdict.level is Level.ACT


def test_a_command_for_a_damaged_position_says_what_is_the_case() -> None:
    house = Damaged(held(protected=True).journal.image)
    house.tell(c.ClosePosition(command_id=CommandId("x"), position_id=NAME, reply_to=EDGE))
    reply = house.all(Reply)[-1]
    assert not reply.accepted
    assert "history is damaged" in reply.text
    assert "flatten" in reply.text


@pytest.mark.parametrize(
    "command",
    [
        c.ClosePosition, c.EmergencyClose, c.ModifyPosition, c.PausePosition, c.ResumePosition, c.CancelEntry,
        c.AssignPosition,
    ],
)  # fmt: skip
def test_a_name_with_the_number_of_another_position_means_no_position(command: type[Any]) -> None:
    house = held(protected=True)
    more = {"strategy": "grid"} if command is c.AssignPosition else {}
    more |= {"why": "w"} if command is c.CancelEntry else {}
    house.tell(command(command_id=CommandId("x"), position_id=OTHER, reply_to=EDGE, **more))
    reply = house.all(Reply)[-1]
    assert not reply.accepted
    assert reply.text.startswith(f"no position {OTHER}; {NAME} has its number")


@pytest.mark.parametrize(
    "name", [OTHER, "main.BTCUSDT.short.trend.1", "other.BTCUSDT.long.trend.1", "main.BTCUSDT.long.trend.01"]
)
def test_a_history_is_found_by_the_whole_name(name: str) -> None:
    house = held(protected=True)
    house.tell(c.ReadHistory(command_id=CommandId("h"), position_id=PositionId(name), reply_to=EDGE))
    answer = house.all(r.HistoryAnswer)[-1]
    assert (answer.found, answer.records, answer.instead) == (False, (), NAME)
    assert listed(house, position_id=PositionId(name), terminal=True).instead == NAME


def test_a_number_that_there_is_not_names_nothing_instead() -> None:
    house = held(protected=True)
    house.tell(c.ReadHistory(command_id=CommandId("h"), position_id=PositionId(f"{OTHER}7"), reply_to=EDGE))
    answer = house.all(r.HistoryAnswer)[-1]
    assert (answer.found, answer.instead) == (False, None)


def test_the_history_of_one_that_is_there_is_read() -> None:
    house = held(protected=True)
    house.tell(c.ReadHistory(command_id=CommandId("h"), position_id=NAME, reply_to=EDGE))
    assert house.all(r.HistoryAnswer)[-1].found


class TwoAccounts(House):
    accounts = (MAIN, SECOND)


def test_each_account_has_its_own_mark() -> None:
    house = TwoAccounts().ready()
    up = r.VenueUp(
        account=SECOND,
        venue_identity="w",
        position_mode=PositionMode.ONE_WAY,
        instruments=(RULES,),
        validity_window_ms=5000,
    )
    house.tell(up)
    house.tell(r.StreamUp(account=SECOND))
    house.tell(r.PositionsReport(account=SECOND, request_id="1", begun_ns=7, positions=()))
    house.tell(r.MarkReport(account=SECOND, symbol=BTC, mark_price=Decimal(59000)))
    house.open("c1")
    house.open("c2", account=SECOND)
    answer = listed(house)
    assert answer.prices == {(MAIN, BTC): Decimal(60000), (SECOND, BTC): Decimal(59000)}
    assert [row["mark_price"] for row in wire.positions(answer)] == ["60000", "59000"]
    assert listed(TwoAccounts().ready(), marks_of=BTC).prices == {(MAIN, BTC): Decimal(60000)}


def test_both_silences_are_told_to_whoever_shows_positions() -> None:
    house = held(protected=True)
    house.tell(QUARANTINED)
    assert listed(house).silent[0][:2] == (NAME, Silence.QUARANTINED)
