"""What the venue holds and nobody here supervises: told once, by name, shown, counted, and never repaired."""

from dataclasses import replace
from decimal import Decimal

import pytest

from actors.supervisor.pre_trade_risk import Limits
from messages import reports as r
from messages.commands import ListPositions, OpenPosition, ReadStatus
from messages.reports import AccountModes, PositionRow, UnreadRow
from messages.requests import Notify, Reply
from messages.statement import verbatim
from messages.types import (
    CommandId,
    ModeFault,
    OtherContract,
    PositionMode,
    PositionSide,
    Severity,
    StrategyId,
    Symbol,
)
from tests.supervisor.house import BTC, EDGE, MAIN, RULES, House

KINDS = (
    OtherContract(symbol=Symbol("XAUUSDT"), kind="TRADIFI_PERPETUAL"),
    OtherContract(symbol=Symbol("BTCUSDT_261225"), kind="CURRENT_QUARTER"),
    OtherContract(symbol=Symbol("币安人生USDT"), kind="PERPETUAL"),
    OtherContract(symbol=Symbol("NEWUSDT"), kind="SOMETHING_ELSE"),
)


def row(symbol: str, quantity: str = "2", price: str = "100") -> PositionRow:
    return PositionRow(
        symbol=Symbol(symbol), side=PositionSide.LONG, quantity=Decimal(quantity), entry_price=Decimal(price),
        mark_price=Decimal(price), unrealized_pnl=Decimal(0),
    )  # fmt: skip


def house(*rows: PositionRow, limits: Limits | None = None, unread: tuple[UnreadRow, ...] = ()) -> House:
    h = House(limits=limits)
    h.ready()
    h.tell(
        r.VenueUp(
            account=MAIN, venue_identity="v", position_mode=PositionMode.ONE_WAY, instruments=(RULES,),
            validity_window_ms=5000, others=KINDS,
        )
    )  # fmt: skip
    read(h, *rows, unread=unread)
    return h


def read(h: House, *rows: PositionRow, unread: tuple[UnreadRow, ...] = ()) -> None:
    h.tell(r.PositionsReport(account=MAIN, request_id="2", begun_ns=9, positions=rows, unread=unread))


def told(h: House) -> list[str]:
    return [each.text for each in h.heard["notifier"] if isinstance(each, Notify) and "not supervised" in each.text]


def open_(h: House, symbol: str = BTC, quantity: str = "0.01", name: str = "c1") -> Reply:
    command = OpenPosition(
        command_id=CommandId(name), reply_to=EDGE, account=MAIN, symbol=Symbol(symbol), side=PositionSide.LONG,
        strategy=StrategyId("trend"), quantity=Decimal(quantity),
    )  # fmt: skip
    h.tell(command)
    return next(each for each in h.heard[EDGE] if isinstance(each, Reply) and each.command_id == name)


@pytest.mark.parametrize(
    ("symbol", "why"),
    [
        ("XAUUSDT", "TRADIFI_PERPETUAL"),
        ("BTCUSDT_261225", "CURRENT_QUARTER"),
        ("币安人生USDT", "a perpetual whose name or rules cannot be used"),
        ("NEWUSDT", "SOMETHING_ELSE"),
        ("GONEUSDT", "the venue does not list it"),
    ],
)
def test_each_is_told_once_by_name_with_what_it_is(symbol: str, why: str) -> None:
    h = house(row(symbol))
    read(h, row(symbol, "3"))
    (text,) = told(h)
    assert f"{symbol} long 2 is held at the venue" in text
    assert why in text


def test_none_of_them_is_adopted_or_compared() -> None:
    h = house(*(row(each.symbol) for each in KINDS))
    assert not list(h.known.book.live())


def test_what_came_back_is_told_again() -> None:
    h = house(row("XAUUSDT"))
    read(h)
    read(h, row("XAUUSDT"))
    assert len(told(h)) == 2


def test_a_row_that_cannot_be_read_is_told_as_such() -> None:
    h = house(unread=(UnreadRow(symbol=Symbol("XAUUSDT"), why=verbatim("positionAmt is 'x'")),))
    assert "an amount that cannot be read" in told(h)[0]


def test_it_counts_as_exposure_of_the_account_and_of_no_symbol() -> None:
    limits = Limits(account_exposure=Decimal(700), symbol_exposure=Decimal(700))
    assert open_(house(limits=limits)).accepted
    refused = open_(house(row("BTCUSDT_261225", "2", "100"), limits=limits))
    assert "limits.account_exposure is 700, this would make it 800" in refused.text


def test_opening_one_says_why_not() -> None:
    refused = open_(house(), "XAUUSDT", "1")
    assert not refused.accepted
    assert "TRADIFI_PERPETUAL, a kind of contract that is not traded here" in refused.text


