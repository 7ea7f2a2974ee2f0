"""Rows and events that were recorded at Binance: what each means, by our reading and by ccxt's, which must agree.

`payloads/binance.json` names the source of every one.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from adapters.exchange.binance import normalize
from adapters.exchange.binance.events import UserEvents
from adapters.exchange.venue import Stamp
from messages.ids import client_order_id
from messages.statement import verbatim
from messages.types import AccountId, ClientOrderId, JournalId, Symbol, VenueOrderId

STAMP = Stamp(account=AccountId("main"), ts_init=7)
OURS = client_order_id(JournalId("journal0"), 1, 1)
FOLDER = Path(__file__).parent / "payloads"
BINANCE_DOC = json.loads((FOLDER / "binance.json").read_text())


def has(value: object, wanted: dict[str, Any]) -> bool:
    """The value has these fields: numbers to the last digit, everything else as it is spelled."""
    for name, text in wanted.items():
        told = getattr(value, name)
        assert (told, type(told)) == (Decimal(text), Decimal) if isinstance(told, Decimal) else str(told) == text, name
    return True


def named(parameter: object) -> str:
    if isinstance(parameter, dict):
        return str(parameter.get("name") or parameter["row"].get("symbol") or parameter["row"]["instId"])
    return str(parameter)


@pytest.mark.parametrize("case", BINANCE_DOC["cases"], ids=named)
def test_a_recorded_row_of_binance_means_this(case: dict[str, Any]) -> None:
    row = case["row"]
    readings: dict[str, Any] = {
        "order": lambda: normalize.order_report(row, STAMP),
        "conditional": lambda: normalize.conditional_report(row, None, STAMP),
        "trade": lambda: normalize.trade_report(row, STAMP, ClientOrderId("mine")),
        "position": lambda: normalize.position_list([row], {}).rows[0],
    }
    assert has(readings[case["kind"]](), case["means"])


@pytest.mark.parametrize("case", BINANCE_DOC["events"], ids=named)
def test_a_recorded_event_of_binance_tells_this(case: dict[str, Any]) -> None:
    events, event = UserEvents(), case["event"]
    if case.get("ours"):
        event = {**event, "o": {**event["o"], "caid": OURS}}
    fed = events.feed(event, STAMP)
    assert [type(lookup).__name__ for lookup in fed.lookups] == case.get("asks", [])
    assert bool(fed.gap) is case.get("expired", False)
    reports = fed.reports
    if case.get("given_up"):
        key = (Symbol(event["o"]["s"]), VenueOrderId(str(event["o"]["i"])))
        reports = events.give_up(key, verbatim("nobody's child"), STAMP, proven=True)
    told = [report for report in reports if type(report).__name__ != "OrderReport" or case.get("ours")]
    assert [type(report).__name__ for report in told] == [name for name, _ in case["tells"]]
    assert all(has(report, fields) for report, (_, fields) in zip(told, case["tells"], strict=True))


def test_ccxt_reads_the_recorded_rows_of_binance_as_we_do() -> None:
    exchange: Any = ccxt.binanceusdm()
    exchange.number = str
    btc: dict[str, Any] = dict.fromkeys(("spot", "margin", "option", "future", "inverse"), False)
    btc |= dict.fromkeys(("swap", "linear", "contract"), True)
    btc |= {"id": "BTCUSDT", "symbol": "BTC/USDT:USDT", "base": "BTC", "quote": "USDT", "settle": "USDT"}
    btc |= {"contractSize": "1", "type": "swap", "precision": {}, "limits": {}}
    eth = {**btc, "id": "ETHUSDT", "symbol": "ETH/USDT:USDT", "base": "ETH"}
    exchange.set_markets([btc, eth])
    [row] = [case["row"] for case in BINANCE_DOC["cases"] if case["kind"] == "order"]
    order, ours = exchange.parse_order(row), normalize.order_report(row, STAMP)
    assert (order["clientOrderId"], order["id"], order["side"], order["amount"]) == (
        ours.client_order_id, ours.venue_order_id, ours.side, str(ours.quantity)
    )  # fmt: skip
    [row] = [case["row"] for case in BINANCE_DOC["cases"] if case["kind"] == "trade"]
    trade, fill = exchange.parse_trade(row), normalize.trade_report(row, STAMP, ClientOrderId(""))
    assert (trade["id"], trade["order"], trade["price"], trade["amount"], trade["fee"]["cost"]) == (
        fill.trade_id, fill.venue_order_id, str(fill.price), str(fill.quantity), str(fill.fee)
    )  # fmt: skip
