"""Every fault: what arrives, and whether the request took effect all the same."""

import json
from decimal import Decimal
from typing import Any

import pytest

from adapters.paper.answer import Answer, Fate
from adapters.paper.binance.answers import ANSWERS, Proof, RawAnswer
from adapters.paper.faults import (
    EXECUTION_KINDS,
    NO_FAULTS,
    REQUEST_KINDS,
    STREAM_KINDS,
    TRIGGER_KINDS,
    Fault,
    FaultKind,
    FaultPlan,
    Moment,
    Quirks,
)
from tests.paper.desk import Desk, plan

ON_ORDERS: dict[str, Any] = {"method": "POST", "path": "/v1/order"}
UNKNOWN = [row for row in ANSWERS.values() if row.proves is Proof.UNKNOWN]
CERTAIN = [row for row in ANSWERS.values() if row.proves is not Proof.UNKNOWN]


def by_name(row: RawAnswer) -> str:
    return row.name


def buy(desk: Desk, client_id: str = "a", **params: object) -> Any:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010", "newClientOrderId": client_id}
    return desk.raw("POST", "/fapi/v1/order", **(order | params))


@pytest.mark.parametrize("moment", [Moment.BEFORE_EFFECT, Moment.AFTER_EFFECT])
@pytest.mark.parametrize("row", UNKNOWN, ids=by_name)
def test_an_ambiguous_answer_comes_with_either_effect_and_says_which_in_the_log(row: RawAnswer, moment: Moment) -> None:
    desk = Desk(faults=plan(row.at(moment, **ON_ORDERS)))
    answer = buy(desk)
    happened = moment is Moment.AFTER_EFFECT
    assert (desk.position() == Decimal("0.010")) is happened
    assert answer.fault is not None
    assert (answer.fault.effect, answer.fault.name, answer.fault.client_id) == (happened, row.name, "a")
    assert desk.venue.fault_log == (answer.fault,)
    assert not acknowledges(answer)


def acknowledges(answer: Answer) -> bool:
    """Whether what arrives can be read as the acknowledgment of an order."""
    try:
        return answer.status == 200 and "orderId" in json.loads(answer.arriving)
    except ValueError:
        return False


@pytest.mark.parametrize("row", CERTAIN, ids=by_name)
def test_an_honest_refusal_never_comes_with_an_effect(row: RawAnswer) -> None:
    desk = Desk(faults=plan(row.at(Moment.BEFORE_EFFECT, **ON_ORDERS)))
    answer = buy(desk)
    assert answer.status == row.fault.status
    assert desk.position() == 0
    if row.fault.retry_after_s:
        assert ("Retry-After", str(row.fault.retry_after_s)) in answer.headers
    if row.fault.code:
        assert json.loads(answer.body)["code"] == row.fault.code
    with pytest.raises(ValueError, match="proves that nothing was done"):
        row.at(Moment.AFTER_EFFECT)


@pytest.mark.parametrize(
    ("kind", "fate"),
    [
        (FaultKind.HANG, Fate.HANG),
        (FaultKind.RESET, Fate.DROP),
        (FaultKind.TRUNCATED_200, Fate.TRUNCATE),
        (FaultKind.DELAYED, Fate.DELAY),
        (FaultKind.EMPTY_200, Fate.DELIVER),
        (FaultKind.HTML_200, Fate.DELIVER),
    ],
)
def test_the_transport_is_told_what_to_do(kind: FaultKind, fate: Fate) -> None:
    answer = buy(Desk(faults=plan(Fault(kind=kind, delay_ms=1_500, **ON_ORDERS))))
    assert (answer.status, answer.fate) == (200, fate)
    assert answer.delay_ms == (1_500 if kind is FaultKind.DELAYED else 0)


def test_what_arrives_of_a_spoiled_body() -> None:
    def arriving(kind: FaultKind) -> bytes:
        answer = buy(Desk(faults=plan(Fault(kind=kind, **ON_ORDERS))))
        return bytes(answer.arriving)

    assert arriving(FaultKind.EMPTY_200) == b""
    assert arriving(FaultKind.HANG) == b""
    assert arriving(FaultKind.HTML_200).startswith(b"<html>")
    assert arriving(FaultKind.TRUNCATED_200).startswith(b'{"orderId":1000000001,')
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(arriving(FaultKind.TRUNCATED_200))
    assert json.loads(arriving(FaultKind.DELAYED))["clientOrderId"] == "a"


