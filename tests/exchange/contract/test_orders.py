"""The contract of orders: opened, protected, closed in part and whole, canceled, read back by the own id."""

import re
import secrets
from decimal import Decimal

from messages.reports import (
    CancelRejected,
    FillReport,
    FillsFetched,
    OpenOrdersReport,
    OrderAccepted,
    OrderNotFound,
    OrderRejected,
    OrderReport,
    PositionsReport,
    SettingApplied,
    SettingRefused,
)
from messages.requests import (
    CancelOrder,
    FetchFills,
    FetchOpenOrders,
    FetchPositions,
    QueryOrder,
    SetLeverage,
    SubmitOpening,
)
from messages.types import OrderKind, OrderStatus, PositionId, PositionSide, RejectReason, Side, Symbol
from tests.exchange.contract.venue import VenueUnderTest
from tests.exchange.desk_side import BTC, MAIN, Desk


def test_a_market_order_is_accepted_and_its_fill_arrives_exact_before_the_state_that_counts_it(desk: Desk) -> None:
    order = desk.submit()
    accepted = desk.ear.wait_for(OrderAccepted)
    assert (accepted.client_order_id, accepted.correlation_id) == (order.client_order_id, "c1")
    heard = desk.ear.all_until(OrderReport, lambda report: report.status is OrderStatus.FILLED)
    fills = [message for message in heard if isinstance(message, FillReport)]
    assert sum((fill.quantity for fill in fills), Decimal(0)) == Decimal("0.01")
    assert {fill.venue_order_id for fill in fills} == {accepted.venue_order_id}
    assert all(fill.fee > 0 and fill.fee_currency == "USDT" and fill.price > 0 for fill in fills)
    assert heard.index(fills[-1]) < len(heard) - 1


def test_a_fill_that_the_stream_swallows_is_told_from_the_answer(desk: Desk, venue: VenueUnderTest) -> None:
    venue.lose_events()
    order = desk.submit()
    desk.ear.wait_for(OrderAccepted)
    told = desk.ear.wait_for(OrderReport)
    assert (told.client_order_id, told.status, told.filled_quantity) == (
        order.client_order_id,
        OrderStatus.FILLED,
        Decimal("0.01"),
    )


def test_an_opened_position_is_reported_with_its_leverage_and_gone_after_its_close(desk: Desk) -> None:
    desk.venue.request(SetLeverage(account=MAIN, symbol=BTC, leverage=7, position_id=PositionId("p")))
    assert desk.ear.wait_for(SettingApplied).leverage == 7
    desk.submit()
    desk.ear.wait_for(FillReport)
    desk.venue.request(FetchPositions(account=MAIN, request_id="r1"))
    report = desk.ear.wait_for(PositionsReport)
    assert report.request_id == "r1"
    assert [(row.symbol, row.side, row.quantity, row.leverage) for row in report.positions] == [
        (BTC, PositionSide.LONG, Decimal("0.01"), 7)
    ]
    assert 0 < report.begun_ns <= report.ts_init
    desk.reduce()
    desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.FILLED and each.side is Side.SELL)
    desk.venue.request(FetchPositions(account=MAIN, request_id="r2"))
    assert desk.ear.wait_for(PositionsReport).positions == ()


def test_a_reducing_order_without_a_position_is_rejected_and_never_flips(desk: Desk) -> None:
    desk.reduce()
    rejected = desk.ear.wait_for(OrderRejected)
    assert rejected.reason is RejectReason.REDUCE_ONLY


def test_a_limit_order_rests_is_listed_and_is_canceled(desk: Desk) -> None:
    order = desk.submit(kind=OrderKind.LIMIT, limit_price=Decimal(50_000))
    desk.ear.wait_for(OrderAccepted)
    desk.venue.request(FetchOpenOrders(account=MAIN, request_id="r"))
    listed = desk.ear.wait_for(OpenOrdersReport)
    assert [(each.client_order_id, each.status) for each in listed.orders] == [
        (order.client_order_id, OrderStatus.WORKING)
    ]
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=order.client_order_id))
    ended = desk.ear.wait_for(OrderReport, lambda report: report.status is OrderStatus.CANCELED)
    assert ended.filled_quantity == 0


def test_a_cancel_of_a_filled_order_is_rejected_and_a_query_tells_why(desk: Desk) -> None:
    order = desk.submit()
    desk.ear.wait_for(FillReport)
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=order.client_order_id))
    assert desk.ear.wait_for(CancelRejected).client_order_id == order.client_order_id
    desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=order.client_order_id))
    found = desk.ear.wait_for(OrderReport, lambda report: report.queried)
    assert (found.status, found.filled_quantity) == (OrderStatus.FILLED, Decimal("0.01"))


def test_an_order_that_never_existed_is_not_found(desk: Desk) -> None:
    for conditional in (False, True):
        desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=desk.new_id(), conditional=conditional))
        assert desk.ear.wait_for(OrderNotFound).symbol == BTC


