"""The contract of an account: coming up, modes, stream, marks, rules, fundings, and what the venue does by itself."""

import asyncio
from decimal import Decimal

import pytest

from adapters.exchange.flatten import Flatten, Flattened
from adapters.exchange.session import Session
from messages.reconciliation import FetchTrades, TradesReport
from messages.reports import (
    BalanceReport,
    FillReport,
    FundingReport,
    LeverageChanged,
    MarkReport,
    OrderAccepted,
    OrderReport,
    PositionsReport,
    RulesReport,
    StrayEvent,
    StreamDown,
    StreamUp,
    VenueDown,
    VenueUp,
)
from messages.requests import FetchBalance, FetchPositions
from messages.types import FillCause, OrderKind, OrderStatus, PositionMode, PositionSide, Side, Symbol
from tests.exchange.contract.venue import VenueUnderTest
from tests.exchange.desk_side import BTC, MAIN, Desk, WallClock, adapter, adapter_up

ETH = Symbol("ETHUSDT")


def test_coming_up_tells_instruments_mode_and_the_window_in_which_a_request_is_valid(venue: VenueUnderTest) -> None:
    with adapter(venue.settings()) as desk:
        up = desk.ear.wait_for(VenueUp)
        desk.ear.wait_for(StreamUp)
    btc = next(each for each in up.instruments if each.symbol == BTC)
    assert (btc.quantity_step, btc.price_step, btc.trading) == (Decimal("0.001"), Decimal("0.1"), True)
    assert btc.min_quantity > 0
    assert btc.max_market_quantity > 0
    assert up.position_mode is PositionMode.ONE_WAY
    assert up.validity_window_ms >= 5_000
    assert up.trailing is not None
    assert btc.quote
    assert up.venue_identity == venue.settings().identity


def test_a_position_mode_other_than_configured_says_what_to_do(venue: VenueUnderTest) -> None:
    with adapter(venue.settings(position_mode=PositionMode.HEDGE)) as desk:
        down = desk.ear.wait_for(VenueDown)
        assert "position_mode: one_way" in down.cause
        venue.hedge()
        assert desk.ear.wait_for(VenueUp).position_mode is PositionMode.HEDGE


def test_in_hedge_mode_both_legs_live_side_by_side_and_reducing_reduces_its_own(venue: VenueUnderTest) -> None:
    venue.hedge()
    with adapter_up(venue.settings(position_mode=PositionMode.HEDGE)) as desk:
        desk.submit()
        desk.submit(side=Side.SELL, position_side=PositionSide.SHORT, quantity=Decimal("0.03"))
        for _ in range(2):
            desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.FILLED)
        desk.reduce()
        desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.FILLED)
        stop = desk.stop_loss("63000", side=Side.BUY, position_side=PositionSide.SHORT, quantity=Decimal("0.03"))
        desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == stop.client_order_id)
        desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
        rows = desk.ear.wait_for(PositionsReport).positions
        assert [(row.side, row.quantity) for row in rows] == [(PositionSide.SHORT, Decimal("0.03"))]


def test_after_the_socket_is_cut_there_is_one_gap_and_the_stream_goes_on(desk: Desk, venue: VenueUnderTest) -> None:
    venue.cut_stream()
    heard = desk.ear.all_until(StreamUp)
    assert [type(each) for each in heard if isinstance(each, StreamDown)] == [StreamDown]
    desk.submit()
    assert desk.ear.wait_for(FillReport).quantity > 0


def test_a_leverage_changed_outside_is_told(desk: Desk, venue: VenueUnderTest) -> None:
    venue.leverage_by_hand(9)
    changed = desk.ear.wait_for(LeverageChanged)
    assert (changed.symbol, changed.leverage) == (BTC, 9)


def test_the_mark_of_every_symbol_is_told_at_the_start_as_openings_are_checked_against_it(
    venue: VenueUnderTest,
) -> None:
    with adapter(venue.settings()) as desk:
        heard = desk.ear.all_until(StreamUp)
    listed = {each.symbol for report in heard if isinstance(report, VenueUp) for each in report.instruments}
    marks = {report.symbol: report.mark_price for report in heard if isinstance(report, MarkReport)}
    assert marks.keys() == listed
    assert marks[BTC] > 50_000


