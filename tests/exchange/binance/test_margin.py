"""Cross or isolated: set where nothing is open, told where it cannot be, and nothing opened in the other mode."""

import time
from decimal import Decimal

import pytest

from adapters.exchange import margin
from adapters.paper.server import EmbeddedServer, PaperServer
from messages.reports import (
    FillReport,
    LeverageChanged,
    NotExecuted,
    OrderAccepted,
    OrderRejected,
    PositionsReport,
    VenueDown,
    VenueUp,
)
from messages.requests import FetchPositions
from messages.types import MarginMode, ModeFault, PositionMode, Symbol
from tests.exchange.desk_side import (
    BTC,
    MAIN,
    PATIENCE_S,
    adapter,
    desk_on,
    plan,
    settings_for,
    trade_by_hand,
    venue_answers,
)

ETH = Symbol("ETHUSDT")


def isolated(server: EmbeddedServer) -> dict[str, bool]:
    """Symbol -> whether its margin is isolated, as the venue's model has it: asking costs no weight."""

    def read(paper: PaperServer) -> dict[str, bool]:
        venue = paper.live.venue
        return {symbol: venue.account_named().settings_of(symbol).isolated for symbol in venue.exchange.markets}

    return server.call(read)


def wait_until_all_are_isolated(server: EmbeddedServer) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not all(isolated(server).values()):
        assert time.monotonic() < deadline_s, isolated(server)


def test_every_symbol_is_set_at_the_start_and_positions_are_then_isolated(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(margin, "PACE_S", 0)
    with desk_on(server, margin_mode=MarginMode.ISOLATED) as desk:
        wait_until_all_are_isolated(server)
        desk.submit()
        desk.ear.wait_for(FillReport)
        desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
        assert [row.isolated for row in desk.ear.wait_for(PositionsReport).positions] == [True]


def test_without_a_configured_mode_nothing_is_set_and_the_start_says_so(server: EmbeddedServer) -> None:
    with adapter(settings_for(server)) as desk:
        assert desk.ear.wait_for(VenueUp).margin_mode is None
        desk.submit()
        desk.ear.wait_for(OrderAccepted)
    assert not any(isolated(server).values())


def test_who_only_watches_sets_nothing(server: EmbeddedServer) -> None:
    with desk_on(server, margin_mode=MarginMode.ISOLATED, watch_only=True) as desk:
        desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
        desk.ear.wait_for(PositionsReport)
        assert not any(isolated(server).values())


def test_where_a_position_is_open_in_the_other_mode_it_stays_and_nothing_is_opened_there(
    server: EmbeddedServer,
) -> None:
    trade_by_hand(server, symbol="BTCUSDT", side="BUY", quantity="0.02")
    with desk_on(server, margin_mode=MarginMode.ISOLATED) as desk:
        assert desk.submit(quantity=Decimal("0.01")).symbol == BTC
        refused = desk.ear.wait_for(OrderRejected)
        assert refused.code == "-4048"
        assert "BTCUSDT is not in margin mode isolated" in refused.text
        assert "Close what is open" in refused.text
        desk.reduce(quantity=Decimal("0.02"))
        desk.ear.wait_for(OrderAccepted)
        desk.submit(symbol=ETH)
        assert desk.ear.wait_for(FillReport, lambda fill: fill.symbol == ETH).quantity
        desk.submit()
        assert desk.ear.wait_for(FillReport, lambda fill: fill.side == "buy" and fill.symbol == BTC).quantity
    assert isolated(server)["BTCUSDT"]


def test_a_mode_changed_outside_is_set_back_before_the_next_opening(server: EmbeddedServer) -> None:
    with desk_on(server, margin_mode=MarginMode.CROSS) as desk:
        venue_answers(server, "POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
        venue_answers(server, "POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="9")
        desk.ear.wait_for(LeverageChanged)  # its event comes after that of the mode
        desk.submit()
        desk.ear.wait_for(FillReport)
    assert not isolated(server)["BTCUSDT"]


@pytest.mark.parametrize("fault", ["RESET", "HTML_200"])
def test_an_opening_whose_margin_mode_could_not_be_set_was_not_sent(server: EmbeddedServer, fault: str) -> None:
    plan(server, {"kind": fault, "path": "/marginType", "count": 0})
    with desk_on(server, margin_mode=MarginMode.ISOLATED) as desk:
        desk.submit()
        assert desk.ear.wait_for(NotExecuted).retry_after_ms > 0
        plan(server)
        desk.submit()
        desk.ear.wait_for(FillReport)
    assert isolated(server)["BTCUSDT"]


def test_a_position_mode_that_cannot_be_set_because_of_an_open_position_says_why(server: EmbeddedServer) -> None:
    trade_by_hand(server, symbol="BTCUSDT", side="BUY", quantity="0.02")
    with adapter(settings_for(server, position_mode=PositionMode.HEDGE, set_position_mode=True)) as desk:
        down = desk.ear.wait_for(VenueDown)
    assert "in position mode one_way, the configuration says hedge" in down.cause
    assert "while the account is flat" in down.cause
    assert "-4068" in down.cause
    assert down.fault is ModeFault.POSITION_MODE
