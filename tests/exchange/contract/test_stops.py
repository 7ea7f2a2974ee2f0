"""The contract of conditional orders: one order to the outside, whatever the venue makes of it."""

from decimal import Decimal

from messages.reports import (
    CancelRejected,
    FillReport,
    FillsFetched,
    OpenOrdersReport,
    OrderAccepted,
    OrderReport,
)
from messages.requests import CancelOrder, FetchFills, FetchOpenOrders, QueryOrder
from messages.types import OrderStatus
from tests.exchange.contract.venue import VenueUnderTest
from tests.exchange.desk_side import BTC, MAIN, Desk


def test_a_resting_stop_has_no_fills_and_is_listed_queried_and_canceled(desk: Desk) -> None:
    desk.submit()
    desk.ear.wait_for(OrderAccepted)
    stop = desk.stop_loss("58000")
    desk.ear.wait_for(OrderAccepted)
    desk.venue.request(
        FetchFills(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True, since_ns=1)
    )
    assert desk.ear.wait_for(FillsFetched).filled_quantity == 0
    desk.venue.request(FetchOpenOrders(account=MAIN, request_id="r"))
    assert [order.client_order_id for order in desk.ear.wait_for(OpenOrdersReport).orders] == [stop.client_order_id]
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True))
    canceled = desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.CANCELED)
    assert (canceled.client_order_id, canceled.filled_quantity) == (stop.client_order_id, Decimal(0))


def test_a_stop_that_triggers_is_filled_under_our_id_and_read_back_by_it(desk: Desk, venue: VenueUnderTest) -> None:
    desk.submit()
    desk.ear.wait_for(FillReport)
    stop = desk.stop_loss("58000")
    accepted = desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    venue.price("57000")
    fill = desk.ear.wait_for(FillReport, lambda each: each.client_order_id == stop.client_order_id)
    assert fill.quantity == Decimal("0.01")
    assert not venue.held()
    name = stop.client_order_id
    desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=name, conditional=True))
    found = desk.ear.wait_for(OrderReport, lambda each: each.queried and each.client_order_id == name)
    assert (found.status, found.filled_quantity) == (OrderStatus.FILLED, Decimal("0.01"))
    assert found.venue_order_id == accepted.venue_order_id
    desk.venue.request(FetchFills(account=MAIN, symbol=BTC, client_order_id=name, conditional=True, since_ns=1))
    assert desk.ear.wait_for(FillsFetched).filled_quantity == Decimal("0.01")


def test_a_cancel_of_an_order_that_triggers_meanwhile_is_rejected(desk: Desk, venue: VenueUnderTest) -> None:
    desk.submit()
    stop = desk.stop_loss("58000")
    desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
    venue.price("57000")
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True))
    assert desk.ear.wait_for(CancelRejected).client_order_id == stop.client_order_id
    assert venue.resting() == 0
