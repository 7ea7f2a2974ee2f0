"""Fundings, trailing stops, dates: what the requests say, and what the rows mean."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange.binance import calls
from adapters.exchange.binance.events import UserEvents
from adapters.exchange.binance.money import balance_report, funding_reports
from adapters.exchange.venue import ReadFunding, Stamp
from messages.requests import SubmitOpening, SubmitProtection
from messages.types import (
    AccountId,
    ClientOrderId,
    OrderKind,
    PositionMode,
    PositionSide,
    Side,
    Symbol,
)

STAMP = Stamp(account=AccountId("main"), ts_init=7)
BTC = Symbol("BTCUSDT")


def row(income: str, time: int, kind: str = "FUNDING_FEE", symbol: str = "BTCUSDT") -> dict[str, object]:
    """As GET /fapi/v1/income answers."""
    return {
        "symbol": symbol, "incomeType": kind, "income": income, "asset": "USDT", "info": kind, "time": time,
        "tranId": 9689322392 + time, "tradeId": "",
    }  # fmt: skip


def test_a_funding_event_asks_for_the_ledger_because_it_names_no_symbol() -> None:
    event = {
        "e": "ACCOUNT_UPDATE",
        "E": 1,
        "T": 1,
        "a": {"m": "FUNDING_FEE", "B": [{"a": "USDT", "wb": "122", "cw": "100", "bc": "-0.3"}]},
    }
    assert UserEvents().feed(event, STAMP).lookups == (ReadFunding(),)


def test_fundings_are_told_by_symbol_and_time_and_legs_are_summed() -> None:
    legs = [row("-0.20000000", 2000), {**row("0.05000000", 2000), "tranId": 5}]
    rows = [*legs, row("-0.1", 1000), row("9", 1500, kind="COMMISSION"), legs[0]]
    first, second = funding_reports(rows, STAMP)
    assert (first.amount, first.ts_event) == (Decimal("-0.1"), 1_000_000_000)
    assert (second.amount, second.symbol, second.currency) == (Decimal("-0.15"), BTC, "USDT")


@pytest.mark.parametrize("broken", [{"income": "-"}, {"asset": None}, {"tranId": None}, {"incomeType": None}])
def test_a_payment_with_a_row_that_cannot_be_read_is_left_out_whole_and_takes_no_other_with_it(
    broken: dict[str, Any],
) -> None:
    rows = [row("-0.2", 2000), {**row("0.05", 2000), "tranId": 5, **broken}, row("-0.1", 1000), "no row", {}]
    [told] = funding_reports(rows, STAMP)
    assert (told.amount, told.ts_event) == (Decimal("-0.1"), 1_000_000_000)


def test_a_trailing_stop_names_its_callback_rate_and_no_trigger_price() -> None:
    trailing = SubmitProtection(
        account=AccountId("main"),
        symbol=BTC,
        client_order_id=ClientOrderId("abc"),
        conditional=True,
        side=Side.SELL,
        position_side=PositionSide.LONG,
        kind=OrderKind.TRAILING_STOP_MARKET,
        quantity=Decimal("0.01"),
        callback_rate=Decimal("1.50"),
    )
    call = calls.submit(trailing, PositionMode.ONE_WAY)
    assert call.path == "/fapi/v1/algoOrder"
    assert (call.params["type"], call.params["callbackRate"]) == ("TRAILING_STOP_MARKET", "1.5")
    assert "triggerPrice" not in call.params


def test_a_resting_entry_with_a_date_is_good_till_whole_seconds() -> None:
    entry = SubmitOpening(
        account=AccountId("main"),
        symbol=BTC,
        client_order_id=ClientOrderId("abc"),
        side=Side.BUY,
        position_side=PositionSide.LONG,
        kind=OrderKind.LIMIT,
        quantity=Decimal("0.01"),
        limit_price=Decimal(50_000),
        good_till_ns=1_700_000_000_987_654_321,
    )
    params = calls.submit(entry, PositionMode.ONE_WAY).params
    assert (params["timeInForce"], params["goodTillDate"]) == ("GTD", "1700000000000")
    assert calls.submit(replace(entry, good_till_ns=0), PositionMode.ONE_WAY).params["timeInForce"] == "GTC"


@pytest.mark.parametrize(
    ("assets", "currency"),
    [
        ([{"asset": "USDT", "walletBalance": "100.00"}], "USDT"),
        ([{"asset": "USDT", "walletBalance": "60"}, {"asset": "BTC", "walletBalance": "0.001"}], "USD"),
        ([{"asset": "USDC", "walletBalance": "100"}], "USD"),
        ([{"asset": "BNFCR", "walletBalance": "100"}], "USD"),
        (None, "USDT"),
    ],
)
def test_a_balance_is_in_dollars_where_it_is_the_sum_of_several_assets(assets: object, currency: str) -> None:
    row = {"totalWalletBalance": "100", "availableBalance": "90", "totalUnrealizedProfit": "0"}
    told = balance_report(row if assets is None else {**row, "assets": assets}, STAMP, "b")
    assert told.currency == currency
