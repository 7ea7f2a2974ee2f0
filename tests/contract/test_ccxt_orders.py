"""Orders, positions and settings through unmodified ccxt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from adapters.paper.server import EmbeddedServer
from tests.contract.clients import admin, ccxt_client, with_ccxt

BTC = "BTC/USDT:USDT"
ETH = "ETH/USDT:USDT"

Work = Callable[[Any], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _prices(server: EmbeddedServer) -> None:
    admin(server, "price", symbol="BTCUSDT", price="60000")
    admin(server, "price", symbol="ETHUSDT", price="3000")


def test_markets_carry_precision_limits_and_the_contract_kind(server: EmbeddedServer) -> None:
    async def work() -> dict[str, Any]:
        exchange = ccxt_client(server)
        try:
            return dict(await exchange.load_markets())
        finally:
            await exchange.close()

    market = asyncio.run(work())[BTC]
    assert (market["id"], market["swap"], market["linear"], market["active"]) == ("BTCUSDT", True, True, True)
    assert Decimal(market["precision"]["price"]) == Decimal("0.1")
    assert Decimal(market["precision"]["amount"]) == Decimal("0.001")
    assert Decimal(market["limits"]["cost"]["min"]) > 0


def test_a_market_order_is_found_by_its_client_id_with_its_trade(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, Any, Any]:
        await exchange.create_order(BTC, "market", "buy", "0.010", None, {"clientOrderId": "entry1"})
        order = await exchange.fetch_order(None, BTC, {"clientOrderId": "entry1"})
        return order, await exchange.fetch_my_trades(BTC), await exchange.fetch_positions()

    order, trades, positions = with_ccxt(server, work)
    assert (order["status"], order["clientOrderId"], order["filled"]) == ("closed", "entry1", "0.010")
    assert {trade["order"] for trade in trades} == {order["id"]}
    assert sum(Decimal(trade["amount"]) for trade in trades) == Decimal("0.010")
    assert [(row["symbol"], row["side"], Decimal(row["contracts"])) for row in positions] == [
        (BTC, "long", Decimal("0.010"))
    ]


def test_a_limit_order_rests_is_listed_and_canceled_by_its_client_id(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, Any, Any]:
        await exchange.create_order(BTC, "limit", "buy", "0.010", "58000", {"clientOrderId": "rest1"})
        resting = await exchange.fetch_open_orders(BTC)
        canceled = await exchange.cancel_order(None, BTC, {"clientOrderId": "rest1"})
        return resting, canceled, await exchange.fetch_open_orders()

    resting, canceled, left = with_ccxt(server, work)
    assert [(row["clientOrderId"], row["status"], row["price"]) for row in resting] == [("rest1", "open", "58000.0")]
    assert canceled["status"] == "canceled"
    assert left == []


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("STOP_MARKET", {"stopLossPrice": "57000", "reduceOnly": True}),
        ("TAKE_PROFIT_MARKET", {"takeProfitPrice": "63000", "reduceOnly": True}),
        ("TRAILING_STOP_MARKET", {"trailingPercent": "1", "reduceOnly": True}),
        ("STOP_MARKET", {"stopLossPrice": "57000", "closePosition": True}),
        ("STOP_MARKET", {"stopLossPrice": "57000", "workingType": "MARK_PRICE", "reduceOnly": True}),
    ],
    ids=["stop", "take profit", "trailing", "close position", "mark price"],
)
def test_conditional_orders_rest_and_are_listed_and_canceled(
    server: EmbeddedServer, kind: str, params: dict[str, Any]
) -> None:
    async def work(exchange: Any) -> tuple[Any, Any, Any]:
        await exchange.create_order(BTC, "market", "buy", "0.010")
        amount = None if params.get("closePosition") else "0.010"
        await exchange.create_order(BTC, "market", "sell", amount, None, {**params, "clientOrderId": "cond1"})
        resting = await exchange.fetch_open_orders(BTC, None, None, {"trigger": True})
        await exchange.cancel_order(None, BTC, {"clientAlgoId": "cond1", "trigger": True})
        return resting, await exchange.fetch_open_orders(BTC, None, None, {"trigger": True}), None

    resting, left, _ = with_ccxt(server, work)
    assert [(row["clientOrderId"], row["info"]["orderType"], row["status"]) for row in resting] == [
        ("cond1", kind, "open")
    ]
    assert left == []


def test_a_triggered_stop_closes_the_position_and_names_its_child(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, Any, Any]:
        await exchange.create_order(BTC, "market", "buy", "0.010")
        await exchange.create_order(
            BTC, "market", "sell", None, None,
            {"stopLossPrice": "59000", "closePosition": True, "clientOrderId": "guard"},
        )  # fmt: skip
        await asyncio.to_thread(lambda: admin(server, "price", symbol="BTCUSDT", price="58900"))
        raw = await exchange.fapiPrivateGetAlgoOrder({"clientAlgoId": "guard"})
        child = await exchange.fetch_order(raw["actualOrderId"], BTC)
        return raw, child, await exchange.fetch_positions()

    raw, child, positions = with_ccxt(server, work)
    assert raw["algoStatus"] == "FINISHED"
    assert (child["status"], child["side"], child["filled"]) == ("closed", "sell", "0.010")
    assert positions == []


def test_a_reduce_only_order_closes_and_never_flips(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> Any:
        await exchange.create_order(BTC, "market", "buy", "0.010")
        await exchange.create_order(BTC, "market", "sell", "0.030", None, {"reduceOnly": True})
        return await exchange.fetch_positions()

    assert with_ccxt(server, work) == []


def test_hedge_mode_keeps_both_legs(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, Any]:
        await exchange.set_position_mode(True)
        await exchange.create_order(BTC, "market", "buy", "0.020", None, {"positionSide": "LONG"})
        await exchange.create_order(BTC, "market", "sell", "0.010", None, {"positionSide": "SHORT"})
        both = await exchange.fetch_positions()
        await exchange.create_order(BTC, "market", "sell", "0.020", None, {"positionSide": "LONG"})
        return both, await exchange.fetch_positions()

    both, left = with_ccxt(server, work)
    assert {(row["side"], Decimal(row["contracts"]), row["hedged"]) for row in both} == {
        ("long", Decimal("0.02"), True),
        ("short", Decimal("0.01"), True),
    }
    assert [(row["side"], Decimal(row["contracts"])) for row in left] == [("short", Decimal("0.01"))]


def test_leverage_and_margin_mode_are_set_and_read(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, Any, Any]:
        await exchange.set_leverage(5, BTC)
        await exchange.set_margin_mode("isolated", BTC)
        again = await exchange.set_margin_mode("isolated", BTC)
        leverages = await exchange.fetch_leverages([BTC])
        modes = await exchange.fetch_margin_modes([BTC])
        return again, leverages[BTC], modes[BTC]

    again, leverage, mode = with_ccxt(server, work)
    assert leverage["longLeverage"] == 5
    assert mode["marginMode"] == "isolated"
    assert again is not None


def test_the_balance_is_what_the_account_was_given_less_fees(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, Any, Any]:
        before = await exchange.fetch_balance()
        await exchange.create_order(BTC, "market", "buy", "0.010")
        trades = await exchange.fetch_my_trades(BTC)
        await exchange.create_order(BTC, "market", "sell", "0.010", None, {"reduceOnly": True})
        trades = await exchange.fetch_my_trades(BTC)
        return before, trades, await exchange.fetch_balance()

    before, trades, after = with_ccxt(server, work)
    assert Decimal(before["USDT"]["total"]) == Decimal(100_000)
    fees = sum((Decimal(trade["fee"]["cost"]) for trade in trades), Decimal(0))
    profit = sum((Decimal(trade["info"]["realizedPnl"]) for trade in trades), Decimal(0))
    assert Decimal(after["USDT"]["total"]) == Decimal(100_000) - fees + profit
    assert fees > 0


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda x: x.create_order(BTC, "market", "buy", "90"), ccxt.InsufficientFunds),
        (
            lambda x: x.create_order(BTC, "market", "sell", "0.010", None, {"reduceOnly": True}),
            ccxt.InvalidOrder,
        ),
        (
            lambda x: x.create_order(
                BTC, "market", "sell", "0.010", None, {"stopLossPrice": "60500", "clientOrderId": "s"}
            ),
            ccxt.OrderImmediatelyFillable,
        ),
        (lambda x: x.cancel_order("1", BTC), ccxt.OrderNotFound),
        (lambda x: x.fetch_order("1", BTC), ccxt.OrderNotFound),
        (lambda x: x.create_order(BTC, "limit", "buy", "0.001", "3000"), ccxt.InvalidOrder),
        (lambda x: x.fapiPrivateGetOpenOrders({"symbol": "NOPEUSDT"}), ccxt.BadSymbol),
    ],
    ids=["margin", "reduce only", "stop through", "cancel", "query", "too small or too far", "symbol"],
)
def test_refusals_raise_the_class_a_client_expects(server: EmbeddedServer, work: Work, expected: type) -> None:
    with pytest.raises(expected):
        with_ccxt(server, work)


def test_a_client_id_is_unique_among_open_orders_only(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> int:
        params = {"clientOrderId": "twice"}
        await exchange.create_order(BTC, "market", "buy", "0.010", None, params)
        await exchange.create_order(BTC, "market", "buy", "0.010", None, params)
        await exchange.create_order(BTC, "limit", "buy", "0.010", "58000", params)
        with pytest.raises(ccxt.InvalidOrder, match="-4116"):
            await exchange.create_order(BTC, "limit", "buy", "0.010", "58000", params)
        return len(await exchange.fetch_open_orders(BTC))

    assert with_ccxt(server, work) == 1
