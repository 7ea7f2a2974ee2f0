"""Two independent clients of the venue: ccxt and the official SDK, both unmodified, and plain HTTP."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

import ccxt.pro
from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketStreams
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
    DerivativesTradingUsdsFutures,
)

from adapters.paper.binance.signature import signed_query
from adapters.paper.server import EmbeddedServer

T = TypeVar("T")

RECV_WINDOW_MS = 3_000

# Loading markets costs 0.1 s; the contracts are the same in every test.
_MARKETS: dict[str, Any] = {}


def pointed_at(urls: Mapping[str, Any], server: EmbeddedServer) -> dict[str, Any]:
    """The same table of addresses with scheme and host replaced; paths stay."""
    moved: dict[str, Any] = {}
    for name, url in urls.items():
        if isinstance(url, dict):
            moved[name] = pointed_at(url, server)
            continue
        parts = urlsplit(url)
        base = server.ws_url if parts.scheme == "wss" else server.http_url
        moved[name] = urlunsplit((*urlsplit(base)[:2], parts.path, parts.query, ""))
    return moved


def ccxt_client(server: EmbeddedServer, **options: object) -> Any:
    """`ccxt.pro.binanceusdm` as venue-notes.md says, with string numbers and no retries."""
    base = ccxt.pro.binanceusdm()
    settings = {
        "fetchCurrencies": False,
        "maxRetriesOnFailure": 0,
        "recvWindow": RECV_WINDOW_MS,
        "setMarginMode": {"throwMarginModeAlreadySet": False},
        "fetchOpenOrders": {"warnWithoutSymbol": False},
        "warnOnFetchOpenOrdersWithoutSymbol": False,
        "watchPositions": {"fetchPositionsSnapshot": False, "awaitPositionsSnapshot": False},
    }
    exchange = ccxt.pro.binanceusdm(
        {
            "apiKey": server.api_key,
            "secret": server.api_secret,
            "enableRateLimit": False,
            "timeout": 5_000,
            "timeout_on_exit": 0,
            "urls": {"api": pointed_at(base.urls["api"], server)},
            "exceptions": {"exact": base.exceptions["linear"]["exact"]},
            "options": {**settings, **options},
        }
    )
    exchange.number = str
    return exchange


@asynccontextmanager
async def ccxt_on(server: EmbeddedServer, **options: object) -> AsyncIterator[Any]:
    """A client with its markets loaded, closed at the end."""
    exchange = ccxt_client(server, **options)
    try:
        if "markets" in _MARKETS:
            exchange.set_markets(_MARKETS["markets"])
        else:
            _MARKETS["markets"] = await exchange.load_markets()
        yield exchange
    finally:
        await exchange.close()


def with_ccxt(server: EmbeddedServer, work: Callable[[Any], Awaitable[T]], **options: object) -> T:
    """Run `work(exchange)` on a loop of its own."""

    async def main() -> T:
        async with ccxt_on(server, **options) as exchange:
            return await work(exchange)

    return asyncio.run(main())


def sdk_client(server: EmbeddedServer) -> DerivativesTradingUsdsFutures:
    """The official SDK on the server, without retries."""
    return DerivativesTradingUsdsFutures(
        config_rest_api=ConfigurationRestAPI(
            api_key=server.api_key,
            api_secret=server.api_secret,
            base_path=server.http_url,
            timeout=5_000,
            retries=0,
        ),
        config_ws_streams=ConfigurationWebSocketStreams(stream_url=server.ws_url, reconnect_attempts=1),
    )


def http(
    server: EmbeddedServer,
    method: str,
    path: str,
    *,
    query: str = "",
    body: str = "",
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any, Mapping[str, str]]:
    """Status, decoded body (text when it is no JSON) and headers of one request by hand."""
    url = f"{server.http_url}{path}" + (f"?{query}" if query else "")
    request = urllib.request.Request(
        url, method=method, data=body.encode() if body else None, headers=dict(headers or {})
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            status, text, given = response.status, response.read().decode(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            status, text, given = error.code, error.read().decode(), error.headers
    try:
        return status, json.loads(text), given
    except ValueError:
        return status, text, given


def signed(server: EmbeddedServer, method: str, path: str, **params: str) -> tuple[int, Any]:
    """A signed request by hand, parameters in the query; status and decoded body."""
    params.setdefault("timestamp", str(time.time_ns() // 1_000_000))
    query = signed_query(params, server.api_secret)
    status, body, _ = http(server, method, path, query=query, headers={"X-MBX-APIKEY": server.api_key})
    return status, body


def admin(server: EmbeddedServer, route: str, **body: object) -> Any:
    """POST to /paper/<route>; the decoded answer, which must be a success."""
    status, answer, _ = http(server, "POST", f"/paper/{route}", body=json.dumps(body))
    assert status == 200, answer
    return answer


def state_of(server: EmbeddedServer) -> dict[str, Any]:
    """GET /paper/state."""
    return cast(dict[str, Any], http(server, "GET", "/paper/state")[1])
