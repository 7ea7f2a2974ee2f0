"""A redirect is never followed: not by an order, not by a read, not to the same host and not to another."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from adapters.exchange import outcome
from adapters.exchange.binance import calls
from adapters.exchange.binance.codes import CODES
from adapters.exchange.binance.transport import private_url
from adapters.exchange.outcome import Ask, Rejected, Unknown, Verdict
from adapters.exchange.session import Session
from adapters.exchange.settings import ExchangeSettings
from adapters.exchange.venue import Call
from adapters.secret import Secret
from tests.exchange.desk_side import WallClock

interpret = partial(outcome.interpret, codes=CODES)

ORDER = Call(method="POST", path="/fapi/v1/order", params={"symbol": "BTCUSDT", "quantity": "1"})


class Host(ThreadingHTTPServer):
    """Answers everything with one status, and `location` where it has one; counts what it was asked."""

    def __init__(self, status: int, location: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.location = status, location
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Host

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(f"{self.command} {self.path.partition('?')[0]}")
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location + self.path)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name in {"do_GET", "do_POST"}:
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def host(status: int, location: str = "") -> Iterator[Host]:
    running = Host(status, location)
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield running
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def ask(url: str, kind: Ask, call: Call) -> Verdict:
    async def run() -> Verdict:
        settings = ExchangeSettings(
            exchange="binanceusdm", api_key=Secret("k" * 20), api_secret=Secret("s" * 20), base_url=url
        )
        session = Session(settings, WallClock())
        try:
            return await session.ask(kind, call)
        finally:
            await session.close()

    return asyncio.run(run())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(("kind", "call"), [(Ask.SUBMIT, ORDER), (Ask.READ, calls.ACCOUNT)], ids=["order", "read"])
def test_a_request_is_sent_once_and_a_redirect_leaves_its_outcome_unknown(status: int, kind: Ask, call: Call) -> None:
    with host(200) as other, host(status, other.url) as venue:
        verdict = ask(venue.url, kind, call)
        assert venue.asked == [f"{call.method} {call.path}"]
        assert other.asked == []
    assert isinstance(verdict, Unknown)
    assert verdict.cause == f"{status} redirect to {other.url.removeprefix('http://')}, not followed"


def test_a_redirect_to_the_same_address_is_none_to_follow_either() -> None:
    with host(307) as venue:
        venue.location = venue.url
        assert isinstance(ask(venue.url, Ask.SUBMIT, ORDER), Unknown)
        assert venue.asked == ["POST /fapi/v1/order"]


@pytest.mark.parametrize("status", [300, 304, 307])
@pytest.mark.parametrize("ask_", [Ask.SUBMIT, Ask.CANCEL, Ask.READ])
def test_whatever_a_redirect_says_besides_it_proves_nothing(ask_: Ask, status: int) -> None:
    body = b'{"code":-2019,"msg":"Margin is insufficient."}'
    assert isinstance(interpret(ask_, 400, {}, body), Rejected)
    verdict = interpret(ask_, status, {}, body)
    assert isinstance(verdict, Unknown)
    assert str(status) in verdict.cause


def test_a_socket_is_not_opened_at_another_address() -> None:
    async def run(url: str) -> None:
        settings = ExchangeSettings(
            exchange="binanceusdm", api_key=Secret("k" * 20), api_secret=Secret("s" * 20), base_url=url
        )
        session = Session(settings, WallClock())
        try:
            async with session.socket(private_url(session.exchange, "listen-key")):
                raise AssertionError("it was opened")
        finally:
            await session.close()

    with host(200) as other, host(307, other.url) as venue:
        with pytest.raises(Exception, match=r"307|closed"):
            asyncio.run(run(venue.url))
        assert other.asked == []
