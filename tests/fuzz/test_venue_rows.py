"""Rows that a venue sends: read exactly or refused, and one that is spoiled hides no other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.exchange.binance.flattening import account_position
from adapters.exchange.binance.instruments import instruments
from adapters.exchange.binance.money import balance_report, funding_reports
from adapters.exchange.binance.normalize import (
    about,
    any_position_row,
    conditional_report,
    leverage_changed,
    margin_call,
    mark_reports,
    needs_child,
    order_report,
    position_list,
    position_mode,
    premium_marks,
    stream_fill,
    stream_order,
    symbol_settings,
    trade_report,
)
from adapters.exchange.binance.weights import rate_limits, uses
from adapters.exchange.rows import MalformedError, Row, decimal_of
from adapters.exchange.symbol_settings import SymbolSetting
from messages import codec
from messages.base import Message
from messages.types import ClientOrderId, OrderStatus, PositionSide, Symbol
from tests.exchange.binance.test_events import trade
from tests.exchange.binance.test_normalize import BTC, CONDITIONAL, ORDER, POSITION, STAMP, TRADE
from tests.fuzz.strategies import ABSURD_NUMBERS, ANYTHING, LONG_DIGITS, bounded, lists_of, spoiled, traded

EVENT = trade("abc")["o"]
CALL = {"s": "BTCUSDT", "ps": "LONG", "pa": "1.327", "mp": "187.17127", "up": "-1.166074", "mm": "1.614445"}
ACCOUNT = {"totalWalletBalance": "23.72469206", "availableBalance": "23.72469206", "totalUnrealizedProfit": "0.0"}

READERS: Mapping[str, tuple[Callable[[Row], object], dict[str, Any]]] = {
    "order": (lambda row: order_report(row, STAMP), ORDER),
    "conditional": (lambda row: conditional_report(row, None, STAMP), CONDITIONAL),
    "child": (
        lambda row: conditional_report(CONDITIONAL, row, STAMP),
        {**ORDER, "origQty": "0.01", "executedQty": "0.004"},
    ),
    "needs child": (needs_child, CONDITIONAL),
    "trade": (lambda row: trade_report(row, STAMP, ClientOrderId("abc")), TRADE),
    "stream order": (lambda row: stream_order(row, STAMP, event_time_ns=1), EVENT),
    "stream fill": (lambda row: stream_fill(row, STAMP, event_time_ns=1), EVENT),
    "balance": (lambda row: balance_report(row, STAMP, "r"), ACCOUNT),
    "mode": (position_mode, {"dualSidePosition": True}),
    "leverage": (lambda row: leverage_changed({"ac": row, "T": 1}, STAMP), {"s": "BTCUSDT", "l": 25}),
    "margin call": (lambda row: margin_call({"E": 1}, row, STAMP), CALL),
    "to close": (any_position_row, POSITION),
    "account's": (account_position, POSITION),
}


def numbers_in(value: object) -> list[Decimal]:
    if isinstance(value, Decimal):
        return [value]
    if isinstance(value, tuple | list):
        return [number for each in value for number in numbers_in(each)]
    if is_dataclass(value):
        return [number for field in fields(value) for number in numbers_in(getattr(value, field.name))]
    return []


def believable(told: object) -> None:
    """Nothing of it is absurd, and the journal can keep it."""
    assert bounded(told)
    assert all(traded(number) for number in numbers_in(told))
    for name in ("quantity", "filled_quantity", "price", "mark_price", "entry_price"):
        assert getattr(told, name, Decimal(0)) >= 0, name
    if isinstance(told, Message):
        assert codec.decode(codec.encode(told)) == told
    if isinstance(told, tuple | list):
        for each in told:
            believable(each)


@dataclass(frozen=True, slots=True)
class Refused:
    why: str


def read(reader: Callable[[Row], object], row: Row) -> object:
    """What is made of it, or why nothing is."""
    try:
        told = reader(row)
    except MalformedError as error:
        told = Refused(str(error))
    believable(told)
    return told


@pytest.mark.parametrize("name", READERS)
def test_a_good_row_is_read(name: str) -> None:
    reader, good = READERS[name]
    assert not isinstance(read(reader, good), Refused)


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_a_spoiled_row_is_refused_or_believable(name: str, data: st.DataObject) -> None:
    reader, good = READERS[name]
    row = data.draw(spoiled(good))
    assert read(reader, row) == read(reader, dict(reversed(row.items())))


@given(value=ANYTHING | ABSURD_NUMBERS | LONG_DIGITS)
@example("1e16")
@example("0." + "3" * 100)
@example("１２")
@example("1_000")
@example("-0")
def test_a_number_is_exact_or_refused(value: Any) -> None:
    number = read(lambda row: decimal_of(row, "q"), {"q": value})
    if isinstance(number, Decimal):
        assert number == Decimal(value)
        assert not number.is_signed() or number


POSITIONS = [POSITION, {**POSITION, "symbol": "ETHUSDT", "positionAmt": "2", "notional": "119000"}]


@given(lists=lists_of(POSITIONS, {**POSITION, "symbol": "SOLUSDT"}))
def test_a_spoiled_position_hides_no_other(lists: tuple[list[Any], list[Any]]) -> None:
    told, other = (position_list(rows, {}) for rows in lists)
    believable(told.rows)
    assert bounded(told.unread)
    for symbol in ("BTCUSDT", "ETHUSDT"):
        assert symbol in {row.symbol for row in told.rows} | {row.symbol for row in told.unread}
    contradicted = {row.symbol for row in told.unread if "contradict" in row.why}
    assert {"BTCUSDT", "ETHUSDT"} - {row.symbol for row in told.rows} <= contradicted
    assert set(told.rows) == set(other.rows)
    assert {row.symbol for row in told.unread} == {row.symbol for row in other.unread}


@given(amount=ANYTHING | ABSURD_NUMBERS | st.decimals(-10, 10, places=3).map(str))
@example("0")
@example("-1")
@example("0.25")
def test_a_spoiled_quantity_is_not_believed(amount: Any) -> None:
    told = position_list([{**POSITION, "positionAmt": amount}], {})
    assert told.symbols == (BTC,)
    for row in told.rows:
        assert (row.side, round(row.quantity, 2)) == (PositionSide.SHORT, Decimal("0.25"))


@given(lists=lists_of([], POSITION))
def test_an_answer_to_one_symbol_is_about_it_or_none(lists: tuple[list[Any], list[Any]]) -> None:
    try:
        told = about(BTC, position_list(lists[0], {}))
    except MalformedError:
        return
    assert {row.symbol for row in told.rows} | {row.symbol for row in told.unread} <= {BTC}


def rule(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": "0.10", "minPrice": "1", "maxPrice": "1000000"},
            {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "1000"},
            {"filterType": "PERCENT_PRICE", "multiplierUp": "1.05", "multiplierDown": "0.95"},
        ],
    }


@given(lists=lists_of([rule("BTCUSDT"), rule("ETHUSDT")], rule("SOLUSDT")), data=st.data())
def test_a_spoiled_rule_stops_no_other_symbol(lists: tuple[list[Any], list[Any]], data: st.DataObject) -> None:
    filters = data.draw(st.lists(spoiled(rule("A")["filters"][1]) | ANYTHING, max_size=2))
    extra = {**rule("XRPUSDT"), "filters": [*rule("XRPUSDT")["filters"][:1], *filters]}
    told, other = (instruments({"symbols": [*rows, extra]}) for rows in lists)
    believable(told)
    assert told == other
    assert {"BTCUSDT", "ETHUSDT"} - {each.symbol for each in told} <= named_twice(lists[0])
    assert all(each.quantity_step > 0 and each.price_step > 0 for each in told)


def named_twice(rows: list[Any]) -> set[str]:
    """Symbols of which a stranger's row says something else than the good one."""
    named = [(row.get("symbol"), repr(sorted(row.items(), key=str))) for row in rows if isinstance(row, Mapping)]
    return {str(symbol) for symbol, text in named if any(s == symbol and t != text for s, t in named)}


