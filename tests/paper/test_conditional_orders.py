"""Conditional orders: triggers, life, and the child order each becomes."""

from decimal import Decimal

import pytest

from adapters.paper.binance.trade_routes import DAY_MS
from tests.paper.desk import Desk, plan


def opened(desk: Desk, side: str = "BUY", quantity: str = "0.010") -> Desk:
    assert desk.market(side, quantity).code == 0
    desk.events()
    return desk


@pytest.mark.parametrize(
    ("kind", "held", "side", "short_of", "at"),
    [
        ("STOP_MARKET", "BUY", "SELL", "59000.1", "59000.0"),
        ("STOP_MARKET", "SELL", "BUY", "60999.9", "61000.0"),
        ("TAKE_PROFIT_MARKET", "BUY", "SELL", "60999.9", "61000.0"),
        ("TAKE_PROFIT_MARKET", "SELL", "BUY", "59000.1", "59000.0"),
    ],
)
def test_a_conditional_market_order_fires_at_its_trigger_and_not_before(
    kind: str, held: str, side: str, short_of: str, at: str
) -> None:
    desk = opened(Desk(), held)
    reply = desk.conditional(kind, side, at, quantity="0.010", reduceOnly="true", clientAlgoId="s")
    assert reply.body["algoStatus"] == "NEW"
    desk.price(short_of)
    assert desk.algo("s")["algoStatus"] == "NEW"
    assert desk.position() != 0
    desk.price(at)
    assert desk.algo("s")["algoStatus"] == "FINISHED"
    assert desk.position() == 0


