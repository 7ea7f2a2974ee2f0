"""Market and limit orders: fills, ids, life, lists."""

from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.paper.binance.trade_routes import DAY_MS
from adapters.paper.faults import Fault, FaultKind
from tests.paper.desk import Desk, plan


def test_a_market_order_fills_at_the_best_price_and_pays_the_taker_fee() -> None:
    desk = Desk()
    body = desk.market("BUY", "0.010").body
    assert (body["status"], body["executedQty"], body["avgPrice"]) == ("FILLED", "0.010", "60000.10000")
    assert desk.wallet == Decimal(100_000) - Decimal("0.30000050")


def test_an_acknowledgment_shows_the_order_before_its_fills() -> None:
    desk = Desk()
    body = desk.market("BUY", "0.010", newClientOrderId="a").body
    assert body["status"] == "FILLED"
    acknowledged = desk.must(
        "POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010", newClientOrderId="b"
    )
    assert (acknowledged["status"], acknowledged["executedQty"]) == ("NEW", "0.000")
    assert desk.order("b")["status"] == "FILLED"


def test_a_large_market_order_walks_the_book_level_by_level() -> None:
    desk = Desk()
    body = desk.market("BUY", "12").body
    trades = desk.must("GET", "/fapi/v1/userTrades", symbol="BTCUSDT", orderId=body["orderId"])
    assert [(t["price"], t["qty"]) for t in trades] == [
        ("60000.1", "5.000"),
        ("60000.2", "5.000"),
        ("60000.3", "2.000"),
    ]


def test_a_market_order_beyond_the_book_keeps_what_it_got_and_expires() -> None:
    shallow = Desk()
    exchange = shallow.venue.exchange
    shallow.venue.set_instrument(replace(exchange.markets["BTCUSDT"].instrument, level_quantity=Decimal("0.001")))
    body = shallow.market("BUY", "0.100").body
    assert (body["status"], body["executedQty"]) == ("EXPIRED", "0.040")
    assert shallow.position() == Decimal("0.040")


