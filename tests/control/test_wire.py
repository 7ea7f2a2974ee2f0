from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from actors.supervisor.modify_checks import close_of, matches
from adapters.control import wire
from messages.addresses import CONTROL
from messages.commands import (
    CloseMatching,
    ModifyPosition,
    OpenPosition,
    PauseOpenings,
    PausePosition,
    ResumeOpenings,
)
from messages.discrepancy_type import DiscrepancyType
from messages.fields import FieldError
from messages.reconciliation import ReconcileAnswer, Unproven
from messages.reports import PositionsAnswer, StatusAnswer
from messages.requests import Reply
from messages.statement import verbatim
from messages.status import Concern, Level, Verdict, row, several
from messages.types import AccountId, CommandId, PositionId, PositionSide, PositionState, Symbol
from messages.wording import Reconciler
from messages.wording.status import Status
from tests.control.fake_supervisor import MARK, view

NOW_NS = 1_000_000
ONE = (AccountId("main"),)
OPEN = {"command_id": "c1", "symbol": "btcusdt", "side": "long", "quantity": "0.010"}
ID = PositionId("main.BTCUSDT.long.manual.1")


def read(name: str, body: Mapping[str, object]) -> object:
    return wire.command(name, body, ONE, NOW_NS)


def test_an_opening_has_its_defaults_and_its_numbers_exactly() -> None:
    command = read("open", {**OPEN, "stop_loss": "58000.10"})
    assert isinstance(command, OpenPosition)
    assert (command.symbol, command.side, command.account, command.strategy) == (
        "BTCUSDT", PositionSide.LONG, "main", "manual",
    )  # fmt: skip
    assert (str(command.quantity), str(command.stop_loss)) == ("0.010", "58000.10")
    assert (command.correlation_id, command.reply_to) == ("c1", "control")
    assert command.expires_at_ns == NOW_NS + wire.OPENING_EXPIRES_NS


def test_an_opening_among_several_accounts_must_name_one() -> None:
    two = (AccountId("a"), AccountId("b"))
    with pytest.raises(FieldError, match="account: expected one of a, b, found nothing"):
        wire.command("open", OPEN, two, NOW_NS)


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("open", {**OPEN, "quantity": "0"}, "quantity"),
        ("open", {**OPEN, "symbol": "BTC"}, "symbol"),
        ("open", {**OPEN, "side": "up"}, "side"),
        ("open", {**OPEN, "leverage": "1e2"}, "leverage"),
        ("open", {**OPEN, "strategy": "a.b"}, "strategy"),
        ("open", {k: v for k, v in OPEN.items() if k != "command_id"}, "command_id"),
        ("open", {k: v for k, v in OPEN.items() if k != "quantity"}, "quantity"),
        ("open", {**OPEN, "price": "1"}, "body"),
        ("open", [], "body"),
        ("close", {"command_id": "c"}, "position_id"),
        ("close", {"command_id": "c", "position_id": ID, "symbol": "BTCUSDT"}, "symbol"),
        ("close", {"command_id": "c", "position_id": ID, "percent": "101"}, "percent"),
        ("close", {"command_id": "c", "position_id": ID, "percent": "10", "quantity": "1"}, "percent"),
        ("close", {"command_id": "c", "position_id": ID, "strategy": "s"}, "strategy"),
        ("modify", {"command_id": "c", "position_id": ID}, "stop_loss"),
        ("pause", {"command_id": "c", "position_id": ID, "symbol": "BTCUSDT"}, "symbol"),
    ],
)
def test_bad_input_names_its_field(name: str, body: Mapping[str, object], field: str) -> None:
    with pytest.raises(FieldError) as raised:
        read(name, body)
    assert raised.value.field == field
    assert raised.value.expected


def test_zero_removes_a_stop_and_absence_leaves_it() -> None:
    command = read("modify", {"command_id": "c", "position_id": ID, "stop_loss": "0"})
    assert isinstance(command, ModifyPosition)
    assert (command.stop_loss, command.take_profit) == (Decimal(0), None)


def test_a_hold_is_of_a_position_of_a_symbol_or_of_all() -> None:
    assert isinstance(read("pause", {"command_id": "c", "position_id": ID}), PausePosition)
    of_symbol = read("pause", {"command_id": "c", "symbol": "btcusdt"})
    assert isinstance(of_symbol, PauseOpenings)
    assert of_symbol.symbol == "BTCUSDT"
    of_all = read("resume", {"command_id": "c"})
    assert isinstance(of_all, ResumeOpenings)
    assert (of_all.symbol, of_all.account) == (None, None)


def test_a_close_by_symbol_names_no_position_yet() -> None:
    close = read("close", {"command_id": "c", "symbol": "btcusdt", "strategy": "s2", "percent": "50"})
    assert isinstance(close, CloseMatching)
    assert matches(close, view(strategy="s2"))
    assert not matches(close, view(strategy="s3"))
    assert not matches(close, view(symbol="ETHUSDT", strategy="s2"))
    command = close_of(close, view(3, strategy="s2"))
    assert (command.position_id, command.percent) == ("main.BTCUSDT.long.s2.3", Decimal(50))


