"""What a venue does to those who trade there: limits, filters, halted symbols, warnings. Through the real client."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange.binance.codes import CODES as BINANCE_USDM
from adapters.paper.server import EmbeddedServer
from messages.reports import (
    CancelRejected,
    FillReport,
    MarginCall,
    OrderAccepted,
    OrderRejected,
    OrderReport,
    RulesReport,
    VenueUp,
)
from messages.requests import CancelOrder, SubmitOrder
from messages.types import Instrument, OrderKind, OrderStatus, PositionSide, RejectReason, Symbol
from tests.exchange.desk_side import BTC, MAIN, Desk, desk_on, plan

ETH = Symbol("ETHUSDT")


def refused(desk: Desk, submit: SubmitOrder) -> OrderRejected:
    return desk.ear.wait_for(OrderRejected, lambda each: each.client_order_id == submit.client_order_id)


def accepted(desk: Desk, submit: SubmitOrder) -> OrderAccepted:
    return desk.ear.wait_for(OrderAccepted, lambda each: each.client_order_id == submit.client_order_id)


def rules_of(report: RulesReport | VenueUp, symbol: Symbol = BTC) -> Instrument:
    [found] = [instrument for instrument in report.instruments if instrument.symbol == symbol]
    return found


def limit(price: str) -> dict[str, Any]:
    return {"kind": OrderKind.LIMIT, "limit_price": Decimal(price)}


WRONG: dict[str, tuple[Callable[[Desk], SubmitOrder], str]] = {
    "a limit to buy far above the mark": (lambda desk: desk.submit(**limit("63000.1")), "-4016"),
    "a limit above the highest price": (lambda desk: desk.submit(**limit("6000000.1")), "-4002"),
    "a stop above the market maximum": (lambda desk: desk.stop_loss("58000", quantity=Decimal("120.001")), "-4005"),
    "a quantity off the step": (lambda desk: desk.submit(quantity=Decimal("0.0105")), "-1111"),
    "less than the least notional": (lambda desk: desk.submit(quantity=Decimal("0.001")), "-4164"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_a_filter_refuses_is_certainly_not_there_and_has_the_venues_code(case: str, desk: Desk) -> None:
    send, code = WRONG[case]
    answer = refused(desk, send(desk))
    assert (answer.reason, answer.code) == (RejectReason.FILTER, code)


def test_one_stop_more_than_the_venue_takes_is_refused_by_its_limit(desk: Desk, server: EmbeddedServer) -> None:
    server.tell("rules", "BTCUSDT", {"max_algo_orders": "2"})
    desk.submit()
    for price in ("58000", "57000"):
        accepted(desk, desk.stop_loss(price))
    answer = refused(desk, desk.stop_loss("56000"))
    assert (answer.reason, answer.code) == (RejectReason.LIMIT_REACHED, "-4045")


def test_a_resting_order_that_would_close_it_already_blocks_a_close_until_it_is_gone(
    desk: Desk, server: EmbeddedServer
) -> None:
    plan(server, reduce_only_sum_check=True)
    desk.submit()
    target = desk.reduce(**limit("62000"))
    accepted(desk, target)
    answer = refused(desk, desk.reduce())
    assert (answer.reason, answer.code) == (RejectReason.BLOCKED, "-4118")
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=target.client_order_id))
    desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.CANCELED)
    close = desk.reduce()
    assert desk.ear.wait_for(FillReport, lambda each: each.client_order_id == close.client_order_id).quantity > 0


def test_a_halted_symbol_is_told_at_the_first_refusal_and_the_others_trade_on(
    desk: Desk, server: EmbeddedServer
) -> None:
    server.tell("rules", "BTCUSDT", {"status": "BREAK"})
    assert refused(desk, desk.submit()).reason is RejectReason.SYMBOL
    told = desk.ear.wait_for(RulesReport)
    assert (rules_of(told).trading, rules_of(told, ETH).trading) == (False, True)
    other = desk.submit(symbol=ETH, quantity=Decimal("0.1"))
    assert desk.ear.wait_for(FillReport, lambda each: each.client_order_id == other.client_order_id).symbol == ETH


def test_rules_that_change_without_a_word_are_read_when_they_are_old(server: EmbeddedServer) -> None:
    with desk_on(server, rules_max_age_ms=50) as desk:
        server.tell("rules", "BTCUSDT", {"step_size": "0.01", "market_max_quantity": "60", "multiplier_up": "1.1"})
        rules = rules_of(desk.ear.wait_for(RulesReport))
    assert (rules.quantity_step, rules.min_quantity) == (Decimal("0.01"), Decimal("0.01"))
    assert (rules.max_market_quantity, rules.price_up) == (Decimal(60), Decimal("1.1"))


def test_a_margin_call_names_the_position_and_the_venues_numbers(desk: Desk, server: EmbeddedServer) -> None:
    desk.submit(quantity=Decimal(10))
    desk.ear.wait_for(OrderReport, lambda each: each.status is OrderStatus.FILLED)
    server.tell("price", "BTCUSDT", "50310")
    call = desk.ear.wait_for(MarginCall)
    assert (call.symbol, call.side) == (BTC, PositionSide.LONG)
    assert "quantity 10" in call.text
    assert "mark price 50310" in call.text


def test_a_stop_that_is_being_triggered_cannot_be_canceled_and_that_is_no_end_of_it(
    desk: Desk, server: EmbeddedServer
) -> None:
    server.tell("faults", {"quirks": {"trigger_delay_ms": 600_000}})
    desk.submit()
    stop = desk.stop_loss("58000")
    accepted(desk, stop)
    server.tell("price", "BTCUSDT", "57000")
    desk.venue.request(CancelOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=True))
    assert desk.ear.wait_for(CancelRejected).code == "-4117"


def test_a_limit_of_orders_is_not_one_of_positions() -> None:
    """-2025 and -4045 count what rests, -2027 is about what is held at this leverage."""
    limits = (RejectReason.LIMIT_REACHED, RejectReason.POSITION_LIMIT)
    found = {reason: sorted(c for c, r in BINANCE_USDM.rejected.items() if r is reason) for reason in limits}
    assert found == {RejectReason.LIMIT_REACHED: ["-2025", "-4045"], RejectReason.POSITION_LIMIT: ["-2027"]}
