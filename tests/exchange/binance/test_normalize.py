"""Rows as the venue documents them, to exact reports; and what cannot be read is refused whole."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange.binance.instruments import all_usable, instruments
from adapters.exchange.binance.normalize import (
    PositionList,
    about,
    any_position_row,
    conditional_report,
    mark_reports,
    order_report,
    position_list,
    position_mode,
    premium_marks,
    stream_fill,
    symbol_settings,
    trade_report,
)
from adapters.exchange.rows import MalformedError, decimal_of
from adapters.exchange.symbol_settings import SymbolSetting
from adapters.exchange.venue import Stamp
from messages.types import (
    NAMELESS,
    AccountId,
    ClientOrderId,
    OrderStatus,
    PositionMode,
    PositionSide,
    Side,
    Symbol,
)

STAMP = Stamp(account=AccountId("main"), ts_init=7)
BTC = Symbol("BTCUSDT")
# From the pages "Query Order", "Account Trade List", "Position Information V3" of the documentation.
ORDER: dict[str, Any] = {
    "avgPrice": "0.00000", "clientOrderId": "abc", "cumQuote": "0", "executedQty": "0.125", "orderId": 1917641,
    "origQty": "0.400", "origType": "LIMIT", "price": "9300", "reduceOnly": False, "side": "BUY",
    "positionSide": "SHORT", "status": "PARTIALLY_FILLED", "stopPrice": "9300", "closePosition": False,
    "symbol": "BTCUSDT", "time": 1579276756075, "timeInForce": "GTC", "type": "LIMIT",
    "updateTime": 1579276756076, "workingType": "CONTRACT_PRICE", "priceProtect": False,
}  # fmt: skip
TRADE: dict[str, Any] = {
    "buyer": False, "commission": "0.07819010", "commissionAsset": "USDT", "id": 698759, "maker": True,
    "orderId": 25851813, "price": "7819.01", "qty": "0.002", "quoteQty": "15.63802", "realizedPnl": "-0.91539999",
    "side": "SELL", "positionSide": "SHORT", "symbol": "BTCUSDT", "time": 1569514978020,
}  # fmt: skip
POSITION: dict[str, Any] = {
    "symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "-0.250", "entryPrice": "59000.1",
    "breakEvenPrice": "59010", "markPrice": "59500.00000000", "unRealizedProfit": "-124.97500000",
    "liquidationPrice": "0", "isolatedMargin": "0", "notional": "-14875", "marginAsset": "USDT",
    "isolatedWallet": "0", "updateTime": 1720736417660,
}  # fmt: skip
LONG = {**POSITION, "positionSide": "LONG", "positionAmt": "0.1", "notional": "5950"}
TRADED: dict[str, Any] = {
    "s": "BTCUSDT", "c": "mine", "i": 25851813, "t": 698759, "S": "BUY", "x": "TRADE", "X": "FILLED", "T": 1,
    "l": "0.002", "L": "7819.01", "n": "0.00781", "N": "USDT", "m": False, "ps": "BOTH",
}  # fmt: skip
CONDITIONAL: dict[str, Any] = {
    "algoId": 2146760, "clientAlgoId": "abc", "algoType": "CONDITIONAL", "orderType": "STOP_MARKET",
    "symbol": "BTCUSDT", "side": "SELL", "positionSide": "BOTH", "quantity": "0.01", "algoStatus": "NEW",
    "actualOrderId": "", "actualQty": "0.00000", "triggerPrice": "750.000", "updateTime": 1750485492076,
}  # fmt: skip


def test_an_order_row_is_exact() -> None:
    report = order_report(ORDER, STAMP)
    assert (report.status, report.side, report.queried) == (OrderStatus.WORKING, Side.BUY, True)
    assert (report.quantity, report.filled_quantity) == (Decimal("0.400"), Decimal("0.125"))
    assert (report.venue_order_id, report.ts_event) == ("1917641", 1_579_276_756_076_000_000)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("NEW", OrderStatus.WORKING),
        ("FILLED", OrderStatus.FILLED),
        ("CANCELED", OrderStatus.CANCELED),
        ("REJECTED", OrderStatus.REJECTED),
        ("EXPIRED", OrderStatus.EXPIRED),
        ("EXPIRED_IN_MATCH", OrderStatus.EXPIRED),
    ],
)
def test_each_documented_status_has_one_meaning(raw: str, status: OrderStatus) -> None:
    assert order_report({**ORDER, "status": raw}, STAMP).status is status


@pytest.mark.parametrize(
    "spoiled",
    [
        {"status": "SOMETHING"},
        {"side": "LONG"},
        {"executedQty": None},
        {"executedQty": "NaN"},
        {"executedQty": 0.125},
        {"executedQty": "1,5"},
        {"orderId": None},
        {"symbol": "BTC/USDT"},
        {"clientOrderId": {}},
    ],
)
def test_a_row_that_cannot_be_read_is_refused(spoiled: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        order_report({**ORDER, **spoiled}, STAMP)


def test_a_trade_row_is_a_fill_of_the_order_asked_for() -> None:
    fill = trade_report(TRADE, STAMP, ClientOrderId("mine"))
    assert (fill.client_order_id, fill.trade_id, fill.venue_order_id) == ("mine", "698759", "25851813")
    assert (fill.quantity, fill.price, fill.fee, fill.maker) == (
        Decimal("0.002"),
        Decimal("7819.01"),
        Decimal("0.07819010"),
        True,
    )


@pytest.mark.parametrize("amount", [None, "", "NaN"])
def test_a_trade_row_that_names_a_fee_and_not_how_much_is_refused(amount: str | None) -> None:
    with pytest.raises(MalformedError):
        trade_report({**TRADE, "commission": amount}, STAMP, ClientOrderId("mine"))


@pytest.mark.parametrize("amount", ["-1000000000", "5000000000", "7.8191", "-0.05"])
def test_no_trade_costs_that(amount: str) -> None:
    """Of 15.63802 USDT: a fee above a twentieth, a rebate above a thousandth."""
    with pytest.raises(MalformedError, match=r"no fee for a trade of 15\.63802 USDT"):
        trade_report({**TRADE, "commission": amount}, STAMP, ClientOrderId("mine"))
    event = {**TRADED, "n": amount}
    with pytest.raises(MalformedError, match=r"no fee for a trade of 15\.63802 USDT"):
        stream_fill(event, STAMP, event_time_ns=1)


@pytest.mark.parametrize("name", ["web_abc", "adl_autoclose-1", "autoclose-1", "settlement_autoclose-1"])
def test_a_trade_of_more_than_was_ordered_is_none(name: str) -> None:
    """A human's order or one of the venue's own: nothing else of it is read."""
    event = {**TRADED, "c": name, "q": "0.002", "l": "0.003", "z": "0.002"}
    with pytest.raises(MalformedError, match=r"l is '0\.003' of 0\.002 that were ordered"):
        stream_fill(event, STAMP, event_time_ns=1)


@pytest.mark.parametrize("amount", ["0.7", "0", "-0.01", "-0.00000001"])
def test_dear_trades_and_paid_ones_are_read(amount: str) -> None:
    assert trade_report({**TRADE, "commission": amount}, STAMP, ClientOrderId("mine")).fee == Decimal(amount)
    fill = stream_fill({**TRADED, "n": amount}, STAMP, event_time_ns=1)
    assert fill is not None
    assert fill.fee == Decimal(amount)


def test_a_fee_in_another_currency_is_not_judged_by_its_number() -> None:
    fill = trade_report({**TRADE, "commission": "9000", "commissionAsset": "SHIB"}, STAMP, ClientOrderId("mine"))
    assert (fill.fee, fill.fee_currency) == (Decimal(9000), "SHIB")


def test_a_one_way_position_has_the_side_of_its_sign_and_a_hedged_one_that_of_its_leg() -> None:
    short, long = position_list(
        [
            POSITION,
            {**LONG, "liquidationPrice": "1000.5"},
            {**POSITION, "positionAmt": "0.000", "notional": "0"},
        ],
        {BTC: SymbolSetting(leverage=20, isolated=True)},
    ).rows
    assert (short.side, short.quantity, short.liquidation_price) == (PositionSide.SHORT, Decimal("0.250"), None)
    assert (long.side, long.quantity, long.liquidation_price) == (
        PositionSide.LONG,
        Decimal("0.1"),
        Decimal("1000.5"),
    )
    assert (short.leverage, short.isolated) == (20, True)


@pytest.mark.parametrize("value", [{}, None, "", {"code": 0}])
def test_what_is_no_list_of_positions_is_evidence_of_nothing(value: object) -> None:
    with pytest.raises(MalformedError):
        position_list(value, {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("positionAmt", ""),
        ("positionAmt", "NaN"),
        ("positionAmt", None),
        ("markPrice", "-"),
        ("entryPrice", 1.5),
        ("positionAmt", "1e40"),
        ("positionAmt", "-1"),
        ("positionAmt", "0.250"),
        ("positionAmt", "-0.240"),
        ("positionAmt", "0"),
        ("markPrice", "5950"),
        ("notional", "14875"),
        ("notional", "0"),
        ("notional", "much"),
    ],
)
def test_a_row_that_cannot_be_read_is_neither_a_position_nor_none_and_hides_no_other(field: str, value: object) -> None:
    eth = {**POSITION, "symbol": "ETHUSDT"}
    told = position_list([eth, {**POSITION, field: value}], {})
    assert [row.symbol for row in told.rows] == ["ETHUSDT"]
    [unread] = told.unread
    assert unread.symbol == BTC
    assert field in unread.why
    assert about(BTC, told) == PositionList(rows=(), unread=told.unread)
    assert about(Symbol("ETHUSDT"), told) == PositionList(rows=told.rows, unread=())
    with pytest.raises(MalformedError, match="asked for XRPUSDT, and the answer is about 'ETHUSDT, BTCUSDT'"):
        about(Symbol("XRPUSDT"), told)


def test_the_value_of_a_position_may_be_rounded_or_missing() -> None:
    tiny = {**POSITION, "positionAmt": "3000000", "markPrice": "0.00000124", "notional": "3.70590000"}
    crumb = {**POSITION, "positionAmt": "-0.001", "markPrice": "0.00000300", "notional": "0.00000000"}
    untold = {name: value for name, value in POSITION.items() if name != "notional"}
    for row in (tiny, crumb, untold, {**POSITION, "notional": ""}):
        told = position_list([row], {})
        assert ([each.quantity for each in told.rows], told.unread) == ([abs(Decimal(row["positionAmt"]))], ())


def test_a_hedged_symbol_is_unread_as_a_whole() -> None:
    told = position_list([LONG, {**POSITION, "markPrice": "?"}], {})
    assert (told.rows, [row.symbol for row in told.unread]) == ((), [BTC])


@pytest.mark.parametrize("name", ["BTCUSDT_261225", "币安人生USDT"])
def test_what_a_human_holds_in_something_else_keeps_nobody_from_reading_the_perpetuals(name: str) -> None:
    other = {**POSITION, "symbol": name}
    assert [row.symbol for row in position_list([other, POSITION], {}).rows] == [name, BTC]
    [closable] = any_position_row(other)
    assert (closable.symbol, closable.quantity) == (name, Decimal("0.250"))


def test_an_answer_about_other_symbols_says_nothing_of_the_one_that_was_asked_for() -> None:
    eth = {**POSITION, "symbol": "ETHUSDT"}
    assert [row.symbol for row in about(BTC, position_list([eth, POSITION], {})).rows] == [BTC]
    flat = {**POSITION, "positionAmt": "0", "notional": "0"}
    assert about(BTC, position_list([flat], {})) == PositionList(rows=(), unread=())
    with pytest.raises(MalformedError, match="asked for BTCUSDT, and the answer is about 'ETHUSDT'"):
        about(BTC, position_list([eth], {}))


@pytest.mark.parametrize("name", ["", "BTC USDT", None, 7.5])
def test_a_row_that_names_no_symbol_hides_no_other_and_is_about_the_one_that_was_asked_for(name: object) -> None:
    told = position_list([{**POSITION, "symbol": name}, POSITION], {})
    assert ([row.symbol for row in told.rows], [row.symbol for row in told.unread]) == ([BTC], [NAMELESS])
    asked = about(BTC, position_list([{**POSITION, "symbol": name}], {}))
    assert (asked.rows, [row.symbol for row in asked.unread]) == ((), [BTC])


def test_what_is_no_row_hides_no_other() -> None:
    told = position_list([None, POSITION, [], "row"], {})
    assert ([row.symbol for row in told.rows], [row.symbol for row in told.unread]) == ([BTC], [NAMELESS])


def test_two_rows_of_one_leg_that_differ_are_unread_and_the_same_row_twice_is_one() -> None:
    assert len(position_list([POSITION, POSITION], {}).rows) == 1
    told = position_list([POSITION, {**POSITION, "positionAmt": "-0.3", "notional": "-17850"}], {})
    assert (told.rows, [row.symbol for row in told.unread]) == ((), [BTC])


def test_a_symbol_without_a_price_takes_no_other_mark_with_it() -> None:
    rows = [
        {"symbol": "DEADUSDT", "markPrice": "", "time": 1},
        {"symbol": "BTCUSDT", "markPrice": "60000.1", "time": 1},
        {"symbol": "BTCUSDT_261225", "markPrice": "61000", "time": 1},
    ]
    assert [(mark.symbol, mark.mark_price) for mark in premium_marks(rows, STAMP)] == [(BTC, Decimal("60000.1"))]
    events = [{"E": 1, "s": "DEADUSDT", "p": ""}, {"E": 1, "s": "BTCUSDT", "p": "60000.1"}]
    assert [mark.symbol for mark in mark_reports(events, STAMP)] == [BTC]


def test_a_conditional_row_speaks_for_itself_until_it_has_a_child() -> None:
    report = conditional_report(CONDITIONAL, None, STAMP)
    assert (report.status, report.filled_quantity, report.venue_order_id) == (
        OrderStatus.WORKING,
        Decimal(0),
        "2146760",
    )
    triggered = {**CONDITIONAL, "algoStatus": "TRIGGERED", "actualOrderId": "9"}
    child = {**ORDER, "status": "CANCELED", "executedQty": "0.004"}
    ended = conditional_report(triggered, child, STAMP)
    assert (ended.status, ended.filled_quantity, ended.client_order_id) == (
        OrderStatus.CANCELED,
        Decimal("0.004"),
        "abc",
    )
    working = conditional_report(triggered, {**child, "status": "PARTIALLY_FILLED"}, STAMP)
    assert (working.status, working.filled_quantity) == (OrderStatus.TRIGGERED, Decimal("0.004"))


def test_a_finished_conditional_row_without_its_child_is_not_guessed() -> None:
    with pytest.raises(MalformedError):
        conditional_report({**CONDITIONAL, "algoStatus": "FINISHED", "actualOrderId": "9"}, None, STAMP)


INSTRUMENT: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "contractType": "PERPETUAL",
    "status": "TRADING",
    "filters": [
        {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
        {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "1000"},
        {"filterType": "MARKET_LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "120"},
        {"filterType": "MIN_NOTIONAL", "notional": "100"},
    ],
}


@pytest.mark.parametrize(
    ("row", "usable"),
    [
        ({**INSTRUMENT, "symbol": "BTCUSDT_260327", "contractType": "CURRENT_QUARTER"}, True),
        ({**INSTRUMENT, "symbol": "ETHUSDT"}, True),
        ({**INSTRUMENT, "symbol": "ETHUSDT", "filters": []}, False),
        ({**INSTRUMENT, "symbol": None}, False),
        ({**INSTRUMENT, "symbol": "ETHUSDT", "contractType": ""}, False),
        ({}, False),
        ("row", False),
    ],
)
def test_what_is_missing_of_a_list_of_rules_is_known(row: object, usable: bool) -> None:  # noqa: FBT001
    """Day 860000421, I6: the row of what somebody traded named no symbol, and was read again after an hour."""
    assert all_usable({"symbols": [INSTRUMENT, row]}) is usable


def test_why_a_row_cannot_be_read_is_told_by_its_facts() -> None:
    row = {"symbol": "BTCUSDT", "positionAmt": "1", "markPrice": "x"}
    [unread] = position_list([row], {}).unread
    assert unread.why == "markPrice is 'x', not a number"
    assert (unread.why.code, dict(unread.why.args)) == ("venue.not_a_number", {"field": "markPrice", "value": "'x'"})


def test_one_unreadable_instrument_stops_no_other() -> None:
    good = INSTRUMENT
    rows = [
        good,
        {**good, "symbol": "BADUSDT", "filters": []},
        {**good, "symbol": "BTCUSDT_260327"},
        {**good, "symbol": "币安USDT"},
    ]
    [btc] = instruments({"symbols": rows})
    assert (btc.symbol, btc.price_step, btc.max_market_quantity, btc.min_notional) == (
        BTC,
        Decimal("0.10"),
        Decimal(120),
        Decimal(100),
    )
    with pytest.raises(MalformedError):
        instruments({"symbols": []})


def test_settings_modes_and_marks_are_read() -> None:
    config = [{"symbol": "BTCUSDT", "marginType": "CROSSED", "leverage": 21, "isAutoAddMargin": "false"}]
    assert symbol_settings(config) == {BTC: SymbolSetting(leverage=21, isolated=False)}
    assert position_mode({"dualSidePosition": True}) is PositionMode.HEDGE
    assert position_mode({"dualSidePosition": "false"}) is PositionMode.ONE_WAY
    with pytest.raises(MalformedError):
        position_mode({})
    [mark] = mark_reports([{"e": "markPriceUpdate", "E": 1, "s": "BTCUSDT", "p": "11794.15000000"}], STAMP)
    assert (mark.symbol, mark.mark_price) == (BTC, Decimal("11794.15000000"))


def test_floats_never_become_quantities() -> None:
    with pytest.raises(MalformedError):
        decimal_of({"q": 0.1}, "q")
