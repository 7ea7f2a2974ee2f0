"""Stops and targets: one order to everybody outside, whatever the venue turns it into."""

from decimal import Decimal

import pytest

from adapters.paper.server import EmbeddedServer
from messages.reports import (
    CancelRejected,
    FillReport,
    FillsFetched,
    OrderAccepted,
    OrderReport,
    StrayEvent,
)
from messages.requests import CancelOrder, FetchFills, QueryOrder
from messages.types import OrderKind, OrderStatus
from tests.exchange.desk_side import BTC, MAIN, Desk, desk_on, held, plan, venue_answers

CHILD_IDS = pytest.mark.parametrize("keeps", [True, False], ids=["child keeps our id", "child has an id of its own"])
HOUR_MS = 3_600_000
LOST_LINK = {"kind": "EVENT_LOST", "event": "ALGO_UPDATE", "count": 0}


@CHILD_IDS
def test_the_fills_of_a_triggered_stop_arrive_under_our_id(desk: Desk, server: EmbeddedServer, *, keeps: bool) -> None:
    plan(server, child_keeps_client_id=keeps)
    desk.submit()
    desk.ear.wait_for(OrderReport, lambda report: report.status is OrderStatus.FILLED)
    stop = desk.stop_loss("58000")
    accepted = desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    server.tell("price", "BTCUSDT", "57000")
    fill = desk.ear.wait_for(FillReport, lambda each: each.client_order_id == stop.client_order_id)
    assert fill.quantity == Decimal("0.01")
    ended = desk.ear.wait_for(
        OrderReport,
        lambda each: each.client_order_id == stop.client_order_id and each.status is OrderStatus.FILLED,
    )
    assert (ended.filled_quantity, ended.venue_order_id) == (Decimal("0.01"), accepted.venue_order_id)
    assert not [message for message in desk.ear.heard if isinstance(message, StrayEvent)]
    assert held(server) == 0


def test_after_a_restart_a_child_whose_link_nobody_told_us_is_looked_up(server: EmbeddedServer) -> None:
    with desk_on(server) as first:
        first.submit()
        first.ear.wait_for(FillReport)
        stop = first.stop_loss("58000")
        first.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    plan(server, LOST_LINK, child_keeps_client_id=False)
    with desk_on(server) as second:
        server.tell("price", "BTCUSDT", "57000")
        fill = second.ear.wait_for(FillReport)
        assert (fill.client_order_id, fill.quantity) == (stop.client_order_id, Decimal("0.01"))
        report = second.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.FILLED)
        assert report.client_order_id == stop.client_order_id


def test_a_child_whose_lookup_fails_first_waits_and_is_not_lost(server: EmbeddedServer) -> None:
    with desk_on(server) as first:
        first.submit()
        first.ear.wait_for(FillReport)
        stop = first.stop_loss("58000")
        first.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    broken = {"kind": "STATUS", "status": 500, "code": -1000, "path": "/allAlgoOrders", "count": 1}
    plan(server, LOST_LINK, broken, child_keeps_client_id=False)
    with desk_on(server) as second:
        server.tell("price", "BTCUSDT", "57000")
        assert second.ear.wait_for(FillReport).client_order_id == stop.client_order_id


@CHILD_IDS
def test_a_query_of_a_triggered_stop_tells_its_childs_fills(desk: Desk, server: EmbeddedServer, *, keeps: bool) -> None:
    plan(server, child_keeps_client_id=keeps)
    desk.submit()
    stop = desk.stop_loss("58000")
    desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    server.tell("price", "BTCUSDT", "57000")
    desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True))
    found = desk.ear.wait_for(OrderReport, lambda each: each.queried)
    assert (found.status, found.filled_quantity) == (OrderStatus.FILLED, Decimal("0.01"))
    desk.ear.wait_for(FillReport, lambda each: each.client_order_id == stop.client_order_id)
    desk.venue.request(
        FetchFills(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True, since_ns=1)
    )
    assert desk.ear.wait_for(FillReport, lambda each: each.client_order_id == stop.client_order_id).quantity > 0
    assert desk.ear.wait_for(FillsFetched).filled_quantity == Decimal("0.01")


def test_a_target_names_its_price_and_the_kind_of_price_that_triggers_it(desk: Desk, server: EmbeddedServer) -> None:
    desk.submit()
    target = desk.stop_loss("70000", kind=OrderKind.TARGET_MARKET)
    desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == target.client_order_id)
    [row] = venue_answers(server, "GET", "/fapi/v1/openAlgoOrders")
    assert (row["orderType"], row["workingType"], row["reduceOnly"]) == ("TAKE_PROFIT_MARKET", "MARK_PRICE", True)
    assert Decimal(row["quantity"]) == Decimal("0.01")


@CHILD_IDS
def test_a_stop_that_triggers_without_a_position_fills_nothing(
    desk: Desk, server: EmbeddedServer, *, keeps: bool
) -> None:
    plan(server, child_keeps_client_id=keeps)
    desk.submit()
    stop = desk.stop_loss("58000")
    desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    desk.reduce()
    desk.ear.wait_for(FillReport, lambda each: each.side == "sell")
    server.tell("price", "BTCUSDT", "57000")
    ended = desk.ear.wait_for(
        OrderReport, lambda each: each.client_order_id == stop.client_order_id and each.status.ended
    )
    assert ended.status is not OrderStatus.FILLED
    assert ended.filled_quantity == 0
    assert held(server) == 0


@CHILD_IDS
def test_a_child_that_is_stuck_is_taken_off_the_book_by_the_cancel_of_its_stop(
    desk: Desk, server: EmbeddedServer, *, keeps: bool
) -> None:
    plan(server, {"kind": "CHILD_STUCK", "delay_ms": HOUR_MS}, child_keeps_client_id=keeps)
    desk.submit()
    stop = desk.stop_loss("58000")
    accepted = desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    server.tell("price", "BTCUSDT", "57000")
    desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.TRIGGERED)
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True))
    canceled = desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.CANCELED)
    assert (canceled.client_order_id, canceled.venue_order_id) == (stop.client_order_id, accepted.venue_order_id)
    assert (canceled.conditional, canceled.filled_quantity) == (True, Decimal(0))
    assert venue_answers(server, "GET", "/fapi/v1/openOrders") == []
    assert held(server) == Decimal("0.01")


def test_a_stop_that_the_venue_has_in_hand_and_that_has_no_child_yet_is_not_canceled(
    desk: Desk, server: EmbeddedServer
) -> None:
    plan(server, {"kind": "TRIGGER_STUCK", "delay_ms": HOUR_MS})
    desk.submit()
    stop = desk.stop_loss("58000")
    desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    server.tell("price", "BTCUSDT", "57000")
    desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.TRIGGERED)
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True))
    assert desk.ear.wait_for(CancelRejected).code == "-4117"
