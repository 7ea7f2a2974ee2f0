"""Where an account's requests and sockets go: environments, two servers, proxies; and what is never told of a proxy."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest

from adapters.clock import SystemClock
from adapters.exchange.binance.checkup import checkup
from adapters.exchange.binance.hosts import HOSTS
from adapters.exchange.binance.sockets import Marks
from adapters.exchange.binance.transport import private_url
from adapters.exchange.session import Session, SocketEndedError
from adapters.exchange.settings import ExchangeSettings
from adapters.paper.server import EmbeddedServer
from adapters.secret import Secret
from messages.reports import FillReport, OrderAccepted, StreamUp, VenueUp
from tests.exchange.desk_side import adapter, settings_for
from tests.exchange.relays import Half, HttpProxy, Relay, Socks5, running


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as entered:
        yield entered


def port_of(server: EmbeddedServer) -> int:
    return int(server.http_url.rpartition(":")[2])


def buy_through(settings: ExchangeSettings) -> None:
    with adapter(settings) as desk:
        desk.ear.wait_for(VenueUp)
        desk.ear.wait_for(StreamUp)
        order = desk.submit()
        desk.ear.wait_for(OrderAccepted, lambda report: report.client_order_id == order.client_order_id)
        desk.ear.wait_for(FillReport, lambda report: report.client_order_id == order.client_order_id)


def test_the_hosts_of_environments_are_those_of_ccxt() -> None:
    tables = ccxt.binanceusdm().urls
    known = {urlsplit(tables[table]["fapiPrivate"]).hostname: name for name, table in HOSTS.tables.items()}
    assert known == HOSTS.homes


@pytest.mark.parametrize("environment", ["live", "demo", "testnet"])
def test_requests_are_counted_together_however_the_venues_own_host_is_written(environment: str) -> None:
    host = next(host for host, each in HOSTS.homes.items() if each == environment)
    keys: dict[str, Any] = {"exchange": "binanceusdm", "api_key": Secret("k"), "api_secret": Secret("s")}
    plain = ExchangeSettings(**keys, environment=environment)
    for url in (f"https://{host}", f"https://{host.upper()}/", f"https://{host}:443"):
        assert ExchangeSettings(**keys, base_url=url).address == plain.address
    assert ExchangeSettings(**keys, base_url=f"https://{host}:8443").address != plain.address


def test_requests_and_sockets_live_on_two_servers(server: EmbeddedServer, stack: ExitStack) -> None:
    rest = stack.enter_context(running(Half(port_of(server), sockets=False, seen=Relay())))
    sockets = stack.enter_context(running(Half(port_of(server), sockets=True, seen=Relay())))
    places = {"base_url": f"http://127.0.0.1:{rest.port}", "stream_url": f"ws://127.0.0.1:{sockets.port}"}
    buy_through(settings_for(server, **places))
    assert rest.lines
    assert all("/fapi/" in line for line in rest.lines)
    assert {line.split("?")[0] for line in sockets.lines} == {"GET /private/ws", "GET /market/ws HTTP/1.1"}


def test_requests_and_sockets_go_through_an_http_proxy(server: EmbeddedServer, stack: ExitStack) -> None:
    proxy = stack.enter_context(running(HttpProxy(Relay())))
    buy_through(settings_for(server, proxy=Secret(f"http://me:pass%40word@127.0.0.1:{proxy.port}")))
    asked = [line.split()[1] for line in proxy.lines]
    assert any("/fapi/" in each for each in asked)
    assert any("/private/ws" in each for each in asked)
    assert any("/market/ws" in each for each in asked)
    assert set(proxy.users) == {"me:pass@word"}


def test_requests_and_sockets_go_through_a_socks_proxy(server: EmbeddedServer, stack: ExitStack) -> None:
    proxy = stack.enter_context(running(Socks5(Relay())))
    buy_through(settings_for(server, proxy=Secret(f"socks5://me:password@127.0.0.1:{proxy.port}")))
    assert set(proxy.lines) == {f"CONNECT 127.0.0.1:{port_of(server)}"}
    assert len(proxy.lines) >= 3  # requests, and two sockets
    assert set(proxy.users) == {"me:password"}


@pytest.mark.parametrize(
    ("environment", "rest", "sockets"),
    [
        ("live", "fapi.binance.com:443", "fstream.binance.com:443"),
        ("demo", "demo-fapi.binance.com:443", "fstream.binancefuture.com:443"),
        ("testnet", "testnet.binancefuture.com:443", "fstream.binancefuture.com:443"),
    ],
)
def test_each_environment_has_its_own_servers_and_keys_go_nowhere_else(
    stack: ExitStack, environment: str, rest: str, sockets: str
) -> None:
    proxy = stack.enter_context(running(HttpProxy(Relay())))
    settings = ExchangeSettings(
        exchange="binanceusdm", api_key=Secret("k"), api_secret=Secret("s"), environment=environment,
        proxy=Secret(f"http://127.0.0.1:{proxy.port}"), timeout_ms=5_000,
    )  # fmt: skip

    async def ask() -> Any:
        session = Session(settings, SystemClock())
        try:
            for url in (private_url(session.exchange, "listen"), Marks().address(session)[0]):
                with pytest.raises(ConnectionError):
                    async with session.socket(url):
                        pass
            return await checkup(session)
        finally:
            await session.close()

    found = asyncio.run(ask())
    assert set(proxy.lines) == {f"CONNECT {rest} HTTP/1.1", f"CONNECT {sockets} HTTP/1.1"}
    assert "502" in found.unreachable


@pytest.mark.parametrize("phase", ["opening", "open"])
def test_why_a_socket_ended_tells_no_password(phase: str) -> None:
    settings = ExchangeSettings(
        exchange="binanceusdm", api_key=Secret("k"), api_secret=Secret("s"), proxy=Secret("http://me:hunter2@127.0.0.1:9"),
    )  # fmt: skip

    async def told() -> str:
        session = Session(settings, SystemClock())
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ended.set_exception(OSError("no way through http://me:hunter2@127.0.0.1:9"))
        try:
            cause = session.end_of(ended)
            return session.text(SocketEndedError(cause)) if phase == "opening" else cause
        finally:
            await session.close()

    said = asyncio.run(told())
    assert said.startswith("OSError: no way through")
    assert "hunter2" not in said


def test_a_proxy_that_is_not_there_leaves_every_request_unsent_and_its_password_untold() -> None:
    settings = ExchangeSettings(
        exchange="binanceusdm", api_key=Secret("k"), api_secret=Secret("s"), proxy=Secret("http://me:pass%40word@127.0.0.1:9"),
    )  # fmt: skip

    async def ask() -> Any:
        session = Session(settings, SystemClock())
        try:
            return await session.sync_clock()
        finally:
            await session.close()

    said = repr(asyncio.run(ask())) + repr(settings)
    assert "NotExecuted" in said
    assert not [word for word in ("pass%40word", "pass@word", "//me") if word in said]


def test_an_account_is_another_one_in_each_environment() -> None:
    def identity(**fields: Any) -> str:
        return ExchangeSettings(exchange="binanceusdm", api_key=Secret("k"), api_secret=Secret("s"), **fields).identity

    places: list[dict[str, Any]] = [
        {}, {"environment": "demo"}, {"environment": "testnet"}, {"base_url": "http://127.0.0.1:1"},
        {"base_url": "http://127.0.0.1:1", "environment": "demo"},
    ]  # fmt: skip
    assert len({identity(**each) for each in places}) == len(places)
    assert identity(stream_url="ws://127.0.0.1:1", proxy=Secret("http://127.0.0.1:2")) == identity()
    assert identity().startswith("binanceusdm@live#")
