"""What becomes of a conditional order whose price has come, where a fault says that it does not go well."""

import json
from decimal import Decimal
from typing import Any

import pytest

from adapters.paper.faults import Fault, FaultKind
from tests.paper.desk import Desk, plan

HOUR_MS = 3_600_000


def fired(*faults: Fault) -> Desk:
    """A long of 0.010 whose stop at 59000 has just been met by the price."""
    desk = Desk(faults=plan(*faults))
    assert desk.market("BUY", "0.010").code == 0
    desk.conditional("STOP_MARKET", "SELL", "59000", quantity="0.010", reduceOnly="true", clientAlgoId="s")
    desk.events()
    desk.price("58000")
    return desk


def told(desk: Desk) -> list[tuple[Any, ...]]:
    return [(e["o"]["X"], e["o"]["rm"]) for e in desk.events("ALGO_UPDATE")]


def test_a_stuck_one_stays_triggering_without_a_child_until_its_time_is_over() -> None:
    desk = fired(Fault(kind=FaultKind.TRIGGER_STUCK, delay_ms=HOUR_MS))
    desk.wait(HOUR_MS - 1)
    assert (desk.algo("s")["algoStatus"], desk.algo("s")["actualOrderId"], desk.position()) == (
        "TRIGGERING",
        "",
        Decimal("0.010"),
    )
    assert desk.ask("DELETE", "/fapi/v1/algoOrder", clientAlgoId="s").code == -4117
    desk.wait(1)
    assert desk.algo("s")["algoStatus"] == "FINISHED"
    assert desk.position() == 0


def test_one_that_is_executed_late_does_not_turn_a_flat_position() -> None:
    desk = fired(Fault(kind=FaultKind.TRIGGER_STUCK, delay_ms=HOUR_MS))
    assert desk.market("SELL", "0.010", reduceOnly="true").code == 0
    desk.events()
    desk.wait(HOUR_MS)
    assert desk.position() == 0
    assert told(desk) == [("REJECTED", "Reduce Only reject")]


@pytest.mark.parametrize(
    ("kind", "status"), [(FaultKind.TRIGGER_REJECTED, "REJECTED"), (FaultKind.TRIGGER_EXPIRED, "EXPIRED")]
)
def test_one_that_comes_to_nothing_says_why_and_leaves_the_position(kind: FaultKind, status: str) -> None:
    desk = fired(Fault(kind=kind, message="Margin is insufficient."))
    assert told(desk) == [("TRIGGERING", ""), (status, "Margin is insufficient.")]
    assert (desk.algo("s")["algoStatus"], desk.position()) == (status, Decimal("0.010"))


@pytest.mark.parametrize(
    ("kind", "status"), [(FaultKind.CHILD_REJECTED, "REJECTED"), (FaultKind.CHILD_CANCELED, "CANCELED")]
)
def test_a_child_that_comes_to_nothing_ends_its_parent(kind: FaultKind, status: str) -> None:
    desk = fired(Fault(kind=kind))
    child = desk.algo("s")["actualOrderId"]
    assert desk.must("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=child)["status"] == status
    assert (desk.algo("s")["algoStatus"], desk.algo("s")["actualQty"]) == ("FINISHED", "0.000")
    assert desk.position() == Decimal("0.010")


def test_a_stuck_child_is_open_and_executed_in_the_end() -> None:
    desk = fired(Fault(kind=FaultKind.CHILD_STUCK, delay_ms=HOUR_MS))
    child = desk.algo("s")["actualOrderId"]
    desk.price("57000")
    assert desk.must("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=child)["status"] == "NEW"
    assert desk.position() == Decimal("0.010")
    desk.wait(HOUR_MS)
    assert desk.algo("s")["algoStatus"] == "FINISHED"
    assert desk.position() == 0


@pytest.mark.parametrize("value", ["1e20", "-3", "NaN", None, [1], True])
def test_absurd_numbers_stand_in_answers_lists_and_events(value: object) -> None:
    body = json.dumps(value)
    faults = (
        Fault(kind=FaultKind.ABSURD_NUMBERS, path="/order", body=body, count=0),
        Fault(kind=FaultKind.ABSURD_NUMBERS, path="/userTrades", body=body, count=0),
        Fault(kind=FaultKind.EVENT_ABSURD, event="ORDER_TRADE_UPDATE", body=body, count=0),
    )
    desk = Desk(faults=plan(*faults))
    assert desk.market("BUY", "0.010").body["executedQty"] == value
    assert desk.must("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")[0]["qty"] == value
    assert {event["o"]["z"] == value for event in desk.events("ORDER_TRADE_UPDATE")} == {True}
    assert desk.position() == Decimal("0.010"), "the venue's own books are right"
