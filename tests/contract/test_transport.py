"""Keys, signatures, paths, sockets and the back door, by hand."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.paper.binance.signature import parameters_of, sign, signed_query
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.server import EmbeddedServer, PaperServer, serve_forever, serve_in_thread, wall_clock_ms
from tests.contract.clients import admin, http, signed, state_of
from tests.contract.listening import socket_listening

KEY = "X-MBX-APIKEY"


def test_the_signature_is_that_of_the_documentation() -> None:
    """Source: "SIGNED Endpoint Examples for POST /fapi/v1/order", example 1."""
    secret = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
    payload = (
        "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC"
        "&recvWindow=5000&timestamp=1591702613943"
    )
    assert sign(payload, secret) == "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"


def test_a_parameter_sent_twice_counts_as_in_the_query() -> None:
    assert parameters_of("symbol=A", "symbol=B&side=BUY") == {"symbol": "A", "side": "BUY"}


@pytest.mark.parametrize("split", [0, 1, 2, 3], ids=["all in body", "one", "two", "all in query"])
def test_the_signature_covers_query_then_body_as_sent(server: EmbeddedServer, split: int) -> None:
    pairs = ["symbol=BTCUSDT", "leverage=9", f"timestamp={wall_clock_ms()}"]
    query, body = "&".join(pairs[:split]), "&".join(pairs[split:])
    signature = hmac.new(server.api_secret.encode(), (query + body).encode(), hashlib.sha256).hexdigest()
    if body:
        body += f"&signature={signature}"
    else:
        query += f"&signature={signature}"
    headers = {KEY: server.api_key, "Content-Type": "application/x-www-form-urlencoded"}
    status, answer, _ = http(server, "POST", "/fapi/v1/leverage", query=query, body=body, headers=headers)
    assert (status, answer.get("leverage")) == (200, 9), answer


def test_who_may_not_ask_is_told_why(server: EmbeddedServer) -> None:
    stamped = {"timestamp": str(wall_clock_ms())}
    good = signed_query(stamped, server.api_secret)
    path, headers = "/fapi/v3/balance", {KEY: server.api_key}
    refusals = [
        http(server, "GET", path, query=good),
        http(server, "GET", path, query=good, headers={KEY: "stranger"}),
        http(server, "GET", path, query="timestamp=1", headers=headers),
        http(server, "GET", path, query=good + "0", headers=headers),
        http(server, "POST", "/fapi/v1/listenKey"),
    ]
    assert [(status, body["code"]) for status, body, _ in refusals] == [
        (401, -2014),
        (401, -2015),
        (400, -1102),
        (400, -1022),
        (401, -2014),
    ]


def test_a_request_outside_its_window_is_refused_without_effect(server: EmbeddedServer) -> None:
    status, body = signed(
        server, "POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="9",
        timestamp=str(wall_clock_ms() - 10_000), recvWindow="3000",
    )  # fmt: skip
    assert (status, body["code"]) == (400, -1021)
    assert signed(server, "GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT")[1][0]["leverage"] != 9


@pytest.mark.parametrize("path", ["/fapi/v1/nothing", "/elsewhere", "/"])
def test_an_unknown_path_is_a_404_with_a_code(server: EmbeddedServer, path: str) -> None:
    headers = {KEY: server.api_key}
    query = signed_query({"timestamp": str(wall_clock_ms())}, server.api_secret)
    status, body, _ = http(server, "GET", path, query=query, headers=headers)
    assert (status, body["code"]) == (404, -5000)


def test_answers_carry_the_weights_used(server: EmbeddedServer) -> None:
    first = http(server, "GET", "/fapi/v1/time")[2]["X-MBX-USED-WEIGHT-1M"]
    second = http(server, "GET", "/fapi/v1/time")[2]["X-MBX-USED-WEIGHT-1M"]
    assert int(second) == int(first) + 1


def test_a_taken_port_is_an_os_error_for_the_caller(server: EmbeddedServer) -> None:
    with (
        pytest.raises(OSError, match="cannot be bound"),
        serve_in_thread(lambda: PaperServer(PaperVenue(seed=1, now_ms=1), port=server.port)),
    ):
        pytest.fail("a second server must not start on the same port")


def test_alone_the_server_tells_where_it_is_and_with_what_key(tmp_path: Path) -> None:
    plan = tmp_path / "faults.json"
    plan.write_text(
        '{"faults": [{"kind": "STATUS", "path": "/time", "status": 503, "message": "Service Unavailable."}]}'
    )

    async def work() -> tuple[str, int]:
        told: asyncio.Queue[str] = asyncio.Queue()
        serving = asyncio.create_task(serve_forever(port=0, faults=plan, announce=told.put_nowait))
        text = await asyncio.wait_for(told.get(), 5)
        url = text.split()[text.split().index("on") + 1]
        async with aiohttp.ClientSession() as session, session.get(f"{url}/fapi/v1/time") as answer:
            status = answer.status
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return text, status

    text, status = asyncio.run(work())
    venue = PaperVenue(seed=0, now_ms=1)
    assert venue.default_api_key in text
    assert str(venue.secret_of(venue.default_api_key)) in text
    assert status == 503


def test_a_stopped_server_frees_its_port() -> None:
    with serve_in_thread(lambda: PaperServer(PaperVenue(seed=1, now_ms=1), tick_ms=0)) as running:
        port = running.port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_streams_open_by_path_by_query_and_by_message(server: EmbeddedServer) -> None:
    paths = [
        "/ws/btcusdt@bookTicker",
        "/public/ws/btcusdt@bookTicker",
        "/stream?streams=ethusdt@bookTicker/btcusdt@bookTicker",
        "/ws",
    ]

    async def hear(path: str) -> Any:
        async with socket_listening(server, path) as (heard, client):
            if path == "/ws":
                request = {"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 7}
                await client.send_json(request)
                assert await heard.next() == {"result": None, "id": 7}
            await asyncio.to_thread(lambda: admin(server, "price", symbol="BTCUSDT", price="60123.4"))
            return await heard.next(lambda message: message.get("stream", "btcusdt@bookTicker")[0] == "b")

    *plain, _ = bare, _, wrapped, subscribed = [asyncio.run(hear(path)) for path in paths]
    assert len(plain) == 3
    assert (bare["s"], subscribed["s"]) == ("BTCUSDT", "BTCUSDT")
    assert (wrapped["stream"], wrapped["data"]["s"]) == ("btcusdt@bookTicker", "BTCUSDT")


def test_subscriptions_are_listed_and_ended(server: EmbeddedServer) -> None:
    async def work() -> tuple[Any, Any, Any]:
        async with socket_listening(server, "/ws/btcusdt@bookTicker") as (heard, client):
            await client.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
            listed = await heard.next()
            await client.send_json({"method": "UNSUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 2})
            ended = await heard.next()
            await asyncio.to_thread(lambda: admin(server, "price", symbol="BTCUSDT", price="61000"))
            await client.send_json({"method": "NONSENSE", "id": 3})
            return listed, ended, await heard.next()

    listed, ended, refused = asyncio.run(work())
    assert listed == {"result": ["btcusdt@bookTicker"], "id": 1}
    assert ended == {"result": None, "id": 2}
    assert refused["error"]["code"] == 2, "the next message is the refusal: no price came between"


def test_an_unknown_listen_key_opens_and_stays_silent(server: EmbeddedServer) -> None:
    async def work() -> bool:
        async with socket_listening(server, "/private/ws?listenKey=unknown") as (heard, client):
            await asyncio.to_thread(lambda: admin(server, "trade", symbol="BTCUSDT", side="BUY", quantity="0.010"))
            await client.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 1})
            return bool(await heard.next() == {"result": ["unknown"], "id": 1})

    assert asyncio.run(work())


def test_the_server_pings_and_cuts_who_does_not_answer() -> None:
    venue = lambda: PaperServer(PaperVenue(seed=1, now_ms=1), tick_ms=0, ping_interval_s=0.05)

    async def work(server: EmbeddedServer) -> list[Any]:
        async with socket_listening(server, "/ws/btcusdt@bookTicker") as (heard, _):
            await heard.next(lambda message: message is aiohttp.WSMsgType.CLOSED)
            return heard.all

    with serve_in_thread(venue) as server:
        heard = asyncio.run(work(server))
    assert heard.count(aiohttp.WSMsgType.PING) >= 2


def test_a_socket_is_disconnected_after_a_day(server: EmbeddedServer) -> None:
    async def work() -> Any:
        async with socket_listening(server, "/ws/btcusdt@bookTicker") as (heard, _):
            await asyncio.to_thread(lambda: admin(server, "clock", advance_ms=24 * 3_600_000))
            return await heard.next(lambda message: message is aiohttp.WSMsgType.CLOSED)

    assert asyncio.run(work()) is aiohttp.WSMsgType.CLOSED


def test_the_clock_runs_ahead_for_clients_too(server: EmbeddedServer) -> None:
    admin(server, "clock", advance_ms=3_600_000)
    told = http(server, "GET", "/fapi/v1/time")[1]["serverTime"]
    assert told - wall_clock_ms() == pytest.approx(3_600_000, abs=2_000)


def test_a_malformed_command_at_the_back_door_is_a_400(server: EmbeddedServer) -> None:
    for route, body in (("price", "{}"), ("price", "[1]"), ("price", "nonsense"), ("clock", '{"advance_ms": -1}')):
        status, answer, _ = http(server, "POST", f"/paper/{route}", body=body)
        assert status == 400, (route, body, answer)


def test_the_back_door_is_closed_to_pages_in_a_browser(server: EmbeddedServer) -> None:
    status, _, _ = http(server, "POST", "/paper/price", body="{}", headers={"Origin": "https://example.com"})
    assert status == 403


def test_state_shows_time_identity_and_the_model(server: EmbeddedServer, tmp_path: Path) -> None:
    assert state_of(server)["identity"] is None, "in memory there is nothing to bind a journal to"
    with serve_in_thread(
        lambda: PaperServer(PaperVenue(seed=1, now_ms=wall_clock_ms()), tick_ms=0, storage=tmp_path)
    ) as kept:
        assert state_of(kept)["identity"] == kept.identity


def test_other_limits_are_published_and_enforced_from_then_on(server: EmbeddedServer) -> None:
    admin(server, "limits", weight_per_minute=2)
    _, rules, _ = http(server, "GET", "/fapi/v1/exchangeInfo")
    assert {row["limit"] for row in rules["rateLimits"] if row["rateLimitType"] == "REQUEST_WEIGHT"} == {2}
    assert [http(server, "GET", "/fapi/v1/time")[0] for _ in range(3)][-1] == 429
    admin(server, "limits")
    assert http(server, "GET", "/fapi/v1/time")[0] == 200
