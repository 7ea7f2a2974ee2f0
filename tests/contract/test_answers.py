"""What ccxt makes of each ambiguous or refusing answer, and whether the order took effect at the venue.

The rows are those of the table "What an answer proves"; the answer is spoiled at the server and
reaches ccxt over real HTTP.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp
import ccxt
import pytest

from adapters.paper.server import EmbeddedServer
from tests.contract.clients import admin, signed, with_ccxt

BTC = "BTC/USDT:USDT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An answer and the class ccxt raises for it; `raised` None: no exception at all."""

    kind: str = "STATUS"
    status: int = 400
    code: int = 0
    message: str = ""
    body: str | None = None
    raised: type[Exception] | None

    def fault(self, moment: str) -> dict[str, Any]:
        fault: dict[str, Any] = {"kind": self.kind, "method": "POST", "path": "/order", "moment": moment}
        if self.kind == "STATUS":
            fault |= {"status": self.status, "code": self.code, "message": self.message}
        if self.body is not None:
            fault["body"] = self.body
        return fault


# Source: "Error Codes" of the USDⓈ-M futures documentation.
MESSAGES = {
    -1000: "An unknown error occurred while processing the request.",
    -1001: "Internal error; unable to process your request. Please try again.",
    -1003: "Too many requests; current limit is 2400 requests per minute.",
    -1006: "An unexpected response was received from the message bus. Execution status unknown.",
    -1007: "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    -1008: "Request throttled by system-level protection.",
    -1015: "Too many new orders; current limit is 300 orders per TEN_SECONDS.",
    -1021: "Timestamp for this request is outside of the recvWindow.",
    -1111: "Precision is over the maximum defined for this asset.",
    -2010: "NEW_ORDER_REJECTED",
    -2018: "Balance is insufficient.",
    -2019: "Margin is insufficient.",
    -2021: "Order would immediately trigger.",
    -2022: "ReduceOnly Order is rejected.",
    -4116: "ClientOrderId is duplicated.",
    -4164: "Order's notional must be no smaller than 5.0 (unless you choose reduce only)",
    -5028: "Timestamp for this request is outside of the ME recvWindow.",
}
UNKNOWN = "Unknown error, please check your request or try again later."
PAGE = "<html><head><title>nginx</title></head></html>"


def _coded(code: int, raised: type[Exception], status: int = 400) -> Row:
    return Row(status=status, code=code, message=MESSAGES[code], raised=raised)


def _bare(status: int, body: str, raised: type[Exception]) -> Row:
    return Row(status=status, body=body, raised=raised)


ROWS = {
    "-1007 with 408": _coded(-1007, ccxt.RequestTimeout, 408),
    "-1007 with 400": _coded(-1007, ccxt.RequestTimeout),
    "504": _bare(504, PAGE, ccxt.RequestTimeout),
    "-1000": _coded(-1000, ccxt.OperationFailed),
    "-1001": _coded(-1001, ccxt.OperationFailed),
    "-1006": _coded(-1006, ccxt.OperationFailed),
    "503 unknown error": _bare(503, UNKNOWN, ccxt.ExchangeNotAvailable),
    "503 with a code": _coded(-1000, ccxt.OperationFailed, 503),
    "500": _bare(500, PAGE, ccxt.ExchangeNotAvailable),
    "502": _bare(502, PAGE, ccxt.ExchangeNotAvailable),
    "520": _bare(520, PAGE, ccxt.ExchangeNotAvailable),
    "503 service unavailable": _bare(503, "Service Unavailable.", ccxt.ExchangeNotAvailable),
    "-1008": _coded(-1008, ccxt.OperationFailed, 503),
    "reset": Row(kind="RESET", raised=ccxt.ExchangeNotAvailable),
    "200 empty": Row(kind="EMPTY_200", raised=None),
    "200 HTML": Row(kind="HTML_200", raised=None),
    "200 truncated": Row(kind="TRUNCATED_200", raised=None),
    "429": _coded(-1003, ccxt.DDoSProtection, 429),
    "418": _coded(-1003, ccxt.DDoSProtection, 418),
    "-1003 with 400": _coded(-1003, ccxt.RateLimitExceeded),
    "-1015 with 429": _coded(-1015, ccxt.DDoSProtection, 429),
    "-1015 with 400": _coded(-1015, ccxt.RateLimitExceeded),
    "403 HTML": _bare(403, PAGE, ccxt.ExchangeNotAvailable),
    "-1021": _coded(-1021, ccxt.InvalidNonce),
    "-5028": _coded(-5028, ccxt.BadRequest),
    "-2010": _coded(-2010, ccxt.InvalidOrder),
    "-2018": _coded(-2018, ccxt.InsufficientFunds),
    "-2019": _coded(-2019, ccxt.InsufficientFunds),
    "-4164": _coded(-4164, ccxt.InvalidOrder),
    "-1111": _coded(-1111, ccxt.BadRequest),
    "-2022": _coded(-2022, ccxt.InvalidOrder),
    "-2021": _coded(-2021, ccxt.OrderImmediatelyFillable),
    "-4116": _coded(-4116, ccxt.InvalidOrder),
}


