"""Every REST endpoint of the paper venue through the official SDK, its models accepting the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from binance_sdk_derivatives_trading_usds_futures.rest_api.models import (
    NewOrderResponse,
    PositionInformationV3Response,
)

from adapters.paper.binance.venue import PaperVenue
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms
from tests.contract.clients import admin, sdk_client
from tests.contract.validation import NotAcceptedError, accepted

Call = Callable[[Any, Any], Any]

# What the SDK declares and Binance leaves out of an answer of this kind, by its field descriptions.
ONLY_TRAILING = ("activatePrice", "priceRate", "callbackRate")
ONLY_TRIGGERED = ("actualType", "actualQty")
ONLY_COIN_MARGINED = ("pair", "marginAsset", "baseQty", "cumBase")
NULL = ("icebergQuantity",)
OF_ANOTHER_FILTER = tuple(
    f"symbols[].filters[].{name}"
    for name in (
        *("limit", "maxPrice", "minPrice", "tickSize", "maxQty", "minQty", "stepSize", "notional"),
        *("multiplierDecimal", "multiplierDown", "multiplierUp"),
    )
)


@pytest.fixture(scope="module")
def lived() -> Iterator[SimpleNamespace]:
    """An account with a history: a position, a resting order, a resting stop, one of each canceled."""
    with serve_in_thread(lambda: PaperServer(PaperVenue(seed=7, now_ms=wall_clock_ms()), tick_ms=0)) as server:
        rest = sdk_client(server).rest_api
        admin(server, "price", symbol="BTCUSDT", price="60000")
        rest.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010", new_client_order_id="opened")
        order = rest.new_order(
            symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTC", quantity="0.010",
            price="58000", new_client_order_id="resting",
        ).data()  # fmt: skip
        stop = rest.new_algo_order(
            algo_type="CONDITIONAL", symbol="BTCUSDT", side="SELL", type="STOP_MARKET", quantity="0.010",
            trigger_price="57000", reduce_only="true", client_algo_id="stop",
        ).data()  # fmt: skip
        yield SimpleNamespace(server=server, rest=rest, order=order, stop=stop)


MARKET_DATA: dict[str, Call] = {
    "time": lambda rest, _: rest.check_server_time(),
    "exchangeInfo": lambda rest, _: rest.exchange_information(),
    "ticker/price of one": lambda rest, _: rest.symbol_price_ticker(symbol="BTCUSDT"),
    "ticker/price of all": lambda rest, _: rest.symbol_price_ticker(),
    "ticker/bookTicker of one": lambda rest, _: rest.symbol_order_book_ticker(symbol="BTCUSDT"),
    "ticker/bookTicker of all": lambda rest, _: rest.symbol_order_book_ticker(),
    "premiumIndex of one": lambda rest, _: rest.mark_price(symbol="BTCUSDT"),
    "premiumIndex of all": lambda rest, _: rest.mark_price(),
    "depth": lambda rest, _: rest.order_book(symbol="BTCUSDT", limit=5),
    "v2/ticker/price": lambda rest, _: rest.symbol_price_ticker_v2(symbol="BTCUSDT"),
    "ticker/24hr": lambda rest, _: rest.ticker24hr_price_change_statistics(symbol="BTCUSDT"),
    "fundingRate": lambda rest, _: rest.get_funding_rate_history(symbol="BTCUSDT"),
}

ACCOUNT_READS: dict[str, Call] = {
    "v2/account": lambda rest, _: rest.account_information_v2(),
    "v3/account": lambda rest, _: rest.account_information_v3(),
    "v2/balance": lambda rest, _: rest.futures_account_balance_v2(),
    "v3/balance": lambda rest, _: rest.futures_account_balance_v3(),
    "accountConfig": lambda rest, _: rest.futures_account_configuration(),
    "symbolConfig": lambda rest, _: rest.symbol_configuration(symbol="BTCUSDT"),
    "commissionRate": lambda rest, _: rest.user_commission_rate(symbol="BTCUSDT"),
    "leverageBracket of one": lambda rest, _: rest.notional_and_leverage_brackets(symbol="BTCUSDT"),
    "leverageBracket of all": lambda rest, _: rest.notional_and_leverage_brackets(),
    "multiAssetsMargin": lambda rest, _: rest.get_current_multi_assets_mode(),
    "positionSide/dual": lambda rest, _: rest.get_current_position_mode(),
    "adlQuantile": lambda rest, _: rest.position_adl_quantile_estimation(symbol="BTCUSDT"),
    "rateLimit/order": lambda rest, _: rest.query_user_rate_limit(),
    "income": lambda rest, _: rest.get_income_history(symbol="BTCUSDT"),
    "v2/positionRisk": lambda rest, _: rest.position_information_v2(symbol="BTCUSDT"),
    "v3/positionRisk": lambda rest, _: rest.position_information_v3(symbol="BTCUSDT"),
    "userTrades": lambda rest, _: rest.account_trade_list(symbol="BTCUSDT"),
    "order by id": lambda rest, lived: rest.query_order(symbol="BTCUSDT", order_id=lived.order.order_id),
    "order by client id": lambda rest, _: rest.query_order(symbol="BTCUSDT", orig_client_order_id="opened"),
    "openOrder": lambda rest, _: rest.query_current_open_order(symbol="BTCUSDT", orig_client_order_id="resting"),
    "openOrders": lambda rest, _: rest.current_all_open_orders(symbol="BTCUSDT"),
    "openOrders of all": lambda rest, _: rest.current_all_open_orders(),
    "allOrders": lambda rest, _: rest.all_orders(symbol="BTCUSDT"),
    "algoOrder by id": lambda rest, lived: rest.query_algo_order(algo_id=lived.stop.algo_id),
    "algoOrder by client id": lambda rest, _: rest.query_algo_order(client_algo_id="stop"),
    "openAlgoOrders": lambda rest, _: rest.current_all_algo_open_orders(symbol="BTCUSDT"),
    "allAlgoOrders": lambda rest, _: rest.query_all_algo_orders(symbol="BTCUSDT"),
}

ABSENT = {
    "exchangeInfo": OF_ANOTHER_FILTER,
    "userTrades": ONLY_COIN_MARGINED,
    "fundingRate": ("rateType",),
    "adlQuantile": tuple(f"adlQuantile.{leg}" for leg in ("HEDGE", "LONG", "SHORT")),
    "order by id": ONLY_TRAILING,
    "order by client id": ONLY_TRAILING,
    "openOrder": ONLY_TRAILING,
    "openOrders": ONLY_TRAILING,
    "openOrders of all": ONLY_TRAILING,
    "allOrders": ONLY_TRAILING + ONLY_COIN_MARGINED,
    "algoOrder by id": ONLY_TRIGGERED + NULL,
    "algoOrder by client id": ONLY_TRIGGERED + NULL,
    "openAlgoOrders": ONLY_TRIGGERED + NULL,
    "allAlgoOrders": ONLY_TRIGGERED + NULL,
}


@pytest.mark.parametrize("name", [*MARKET_DATA, *ACCOUNT_READS])
def test_every_read_is_accepted_by_the_sdk(name: str, lived: SimpleNamespace) -> None:
    call = (MARKET_DATA | ACCOUNT_READS)[name]
    model = accepted(call(lived.rest, lived), absent=ABSENT.get(name, ()))
    assert model != [], "an empty list proves nothing about its rows"


def test_ping_answers_an_empty_object(lived: SimpleNamespace) -> None:
    assert lived.rest.test_connectivity().data() == {}


def test_reads_of_a_triggered_stop_name_its_child_order(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    admin(server, "price", symbol="BTCUSDT", price="60000")
    rest.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010")
    rest.new_algo_order(
        algo_type="CONDITIONAL", symbol="BTCUSDT", side="SELL", type="STOP_MARKET",
        close_position="true", trigger_price="59000", client_algo_id="guard",
    )  # fmt: skip
    admin(server, "price", symbol="BTCUSDT", price="58900")
    stop = accepted(rest.query_algo_order(client_algo_id="guard"), absent=NULL)
    assert stop.algo_status == "FINISHED"
    child = accepted(rest.query_order(symbol="BTCUSDT", order_id=int(stop.actual_order_id)), absent=ONLY_TRAILING)
    assert (child.status, child.executed_qty) == ("FILLED", "0.010")


def test_a_market_order_answers_its_fill_when_asked_for_the_result(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    answer = rest.new_order(symbol="ETHUSDT", side="BUY", type="MARKET", quantity="0.100", new_order_resp_type="RESULT")
    order = accepted(answer, absent=ONLY_TRAILING)
    assert (order.status, order.executed_qty) == ("FILLED", "0.100")


def test_orders_are_canceled_one_by_one_and_all_at_once(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    for name in ("one", "two", "three"):
        rest.new_order(
            symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTC", quantity="0.010",
            price="57500", new_client_order_id=name,
        )  # fmt: skip
    canceled = accepted(rest.cancel_order(symbol="BTCUSDT", orig_client_order_id="one"), absent=ONLY_TRAILING)
    assert canceled.status == "CANCELED"
    assert len(rest.current_all_open_orders(symbol="BTCUSDT").data()) == 2
    accepted(rest.cancel_all_open_orders(symbol="BTCUSDT"))
    assert rest.current_all_open_orders(symbol="BTCUSDT").data() == []


def test_conditional_orders_are_canceled_one_by_one_and_all_at_once(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    for name in ("one", "two"):
        answer = rest.new_algo_order(
            algo_type="CONDITIONAL", symbol="BTCUSDT", side="BUY", type="STOP_MARKET", quantity="0.010",
            trigger_price="70000", client_algo_id=name,
        )  # fmt: skip
        accepted(answer, absent=NULL + ONLY_TRAILING)
    accepted(rest.cancel_algo_order(client_algo_id="one"))
    assert [row.client_algo_id for row in rest.current_all_algo_open_orders().data()] == ["two"]
    accepted(rest.cancel_all_algo_open_orders(symbol="BTCUSDT"))
    assert rest.current_all_algo_open_orders().data() == []


def test_a_trailing_stop_answers_its_rate_and_activation(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    answer = rest.new_algo_order(
        algo_type="CONDITIONAL", symbol="BTCUSDT", side="BUY", type="TRAILING_STOP_MARKET", quantity="0.010",
        callback_rate="1", client_algo_id="trail",
    )  # fmt: skip
    assert accepted(answer, absent=NULL).callback_rate in ("1", "1.0", "1.00")


def test_an_order_is_amended_in_place(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    rest.new_order(
        symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTC", quantity="0.010", price="58000",
        new_client_order_id="amended",
    )  # fmt: skip
    answer = rest.modify_order(
        symbol="BTCUSDT", side="BUY", quantity="0.020", price="58100", orig_client_order_id="amended"
    )
    order = accepted(answer, absent=(*ONLY_TRAILING, *ONLY_COIN_MARGINED, "modifyId"))
    assert (order.orig_qty, order.price) == ("0.020", "58100.0")


def test_orders_are_placed_and_canceled_in_batches(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    orders = [
        {
            "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": "0.010",
            "price": price, "new_client_order_id": name,
        }
        for name, price in (("one", "58000"), ("two", "1"))
    ]  # fmt: skip
    placed, refused = rest.place_multiple_orders(batch_orders=orders).data()
    accepted(placed, absent=(*ONLY_TRAILING, "code", "msg"))
    assert refused.code < 0, "each order of a batch stands for itself"
    (canceled,) = rest.cancel_multiple_orders(symbol="BTCUSDT", orig_client_order_id_list=["one"]).data()
    assert accepted(canceled, absent=(*ONLY_TRAILING, "code", "msg")).status == "CANCELED"


def test_what_remains_of_the_endpoints_is_accepted(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    accepted(rest.auto_cancel_all_open_orders(symbol="BTCUSDT", countdown_time=60_000))
    accepted(rest.change_multi_assets_mode(multi_assets_margin="true"))
    accepted(rest.change_multi_assets_mode(multi_assets_margin="false"))
    rest.change_margin_type(symbol="BTCUSDT", margin_type="ISOLATED")
    rest.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010")
    accepted(rest.modify_isolated_position_margin(symbol="BTCUSDT", amount="10", type=1))
    klines = rest.kline_candlestick_data(symbol="BTCUSDT", interval="1m", limit=3).data()
    assert [len(row) for row in klines] == [12, 12, 12]


def test_settings_are_changed_and_read_back(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    assert accepted(rest.change_initial_leverage(symbol="BTCUSDT", leverage=7)).leverage == 7
    accepted(rest.change_margin_type(symbol="BTCUSDT", margin_type="ISOLATED"))
    accepted(rest.change_position_mode(dual_side_position="true"))
    config = accepted(rest.symbol_configuration(symbol="BTCUSDT"))[0]
    assert (config.leverage, config.margin_type) == (7, "ISOLATED")
    assert rest.get_current_position_mode().data().dual_side_position is True


def test_a_listen_key_is_opened_kept_alive_and_closed(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    opened = accepted(rest.start_user_data_stream())
    assert accepted(rest.keepalive_user_data_stream()).listen_key == opened.listen_key
    assert rest.close_user_data_stream().data() == {}


def test_rate_limit_headers_are_understood_by_the_sdk(server: EmbeddedServer) -> None:
    rest = sdk_client(server).rest_api
    answer = rest.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010")
    kinds = {(limit.rateLimitType, limit.interval, limit.intervalNum) for limit in answer.rate_limits}
    assert kinds == {
        ("REQUEST_WEIGHT", "MINUTE", 1),
        ("ORDERS", "MINUTE", 1),
        ("ORDERS", "SECOND", 10),
    }


def test_acceptance_notices_a_missing_field_and_a_raw_answer() -> None:
    with pytest.raises(NotAcceptedError, match="clientOrderId"):
        accepted(NewOrderResponse.from_dict({"orderId": 1}))
    with pytest.raises(NotAcceptedError, match="raw dict"):
        accepted({"orderId": 1})
    with pytest.raises(NotAcceptedError, match="positionAmt"):
        accepted(PositionInformationV3Response.from_dict([{"symbol": "BTCUSDT"}]))
