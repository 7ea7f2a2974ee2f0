"""The account's modes are switched at the venue while it is flat: read again on a refusal's hint, told, and mended."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.exchange import modes
from adapters.exchange.binance.instruments import others
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms
from messages.reports import AccountModes, OrderRejected, PositionsReport, VenueDown, VenueUp
from messages.requests import FetchPositions
from messages.types import MarginMode, ModeFault, PositionMode
from tests.exchange.desk_side import MAIN, adapter, desk_on, plan, settings_for, settle, trade_by_hand, venue_answers


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modes, "HINTED_LEAST_S", 0.02)
    monkeypatch.setattr(modes, "FAULTY_S", 0.05)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as entered:
        yield entered


def switch(server: EmbeddedServer, *, hedge: bool) -> None:
    venue_answers(server, "POST", "/fapi/v1/positionSide/dual", dualSidePosition=str(hedge).lower())


def test_hedge_mode_switched_on_while_flat_is_told_on_the_first_refusal_and_told_when_it_is_over(
    server: EmbeddedServer, stack: ExitStack
) -> None:
    desk = stack.enter_context(desk_on(server))
    assert desk.ear.wait_for(AccountModes).fault is None
    switch(server, hedge=True)
    order = desk.submit()
    desk.ear.wait_for(OrderRejected, lambda report: report.client_order_id == order.client_order_id)
    told = desk.ear.wait_for(AccountModes)
    assert (told.position_mode, told.fault) == (PositionMode.HEDGE, ModeFault.POSITION_MODE)
    switch(server, hedge=False)
    assert desk.ear.wait_for(AccountModes).fault is None


def test_a_mode_that_differs_at_the_first_connect_is_told_as_such_and_when_it_is_over(
    server: EmbeddedServer, stack: ExitStack
) -> None:
    switch(server, hedge=True)
    desk = stack.enter_context(adapter(settings_for(server)))
    told = desk.ear.wait_for(AccountModes)
    assert (told.position_mode, told.fault) == (PositionMode.HEDGE, ModeFault.POSITION_MODE)
    assert desk.ear.wait_for(VenueDown).fault is ModeFault.POSITION_MODE
    switch(server, hedge=False)
    desk.ear.wait_for(VenueUp)
    assert desk.ear.wait_for(AccountModes).fault is None


def test_an_outage_that_ends_in_another_mode_is_told_as_that(server: EmbeddedServer, stack: ExitStack) -> None:
    switch(server, hedge=True)
    plan(server, {"kind": "RESET", "path": "/fapi/v1/time", "count": 3})
    desk = stack.enter_context(adapter(settings_for(server)))
    assert desk.ear.wait_for(VenueDown).fault is None
    assert desk.ear.wait_for(VenueDown).fault is ModeFault.POSITION_MODE


def test_a_mode_that_is_ours_to_set_is_set_back_and_told(server: EmbeddedServer, stack: ExitStack) -> None:
    desk = stack.enter_context(desk_on(server, position_mode=PositionMode.HEDGE, set_position_mode=True))
    desk.ear.wait_for(AccountModes)
    switch(server, hedge=False)
    desk.submit()
    told = desk.ear.wait_for(AccountModes)
    assert (told.position_mode, told.fault, told.restored) == (PositionMode.HEDGE, None, True)


def test_isolated_margin_under_joined_assets_is_told(server: EmbeddedServer, stack: ExitStack) -> None:
    venue_answers(server, "POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
    desk = stack.enter_context(desk_on(server, margin_mode=MarginMode.ISOLATED))
    told = desk.ear.wait_for(AccountModes)
    assert (told.multi_assets, told.fault) == (True, ModeFault.ISOLATED_UNDER_MULTI_ASSETS)
    venue_answers(server, "POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="false")
    assert desk.ear.wait_for(AccountModes).fault is None


def test_joined_assets_are_told_by_the_stream_too(server: EmbeddedServer, stack: ExitStack) -> None:
    desk = stack.enter_context(desk_on(server))
    assert desk.ear.wait_for(AccountModes).multi_assets is False
    venue_answers(server, "POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
    told = desk.ear.wait_for(AccountModes)
    assert (told.multi_assets, told.fault) == (True, None)


def test_a_server_without_that_answer_tells_the_position_mode_alone(server: EmbeddedServer, stack: ExitStack) -> None:
    plan(
        server, {"kind": "STATUS", "path": "/accountConfig", "status": 404, "code": -5000, "message": "no", "count": 0}
    )
    desk = stack.enter_context(adapter(settings_for(server)))
    told = desk.ear.wait_for(AccountModes)
    assert (told.position_mode, told.multi_assets, told.fault) == (PositionMode.ONE_WAY, None, None)


def test_what_the_venue_lists_in_another_kind_is_named_and_its_positions_are_read() -> None:
    gold = replace(DEFAULT_INSTRUMENTS[0], symbol="XAUUSDT", base="XAU", contract_type="TRADIFI_PERPETUAL")
    dated = replace(DEFAULT_INSTRUMENTS[0], symbol="BTCUSDT_261225", contract_type="CURRENT_QUARTER")
    script = replace(DEFAULT_INSTRUMENTS[0], symbol="币安人生USDT", base="币安人生")
    venue = PaperVenue(seed=1, now_ms=wall_clock_ms(), instruments=(*DEFAULT_INSTRUMENTS, gold, dated, script))
    with serve_in_thread(lambda: PaperServer(venue, tick_ms=0)) as server:
        with desk_on(server) as desk:
            trade_by_hand(server, account="main", symbol="XAUUSDT", side="BUY", quantity="0.5")
            desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
            report = desk.ear.wait_for(PositionsReport, lambda each: each.request_id == "r")
            assert [(row.symbol, row.quantity) for row in report.positions] == [("XAUUSDT", Decimal("0.5"))]
        with adapter(settings_for(server)) as desk:
            up = desk.ear.wait_for(VenueUp)
            assert [(each.symbol, each.kind) for each in up.others] == [
                ("BTCUSDT_261225", "CURRENT_QUARTER"), ("XAUUSDT", "TRADIFI_PERPETUAL"), ("币安人生USDT", "PERPETUAL"),
            ]  # fmt: skip
            assert not {each.symbol for each in up.others} & {each.symbol for each in up.instruments}
        settle(server)


def test_a_contract_of_an_unknown_kind_or_without_any_is_another_one() -> None:
    good = {
        "symbol": "BTCUSDT", "contractType": "PERPETUAL", "status": "TRADING", "filters": [
            {"filterType": "LOT_SIZE", "stepSize": "1", "minQty": "1", "maxQty": "1"},
            {"filterType": "PRICE_FILTER", "tickSize": "1"},
        ],
    }  # fmt: skip
    odd = [{"symbol": "A", "contractType": "X" * 99}, {"symbol": "B"}, {"symbol": "C", "contractType": []}, {}]
    unreadable = {**good, "symbol": "D", "filters": []}
    found = {each.symbol: each.kind for each in others({"symbols": [good, *odd, unreadable]})}
    assert found == {"A": "X" * 40, "B": "", "D": "PERPETUAL"}