@pytest.mark.parametrize("moment", ["BEFORE_EFFECT", "AFTER_EFFECT"])
@pytest.mark.parametrize("name", ROWS)
def test_an_answer_raises_its_class_whether_or_not_the_order_exists(
    server: EmbeddedServer, name: str, moment: str
) -> None:
    row = ROWS[name]
    admin(server, "faults", faults=[row.fault(moment)])

    async def work(exchange: Any) -> Any:
        params = {"clientOrderId": "probe"}
        try:
            return await exchange.create_order(BTC, "market", "buy", "0.010", None, params)
        except ccxt.BaseError as error:
            return error

    outcome = with_ccxt(server, work)
    if row.raised is None:
        assert outcome["id"] is None, "nothing but the missing id tells that this is no order"
    else:
        assert type(outcome) is row.raised, repr(outcome)
        assert not row.code or str(row.code) in str(outcome), "the numeric code is in the message"
    status, found = signed(server, "GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="probe")
    expected = (200, "FILLED") if moment == "AFTER_EFFECT" else (400, None)
    assert (status, found.get("status")) == expected


def test_an_answer_that_never_comes_is_a_request_timeout(server: EmbeddedServer) -> None:
    admin(server, "faults", faults=[{"kind": "HANG", "method": "POST", "path": "/order"}])

    async def work(exchange: Any) -> None:
        exchange.timeout = 150
        await exchange.create_order(BTC, "market", "buy", "0.010", None, {"clientOrderId": "probe"})

    with pytest.raises(ccxt.RequestTimeout):
        with_ccxt(server, work)
    status, _ = signed(server, "GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="probe")
    assert status == 200


def test_a_server_that_is_not_there_is_not_available(server: EmbeddedServer) -> None:
    async def work(exchange: Any) -> Any:
        exchange.urls["api"]["fapiPrivate"] = "http://127.0.0.1:1/fapi/v1"
        await exchange.create_order(BTC, "market", "buy", "0.010")

    with pytest.raises(ccxt.ExchangeNotAvailable) as caught:
        with_ccxt(server, work)
    causes = (caught.value.__cause__, caught.value.__context__)
    assert any(isinstance(cause, aiohttp.ClientConnectorError) for cause in causes), "certainly never sent"


def test_a_body_cut_short_of_its_length_is_a_plain_exchange_error(server: EmbeddedServer) -> None:
    """The class of a refusal, though the order may stand: only its cause tells."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"orderId": 1')
        await writer.drain()
        writer.close()

    async def work(exchange: Any) -> Any:
        cutting = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with cutting:
            port = cutting.sockets[0].getsockname()[1]
            exchange.urls["api"]["fapiPrivate"] = f"http://127.0.0.1:{port}/fapi/v1"
            try:
                return await exchange.create_order(BTC, "market", "buy", "0.010")
            except ccxt.BaseError as error:
                return error

    outcome = with_ccxt(server, work)
    assert type(outcome) is ccxt.ExchangeError
    assert isinstance(outcome.__cause__, aiohttp.ClientPayloadError)


def test_a_delayed_answer_is_an_ordinary_order(server: EmbeddedServer) -> None:
    admin(server, "faults", faults=[{"kind": "DELAYED", "method": "POST", "path": "/order", "delay_ms": 50}])

    async def work(exchange: Any) -> Any:
        return await exchange.create_order(BTC, "market", "buy", "0.010", None, {"clientOrderId": "probe"})

    assert with_ccxt(server, work)["clientOrderId"] == "probe"


@pytest.mark.parametrize(("status", "seconds"), [(429, 7), (418, 120)])
def test_how_long_to_stay_away_is_in_the_headers(server: EmbeddedServer, status: int, seconds: int) -> None:
    fault = {"kind": "STATUS", "path": "/order", "status": status, "code": -1003, "retry_after_s": seconds}
    admin(server, "faults", faults=[fault])

    async def work(exchange: Any) -> dict[str, str]:
        with pytest.raises(ccxt.DDoSProtection):
            await exchange.create_order(BTC, "market", "buy", "0.010")
        return dict(exchange.last_response_headers)

    assert with_ccxt(server, work)["Retry-After"] == str(seconds)


@pytest.mark.parametrize(
    ("method", "path", "code", "raised"),
    [
        ("DELETE", "/order", -2011, ccxt.OrderNotFound),
        ("GET", "/order", -2013, ccxt.OrderNotFound),
    ],
)
def test_an_order_that_cannot_be_found_raises_order_not_found(
    server: EmbeddedServer, method: str, path: str, code: int, raised: type[Exception]
) -> None:
    admin(
        server,
        "faults",
        faults=[{"kind": "STATUS", "method": method, "path": path, "code": code, "moment": "BEFORE_EFFECT"}],
    )

    async def work(exchange: Any) -> None:
        if method == "GET":
            await exchange.fetch_order("1", BTC)
        await exchange.cancel_order("1", BTC)

    with pytest.raises(raised, match=str(code)):
        with_ccxt(server, work)