def test_of_an_order_that_never_existed_there_are_no_fills_rather_than_an_unknown_number(desk: Desk) -> None:
    for conditional in (False, True):
        name = desk.new_id()
        desk.venue.request(
            FetchFills(account=MAIN, symbol=BTC, client_order_id=name, conditional=conditional, since_ns=1)
        )
        assert desk.ear.wait_for(OrderNotFound).client_order_id == name


def test_fills_are_fetched_by_either_id_and_counted(desk: Desk) -> None:
    order = desk.submit()
    accepted = desk.ear.wait_for(OrderAccepted)
    desk.ear.wait_for(FillReport)
    desk.ear.heard.clear()
    for venue_order_id in (None, accepted.venue_order_id):
        desk.venue.request(
            FetchFills(
                account=MAIN,
                symbol=BTC,
                client_order_id=order.client_order_id,
                since_ns=1,
                venue_order_id=venue_order_id,
            )
        )
        heard = desk.ear.all_until(FillsFetched)
        # That the order is filled is told by its answer and by the stream, and may come in between.
        heard = [message for message in heard if not isinstance(message, OrderReport)]
        assert [type(message) for message in heard] == [FillReport, FillsFetched]
        assert isinstance(heard[-1], FillsFetched)
        assert heard[-1].filled_quantity == Decimal("0.01")


def test_an_expired_order_is_rejected_and_never_sent(desk: Desk) -> None:
    order = desk.submit(expires_at_ns=1)
    rejected = desk.ear.wait_for(OrderRejected)
    assert (rejected.client_order_id, rejected.reason) == (order.client_order_id, RejectReason.EXPIRED)
    desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=order.client_order_id))
    assert desk.ear.wait_for(OrderNotFound).client_order_id == order.client_order_id


def test_refusals_say_why_in_our_words(desk: Desk) -> None:
    refused = [
        (desk.submit(quantity=Decimal("0.0001234")), RejectReason.FILTER),
        (desk.submit(quantity=Decimal(100)), RejectReason.INSUFFICIENT_MARGIN),
        (desk.submit(symbol=Symbol("NOSUCHUSDT")), RejectReason.SYMBOL),
        (desk.stop_loss("90000"), RejectReason.WOULD_TRIGGER),
    ]
    heard = {}
    for _ in refused:
        rejected = desk.ear.wait_for(OrderRejected)
        heard[rejected.client_order_id] = rejected.reason
    assert heard == {order.client_order_id: reason for order, reason in refused}


def test_an_impossible_leverage_is_refused_for_certain(desk: Desk) -> None:
    desk.venue.request(SetLeverage(account=MAIN, symbol=BTC, leverage=1000, position_id=PositionId("p")))
    refused = desk.ear.wait_for(SettingRefused)
    assert (refused.unknown, refused.leverage) == (False, 1000)
    assert refused.text


def test_a_client_id_that_is_already_open_is_adopted(desk: Desk) -> None:
    order = desk.submit(kind=OrderKind.LIMIT, limit_price=Decimal(50_000))
    first = desk.ear.wait_for(OrderAccepted)
    desk.submit(SubmitOpening, client_order_id=order.client_order_id, kind=OrderKind.LIMIT, limit_price=Decimal(50_000))
    second = desk.ear.wait_for(OrderAccepted)
    assert second.venue_order_id == first.venue_order_id


def test_a_post_only_entry_rests_and_one_that_would_trade_is_refused(desk: Desk, venue: VenueUnderTest) -> None:
    resting = desk.submit(kind=OrderKind.LIMIT, limit_price=Decimal(50_000), post_only=True)
    desk.ear.wait_for(OrderAccepted, lambda report: report.client_order_id == resting.client_order_id)
    assert venue.resting() == 1
    crossing = desk.submit(kind=OrderKind.LIMIT, limit_price=Decimal(61_000), post_only=True)
    refused = desk.ear.wait_for(OrderRejected, lambda report: report.client_order_id == crossing.client_order_id)
    assert refused.code == "-5022"
    assert venue.held() == 0


def test_a_position_is_closed_in_part_and_then_whole(desk: Desk, venue: VenueUnderTest) -> None:
    desk.submit(quantity=Decimal("0.03"))
    desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.FILLED)
    for quantity, left in (("0.01", "0.02"), ("0.02", "0")):
        closing = desk.reduce(quantity=Decimal(quantity))
        ended = desk.ear.wait_for(OrderReport, lambda each: each.side is Side.SELL and each.status.ended)
        assert (ended.client_order_id, ended.filled_quantity) == (closing.client_order_id, Decimal(quantity))
        desk.ear.heard.clear()
        assert venue.held() == Decimal(left)


def test_the_ids_of_our_orders_are_ones_that_the_venue_takes(desk: Desk, venue: VenueUnderTest) -> None:
    pattern = venue.settings().dialect.capabilities.client_order_id
    assert all(re.fullmatch(pattern, name) for name in (desk.new_id(), f"flatten{secrets.token_hex(8)}"))