def test_a_position_row_is_what_scripts_were_promised() -> None:
    row = wire.position(view(), MARK)
    assert list(row)[:14] == [
        "position_id", "account", "symbol", "strategy", "side", "state", "quantity", "entry_price", "mark_price",
        "unrealized_pnl", "leverage", "stop_loss", "take_profit", "since",
    ]  # fmt: skip
    assert row["quantity"] == "0.010"
    assert row["unrealized_pnl"] == "0.9990"
    assert row["since"] == "2025-06-15T15:06:40.123456Z"
    assert row["take_profit"] is None


def test_a_short_gains_when_the_mark_falls() -> None:
    short = replace(view(), side=PositionSide.SHORT)
    assert wire.position(short, Decimal(60000))["unrealized_pnl"] == "0.0010"


def test_without_a_mark_nothing_is_said_of_gain() -> None:
    row = wire.position(view(), None)
    assert (row["mark_price"], row["unrealized_pnl"]) == (None, None)


def test_rows_come_oldest_first_and_large_numbers_without_exponent() -> None:
    views = (view(2, quantity=Decimal("1E+3")), view(1))
    answer = PositionsAnswer(
        command_id=CommandId("q"),
        to=CONTROL,
        views=views,
        marks=((AccountId("main"), Symbol("BTCUSDT"), Decimal(1)),),
    )
    rows = wire.positions(answer)
    assert [row["position_id"][-1] for row in rows] == ["1", "2"]
    assert rows[1]["quantity"] == "1000"


def test_an_accepted_reply_is_200_and_a_refused_one_409_with_its_reason() -> None:
    reply = Reply(command_id=CommandId("c"), to=CONTROL, accepted=False, text=verbatim("one is open already"))
    assert wire.reply(reply) == (
        409,
        {"error": "one is open already", "code": "refused", "accepted": False, "command_id": "c", "position_id": None},
    )  # fmt: skip
    assert wire.reply(replace(reply, accepted=True, text=verbatim("")))[0] == 200


def test_status_rows_become_sections_in_their_order() -> None:
    rows = (
        row(Status.POSITIONS(), Status.LIVE, 1),
        row(Status.ACCOUNT(name="main"), Status.VENUE, Status.DOWN()),
        row(Status.ACCOUNT(name="main"), Status.REACHABLE, Status.NO()),
        row(Status.ACCOUNT(name="main"), Status.THROTTLED),
        row(Status.ACCOUNT(name="main"), Status.NOT_SUPERVISED, several([])),
        row(Status.POSITIONS(), Status.STATES, several([Status.STATE_COUNT(state=PositionState.ACTIVE, n=1)])),
        row(Status.JOURNAL(), Status.LAST_COMMIT, Status.MILLISECONDS(ms=Decimal("1.250"))),
    )
    concern = Concern(
        level=Level.LOOK,
        section=Status.ACCOUNT(name="main"),
        name=Status.VENUE(),
        reason=Status.OF_ROW(section=Status.ACCOUNT(name="main"), name=Status.VENUE(), value=Status.DOWN()),
        about="main",
        since_ns=1_700_000_000_000_000_000,
    )
    verdict = Verdict(level=Level.LOOK, concerns=(concern,))
    told = wire.status(StatusAnswer(command_id=CommandId("q"), to=CONTROL, rows=rows, verdict=verdict))
    assert told == {
        "positions": {"live": 1, "states": [{"state": "ACTIVE", "n": 1}]},
        "account main": {"venue": "down", "reachable": False, "throttled until": None, "not supervised": "none"},
        "journal": {"last commit": {"ms": 1.25}},
        "verdict": {
            "level": "LOOK",
            "reasons": [
                {
                    "level": "LOOK",
                    "section": "account",
                    "name": "venue",
                    "text": "account main, venue: down",
                    "about": "main",
                    "since": "2023-11-14T22:13:20.000000Z",
                }
            ],
        },
    }
    assert list(told) == ["positions", "account main", "journal", "verdict"]


def test_each_field_of_the_answer_to_a_check_is_described_for_those_who_read_it() -> None:
    seen = Unproven(
        account=AccountId("main"),
        symbol=Symbol("BTCUSDT"),
        type=DiscrepancyType.SIZE_MISMATCH,
        believed=Reconciler.LONG(quantity=Decimal(1)),
        reported=Reconciler.LONG(quantity=Decimal(2)),
    )
    answer = ReconcileAnswer(
        command_id=CommandId("c"), to=CONTROL, checked=1, discrepancies=0, attempted=0, succeeded=0,
        elapsed_ms=1, unproven=(seen,),
    )  # fmt: skip
    said = wire.reconciled(answer)
    page = (Path(wire.__file__).parents[2] / "docs" / "control-api.md").read_text(encoding="utf-8")
    fields = {*said, *said["unproven"][0]} - {"accepted", "text"}
    assert [name for name in sorted(fields) if f"`{name}`" not in page] == []


def test_what_is_retired_is_a_row_among_those_that_are_over() -> None:
    answer = PositionsAnswer(
        command_id=CommandId("c"),
        to=CONTROL,
        views=(),
        retired=((ID, verbatim("its history is damaged: record 5")),),
    )
    (row,) = wire.positions(answer)
    assert {name: row[name] for name in ("position_id", "state", "quantity", "in_doubt", "reason")} == {
        "position_id": ID, "state": "RETIRED", "quantity": None, "in_doubt": False,
        "reason": "its history is damaged: record 5",
    }  # fmt: skip
