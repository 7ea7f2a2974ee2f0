"""Coming up, going down, gaps in the stream, and what is said meanwhile."""

import asyncio
import gc
import json
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from actors.ports import Venue
from adapters.exchange.client import CcxtVenue
from adapters.exchange.settings import Backoff, ExchangeSettings
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms
from adapters.secret import MASK, Secret
from messages.reports import (
    BudgetUsed,
    FetchFailed,
    FillReport,
    NotExecuted,
    OrderAccepted,
    OrderRejected,
    OutcomeUnknown,
    QueryFailed,
    SettingRefused,
    StrayEvent,
    StreamDown,
    StreamUp,
    VenueDown,
    VenueUp,
)
from messages.requests import FetchFills, FetchPositions, QueryOrder, SetLeverage
from messages.types import PositionId, RateKind, RateLimit
from tests.exchange.desk_side import (
    BTC,
    MAIN,
    PATIENCE_S,
    Desk,
    Ear,
    WallClock,
    adapter,
    desk_on,
    held,
    paper,
    plan,
    settings_for,
    settle,
    venue_answers,
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def paper_at(port: int) -> Iterator[EmbeddedServer]:
    venue = PaperVenue(seed=1, now_ms=wall_clock_ms())
    with serve_in_thread(lambda: PaperServer(venue, port=port, tick_ms=0)) as server:
        yield server
        settle(server)
    # A client that keeps dialing while the server stops: the socket it accepted last is not closed by it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def keys() -> tuple[str, str]:
    venue = PaperVenue(seed=1, now_ms=0)
    return venue.default_api_key, str(venue.secret_of(venue.default_api_key))


def settings_at(port: int, **fields: Any) -> ExchangeSettings:
    key, secret = keys()
    values: dict[str, Any] = {
        "exchange": "binanceusdm",
        "api_key": Secret(key),
        "api_secret": Secret(secret),
        "base_url": f"http://127.0.0.1:{port}",
        "timeout_ms": 5_000,
        "probe_interval_ms": 60_000,
        "backoff_min_ms": 10,
        "backoff_max_ms": 50,
    }
    return ExchangeSettings(**{**values, **fields})


def test_with_nothing_listening_it_says_so_once_answers_every_request_and_comes_up_by_itself() -> None:
    port = free_port()
    with adapter(settings_at(port)) as desk:
        down = desk.ear.wait_for(VenueDown)
        assert "Connect call failed" in down.cause, "why nobody is there, not only what was asked"
        order = desk.submit()
        refused = desk.ear.wait_for(NotExecuted)
        assert (refused.client_order_id, refused.throttled) == (order.client_order_id, False)
        desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=order.client_order_id))
        assert desk.ear.wait_for(QueryFailed).retry_after_ms > 0
        desk.venue.request(FetchFills(account=MAIN, symbol=BTC, client_order_id=order.client_order_id, since_ns=1))
        assert desk.ear.wait_for(QueryFailed).cause
        desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
        assert desk.ear.wait_for(FetchFailed).request_id == "r"
        desk.venue.request(SetLeverage(account=MAIN, symbol=BTC, leverage=3, position_id=PositionId("p")))
        assert desk.ear.wait_for(SettingRefused).unknown
        with paper_at(port):
            heard = desk.ear.all_until(StreamUp)
            assert not [each for each in heard if isinstance(each, VenueDown | StreamDown)]
            assert [type(each) for each in heard if isinstance(each, VenueUp)] == [VenueUp]
            desk.submit()
            assert desk.ear.wait_for(OrderAccepted).venue_order_id


def test_a_venue_that_goes_away_is_down_once_and_up_again() -> None:
    port = free_port()
    with adapter(settings_at(port, probe_interval_ms=50)) as desk:
        with paper_at(port):
            desk.ear.wait_for(StreamUp)
        desk.ear.wait_for(StreamDown)
        desk.ear.wait_for(VenueDown)
        with paper_at(port):
            desk.ear.wait_for(VenueUp)
            desk.ear.wait_for(StreamUp)
            desk.submit()
            desk.ear.wait_for(FillReport)
            assert not [each for each in desk.ear.heard if isinstance(each, VenueDown | StreamDown)]