SETTINGS = [{"symbol": name, "marginType": "CROSSED", "leverage": 21} for name in ("BTCUSDT", "ETHUSDT")]


@given(lists=lists_of(SETTINGS, {**SETTINGS[0], "symbol": "SOLUSDT"}))
def test_a_spoiled_setting_hides_no_other(lists: tuple[list[Any], list[Any]]) -> None:
    told, other = (symbol_settings(rows) for rows in lists)
    assert told == other
    for symbol in {"BTCUSDT", "ETHUSDT"} - named_twice(lists[0]):
        assert told[Symbol(symbol)] == SymbolSetting(leverage=21, isolated=False)
    assert all(1 <= each.leverage <= 1000 for each in told.values())


MARKS = [{"symbol": "BTCUSDT", "markPrice": "60000.1", "time": 5}, {"symbol": "ETHUSDT", "markPrice": "3", "time": 5}]


@given(lists=lists_of(MARKS, {**MARKS[0], "symbol": "SOLUSDT"}))
def test_a_spoiled_mark_takes_no_other_with_it(lists: tuple[list[Any], list[Any]]) -> None:
    told = premium_marks(lists[0], STAMP)
    believable(told)
    assert {"BTCUSDT", "ETHUSDT"} <= {each.symbol for each in told}
    assert set(told) == set(premium_marks(lists[1], STAMP))
    named = [
        {"s": row.get("symbol"), "p": row.get("markPrice"), "E": row.get("time")}
        for row in lists[0]
        if isinstance(row, Mapping)
    ]
    assert {each.symbol for each in mark_reports([*named, None, 7], STAMP)} >= {"BTCUSDT", "ETHUSDT"}