def test_a_limit_order_rests_and_fills_as_maker_at_its_price_when_the_market_reaches_it() -> None:
    desk = Desk()
    assert desk.limit("BUY", "0.010", "59000.0", newClientOrderId="r").body["status"] == "NEW"
    desk.price("59000.1")
    assert desk.order("r")["status"] == "NEW"
    desk.price("58990.0")
    assert desk.order("r")["avgPrice"] == "59000.00000"
    (trade,) = desk.must("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
    assert trade["maker"] is True
    assert trade["commission"] == "0.11800000"


def test_a_crossing_limit_order_never_pays_more_than_its_price() -> None:
    desk = Desk()
    body = desk.limit("BUY", "12", "60000.2").body
    assert (body["status"], body["executedQty"]) == ("PARTIALLY_FILLED", "10.000")


def test_the_result_of_a_good_till_cancel_order_can_be_its_acceptance_only() -> None:
    desk = Desk(faults=plan(limit_result_is_final=False))
    assert desk.limit("BUY", "0.010", "60100", newClientOrderId="c").body["status"] == "NEW"
    assert desk.order("c")["status"] == "FILLED"


def test_immediate_or_cancel_expires_with_the_rest() -> None:
    desk = Desk()
    body = desk.limit("BUY", "12", "60000.2", timeInForce="IOC").body
    assert (body["status"], body["executedQty"]) == ("EXPIRED", "10.000")


def test_fill_or_kill_is_refused_or_expires_whole() -> None:
    assert Desk().limit("BUY", "12", "60000.2", timeInForce="FOK").code == -5021
    expired = Desk(faults=plan(reject_unfillable=False)).limit("BUY", "12", "60000.2", timeInForce="FOK").body
    assert (expired["status"], expired["executedQty"]) == ("EXPIRED", "0.000")


def test_post_only_is_refused_or_expires_when_it_would_take() -> None:
    assert Desk().limit("BUY", "0.010", "60000.1", timeInForce="GTX").code == -5022
    desk = Desk(faults=plan(reject_unfillable=False))
    assert desk.limit("BUY", "0.010", "60000.1", timeInForce="GTX").body["status"] == "EXPIRED"
    assert desk.limit("BUY", "0.010", "60000.0", timeInForce="GTX").body["status"] == "NEW"


def test_good_till_date_expires_at_its_second() -> None:
    desk = Desk()
    assert desk.limit("BUY", "0.010", "59000", timeInForce="GTD", goodTillDate=desk.now_ms + 500_000).code == -5040
    until = desk.now_ms + 700_000
    desk.limit("BUY", "0.010", "59000", timeInForce="GTD", goodTillDate=until, newClientOrderId="g")
    desk.wait(699_000)
    assert desk.order("g")["status"] == "NEW"
    desk.wait(1_000)
    assert desk.order("g")["status"] == "EXPIRED"


def test_a_client_id_is_unique_among_open_orders_only() -> None:
    desk = Desk()
    desk.limit("BUY", "0.010", "59000", newClientOrderId="same")
    assert desk.limit("BUY", "0.010", "58000", newClientOrderId="same").code == -4116
    desk.must("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="same")
    assert desk.market("BUY", "0.010", newClientOrderId="same").body["status"] == "FILLED"
    # A blind resend of a filled order doubles it: the venue does not protect.
    assert desk.market("BUY", "0.010", newClientOrderId="same").body["status"] == "FILLED"
    assert desk.position() == Decimal("0.020")


def test_a_canceled_order_cannot_be_canceled_again() -> None:
    desk = Desk()
    desk.limit("BUY", "0.010", "59000", newClientOrderId="x")
    answer = desk.must("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="x")
    assert answer["status"] == "CANCELED"
    assert desk.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="x").code == -2011
    assert desk.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="never").code == -2011


def test_a_query_of_an_unknown_id_finds_nothing() -> None:
    desk = Desk()
    assert desk.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="never").code == -2013
    assert desk.ask("GET", "/fapi/v1/order", symbol="BTCUSDT").code == -1102


def test_an_open_order_query_does_not_know_filled_orders() -> None:
    desk = Desk()
    desk.market("BUY", "0.010", newClientOrderId="f")
    assert desk.ask("GET", "/fapi/v1/openOrder", symbol="BTCUSDT", origClientOrderId="f").code == -2013
    desk.limit("BUY", "0.010", "59000", newClientOrderId="o")
    assert desk.must("GET", "/fapi/v1/openOrder", symbol="BTCUSDT", origClientOrderId="o")["status"] == "NEW"


def test_an_unfilled_canceled_order_is_forgotten_after_three_days_and_a_filled_one_after_ninety() -> None:
    desk = Desk()
    desk.limit("BUY", "0.010", "59000", newClientOrderId="gone")
    desk.must("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="gone")
    desk.market("BUY", "0.010", newClientOrderId="kept")
    desk.wait(3 * DAY_MS)
    assert desk.order("gone")["status"] == "CANCELED"
    desk.wait(1)
    assert desk.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="gone").code == -2013
    assert desk.order("kept")["status"] == "FILLED"
    desk.wait(87 * DAY_MS)
    assert desk.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="kept").code == -2013


def test_lists_show_open_and_all_orders_of_a_symbol() -> None:
    desk = Desk()
    desk.limit("BUY", "0.010", "59000", newClientOrderId="o")
    desk.limit("BUY", "1", "2900", symbol="ETHUSDT", newClientOrderId="e")
    desk.market("BUY", "0.010", newClientOrderId="f")

    def ids(path: str, **params: object) -> list[str]:
        return [row["clientOrderId"] for row in desk.must("GET", path, **params)]

    assert ids("/fapi/v1/openOrders") == ["o", "e"]
    assert ids("/fapi/v1/openOrders", symbol="BTCUSDT") == ["o"]
    assert ids("/fapi/v1/allOrders", symbol="BTCUSDT") == ["o", "f"]
    desk.must("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")
    assert ids("/fapi/v1/openOrders") == ["e"]


