"""Each ambiguous answer, made by a real server: the report says what is proven, and nothing is sent twice."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.paper.server import EmbeddedServer
from messages.base import Message
from messages.reports import (
    CancelRejected,
    FetchFailed,
    NotExecuted,
    OpenOrdersReport,
    OrderAccepted,
    OrderRejected,
    OrderReport,
    OutcomeUnknown,
    PositionsReport,
    QueryFailed,
    SettingApplied,
    SettingRefused,
)
from messages.requests import CancelOrder, FetchBalance, FetchOpenOrders, FetchPositions, QueryOrder, SetLeverage
from messages.types import OrderKind, OrderStatus, PositionId, RejectReason
from tests.exchange.desk_side import BTC, MAIN, Desk, desk_on, held, plan, venue_answers


def status(number: int, code: int = 0, message: str = "", **fields: Any) -> dict[str, Any]:
    return {"kind": "STATUS", "status": number, "code": code, "message": message, **fields}


AMBIGUOUS = {
    "no answer": {"kind": "HANG"},
    "reset": {"kind": "RESET"},
    "200 empty": {"kind": "EMPTY_200"},
    "200 html": {"kind": "HTML_200"},
    "200 truncated": {"kind": "TRUNCATED_200"},
    "-1007 on 408": status(408, -1007, "Timeout waiting for response from backend server."),
    "-1007 on 400": status(400, -1007, "Timeout waiting for response from backend server."),
    "504": status(504, body=""),
    "-1000": status(400, -1000, "An unknown error occured while processing the request."),
    "-1001": status(500, -1001, "Internal error; unable to process your request. Please try again."),
    "-1006": status(400, -1006, "An unexpected response was received from the message bus."),
    "503 unknown": status(503, -1000, "Unknown error, please check your request or try again later."),
    "500": status(500, body=""),
    "502": status(502, body="<html><h1>502 Bad Gateway</h1></html>"),
    "520": status(520, body="<html></html>"),
    "a code nobody has heard of": status(400, -9999, "?"),
}


@pytest.mark.parametrize("moment", ["BEFORE_EFFECT", "AFTER_EFFECT"])
@pytest.mark.parametrize("fault", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_an_ambiguous_answer_to_an_opening_is_unknown_and_it_was_sent_once(
    server: EmbeddedServer, fault: dict[str, Any], moment: str
) -> None:
    with desk_on(server, timeout_ms=300) as desk:
        plan(server, {**fault, "method": "POST", "path": "/order", "count": 1, "moment": moment})
        order = desk.submit()
        doubt = desk.ear.wait_for(OutcomeUnknown)
        assert (doubt.client_order_id, doubt.cancel, doubt.correlation_id) == (order.client_order_id, False, "c1")
        assert doubt.cause
        assert held(server) == (Decimal("0.01") if moment == "AFTER_EFFECT" else 0)
        assert not [message for message in desk.ear.heard if isinstance(message, OrderAccepted | OrderRejected)]


def test_an_ambiguous_answer_to_a_stop_and_to_a_cancel_is_unknown(desk: Desk, server: EmbeddedServer) -> None:
    desk.submit()
    plan(server, {"kind": "EMPTY_200", "method": "POST", "path": "/algoOrder"})
    stop = desk.stop_loss("58000")
    assert desk.ear.wait_for(OutcomeUnknown).client_order_id == stop.client_order_id
    for conditional in (True, False):
        plan(server, {"kind": "RESET", "method": "DELETE", "count": 0})
        desk.venue.request(
            CancelOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=conditional)
        )
        doubt = desk.ear.wait_for(OutcomeUnknown)
        assert (doubt.client_order_id, doubt.cancel) == (stop.client_order_id, True)


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


READS: dict[str, tuple[Message, str]] = {
    "positions": (FetchPositions(account=MAIN, request_id="r"), "/positionRisk"),
    "open orders": (FetchOpenOrders(account=MAIN, request_id="r"), "/openOrders"),
    "conditional orders": (FetchOpenOrders(account=MAIN, request_id="r"), "/openAlgoOrders"),
    "balance": (FetchBalance(account=MAIN, request_id="r"), "/account"),
}


@pytest.mark.parametrize("kind", ["RESET", "EMPTY_200", "HTML_200", "TRUNCATED_200"])
@pytest.mark.parametrize(("request_", "path"), READS.values(), ids=READS.keys())
def test_a_read_without_a_whole_answer_has_failed_and_is_no_empty_list(
    desk: Desk, server: EmbeddedServer, request_: Message, path: str, kind: str
) -> None:
    # aiohttp repeats a GET once by itself when a kept-alive connection is reset under it.
    plan(server, {"kind": kind, "method": "GET", "path": path, "count": 0})
    desk.venue.request(request_)
    assert desk.ear.wait_for(FetchFailed).request_id == "r"
    assert not [each for each in desk.ear.heard if isinstance(each, PositionsReport | OpenOrdersReport)]


def test_a_query_and_a_setting_without_an_answer_say_so(desk: Desk, server: EmbeddedServer) -> None:
    plan(server, {"kind": "EMPTY_200", "count": 0})
    desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=desk.new_id()))
    assert desk.ear.wait_for(QueryFailed).cause
    desk.venue.request(SetLeverage(account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("p")))
    assert desk.ear.wait_for(SettingRefused).unknown


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


def test_a_request_in_flight_when_the_adapter_stops_is_unknown(server: EmbeddedServer) -> None:
    with desk_on(server) as desk:
        plan(server, {"kind": "HANG", "method": "POST", "path": "/order"})
        order = desk.submit()
        desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
        # Its answer shows that the order, which was sent before, is on its way.
        desk.ear.wait_for(PositionsReport)
        desk.venue.stop(deadline_ms=0)
        assert desk.ear.wait_for(OutcomeUnknown).client_order_id == order.client_order_id
        late = desk.submit()
        assert desk.ear.wait_for(NotExecuted).client_order_id == late.client_order_id


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


def test_a_cancel_of_an_order_that_triggers_meanwhile_is_rejected(desk: Desk, server: EmbeddedServer) -> None:
    desk.submit()
    stop = desk.stop_loss("58000")
    desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    server.tell("price", "BTCUSDT", "57000")
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True))
    assert desk.ear.wait_for(CancelRejected).client_order_id == stop.client_order_id
    assert venue_answers(server, "GET", "/fapi/v1/openAlgoOrders") == []


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
