"""`albra flatten` in a process of its own, against a real venue on loopback. What the venue says afterwards counts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from adapters.paper.binance.venue import PaperVenue
from adapters.paper.input_log import identity_at
from adapters.paper.server import EmbeddedServer, PaperServer, serve_in_thread, wall_clock_ms
from adapters.storage.lock import DirectoryLock
from albra.client import Client
from tests.cli.conftest import Albra
from tests.cli.running import running
from tests.exchange.desk_side import held, paper, plan, venue_answers

SUBMIT = {"method": "POST", "path": "/order"}


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    with paper() as running:
        yield running


@pytest.fixture
def desk(albra: Albra, server: EmbeddedServer) -> Albra:
    """The command with an account at that venue."""
    account = {
        "exchange": "binanceusdm",
        "api_key": server.api_key,
        "api_secret": server.api_secret,
        "base_url": server.http_url,
        "timeout_ms": 1000,
    }
    write(albra, accounts={"main": account})
    return albra


def write(albra: Albra, **more: object) -> None:
    (albra.directory / "config.yaml").write_text(json.dumps({"storage": {"path": "var"}, **more}))


def by_hand(server: EmbeddedServer, path: str = "/fapi/v1/order", **params: str) -> Any:
    return venue_answers(server, "POST", path, **{"symbol": "BTCUSDT", **params})


def open_long(server: EmbeddedServer, quantity: str = "0.5", **params: str) -> None:
    by_hand(server, side="BUY", type="MARKET", quantity=quantity, **params)


def stop(server: EmbeddedServer, side: str, price: str, **params: str) -> None:
    terms = {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": price, "quantity": "0.5"}
    by_hand(server, "/fapi/v1/algoOrder", **{**terms, "side": side, **params})


def resting(server: EmbeddedServer) -> list[Any]:
    """Everything that rests at the venue, conditional or not."""
    plain = venue_answers(server, "GET", "/fapi/v1/openOrders")
    return [*plain, *venue_answers(server, "GET", "/fapi/v1/openAlgoOrders")]


def test_positions_are_closed_and_every_order_is_canceled(desk: Albra, server: EmbeddedServer) -> None:
    open_long(server)
    stop(server, "SELL", "50000", reduceOnly="true")
    stop(server, "BUY", "70000")
    by_hand(server, side="BUY", type="LIMIT", quantity="0.1", price="55000", timeInForce="GTC")
    by_hand(server, side="SELL", type="MARKET", symbol="ETHUSDT", quantity="2")
    ended = desk("flatten", "--break-glass", "--yes", "main", "--json")
    assert (ended.code, ended.err) == (0, "")
    said = ended.document()
    assert (said["flat"], said["orders_canceled"], said["orders_left"]) == (True, 3, 0)
    assert [(row["symbol"], row["side"], row["quantity"], row["closed"]) for row in said["positions"]] == [
        ("BTCUSDT", "long", "0.5", "0.5"),
        ("ETHUSDT", "short", "2", "2"),
    ]
    assert all(Decimal(row["price"]) > 0 for row in said["positions"])
    assert venue_answers(server, "GET", "/fapi/v3/positionRisk") == []
    assert resting(server) == []


def test_in_hedge_mode_both_legs_are_closed_whatever_the_configuration_says(
    desk: Albra, server: EmbeddedServer
) -> None:
    venue_answers(server, "POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    open_long(server, "0.5", positionSide="LONG")
    by_hand(server, side="SELL", type="MARKET", quantity="0.2", positionSide="SHORT")
    ended = desk("flatten", "--break-glass", "--yes", "main")
    assert (ended.code, ended.err) == (0, "")
    assert "2 positions closed" in ended.out
    assert venue_answers(server, "GET", "/fapi/v3/positionRisk") == []


def test_more_than_one_market_order_may_carry_is_closed_in_parts(desk: Albra, server: EmbeddedServer) -> None:
    server.tell("transfer", "10000000", "")
    for _ in range(2):
        by_hand(server, symbol="ADAUSDT", side="BUY", type="MARKET", quantity="600000")
    ended = desk("flatten", "--break-glass", "--yes", "main")
    assert ended.code == 0
    assert "close long ADAUSDT 1000000: filled 1000000" in ended.out
    assert "close long ADAUSDT 200000: filled 200000" in ended.out
    assert venue_answers(server, "GET", "/fapi/v3/positionRisk") == []


def test_a_lost_answer_neither_leaves_nor_turns_the_position(desk: Albra, server: EmbeddedServer) -> None:
    open_long(server)
    plan(server, {"kind": "RESET", **SUBMIT, "moment": "BEFORE_EFFECT"}, {"kind": "RESET", **SUBMIT, "nth": 2})
    ended = desk("flatten", "--break-glass", "--yes", "main")
    assert ended.code == 0
    assert "outcome unknown" in ended.out
    assert held(server) == 0


def test_a_refused_close_keeps_its_stop_and_is_told_with_the_reason(desk: Albra, server: EmbeddedServer) -> None:
    open_long(server)
    stop(server, "SELL", "50000", reduceOnly="true")
    by_hand(server, side="BUY", type="LIMIT", quantity="0.1", price="55000", timeInForce="GTC")
    plan(
        server, {"kind": "STATUS", **SUBMIT, "count": 0, "moment": "BEFORE_EFFECT", "code": -4108, "message": "closed"}
    )
    ended = desk("flatten", "--break-glass", "--yes", "main", "--json", "--timeout", "2")
    assert ended.code == 1
    said = ended.document()
    assert (said["flat"], said["orders_left"]) == (False, 1)
    assert said["positions"][0]["left"] == "0.5"
    assert "-4108" in said["positions"][0]["trouble"]
    assert "close by hand" in ended.err
    assert [order["orderType"] for order in resting(server)] == ["STOP_MARKET"]


def test_what_could_not_be_read_is_never_called_flat(desk: Albra, server: EmbeddedServer) -> None:
    open_long(server)
    plan(server, {"kind": "EMPTY_200", "path": "/openOrders", "count": 0})
    ended = desk("flatten", "--break-glass", "--yes", "main", "--json", "--timeout", "2")
    assert ended.code == 6
    assert ended.document()["unread"] == ["open orders"]
    assert held(server) == 0  # What was seen was closed all the same.


def test_nothing_is_done_without_the_account_named(desk: Albra, server: EmbeddedServer) -> None:
    open_long(server)
    assert desk("flatten", "--yes", "main").code == 2
    assert desk("flatten", "--break-glass").code == 2
    assert desk("flatten", "--break-glass", "--account", "other", "--yes", "other").code == 4
    assert desk("flatten", "--break-glass", "--yes", "yes").code == 4
    assert held(server) == Decimal("0.5")


def test_an_unreachable_venue_leaves_the_outcome_unknown(albra: Albra) -> None:
    account = {"exchange": "binanceusdm", "api_key": "k", "api_secret": "s", "base_url": "http://127.0.0.1:9"}
    write(albra, accounts={"main": account})
    ended = albra("flatten", "--break-glass", "--yes", "main", "--timeout", "2")
    assert ended.code == 6
    assert "could not be read" in ended.err


def test_the_embedded_account_is_flattened_from_its_storage_whoever_holds_the_journal(albra: Albra) -> None:
    write(albra, paper={"tick_ms": 10_000})
    with _embedded(albra) as server:
        open_long(server)
    lock = DirectoryLock(albra.storage)
    ended = albra("flatten", "--break-glass", "--yes", "main")
    lock.release()
    assert (ended.code, ended.err) == (0, "")
    assert "a supervisor runs" in ended.out
    with _embedded(albra) as server:
        assert held(server) == 0


def test_beside_a_running_supervisor_its_own_venue_is_flattened(albra: Albra) -> None:
    write(albra, paper={"tick_ms": 10_000})
    with running(albra):
        opened = albra("open", "BTCUSDT", "long", "0.01", "--stop-loss", "50000", "--wait", "--json")
        assert opened.document()["state"] == "ACTIVE"
        ended = albra("flatten", "--break-glass", "--yes", "main", "--json")
        assert ended.code == 0
        assert [row["closed"] for row in ended.document()["positions"]] == ["0.01"]
        # At least: a supervisor that has not seen its position go puts its stop up again.
        assert ended.document()["orders_canceled"] >= 1
        assert ended.document()["orders_left"] == 0
        # And it learns of it from the venue, as of everything that others do there.
        position_id = opened.document()["position_id"]
        client = Client(albra.storage)
        closed = client.wait_closed(position_id)
        assert (closed.state, closed.quantity) == ("CLOSED", Decimal(0))


@contextmanager
def _embedded(albra: Albra) -> Iterator[EmbeddedServer]:
    def make() -> PaperServer:
        venue = PaperVenue(seed=1, now_ms=wall_clock_ms())
        return PaperServer(venue, storage=albra.storage / "paper", tick_ms=0)

    with serve_in_thread(make) as server:
        assert server.identity == identity_at(albra.storage / "paper")
        yield server
