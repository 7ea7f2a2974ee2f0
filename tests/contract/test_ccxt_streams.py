"""The user-data and market streams through unmodified ccxt.pro."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from adapters.paper.account import AccountSetup
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms
from tests.contract.clients import admin, with_ccxt
from tests.contract.listening import ccxt_listening

BTC = "BTC/USDT:USDT"


@pytest.fixture(autouse=True)
def _prices(server: EmbeddedServer) -> None:
    admin(server, "price", symbol="BTCUSDT", price="60000")


async def _admin(server: EmbeddedServer, route: str, **body: object) -> Any:
    return await asyncio.to_thread(lambda: admin(server, route, **body))


def test_an_order_is_told_from_acceptance_to_fill_with_its_position(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, Any, Any]:
        async with ccxt_listening(exchange) as heard:
            await exchange.create_order(BTC, "market", "buy", "0.010", None, {"clientOrderId": "told"})
            new = await heard.event("ORDER_TRADE_UPDATE", c="told", x="NEW")
            account = heard.event("ACCOUNT_UPDATE")
            return new, await account, await heard.event("ORDER_TRADE_UPDATE", c="told", X="FILLED")

    new, account, filled = with_ccxt(server, work)
    assert new["o"]["X"] == "NEW"
    (position,) = account["a"]["P"]
    assert (position["s"], position["pa"], position["ps"]) == ("BTCUSDT", "0.010", "BOTH")
    assert Decimal(filled["o"]["z"]) == Decimal("0.010")
    assert account["a"]["m"] == "ORDER"


def test_ccxt_parses_the_order_event_into_its_unified_order(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> Any:
        async with ccxt_listening(exchange) as heard:
            await exchange.create_order(BTC, "limit", "buy", "0.010", "58000", {"clientOrderId": "unified"})
            event = await heard.event("ORDER_TRADE_UPDATE", c="unified")
            return exchange.parse_ws_order(event["o"]), exchange.orders

    order, cached = with_ccxt(server, work)
    assert (order["symbol"], order["clientOrderId"], order["status"]) == (BTC, "unified", "open")
    assert (order["price"], order["amount"]) == ("58000.0", "0.010")
    assert [row["clientOrderId"] for row in cached] == ["unified"], "ccxt's own handler ran as well"


def test_a_stop_is_told_from_its_algo_id_to_its_child_order(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, Any, Any]:
        async with ccxt_listening(exchange) as heard:
            await exchange.create_order(BTC, "market", "buy", "0.010")
            await exchange.create_order(
                BTC, "market", "sell", None, None,
                {"stopLossPrice": "59000", "closePosition": True, "clientOrderId": "guard"},
            )  # fmt: skip
            placed = await heard.event("ALGO_UPDATE", caid="guard", X="NEW")
            await _admin(server, "price", symbol="BTCUSDT", price="58900")
            finished = await heard.event("ALGO_UPDATE", caid="guard", X="FINISHED")
            updates = [row["o"] for row in heard.all if row.get("e") == "ORDER_TRADE_UPDATE"]
            return placed, finished, updates

    placed, finished, updates = with_ccxt(server, work)
    assert placed["o"]["ai"] in ("", 0, "0")
    child = [row for row in updates if str(row["i"]) == str(finished["o"]["ai"])]
    assert {row["X"] for row in child} >= {"FILLED"}


def test_trades_of_a_human_are_told_with_a_web_client_id(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> Any:
        async with ccxt_listening(exchange) as heard:
            await _admin(server, "trade", symbol="BTCUSDT", side="SELL", quantity="0.020")
            return await heard.event("ORDER_TRADE_UPDATE", X="FILLED")

    event = with_ccxt(server, work)
    assert event["o"]["c"].startswith("web_")


def test_a_leverage_change_is_told(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> Any:
        async with ccxt_listening(exchange) as heard:
            await exchange.set_leverage(7, BTC)
            return await heard.event("ACCOUNT_CONFIG_UPDATE")

    assert with_ccxt(server, work)["ac"] == {"s": "BTCUSDT", "l": 7}


def test_an_expired_listen_key_is_told_and_its_socket_stays_silent(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, bool, Any]:
        async with ccxt_listening(exchange) as heard:
            key = exchange.options["linear"]["listenKey"]
            await _admin(server, "expire-listen-key", listen_key=key)
            told = await heard.event("listenKeyExpired")
            await exchange.create_order(BTC, "market", "buy", "0.010")
            url = exchange.get_private_ws_url("linear", key)
            return told, heard.silent(), exchange.clients[url].closed()

    told, silent, closed = with_ccxt(server, work)
    assert told["listenKey"]
    assert silent
    assert not closed


def test_a_listen_key_expires_after_an_hour_without_keepalive(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> Any:
        async with ccxt_listening(exchange) as heard:
            await _admin(server, "clock", advance_ms=59 * 60_000)
            await _admin(server, "price", symbol="BTCUSDT", price="60001")
            await _admin(server, "clock", advance_ms=2 * 60_000)
            return await heard.event("listenKeyExpired")

    assert with_ccxt(server, work)["e"] == "listenKeyExpired"


def test_a_reset_socket_ends_the_watch_with_a_network_error(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> Any:
        async with ccxt_listening(exchange):
            watching = asyncio.ensure_future(exchange.watch_orders())
            await asyncio.sleep(0)
            assert (await _admin(server, "disconnect"))["disconnected"] == 1
            return (await asyncio.gather(watching, return_exceptions=True))[0]

    assert isinstance(with_ccxt(server, work), ccxt.NetworkError)


def test_mark_prices_and_the_book_are_watched(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> tuple[Any, Any]:
        mark = asyncio.ensure_future(exchange.watch_mark_price(BTC))
        book = asyncio.ensure_future(exchange.watch_bids_asks([BTC]))
        while not (mark.done() and book.done()):
            await _admin(server, "price", symbol="BTCUSDT", price="60100")
        return await mark, await book

    mark, book = with_ccxt(server, work)
    assert Decimal(mark["markPrice"]) > 0
    assert Decimal(book[BTC]["bid"]) <= Decimal(book[BTC]["ask"])


def test_lost_doubled_and_late_events_are_lost_doubled_and_late(server: EmbeddedServer) -> None:
    def fault(kind: str, name: str, **more: object) -> dict[str, object]:
        return {"kind": kind, "client_id": name, "event": "ORDER_TRADE_UPDATE", "count": 0, **more}

    async def work(exchange: Any) -> list[str]:
        async with ccxt_listening(exchange) as heard:
            for name in ("late", "lost", "doubled", "last"):
                await exchange.create_order(BTC, "limit", "buy", "0.010", "58000", {"clientOrderId": name})
            for _ in range(4):
                await heard.event("ORDER_TRADE_UPDATE")
            return [row["o"]["c"] for row in heard.all if row.get("e") == "ORDER_TRADE_UPDATE"]

    late = fault("EVENT_DELAYED", "late", delay_ms=200)
    admin(server, "faults", faults=[late, fault("EVENT_LOST", "lost"), fault("EVENT_DUPLICATED", "doubled")])
    assert with_ccxt(server, work) == ["doubled", "doubled", "last", "late"]


def test_a_planned_disconnect_cuts_the_socket_of_that_account(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> Any:
        async with ccxt_listening(exchange):
            watching = asyncio.ensure_future(exchange.watch_orders())
            await _admin(server, "faults", faults=[{"kind": "STREAM_DISCONNECT"}])
            await exchange.create_order(BTC, "market", "buy", "0.010")
            return (await asyncio.gather(watching, return_exceptions=True))[0]

    assert isinstance(with_ccxt(server, work), ccxt.NetworkError)


def test_only_the_account_of_the_listen_key_hears_its_events() -> None:
    accounts = (AccountSetup(), AccountSetup(name="other", api_key="other-key", api_secret="other-secret"))
    venue = PaperVenue(seed=1, now_ms=wall_clock_ms(), accounts=accounts)

    async def work(exchange: Any) -> Any:
        async with ccxt_listening(exchange) as heard:
            await _admin(running, "trade", symbol="BTCUSDT", side="BUY", quantity="0.010", account="other")
            await _admin(running, "trade", symbol="BTCUSDT", side="BUY", quantity="0.020", account="main")
            await heard.event("ORDER_TRADE_UPDATE", X="FILLED")
            return {row["o"]["q"] for row in heard.all if row.get("e") == "ORDER_TRADE_UPDATE"}

    with serve_in_thread(lambda: PaperServer(venue, tick_ms=0)) as running:
        assert with_ccxt(running, work) == {"0.020"}