def test_marks_keep_coming_for_the_symbols_we_trade(desk: Desk, venue: VenueUnderTest) -> None:
    desk.submit()
    desk.ear.wait_for(FillReport)
    told: set[Decimal] = set()
    # The market socket opens beside the account's; a price moved before it is open is nobody's.
    for step in range(500):
        venue.price(str(61_000 + step))
        marks = [each for each in desk.ear.peek() if isinstance(each, MarkReport) and each.symbol == BTC]
        told = {mark.mark_price for mark in marks if mark.mark_price >= 61_000}
        if len(told) > 1:
            break
    assert len(told) > 1, "one after the other, and not only the first"


def test_a_trade_by_hand_names_no_order_of_ours(desk: Desk, venue: VenueUnderTest) -> None:
    venue.trade_by_hand("buy", "0.02")
    assert desk.ear.wait_for(StrayEvent).why
    desk.venue.request(FetchTrades(account=MAIN, request_id="r", symbol=BTC, since_ns=1))
    [trade] = desk.ear.wait_for(TradesReport).trades
    assert (trade.quantity, trade.side, trade.cause) == (Decimal("0.02"), Side.BUY, None)


def test_the_balance_is_told_with_its_currency(desk: Desk) -> None:
    desk.venue.request(FetchBalance(account=MAIN, request_id="b"))
    told = desk.ear.wait_for(BalanceReport)
    assert (told.request_id, bool(told.currency), told.wallet > 0) == ("b", True, True)


def test_a_funding_is_told_by_its_symbol_and_amount(desk: Desk, venue: VenueUnderTest) -> None:
    desk.submit()
    desk.ear.wait_for(FillReport)
    venue.fund()
    paid = desk.ear.wait_for(FundingReport)
    assert (paid.symbol, paid.amount < 0, bool(paid.currency)) == (BTC, True, True)


@pytest.mark.parametrize("cause", [FillCause.DELEVERAGING, FillCause.SETTLEMENT])
def test_what_the_venue_closes_by_itself_is_told_with_its_cause_by_stream_and_by_trades(
    desk: Desk, venue: VenueUnderTest, cause: FillCause
) -> None:
    bought = desk.submit(quantity=Decimal("0.03"))
    desk.ear.wait_for(FillReport, lambda each: each.client_order_id == bought.client_order_id)
    if cause is FillCause.DELEVERAGING:
        venue.deleverage("0.03")
    else:
        venue.settle()
    closed = desk.ear.wait_for(FillReport, lambda each: each.client_order_id != bought.client_order_id)
    assert (closed.cause, closed.side, closed.quantity) == (cause, Side.SELL, Decimal("0.03"))
    desk.venue.request(FetchTrades(account=MAIN, request_id="r", symbol=BTC, since_ns=1))
    trades = desk.ear.wait_for(TradesReport).trades
    assert {trade.cause for trade in trades} == {None, cause}


def test_rules_that_change_without_a_word_are_read_when_they_are_old(venue: VenueUnderTest) -> None:
    with adapter_up(venue.settings(rules_max_age_ms=50)) as desk:
        venue.coarser()
        told = desk.ear.wait_for(RulesReport)
    assert next(each for each in told.instruments if each.symbol == BTC).quantity_step == Decimal("0.01")


def test_a_delisted_symbol_is_missing_from_the_rules(venue: VenueUnderTest) -> None:
    with adapter_up(venue.settings(rules_max_age_ms=50)) as desk:
        venue.settle()
        told = desk.ear.wait_for(RulesReport)
    assert {each.symbol for each in told.instruments} & {BTC, ETH} == {ETH}


def test_breaking_the_glass_closes_positions_and_orders_of_every_kind(venue: VenueUnderTest) -> None:
    with adapter_up(venue.settings()) as desk:
        desk.submit(quantity=Decimal("0.05"))
        desk.stop_loss("58000", quantity=Decimal("0.05"))
        desk.submit(kind=OrderKind.LIMIT, limit_price=Decimal(50_000))
        for _ in range(3):
            desk.ear.wait_for(OrderAccepted)
    said: list[str] = []

    async def run() -> Flattened:
        session = Session(venue.settings(), WallClock())
        try:
            flatten = Flatten(MAIN, session, said.append, pause=lambda _: asyncio.sleep(0.02))
            return await flatten.run(PositionMode.ONE_WAY, 20)
        finally:
            await session.close()

    result = asyncio.run(run())
    assert (result.flat, bool(venue.held()), venue.resting()) == (True, False, 0), said