def test_a_request_that_meets_silence_finds_out_at_once_that_the_venue_is_down() -> None:
    port = free_port()
    with adapter(settings_at(port)) as desk:
        with paper_at(port):
            desk.ear.wait_for(StreamUp)
        order = desk.submit()
        before = desk.ear.all_until(VenueDown)
    # The order went nowhere, and whoever sent it knows so before anybody waits for the next look at the venue.
    answers = [each for each in before if isinstance(each, NotExecuted | OutcomeUnknown)]
    assert [answer.client_order_id for answer in answers] == [order.client_order_id]


def test_a_wrong_key_keeps_the_venue_down_and_the_reason_shows_no_key(server: EmbeddedServer) -> None:
    with adapter(settings_for(server, api_key=Secret("k" * 64))) as desk:
        down = desk.ear.wait_for(VenueDown)
    assert "-2015" in down.cause or "-2014" in down.cause
    assert "kkkk" not in down.cause


def test_a_key_that_is_revoked_while_it_works_makes_the_venue_down_once_with_its_reason(server: EmbeddedServer) -> None:
    with desk_on(server) as desk:
        server.tell("revoke", server.api_key)
        desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
        assert "-2015" in desk.ear.wait_for(FetchFailed).cause
        assert "-2015" in desk.ear.wait_for(VenueDown).cause
        assert not [each for each in desk.ear.heard if isinstance(each, VenueUp | VenueDown)]


def test_an_order_that_the_key_may_not_place_leaves_the_venue_up(desk: Desk, server: EmbeddedServer) -> None:
    refusal = {"kind": "STATUS", "status": 401, "code": -2015, "message": "Invalid API-key, IP, or permissions."}
    plan(server, {**refusal, "method": "POST", "path": "/order", "moment": "BEFORE_EFFECT"})
    desk.submit()
    desk.ear.wait_for(OrderRejected)
    plan(server)
    desk.submit()
    desk.ear.wait_for(FillReport)
    assert not [each for each in desk.ear.heard if isinstance(each, VenueDown)]


def test_an_expired_listen_key_is_a_gap_and_a_new_key_is_asked_for(desk: Desk, server: EmbeddedServer) -> None:
    plan(server, {"kind": "LISTEN_KEY_EXPIRY"})
    desk.submit()
    assert "expired" in desk.ear.wait_for(StreamDown).cause
    desk.ear.wait_for(StreamUp)
    plan(server)
    second = desk.submit()
    desk.ear.wait_for(FillReport, lambda fill: fill.client_order_id == second.client_order_id)


def test_a_listen_key_is_prolonged_as_often_as_configured_and_the_stream_goes_on() -> None:
    """Binance: "extends its validity for 60 minutes"; ours is prolonged every 20 unless configured otherwise."""
    assert (
        ExchangeSettings(exchange="binanceusdm", api_key=Secret(""), api_secret=Secret("")).listen_key_refresh_ms
        <= 30 * 60_000
    )
    with paper() as server, desk_on(server, listen_key_refresh_ms=20) as desk:
        account = server.call(lambda paper: paper.live.venue.account_named())
        first_ms = account.listen_key_until_ms
        deadline_s = time.monotonic() + PATIENCE_S
        while account.listen_key_until_ms < first_ms + 100:
            assert time.monotonic() < deadline_s
            server.call(lambda _: None)
        desk.submit()
        desk.ear.wait_for(FillReport)
        assert not [each for each in desk.ear.heard if isinstance(each, StreamDown)]