def test_an_amendment_changes_price_and_quantity_in_place() -> None:
    desk = Desk()
    desk.limit("BUY", "0.010", "59000", newClientOrderId="m")
    change = {"symbol": "BTCUSDT", "side": "BUY", "origClientOrderId": "m"}
    body = desk.must("PUT", "/fapi/v1/order", price="58000", quantity="0.020", **change)
    assert (body["price"], body["origQty"], body["status"]) == ("58000.0", "0.020", "NEW")
    assert desk.ask("PUT", "/fapi/v1/order", price="58000", quantity="0.020", **change).code == -5027
    assert desk.ask("PUT", "/fapi/v1/order", price="58000", quantity="0.010", reduceOnly="true", **change).code == -5047
    filled = desk.must("PUT", "/fapi/v1/order", price="60000.1", quantity="0.020", **change)
    assert filled["status"] == "FILLED"


def test_an_amendment_needs_its_margin_and_leaves_the_order_when_refused() -> None:
    desk = Desk()
    desk.limit("BUY", "1", "59000", newClientOrderId="m")
    before = desk.must("GET", "/fapi/v3/account")["availableBalance"]
    change = {"symbol": "BTCUSDT", "side": "BUY", "origClientOrderId": "m"}
    assert desk.ask("PUT", "/fapi/v1/order", price="59000", quantity="100", **change).code == -2019
    assert desk.order("m")["origQty"] == "1.000"
    assert desk.must("GET", "/fapi/v3/account")["availableBalance"] == before


def test_a_market_order_is_refused_while_the_book_is_far_from_the_mark() -> None:
    desk = Desk()
    desk.price("63100", mark="60000")
    assert desk.market("BUY", "0.010").code == -4131
    assert desk.market("SELL", "0.010").code == 0
    desk.price("56900", mark="60000")
    assert desk.market("SELL", "0.010").code == -4131


def test_an_amendment_to_what_is_already_filled_cancels_the_rest() -> None:
    desk = Desk()
    desk.limit("BUY", "6", "60000.1", newClientOrderId="m")
    assert desk.order("m")["executedQty"] == "5.000"
    change = {"symbol": "BTCUSDT", "side": "BUY", "origClientOrderId": "m"}
    assert desk.must("PUT", "/fapi/v1/order", price="60000.1", quantity="5", **change)["status"] == "CANCELED"


def test_a_batch_answers_each_order_by_itself() -> None:
    desk = Desk()
    good = '{"symbol":"BTCUSDT","side":"BUY","type":"MARKET","quantity":"0.01","newOrderRespType":"RESULT"}'
    bad = '{"symbol":"NOPE","side":"BUY","type":"MARKET","quantity":"0.01"}'
    first, second = desk.must("POST", "/fapi/v1/batchOrders", batchOrders=f"[{good},{bad}]")
    assert first["status"] == "FILLED"
    assert second["code"] == -1121