def test_an_effect_can_come_after_its_query_found_nothing() -> None:
    late = Fault(kind=FaultKind.HANG, moment=Moment.LATER, effect_delay_ms=2_000, **ON_ORDERS)
    desk = Desk(faults=plan(late))
    assert buy(desk, recvWindow="3000").fate is Fate.HANG
    query = {"symbol": "BTCUSDT", "origClientOrderId": "a"}
    desk.wait(1_000)
    assert desk.ask("GET", "/fapi/v1/order", **query).code == -2013
    desk.wait(1_000)
    assert desk.order("a")["status"] == "FILLED"
    assert [record.effect for record in desk.venue.fault_log] == [None, True]


def test_no_effect_comes_once_the_validity_window_has_passed() -> None:
    late = Fault(kind=FaultKind.HANG, moment=Moment.LATER, effect_delay_ms=3_001, **ON_ORDERS)
    desk = Desk(faults=plan(late))
    buy(desk, recvWindow="3000")
    desk.wait(10_000)
    assert desk.ask("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="a").code == -2013
    assert [record.effect for record in desk.venue.fault_log] == [None, False]


def test_an_effect_still_to_come_survives_a_snapshot() -> None:
    late = Fault(kind=FaultKind.RESET, moment=Moment.LATER, effect_delay_ms=1_000, **ON_ORDERS)
    desk = Desk(faults=plan(late))
    buy(desk)
    restored = Desk(type(desk.venue).restore(json.loads(json.dumps(desk.venue.snapshot()))))
    restored.wait(1_000)
    assert restored.order("a")["status"] == "FILLED"


def test_a_refused_request_has_no_effect_whatever_its_fault_says() -> None:
    desk = Desk(faults=plan(Fault(kind=FaultKind.RESET, **ON_ORDERS)))
    buy(desk, quantity="0.0001")
    assert desk.venue.fault_log[0].effect is False


def test_a_fault_strikes_where_it_matches_and_no_oftener_than_it_says() -> None:
    second = Fault(kind=FaultKind.RESET, nth=2, count=2, client_id="mine-", side="BUY", **ON_ORDERS)
    desk = Desk(faults=plan(second))
    fates = [buy(desk, name).fate for name in ("mine-1", "other", "mine-2", "mine-3", "mine-4")]
    assert fates == [Fate.DELIVER, Fate.DELIVER, Fate.DROP, Fate.DROP, Fate.DELIVER]
    assert desk.raw("GET", "/fapi/v1/ping").fate is Fate.DELIVER


def test_a_fault_has_its_time_and_its_symbol() -> None:
    start = Desk().now_ms
    timed = Fault(kind=FaultKind.RESET, count=0, symbol="BTCUSDT", from_ms=start + 1_000, until_ms=start + 2_000)
    desk = Desk(faults=plan(timed))
    fates = []
    for _ in range(3):
        fates.append(desk.raw("GET", "/fapi/v1/ticker/price", symbol="BTCUSDT").fate)
        assert desk.raw("GET", "/fapi/v1/ticker/price", symbol="ETHUSDT").fate is Fate.DELIVER
        desk.wait(1_000)
    assert fates == [Fate.DELIVER, Fate.DROP, Fate.DELIVER]


def test_drawn_faults_strike_about_as_often_as_their_chance() -> None:
    desk = Desk(faults=plan(Fault(kind=FaultKind.RESET, path="/ping", chance_ppm=250_000, count=0)))
    struck = sum(desk.raw("GET", "/fapi/v1/ping").fate is Fate.DROP for _ in range(1_000))
    assert 200 < struck < 300


def test_a_stale_read_shows_positions_and_orders_as_they_were() -> None:
    desk = Desk()
    desk.market("BUY", "0.010")
    desk.limit("BUY", "0.010", "59000", newClientOrderId="old")
    desk.wait(5_000)
    desk.market("BUY", "0.020")
    desk.must("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="old")
    desk.market("BUY", "1", symbol="ETHUSDT")
    desk.wait(1_000)
    stale = Fault(kind=FaultKind.STALE_READ, age_ms=3_000, count=0)
    desk.venue.set_faults(plan(stale))
    for version in ("v2", "v3"):
        rows = desk.must("GET", f"/fapi/{version}/positionRisk")
        assert [(row["symbol"], row["positionAmt"]) for row in rows] == [("BTCUSDT", "0.010")]
    (order,) = desk.must("GET", "/fapi/v1/openOrders")
    assert (order["clientOrderId"], order["status"]) == ("old", "NEW")
    desk.venue.set_faults(NO_FAULTS)
    assert len(desk.must("GET", "/fapi/v3/positionRisk")) == 2
    assert desk.must("GET", "/fapi/v1/openOrders") == []


def test_lists_come_empty_or_with_rows_missing() -> None:
    desk = Desk()
    for symbol, quantity in (("BTCUSDT", "0.010"), ("ETHUSDT", "1"), ("SOLUSDT", "1"), ("XRPUSDT", "100")):
        desk.market("BUY", quantity, symbol=symbol)
    read = ("GET", "/fapi/v3/positionRisk")
    desk.venue.set_faults(plan(Fault(kind=FaultKind.EMPTY_LIST), Fault(kind=FaultKind.PARTIAL_LIST)))
    assert [len(desk.must(*read)) for _ in range(3)] == [0, 2, 4]


def test_an_order_can_be_reported_canceled_and_unfilled_though_it_filled() -> None:
    desk = Desk(faults=plan(Fault(kind=FaultKind.MISREPORTED_CANCELED, path="/order", method="GET", client_id="lie")))
    order_id = desk.market("BUY", "0.010", newClientOrderId="lie").body["orderId"]
    lie = desk.must("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=order_id)
    assert (lie["status"], Decimal(lie["executedQty"])) == ("CANCELED", Decimal(0))
    (trade,) = desk.must("GET", "/fapi/v1/userTrades", symbol="BTCUSDT", orderId=order_id)
    assert trade["qty"] == "0.010"
    assert desk.order("lie")["status"] == "FILLED"


def test_a_plan_can_be_replaced_by_one_from_json() -> None:
    written = FaultPlan(
        faults=(
            Fault(kind=FaultKind.STATUS, status=503, message="Service Unavailable.", moment=Moment.BEFORE_EFFECT),
            Fault(kind=FaultKind.EVENT_DELAYED, event="ACCOUNT_UPDATE", delay_ms=40, count=0),
        ),
        quirks=Quirks(child_keeps_client_id=False, trigger_delay_ms=7),
        seed=5,
    )
    row = json.loads(json.dumps(written.to_dict()))
    assert FaultPlan.from_dict(row) == written
    assert FaultPlan.from_dict({}) == NO_FAULTS
    desk = Desk()
    desk.venue.set_faults(FaultPlan.from_dict(row))
    assert desk.raw("GET", "/fapi/v1/ping").body == b"Service Unavailable."


@pytest.mark.parametrize("row", [row.fault for row in ANSWERS.values()], ids=lambda fault: fault.name)
def test_every_fault_survives_json(row: Fault) -> None:
    assert Fault.from_dict(json.loads(json.dumps(row.to_dict()))) == row


@pytest.mark.parametrize(
    "document",
    [
        {"fault": []},
        {"faults": [{"kind": "NONSENSE"}]},
        {"faults": [{"kind": "RESET", "moments": "LATER"}]},
        {"faults": [{"kind": "RESET", "moment": "SOMETIME"}]},
        {"quirks": {"flavor": "odd"}},
    ],
)
def test_a_plan_that_cannot_be_read_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown|not a valid"):
        FaultPlan.from_dict(document)


def test_every_kind_of_fault_belongs_to_one_place() -> None:
    assert set(FaultKind) == REQUEST_KINDS | STREAM_KINDS | EXECUTION_KINDS | TRIGGER_KINDS
    assert not REQUEST_KINDS & STREAM_KINDS
    assert not REQUEST_KINDS & EXECUTION_KINDS


def test_a_human_is_spared_by_faults_and_limits() -> None:
    desk = Desk(faults=plan(Fault(kind=FaultKind.RESET, count=0)))
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
    answer = desk.venue.trade_by_hand("POST", "/fapi/v1/order", order, now_ms=desk.now_ms)
    body = json.loads(answer.body)
    assert body["clientOrderId"].startswith("web_")
    assert body["status"] == "FILLED"
    again = desk.venue.trade_by_hand("POST", "/fapi/v1/order", order, now_ms=desk.now_ms)
    assert json.loads(again.body)["clientOrderId"] != body["clientOrderId"]
    told = desk.events("ORDER_TRADE_UPDATE")
    assert {event["o"]["c"][:4] for event in told} == {"web_"}
