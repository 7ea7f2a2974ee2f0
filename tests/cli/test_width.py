"""Narrow terminals: columns go with a word, rows stack, and no digit or id is ever cut."""

from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest

from adapters.cli import output
from adapters.cli.live import Screen
from adapters.cli.reading import positions_table
from adapters.control.wire import position
from messages.reports import MarkReport, OrderView
from messages.types import AccountId, ClientOrderId, OrderPurpose, Symbol
from tests.cli.conftest import Albra
from tests.control.fake_supervisor import MARK, view

ROWS = [position(view(ordinal, strategy="trend_following_of_the_night"), MARK) for ordinal in (1, 2)]
VITAL = (ROWS[0]["position_id"], "ACTIVE", "0.010", "58000", "0.999")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_a_table_fits_and_what_is_vital_is_whole(width: int) -> None:
    said = positions_table(ROWS, 1_750_000_100_000_000_000, color=False, width=width)
    assert all(len(line) <= max(width, len(VITAL[0])) for line in said.split("\n"))
    for text in VITAL:
        assert text in said
    assert "…" not in said


def test_what_is_left_out_is_named() -> None:
    assert "not shown at this width: age, lev" in positions_table(
        [position(view(1), MARK)], 1_750_000_100_000_000_000, color=False, width=80
    )


def test_an_entry_that_waits_for_its_price_shows_how_much_of_it_waits() -> None:
    waiting = OrderView(
        client_order_id=ClientOrderId("order-1"),
        purpose=OrderPurpose.ENTRY,
        phase="working",
        quantity=Decimal("0.03"),
        filled_quantity=Decimal("0.01"),
        price=Decimal(50_000),
    )
    row = position(view(1, quantity=Decimal("0.01"), orders=(waiting,)), MARK)
    assert "0.01 (0.02 resting)" in positions_table([row], 1_750_000_100_000_000_000, color=False, width=200)
    sent = replace(waiting, phase="sent")
    row = position(view(1, quantity=Decimal("0.01"), orders=(sent,)), MARK)
    assert "resting" not in positions_table([row], 1_750_000_100_000_000_000, color=False, width=200)


@pytest.mark.parametrize("width", ["40", "60", "80"])
def test_the_live_table_cuts_nothing(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.setenv("LINES", "50")
    stream = Terminal()
    screen = Screen(stream, title="albra", header={"journal": "abcd1234"}, live=True)
    screen.start()
    shown = view(1, strategy="trend_following")
    screen.deliver(shown)
    screen.deliver(MarkReport(account=AccountId("main"), symbol=Symbol("BTCUSDT"), mark_price=MARK))
    screen.stop()
    said = stream.getvalue()
    for text in (shown.position_id, "0.010", "58000", "0.999"):
        assert text in said
    assert "…" not in said


@pytest.mark.parametrize(
    "command",
    ["", "run", "open", "close", "positions", "status", "logs", "paper", "demo", "simulate", "flatten", "config"],
)
def test_help_is_said_on_any_terminal(albra: Albra, command: str) -> None:
    albra.environment |= {"PYTHONIOENCODING": "ascii", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = albra(*([command] if command else []), "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("usage: ")
    assert "albra" in ended.out.partition("[-h]")[0]


def test_json_is_json_on_any_terminal(albra: Albra) -> None:
    albra.environment |= {"PYTHONIOENCODING": "ascii", "LANG": "C", "PYTHONUTF8": "0"}
    assert albra("config", "schema").document()["title"] == "Albra configuration"


def test_a_cell_of_a_table_is_one_line() -> None:
    assert output.table(("a",), [("x\ny",)]).split("\n")[1] == "x\\ny"