def test_a_countdown_cancels_everything_unless_renewed() -> None:
    desk = Desk()
    desk.limit("BUY", "0.010", "59000", newClientOrderId="c")
    desk.must("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime="60000")
    desk.wait(59_000)
    desk.must("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime="60000")
    desk.wait(59_000)
    assert desk.order("c")["status"] == "NEW"
    desk.wait(1_000)
    assert desk.order("c")["status"] == "CANCELED"


def test_a_partial_fill_leaves_the_rest_working_or_expired() -> None:
    half = Fault(kind=FaultKind.PARTIAL_FILL, client_id="p-", count=2)
    desk = Desk(faults=plan(half))
    market = desk.market("BUY", "0.011", newClientOrderId="p-1").body
    assert (market["status"], market["executedQty"]) == ("EXPIRED", "0.005")
    limit = desk.limit("BUY", "0.010", "60001", newClientOrderId="p-2").body
    assert (limit["status"], limit["executedQty"]) == ("PARTIALLY_FILLED", "0.005")
    desk.price("60000.0")
    assert desk.order("p-2")["status"] == "FILLED"
    assert desk.position() == Decimal("0.015")
    assert [(record.kind, record.client_id) for record in desk.venue.fault_log] == [
        (FaultKind.PARTIAL_FILL, "p-1"),
        (FaultKind.PARTIAL_FILL, "p-2"),
    ]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"symbol": "NOPEUSDT"}, -1121),
        ({"symbol": ""}, -1102),
        ({"side": "HOLD"}, -1117),
        ({"type": "ICEBERG"}, -1116),
        ({"type": "STOP_MARKET", "stopPrice": "59000"}, -4120),
        ({"quantity": "0"}, -4003),
        ({"quantity": ""}, -1102),
        ({"quantity": "-1"}, -1100),
        ({"quantity": "1,5"}, -1100),
        ({"quantity": "0.0105"}, -1111),
        ({"quantity": "121"}, -4005),
        ({"quantity": "0.001"}, -4164),
        ({"newClientOrderId": "x" * 37}, -4015),
        ({"newClientOrderId": "späte"}, -4015),
        ({"positionSide": "LONG"}, -4061),
        ({"positionSide": "UP"}, -4060),
        ({"reduceOnly": "true"}, -2022),
        ({"price": "60000"}, -1106),
        ({"quantity": "100"}, -2019),
        ({"type": "LIMIT", "price": "59000"}, -1102),
        ({"type": "LIMIT", "price": "59000", "timeInForce": "SOON"}, -1115),
        ({"type": "LIMIT", "price": "59000.05", "timeInForce": "GTC"}, -1111),
        ({"type": "LIMIT", "price": "0", "timeInForce": "GTC"}, -4001),
        ({"type": "LIMIT", "price": "9999999", "timeInForce": "GTC"}, -4002),
        ({"type": "LIMIT", "price": "63000.1", "timeInForce": "GTC"}, -4016),
        ({"type": "LIMIT", "price": "56999.9", "timeInForce": "GTC", "side": "SELL"}, -4024),
        ({"type": "LIMIT", "price": "59000", "timeInForce": "GTC", "quantity": "0.001"}, -4164),
        ({"type": "LIMIT", "price": "59000", "timeInForce": "GTC", "quantity": "1201"}, -4005),
    ],
)
def test_a_bad_order_is_refused_with_the_venues_code_and_does_nothing(params: dict[str, str], code: int) -> None:
    desk = Desk()
    good = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
    assert desk.ask("POST", "/fapi/v1/order", **(good | params)).code == code
    assert not desk.venue.account_named().orders
    assert not desk.events()


def test_more_open_orders_than_the_symbol_allows_are_refused() -> None:
    desk = Desk()
    instrument = desk.venue.exchange.markets["BTCUSDT"].instrument
    desk.venue.set_instrument(replace(instrument, max_orders=2))
    for price in ("59000", "59001"):
        assert desk.limit("BUY", "0.010", price).code == 0
    assert desk.limit("BUY", "0.010", "59002").code == -2025


def test_a_halted_symbol_takes_no_orders_and_a_closed_one_neither() -> None:
    desk = Desk()
    instrument = desk.venue.exchange.markets["BTCUSDT"].instrument
    desk.venue.set_instrument(replace(instrument, status="BREAK"))
    assert desk.market("BUY", "0.010").code == -4140
    desk.venue.set_instrument(replace(instrument, status="CLOSE"))
    assert desk.market("BUY", "0.010").code == -4141
    assert desk.market("BUY", "1", symbol="ETHUSDT").code == 0


def test_a_symbol_that_is_listed_later_trades_like_any_other() -> None:
    desk = Desk()
    instrument = desk.venue.exchange.markets["ETHUSDT"].instrument
    desk.venue.set_instrument(replace(instrument, symbol="NEWUSDT", base="NEW"))
    assert desk.market("BUY", "1", symbol="NEWUSDT").code == 0
    assert [trade["qty"] for trade in desk.must("GET", "/fapi/v1/userTrades", symbol="NEWUSDT")] == ["1.000"]