def test_its_life_is_told_step_by_step_with_both_ids_linked() -> None:
    desk = opened(Desk())
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", reduceOnly="true", clientAlgoId="s")
    desk.price("58000")
    told = desk.events("ALGO_UPDATE", "ORDER_TRADE_UPDATE")
    child = desk.algo("s")["actualOrderId"]
    story = [(e["e"], e["o"]["X"], e["o"].get("ai", e["o"].get("i"))) for e in told]
    assert story == [
        ("ALGO_UPDATE", "NEW", ""),
        ("ALGO_UPDATE", "TRIGGERING", ""),
        ("ALGO_UPDATE", "TRIGGERED", child),
        ("ORDER_TRADE_UPDATE", "NEW", int(child)),
        ("ORDER_TRADE_UPDATE", "FILLED", int(child)),
        ("ALGO_UPDATE", "FINISHED", child),
    ]
    order = desk.must("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=child)
    assert (order["clientOrderId"], order["type"], order["origType"]) == ("s", "MARKET", "STOP_MARKET")
    assert desk.algo("s")["actualQty"] == "0.010"


def test_the_child_bears_a_generated_id_where_the_quirk_says_so() -> None:
    desk = opened(Desk(faults=plan(child_keeps_client_id=False)))
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", reduceOnly="true", clientAlgoId="s")
    desk.price("58000")
    child = desk.must("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=desk.algo("s")["actualOrderId"])
    assert child["clientOrderId"].startswith("algo_")


def test_a_conditional_limit_order_rests_when_triggered_and_finishes_unfilled_when_canceled() -> None:
    desk = opened(Desk())
    desk.conditional("STOP", "SELL", "59000", quantity="0.010", price="59500", clientAlgoId="l", reduceOnly="true")
    desk.price("58900")
    assert desk.algo("l")["algoStatus"] == "TRIGGERED"
    child = desk.algo("l")["actualOrderId"]
    assert desk.ask("DELETE", "/fapi/v1/algoOrder", clientAlgoId="l").code == -2011
    desk.must("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=child)
    finished = desk.algo("l")
    # FINISHED does not mean filled: the quantity tells.
    assert (finished["algoStatus"], finished["actualQty"]) == ("FINISHED", "0.000")


def test_mark_and_contract_price_trigger_apart() -> None:
    desk = opened(Desk())
    by_mark = {"quantity": "0.010", "reduceOnly": "true", "workingType": "MARK_PRICE", "clientAlgoId": "m"}
    desk.conditional("STOP_MARKET", "SELL", "59000", **by_mark)
    desk.price("58000", mark="59500")
    assert desk.algo("m")["algoStatus"] == "NEW"
    desk.price("58000", mark="59000")
    assert desk.algo("m")["algoStatus"] == "FINISHED"


def test_price_protection_holds_a_trigger_while_mark_and_contract_price_are_far_apart() -> None:
    desk = opened(Desk())
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", priceProtect="true", clientAlgoId="p")
    desk.price("50000", mark="59500")
    assert desk.algo("p")["algoStatus"] == "NEW"
    desk.price("58500", mark="58600")
    assert desk.algo("p")["algoStatus"] == "FINISHED"


def test_a_trailing_stop_follows_the_price_and_fires_on_the_way_back() -> None:
    desk = opened(Desk())
    desk.conditional("TRAILING_STOP_MARKET", "SELL", quantity="0.010", callbackRate="1", clientAlgoId="t")
    for price in ("61000", "62000", "61380.1"):
        desk.price(price)
        assert desk.algo("t")["algoStatus"] == "NEW", price
    desk.price("61380")
    assert desk.algo("t")["algoStatus"] == "FINISHED"


def test_a_trailing_stop_sleeps_until_its_activation_price() -> None:
    desk = opened(Desk())
    params = {"quantity": "0.010", "callbackRate": "1", "activatePrice": "61000", "clientAlgoId": "t"}
    desk.conditional("TRAILING_STOP_MARKET", "SELL", **params)
    desk.price("59000")
    assert desk.algo("t")["algoStatus"] == "NEW"
    desk.price("61000")
    desk.price("60390")
    assert desk.algo("t")["algoStatus"] == "FINISHED"


def test_close_position_closes_what_is_there_when_it_fires() -> None:
    desk = opened(Desk())
    desk.conditional("STOP_MARKET", "SELL", "59000", closePosition="true", clientAlgoId="c")
    desk.market("BUY", "0.020")
    desk.price("59000")
    assert desk.position() == 0
    assert desk.algo("c")["actualQty"] == "0.030"


def test_close_position_needs_a_position_and_only_one_of_a_kind() -> None:
    assert Desk().conditional("STOP_MARKET", "SELL", "59000", closePosition="true").code == -4509
    assert (
        Desk(faults=plan(close_position_needs_position=False))
        .conditional("STOP_MARKET", "SELL", "59000", closePosition="true")
        .body["algoStatus"]
        == "NEW"
    )
    desk = opened(Desk())
    assert desk.conditional("STOP_MARKET", "SELL", "59000", closePosition="true").code == 0
    assert desk.conditional("STOP_MARKET", "SELL", "58000", closePosition="true").code == -4130
    assert desk.conditional("TAKE_PROFIT_MARKET", "SELL", "61000", closePosition="true").code == 0


def test_close_position_orders_expire_with_the_position_and_reduce_only_ones_stay() -> None:
    desk = opened(Desk())
    desk.conditional("STOP_MARKET", "SELL", "59000", closePosition="true", clientAlgoId="close")
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", reduceOnly="true", clientAlgoId="reduce")
    desk.market("SELL", "0.010", reduceOnly="true")
    assert desk.algo("close")["algoStatus"] == "EXPIRED"
    assert desk.algo("reduce")["algoStatus"] == "NEW"


def test_a_reduce_only_stop_without_a_position_is_rejected_when_it_fires() -> None:
    desk = opened(Desk())
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", reduceOnly="true", clientAlgoId="r")
    desk.market("SELL", "0.010", reduceOnly="true")
    desk.events()
    desk.price("58000")
    rejected = desk.events("ALGO_UPDATE")[-1]["o"]
    assert (rejected["X"], rejected["rm"], rejected["ai"]) == ("REJECTED", "Reduce Only reject", "")
    assert desk.position() == 0


def test_a_stop_without_margin_is_accepted_and_rejected_when_it_fires() -> None:
    desk = Desk()
    desk.must("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="1")
    assert desk.conditional("STOP_MARKET", "BUY", "61000", quantity="50", clientAlgoId="big").code == 0
    desk.price("61000")
    assert desk.events("ALGO_UPDATE")[-1]["o"]["rm"] == "Margin is insufficient."
    assert desk.position() == 0


def test_an_order_that_would_fire_at_once_is_refused() -> None:
    desk = opened(Desk())
    assert desk.conditional("STOP_MARKET", "SELL", "60000", quantity="0.010").code == -2021
    assert desk.conditional("TAKE_PROFIT_MARKET", "SELL", "60000", quantity="0.010").code == -2021
    assert desk.conditional("STOP_MARKET", "BUY", "59999", quantity="0.010").code == -2021
    trailing = {"quantity": "0.010", "callbackRate": "1"}
    assert desk.conditional("TRAILING_STOP_MARKET", "SELL", activatePrice="59000", **trailing).code == -2021
    assert desk.conditional("TRAILING_STOP_MARKET", "BUY", activatePrice="61000", **trailing).code == -2021


def test_while_triggering_it_can_neither_be_canceled_nor_is_it_done() -> None:
    desk = opened(Desk(faults=plan(trigger_delay_ms=2_000)))
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", reduceOnly="true", clientAlgoId="s")
    desk.price("58000")
    assert desk.algo("s")["algoStatus"] == "TRIGGERING"
    assert desk.ask("DELETE", "/fapi/v1/algoOrder", clientAlgoId="s").code == -4117
    desk.wait(1_999)
    assert desk.position() == Decimal("0.010")
    desk.wait(1)
    assert desk.algo("s")["algoStatus"] == "FINISHED"
    assert desk.position() == 0


def test_cancels_by_either_id_and_all_of_a_symbol() -> None:
    desk = opened(Desk())
    algo_id = desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", clientAlgoId="a").body["algoId"]
    body = desk.must("DELETE", "/fapi/v1/algoOrder", algoId=algo_id)
    assert (body["clientAlgoId"], body["code"]) == ("a", "200")
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", clientAlgoId="b")
    desk.must("DELETE", "/fapi/v1/algoOrder", clientAlgoId="b")
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", clientAlgoId="c")
    desk.conditional("STOP_MARKET", "SELL", "2900", quantity="1", symbol="ETHUSDT", clientAlgoId="d")
    desk.must("DELETE", "/fapi/v1/algoOpenOrders", symbol="BTCUSDT")
    assert [row["clientAlgoId"] for row in desk.must("GET", "/fapi/v1/openAlgoOrders")] == ["d"]
    listed = desk.must("GET", "/fapi/v1/allAlgoOrders", symbol="BTCUSDT")
    assert [(row["clientAlgoId"], row["algoStatus"]) for row in listed] == [
        ("a", "CANCELED"),
        ("b", "CANCELED"),
        ("c", "CANCELED"),
    ]


def test_a_canceled_conditional_order_is_forgotten_after_three_days() -> None:
    desk = opened(Desk())
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", clientAlgoId="a")
    desk.must("DELETE", "/fapi/v1/algoOrder", clientAlgoId="a")
    desk.wait(3 * DAY_MS + 1)
    assert desk.ask("GET", "/fapi/v1/algoOrder", clientAlgoId="a").code == -2013


def test_client_ids_are_unique_among_open_conditional_orders() -> None:
    desk = opened(Desk())
    stop = {"quantity": "0.010", "clientAlgoId": "one"}
    assert desk.conditional("STOP_MARKET", "SELL", "59000", **stop).code == 0
    assert desk.conditional("STOP_MARKET", "SELL", "58000", **stop).code == -4116
    desk.must("DELETE", "/fapi/v1/algoOrder", clientAlgoId="one")
    assert desk.conditional("STOP_MARKET", "SELL", "58000", **stop).code == 0


def test_a_symbol_takes_no_more_conditional_orders_than_its_limit() -> None:
    desk = opened(Desk())
    for _ in range(10):
        assert desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010").code == 0
    assert desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010").code == -4045


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"algoType": "VP"}, -1102),
        ({"type": "MARKET"}, -1116),
        ({"triggerPrice": ""}, -1102),
        ({"triggerPrice": "59000.05"}, -1111),
        ({"quantity": ""}, -1102),
        ({"workingType": "INDEX"}, -4031),
        ({"closePosition": "true"}, -1106),
        ({"type": "STOP", "price": "59000", "quantity": "", "closePosition": "true"}, -4136),
        ({"type": "STOP"}, -1102),
        ({"type": "TRAILING_STOP_MARKET"}, -1102),
        ({"type": "TRAILING_STOP_MARKET", "callbackRate": "21"}, -2007),
        ({"positionSide": "LONG"}, -4061),
        ({"symbol": "NOPEUSDT"}, -1121),
    ],
)
def test_a_bad_conditional_order_is_refused_with_the_venues_code(params: dict[str, str], code: int) -> None:
    desk = opened(Desk())
    good = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
    more = {"quantity": "0.010", "triggerPrice": "59000"}
    assert desk.ask("POST", "/fapi/v1/algoOrder", **(good | more | params)).code == code
    assert not desk.venue.account_named().algos
