"""What each code of Binance proves, made by a real server. What no answer of any venue proves is in the contract."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.paper.server import EmbeddedServer
from messages.reports import (
    NotExecuted,
    OrderAccepted,
    OrderRejected,
    OrderReport,
    OutcomeUnknown,
    PositionsReport,
    SettingApplied,
    SettingRefused,
)
from messages.requests import CancelOrder, FetchPositions, QueryOrder, SetLeverage
from messages.types import OrderKind, OrderStatus, PositionId, RejectReason
from tests.exchange.desk_side import BTC, MAIN, Desk, plan


def status(number: int, code: int = 0, message: str = "", **fields: Any) -> dict[str, Any]:
    return {"kind": "STATUS", "status": number, "code": code, "message": message, **fields}


NOT_EXECUTED: dict[str, tuple[dict[str, Any], bool, int]] = {
    "503 failure": (status(503, -1, "Service Unavailable."), False, 200),
    "503 failure as text": (status(503, body="Service Unavailable."), False, 200),
    "-1008": (status(503, -1008, "Request throttled by system-level protection."), False, 500),
    "429": (status(429, -1003, "Too many requests", retry_after_s=7), True, 7_000),
    "418": (status(418, -1003, "Way too many requests", retry_after_s=120), True, 120_000),
    "-1015": (status(400, -1015, "Too many new orders"), True, 10_000),
    "403": (status(403, body="<html>WAF</html>"), False, 5_000),
    "-1021": (status(400, -1021, "Timestamp for this request is outside of the recvWindow."), False, 50),
    "-5028": (status(400, -5028, "Timestamp for this request is outside of the ME recvWindow."), False, 50),
}


@pytest.mark.parametrize(("fault", "throttled", "wait_ms"), NOT_EXECUTED.values(), ids=NOT_EXECUTED.keys())
def test_an_answer_that_proves_nothing_was_done_says_when_to_come_back(
    desk: Desk, server: EmbeddedServer, fault: dict[str, Any], *, throttled: bool, wait_ms: int
) -> None:
    plan(server, {**fault, "method": "POST", "path": "/order", "moment": "BEFORE_EFFECT"})
    order = desk.submit()
    report = desk.ear.wait_for(NotExecuted)
    assert (report.client_order_id, report.throttled, report.retry_after_ms) == (
        order.client_order_id,
        throttled,
        wait_ms,
    )
    desk.submit(client_order_id=order.client_order_id)
    assert desk.ear.wait_for(OrderAccepted).client_order_id == order.client_order_id


REJECTED = {
    -2010: RejectReason.OTHER,
    -2018: RejectReason.INSUFFICIENT_MARGIN,
    -2019: RejectReason.INSUFFICIENT_MARGIN,
    -4164: RejectReason.FILTER,
    -1111: RejectReason.FILTER,
    -2022: RejectReason.REDUCE_ONLY,
    -2021: RejectReason.WOULD_TRIGGER,
    -2015: RejectReason.PERMISSION,
}


@pytest.mark.parametrize(("code", "reason"), REJECTED.items(), ids=map(str, REJECTED))
def test_a_listed_code_is_a_rejection(desk: Desk, server: EmbeddedServer, code: int, reason: RejectReason) -> None:
    plan(server, {**status(400, code, "no"), "method": "POST", "path": "/order", "moment": "BEFORE_EFFECT"})
    desk.submit()
    rejected = desk.ear.wait_for(OrderRejected)
    assert (rejected.reason, rejected.code, rejected.text) == (reason, str(code), "no")


def test_a_timestamp_refused_because_our_clock_is_off_is_cured_by_measuring_it(
    desk: Desk, server: EmbeddedServer
) -> None:
    server.call(lambda paper: paper.live.move_clock(3_600_000))
    desk.submit()
    assert "-1021" in desk.ear.wait_for(NotExecuted).cause
    desk.submit()
    assert desk.ear.wait_for(OrderAccepted).venue_order_id


def test_on_a_slow_link_the_clock_is_measured_all_the_same(desk: Desk, server: EmbeddedServer) -> None:
    """Answers about the time that took longer than a second were thrown away: nothing could be closed any more."""
    plan(server, {"kind": "DELAYED", "path": "/time", "count": 0, "delay_ms": 1_300})
    server.call(lambda paper: paper.live.move_clock(6_000))
    desk.submit()
    refused = desk.ear.wait_for(NotExecuted)
    assert refused.untimely
    assert "-1021" in refused.cause
    desk.submit()
    assert desk.ear.wait_for(OrderAccepted).venue_order_id


def test_a_duplicate_that_cannot_be_read_is_unknown(desk: Desk, server: EmbeddedServer) -> None:
    order = desk.submit(kind=OrderKind.LIMIT, limit_price=Decimal(50_000))
    desk.ear.wait_for(OrderAccepted)
    plan(server, {"kind": "RESET", "method": "GET", "path": "/order", "count": 0})
    desk.submit(client_order_id=order.client_order_id, kind=OrderKind.LIMIT, limit_price=Decimal(50_000))
    assert "-4116" in desk.ear.wait_for(OutcomeUnknown).cause


@pytest.mark.parametrize(
    "body",
    ['{"leverage": 3, "symbol": "BTCUSDT"}', "{}", '{"leverage": 5, "symbol": "ETHUSDT"}', "[]", '{"leverage": []}'],
)
def test_a_setting_that_its_answer_does_not_confirm_is_decided_by_what_the_venue_has(
    desk: Desk, server: EmbeddedServer, body: str
) -> None:
    other = {"kind": "HTML_200", "method": "POST", "path": "/leverage", "body": body}
    plan(
        server,
        other | {"count": 1, "moment": "BEFORE_EFFECT"},
        other | {"nth": 2, "count": 1, "moment": "AFTER_EFFECT"},
    )
    desk.venue.request(SetLeverage(account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("p")))
    refused = desk.ear.wait_for(SettingRefused)
    assert (refused.unknown, refused.silent) == (False, False)
    assert refused.text == "leverage 5 was asked for, and the venue has 20 for BTCUSDT"
    desk.venue.request(SetLeverage(account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("p")))
    assert desk.ear.wait_for(SettingApplied).leverage == 5


def test_a_setting_that_can_be_confirmed_by_nothing_is_unknown_and_says_why(desk: Desk, server: EmbeddedServer) -> None:
    plan(
        server,
        {"kind": "HTML_200", "method": "POST", "path": "/leverage", "body": "{}", "count": 0},
        {"kind": "EMPTY_200", "path": "/symbolConfig", "count": 0},
    )
    desk.venue.request(SetLeverage(account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("p")))
    refused = desk.ear.wait_for(SettingRefused)
    assert (refused.unknown, "could not be read: " in refused.text) == (True, True)


def test_missing_leverage_does_not_make_positions_fail(desk: Desk, server: EmbeddedServer) -> None:
    desk.submit()
    desk.ear.wait_for(OrderAccepted)
    plan(server, {"kind": "EMPTY_200", "path": "/symbolConfig", "count": 0})
    desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
    assert [(row.symbol, row.leverage) for row in desk.ear.wait_for(PositionsReport).positions] == [(BTC, None)]


def test_an_order_reported_as_canceled_by_mistake_is_told_as_the_venue_tells_it(
    desk: Desk, server: EmbeddedServer
) -> None:
    """What to make of it is for those who compare it with the trades."""
    order = desk.submit()
    desk.ear.wait_for(OrderAccepted)
    plan(server, {"kind": "MISREPORTED_CANCELED", "path": "/order"})
    desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=order.client_order_id))
    told = desk.ear.wait_for(OrderReport, lambda report: report.queried)
    assert (told.status, told.filled_quantity) == (OrderStatus.CANCELED, Decimal(0))


def test_a_cancel_that_is_refused_in_words_of_no_table_says_that_the_venue_has_answered(
    desk: Desk, server: EmbeddedServer
) -> None:
    desk.submit()
    stop = desk.stop_loss("58000")
    desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    refusal = {"kind": "STATUS", "method": "DELETE", "path": "/algoOrder", "moment": "BEFORE_EFFECT"}
    plan(server, {**refusal, "status": 400, "code": -4999, "message": "not now"})
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True))
    told = desk.ear.wait_for(OutcomeUnknown)
    assert (told.cancel, told.answered, "-4999" in told.cause) == (True, True, True)