PAID = [
    {
        "symbol": name,
        "incomeType": "FUNDING_FEE",
        "income": "-0.5",
        "asset": "USDT",
        "time": 1_700_000_000_000,
        "tranId": 7,
    }
    for name in ("BTCUSDT", "ETHUSDT")
]


@given(lists=lists_of(PAID, {**PAID[0], "symbol": "SOLUSDT", "tranId": 8}))
def test_a_spoiled_income_takes_no_other_payment_with_it(lists: tuple[list[Any], list[Any]]) -> None:
    told, other = (funding_reports(rows, STAMP) for rows in lists)
    believable(told)
    assert told == other
    payments = {each.symbol: each.amount for each in told}
    for symbol in {"BTCUSDT", "ETHUSDT"} - named_twice(lists[0]):
        assert payments[Symbol(symbol)] == Decimal("-0.5")


LIMITS = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400}]


@given(lists=lists_of(LIMITS, LIMITS[0]), headers=st.dictionaries(st.text(max_size=20), st.text(max_size=12)))
def test_a_spoiled_limit_lifts_no_other(lists: tuple[list[Any], list[Any]], headers: dict[str, str]) -> None:
    told = rate_limits({"rateLimits": lists[0]})
    assert (60_000, 2400) in {(each.interval_ms, each.limit) for each in told}
    assert bounded(told)
    uses({**headers, "X-MBX-USED-WEIGHT-1M": next(iter(headers.values()), "5")})


@given(value=ANYTHING)
def test_what_is_no_document_at_all_is_refused_by_every_reader(value: Any) -> None:
    readers: list[Callable[[object], object]] = [
        lambda value: position_list(value, {}),
        symbol_settings,
        instruments,
        position_mode,
        rate_limits,
        lambda value: balance_report(value, STAMP, "r"),
        lambda value: funding_reports(value, STAMP),
        lambda value: mark_reports(value, STAMP),
        lambda value: premium_marks(value, STAMP),
    ]
    for reader in readers:
        read(reader, value)


def test_more_executed_than_ordered_is_no_order() -> None:
    with pytest.raises(MalformedError):
        order_report({**ORDER, "executedQty": "0.401"}, STAMP)
    with pytest.raises(MalformedError):
        stream_order({**EVENT, "z": "7"}, STAMP, event_time_ns=1)
    with pytest.raises(MalformedError):
        conditional_report({**CONDITIONAL, "algoStatus": "TRIGGERED", "actualQty": "0.02"}, None, STAMP)
    closing = {**CONDITIONAL, "quantity": "0", "closePosition": True, "algoStatus": "TRIGGERED", "actualQty": "0.02"}
    assert conditional_report(closing, None, STAMP).status is OrderStatus.TRIGGERED