def test_lists_and_status_show_them() -> None:
    h = house(row("XAUUSDT"))
    h.tell(ListPositions(command_id=CommandId("l"), reply_to=EDGE))
    h.tell(ReadStatus(command_id=CommandId("s"), reply_to=EDGE))
    (answer,) = [each for each in h.heard[EDGE] if isinstance(each, r.PositionsAnswer)]
    assert [(each.symbol, each.quantity, each.kind) for each in answer.outside] == [
        ("XAUUSDT", Decimal(2), "TRADIFI_PERPETUAL")
    ]
    (status,) = [each for each in h.heard[EDGE] if isinstance(each, r.StatusAnswer)]
    shown = {(str(each.section), str(each.name)): each.value for each in status.rows}
    assert shown["account main", "not supervised"] == "XAUUSDT long 2 (TRADIFI_PERPETUAL)"


def test_what_is_ours_stays_supervised_when_the_venue_lists_it_no_more() -> None:
    h = House()
    h.ready(row(BTC, "0.01", "60000"))
    h.tell(r.RulesReport(account=MAIN, instruments=(replace(RULES, symbol=Symbol("ETHUSDT")),)))
    read(h, row(BTC, "0.01", "60000"))
    assert not told(h)
    assert [view.symbol for view in h.known.book.live()] == [BTC]


# The account's modes ---------------------------------------------------------------------------------------


def modes(h: House, mode: PositionMode, fault: ModeFault | None, *, restored: bool = False) -> list[Notify]:
    h.heard["notifier"].clear()
    h.tell(AccountModes(account=MAIN, position_mode=mode, multi_assets=True, fault=fault, restored=restored))
    return [each for each in h.heard["notifier"] if isinstance(each, Notify)]


@pytest.mark.parametrize(
    ("mode", "fault", "said"),
    [
        (PositionMode.HEDGE, ModeFault.POSITION_MODE, "the account is in position mode hedge"),
        (PositionMode.ONE_WAY, ModeFault.ISOLATED_UNDER_MULTI_ASSETS, "the account is in multi-assets mode"),
    ],
)
def test_openings_wait_until_the_account_is_set_as_configured(mode: PositionMode, fault: ModeFault, said: str) -> None:
    h = house()
    (notice,) = modes(h, mode, fault)
    assert said in notice.text
    assert notice.severity is Severity.CRITICAL
    refused = open_(h)
    assert not refused.accepted
    assert said in refused.text
    (notice,) = modes(h, PositionMode.ONE_WAY, None)
    assert "set as the configuration says again" in notice.text
    assert open_(h, name="c2").accepted


# Orders that cannot be read ---------------------------------------------------------------------------------


def orders(h: House, *symbols: str, of: str | None = None) -> list[Notify]:
    h.heard["notifier"].clear()
    unread = tuple(UnreadRow(symbol=Symbol(symbol), why=verbatim("status: None")) for symbol in symbols)
    about = Symbol(of) if of else None
    now_ns = h.dispatcher.clock.time_ns()
    h.tell(r.OpenOrdersReport(account=MAIN, request_id="o", begun_ns=now_ns, orders=(), symbol=about, unread=unread))
    h.dispatcher.advance(1_000)
    return [each for each in h.heard["notifier"] if isinstance(each, Notify)]


@pytest.mark.parametrize(("symbol", "named"), [(BTC, BTC), ("", "a symbol without a name")])
def test_an_order_that_stays_unreadable_is_told_once_while_it_is(symbol: str, named: str) -> None:
    h = house()
    assert not orders(h, symbol)
    (first,) = orders(h, symbol)
    assert f"an open order of {named} cannot be read (status: None)" in first.text
    assert first.severity is Severity.WARNING
    assert not orders(h, symbol)
    assert not orders(h, of="ETHUSDT")
    assert not orders(h, symbol)
    assert not orders(h)
    assert not orders(h, symbol)
    (again,) = orders(h, symbol)
    assert again.text == first.text
    assert again.notice_id != first.notice_id


@pytest.mark.parametrize("mode", list(PositionMode))
def test_a_mode_that_differs_at_the_first_connect_is_why_nothing_is_opened(mode: PositionMode) -> None:
    h = House()
    (notice,) = modes(h, mode, ModeFault.POSITION_MODE)
    h.tell(r.VenueDown(account=MAIN, cause=verbatim("another mode"), fault=ModeFault.POSITION_MODE))
    wanted = next(each for each in PositionMode if each is not mode)
    said = f"the account is in position mode {mode}, the configuration says {wanted}: set position_mode: {mode}"
    assert notice.severity is Severity.CRITICAL
    assert said in notice.text
    assert "Nothing is opened or closed until then" in notice.text
    assert said in open_(h).text
    assert not modes(h, mode, ModeFault.POSITION_MODE)


def test_what_was_set_back_is_told_and_holds_nothing() -> None:
    h = house()
    (notice,) = modes(h, PositionMode.ONE_WAY, None, restored=True)
    assert "was changed at the exchange" in notice.text
    assert open_(h).accepted


def test_post_only_is_for_a_limit_entry() -> None:
    h = House()
    h.ready()
    h.open(post_only=True)
    (refused,) = h.all(Reply)
    assert "post-only is for a limit entry" in refused.text