def test_reconnects_wait_longer_each_time_spread_by_lot_and_start_over_after_a_long_life() -> None:
    settings = settings_at(1, backoff_min_ms=100, backoff_max_ms=1_000)
    calm, hasty = Backoff(settings, lambda: 0.999), Backoff(settings, lambda: 0.0)
    assert [round(calm.next_s(), 1) for _ in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert [hasty.next_s() for _ in range(6)] == [0.05, 0.1, 0.2, 0.4, 0.5, 0.5]
    assert hasty.next_s(at_least_ms=7_000) == 7
    hasty.after(lived_s=1)
    assert hasty.next_s() == 0.5
    hasty.after(lived_s=24 * 3600)  # Binance ends every socket after 24 hours
    assert hasty.next_s() == 0.05


def test_a_wait_ends_when_what_it_waits_for_is_over_and_the_next_one_is_as_long_as_ever() -> None:
    async def waits() -> None:
        backoff = Backoff(settings_at(1, backoff_min_ms=60_000, backoff_max_ms=60_000), lambda: 0.0)
        for _ in range(2):
            waiting = asyncio.create_task(backoff.rest())
            done, _pending = await asyncio.wait({waiting}, timeout=0.01)
            assert not done
            backoff.hurry()
            await asyncio.wait_for(waiting, timeout=PATIENCE_S)

    asyncio.run(waits())


def test_when_the_venue_is_back_the_stream_is_opened_at_once_however_long_it_was_to_wait() -> None:
    port = free_port()
    with adapter(settings_at(port, probe_interval_ms=50)) as desk:
        with paper_at(port):
            desk.ear.wait_for(StreamUp)
            engine = desk.venue._engine
            assert engine is not None
            for rest in engine._socket_rests:
                rest._least_ms = rest._most_ms = int(PATIENCE_S * 4_000)
        desk.ear.wait_for(StreamDown)
        desk.ear.wait_for(VenueDown)
        with paper_at(port):
            desk.ear.wait_for(VenueUp)
            desk.ear.wait_for(StreamUp)


def test_a_key_that_the_venue_no_longer_knows_is_found_out_when_it_is_prolonged(server: EmbeddedServer) -> None:
    plan(server, {"kind": "STATUS", "code": -1125, "method": "PUT", "path": "/listenKey"})
    with desk_on(server, listen_key_refresh_ms=20) as desk:
        assert "-1125" in desk.ear.wait_for(StreamDown).cause
        desk.ear.wait_for(StreamUp)


def test_while_the_venue_asks_for_quiet_the_adapter_asks_nothing_of_its_own_accord(
    desk: Desk, server: EmbeddedServer
) -> None:
    plan(server, {"kind": "STATUS", "status": 429, "code": -1003, "retry_after_s": 1, "path": "/listenKey"})
    begun_s = time.monotonic()
    server.call(lambda paper: paper.streams.disconnect())
    desk.ear.wait_for(StreamUp)
    assert time.monotonic() - begun_s >= 1


def test_a_burst_of_a_hundred_fills_loses_none(desk: Desk, server: EmbeddedServer) -> None:
    orders = {desk.submit(quantity=Decimal("0.002")).client_order_id for _ in range(100)}
    filled: dict[str, Decimal] = {}
    trades = set()
    while len(filled) < len(orders):
        fill = desk.ear.wait_for(FillReport)
        trades.add(fill.trade_id)
        filled[fill.client_order_id] = filled.get(fill.client_order_id, Decimal(0)) + fill.quantity
    assert filled == dict.fromkeys(orders, Decimal("0.002"))
    assert len(trades) >= len(orders)
    assert held(server) == Decimal("0.2")


def test_duplicated_events_are_handed_on_as_they_are(desk: Desk, server: EmbeddedServer) -> None:
    """Deduplication by trade id belongs to those who keep the fills."""
    plan(server, {"kind": "EVENT_DUPLICATED", "event": "ORDER_TRADE_UPDATE", "count": 0})
    order = desk.submit()
    first = desk.ear.wait_for(FillReport)
    second = desk.ear.wait_for(FillReport)
    assert (first.trade_id, first.client_order_id) == (second.trade_id, order.client_order_id)


def test_a_trade_by_hand_is_a_stray_and_no_fill_of_ours(desk: Desk, server: EmbeddedServer) -> None:
    body = json.dumps({"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.02"}).encode()
    request = urllib.request.Request(f"{server.http_url}/paper/trade", method="POST", data=body)
    urllib.request.urlopen(request, timeout=5).close()
    stray = desk.ear.wait_for(StrayEvent)
    assert "web_" in stray.raw
    assert "not placed here" in stray.why
    assert not [each for each in desk.ear.heard if isinstance(each, FillReport)]


def test_rate_limits_used_are_read_from_every_answer(desk: Desk) -> None:
    before = {(use.kind, use.interval_ms): use.used for use in desk.venue.uses}
    desk.submit()
    desk.ear.wait_for(OrderAccepted)
    after = {(use.kind, use.interval_ms): use.used for use in desk.venue.uses}
    assert before[RateKind.WEIGHT, 60_000] > 0
    assert after[RateKind.ORDERS, 60_000] == after[RateKind.ORDERS, 10_000] == 1


def test_what_is_used_is_told_a_moment_later_with_the_limits_told_at_the_start(server: EmbeddedServer) -> None:
    with adapter(settings_for(server)) as desk:
        up = desk.ear.wait_for(VenueUp)
        assert RateLimit(kind=RateKind.WEIGHT, interval_ms=60_000, limit=2_400) in up.limits
        assert {cost.request for cost in up.costs} >= {"SubmitEmergency", "CancelOrder", "FetchOpenOrders"}
        venue_answers(server, "GET", "/fapi/v1/openOrders")  # somebody else, on the same address
        desk.submit()
        told = desk.ear.wait_for(BudgetUsed, lambda each: any(use.kind is RateKind.ORDERS for use in each.uses))
        used = {(use.kind, use.interval_ms): use.used for use in told.uses}
        assert used[RateKind.ORDERS, 60_000] == 1
        assert used[RateKind.WEIGHT, 60_000] > 40
        desk.ear.heard.clear()
        desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
        kinds = {use.kind for use in desk.ear.wait_for(BudgetUsed).uses}
    assert kinds == {RateKind.WEIGHT}, "an answer to a read says nothing new of orders"


def test_what_a_process_before_this_one_has_used_is_told_together_with_the_limits(server: EmbeddedServer) -> None:
    server.call(lambda paper: paper.live.venue.exchange.ration.weight.add(1_500, paper.live.now_ms()))
    before = server.call(lambda paper: paper.live.venue.exchange.ration.weight.used)
    with adapter(settings_for(server)) as desk:
        up = desk.ear.wait_for(VenueUp)
    used = {(use.kind, use.interval_ms): use.used for use in up.uses}
    assert used[RateKind.WEIGHT, 60_000] > before, "connecting has used some, too"


def test_the_adapter_is_a_venue_to_the_actors() -> None:
    venue: Venue = CcxtVenue(MAIN, settings_at(1), WallClock())
    assert callable(venue.request)


def test_a_venue_is_known_by_host_and_account_and_is_asked_nothing_that_is_not_documented() -> None:
    here, there = settings_at(1), settings_at(2)
    assert here.identity.startswith("binanceusdm@127.0.0.1:1#")
    assert here.identity != there.identity
    assert here.identity != settings_at(1, api_key=Secret("another")).identity


def test_settings_show_no_secret() -> None:
    settings = settings_at(1)
    key, secret = keys()
    assert key not in repr(settings)
    assert secret not in repr(settings)
    assert key not in settings.identity


def test_no_message_shows_a_secret_whatever_goes_wrong() -> None:
    port = free_port()
    key, secret = keys()
    with adapter(settings_at(port, timeout_ms=200, probe_interval_ms=50)) as desk:
        with paper_at(port) as server:
            desk.ear.wait_for(StreamUp)
            for kind in ("RESET", "HTML_200", "HANG", "STATUS"):
                plan(server, {"kind": kind, "count": 0})
                desk.submit()
                desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=desk.new_id()))
                desk.venue.request(FetchPositions(account=MAIN, request_id=kind))
                desk.ear.wait_for(FetchFailed, lambda each, kind=kind: each.request_id == kind)  # type: ignore[misc]
        desk.ear.wait_for(StreamDown)
        desk.ear.wait_for(VenueDown)
        said = "".join(map(repr, desk.ear.heard))
    assert f"signature={MASK}" in said or "signature" not in said
    for hidden in (key, secret):
        assert hidden not in said


def test_an_unsupported_exchange_is_refused_before_anything_is_opened() -> None:
    venue = CcxtVenue(MAIN, settings_at(1, exchange="nosuchvenue"), WallClock())
    with pytest.raises(ValueError, match="binanceusdm"):
        venue.start(Ear().deliver)


def test_stopping_twice_and_before_coming_up_is_harmless() -> None:
    with adapter(settings_at(free_port())) as desk:
        desk.venue.stop(deadline_ms=0)
        desk.venue.stop(deadline_ms=0)
        order = desk.submit()
        assert desk.ear.wait_for(NotExecuted).client_order_id == order.client_order_id


def test_two_adapters_of_one_account_hear_the_same_fill() -> None:
    with paper() as server, desk_on(server) as first, desk_on(server) as second:
        order = first.submit()
        assert second.ear.wait_for(FillReport).client_order_id == order.client_order_id
        assert first.ear.wait_for(FillReport).client_order_id == order.client_order_id


def test_importing_the_adapter_loads_no_exchange_library() -> None:
    """It costs half a second and 100 MiB, and belongs to the thread that speaks to the exchange."""
    code = "import sys, adapters.exchange.client; sys.exit('ccxt' in sys.modules or 'aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
