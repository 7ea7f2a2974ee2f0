"""Break glass on a venue in trouble: whatever goes wrong, the account ends flat, and nothing is turned around."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange.flatten import FLAT_READS, Flatten, Flattened
from adapters.exchange.session import Session
from adapters.paper.instruments import Instrument
from adapters.paper.server import EmbeddedServer
from adapters.paper.venue import PaperModel
from messages.types import PositionMode
from tests.exchange.desk_side import MAIN, WallClock, held, plan, settings_for, venue_answers

SUBMIT = {"method": "POST", "path": "/order"}
CANCELS = {"method": "DELETE"}
READS = {"method": "GET"}


def flatten(server: EmbeddedServer, deadline_s: float = 20, pause_s: float = 0.02) -> tuple[Flattened, list[str]]:
    said: list[str] = []

    async def run() -> Flattened:
        session = Session(settings_for(server, timeout_ms=500), WallClock())
        try:
            # The venue's own time does not stand still for us, but nobody needs to wait for it here.
            return await Flatten(MAIN, session, said.append, pause=lambda _: asyncio.sleep(pause_s)).run(
                PositionMode.ONE_WAY, deadline_s
            )
        finally:
            await session.close()

    return asyncio.run(run()), said


def order(server: EmbeddedServer, **params: str) -> None:
    venue_answers(server, "POST", "/fapi/v1/order", **{"symbol": "BTCUSDT", **params})


def position_with_orders(server: EmbeddedServer) -> None:
    """Long 0.5 with a stop, a target that rests, an entry that rests, and an entry that waits for its trigger."""
    order(server, side="BUY", type="MARKET", quantity="0.5")
    order(server, side="SELL", type="LIMIT", quantity="0.5", price="70000", timeInForce="GTC", reduceOnly="true")
    order(server, side="BUY", type="LIMIT", quantity="0.1", price="50000", timeInForce="GTC")
    for side, price, reducing in (("SELL", "50000", "true"), ("BUY", "70000", "false")):
        terms = {"symbol": "BTCUSDT", "algoType": "CONDITIONAL", "type": "STOP_MARKET", "quantity": "0.5"}
        more = {"side": side, "triggerPrice": price, "reduceOnly": reducing}
        venue_answers(server, "POST", "/fapi/v1/algoOrder", **terms, **more)


@pytest.mark.parametrize(("step", "closed"), [("0.2", ["0.4"]), ("1", ["0.5"]), ("0.1", ["0.5"])])
def test_as_many_whole_steps_are_closed_as_are_held(server: EmbeddedServer, step: str, closed: list[str]) -> None:
    """A step that became coarser under an open position; less than one is asked for, so that the answer says why."""
    order(server, side="BUY", type="MARKET", quantity="0.5")
    server.call(lambda paper: paper.live.venue.set_instrument(_coarser(paper.live.venue, Decimal(step))))
    result, said = flatten(server, deadline_s=1, pause_s=0.3)
    tried = [text.split()[3].rstrip(":") for text in said if text.startswith("close long BTCUSDT")]
    assert tried[0] == closed[0]
    assert sold(server) == (Decimal(0) if step == "1" else Decimal(closed[0]))
    assert result.flat is (step == "0.1")


def _coarser(venue: PaperModel, step: Decimal) -> Instrument:
    return replace(venue.exchange.markets["BTCUSDT"].instrument, step_size=step)


def sold(server: EmbeddedServer) -> Decimal:
    trades = venue_answers(server, "GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
    return sum((Decimal(trade["qty"]) for trade in trades if trade["side"] == "SELL"), Decimal(0))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "RESET", **SUBMIT, "moment": "BEFORE_EFFECT", "count": 2},
        {"kind": "RESET", **SUBMIT, "count": 2},
        {"kind": "HANG", **SUBMIT},
        {"kind": "EMPTY_200", **SUBMIT},
        {"kind": "HTML_200", **SUBMIT},
        {"kind": "TRUNCATED_200", **SUBMIT},
        {"kind": "RESET", **SUBMIT, "moment": "LATER", "effect_delay_ms": 300},
        {"kind": "STATUS", **SUBMIT, "status": 503, "body": "Unknown error, please check your request"},
        {"kind": "STATUS", **SUBMIT, "status": 408, "code": -1007, "message": "Timeout", "count": 2},
        {"kind": "STATUS", **SUBMIT, "code": -1021, "message": "Timestamp", "moment": "BEFORE_EFFECT"},
        {"kind": "STATUS", **SUBMIT, "code": -4118, "message": "ReduceOnly margin check", "moment": "BEFORE_EFFECT"},
        {"kind": "PARTIAL_FILL", "count": 3},
        {"kind": "STATUS", **CANCELS, "status": 503, "body": "Unknown error", "count": 3},
        {"kind": "RESET", **CANCELS, "moment": "BEFORE_EFFECT", "count": 3},
        {"kind": "EMPTY_200", **READS, "count": 6},
        {"kind": "STALE_READ", **READS, "count": 3, "age_ms": 500},
        {"kind": "EMPTY_LIST", **READS, "count": 6},
        {"kind": "PARTIAL_LIST", **READS, "count": 6, "keep_ppm": 0},
        {"kind": "EMPTY_LIST", **READS, "path": "/positionRisk", "count": 6},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_whatever_goes_wrong_for_a_while_the_account_ends_flat_and_never_turned(
    server: EmbeddedServer, fault: dict[str, Any]
) -> None:
    position_with_orders(server)
    plan(server, fault)
    flattened, said = flatten(server)
    assert flattened.flat, said
    assert held(server) == 0
    assert sold(server) == Decimal("0.5")
    assert venue_answers(server, "GET", "/fapi/v1/openOrders") == []
    assert venue_answers(server, "GET", "/fapi/v1/openAlgoOrders") == []


def test_lists_that_stay_empty_by_mistake_hide_neither_positions_nor_their_orders(server: EmbeddedServer) -> None:
    position_with_orders(server)
    plan(server, {"kind": "EMPTY_LIST", "method": "GET", "count": 0})
    flattened, said = flatten(server)
    plan(server)
    assert flattened.flat, said
    assert held(server) == 0
    assert venue_answers(server, "GET", "/fapi/v1/openOrders") == []
    assert venue_answers(server, "GET", "/fapi/v1/openAlgoOrders") == []


@pytest.mark.parametrize("path", ["/positionRisk", "/account", "/openOrders", "/openAlgoOrders"])
def test_a_source_that_cannot_be_read_is_never_taken_for_an_empty_one(server: EmbeddedServer, path: str) -> None:
    position_with_orders(server)
    plan(server, {"kind": "EMPTY_200", "method": "GET", "path": path, "count": 0})
    flattened, _ = flatten(server, deadline_s=2, pause_s=0.2)
    plan(server)
    assert not flattened.flat
    assert flattened.blind
    assert held(server) == 0


def test_orders_that_no_list_shows_are_told_by_their_margin(server: EmbeddedServer) -> None:
    order(server, side="BUY", type="LIMIT", quantity="0.1", price="50000", timeInForce="GTC")
    plan(server, {"kind": "EMPTY_LIST", "method": "GET", "path": "/openOrders", "count": 0})
    flattened, _ = flatten(server, deadline_s=1, pause_s=0.2)
    assert (flattened.flat, flattened.blind) == (False, ("open orders (the account holds margin for some)",))


def test_a_flat_account_is_read_twice_and_left_alone(server: EmbeddedServer) -> None:
    flattened, said = flatten(server)
    assert (flattened.flat, flattened.rounds, flattened.closings, said) == (True, FLAT_READS, {}, [])


def test_the_stop_stands_until_its_position_is_gone(server: EmbeddedServer) -> None:
    position_with_orders(server)
    _, said = flatten(server)
    closed = next(index for index, line in enumerate(said) if line.startswith("close long BTCUSDT"))
    canceled = [index for index, line in enumerate(said) if line.startswith("conditional order")]
    assert len(canceled) == 2
    assert canceled[0] < closed < canceled[1]


def test_a_ban_is_waited_out_as_long_as_the_venue_asks(server: EmbeddedServer) -> None:
    position_with_orders(server)
    plan(server, {"kind": "STATUS", **READS, "status": 429, "code": -1003, "message": "Too many", "retry_after_s": 7})
    waits: list[float] = []

    async def run() -> Flattened:
        session = Session(settings_for(server), WallClock())

        async def pause(seconds: float) -> None:
            waits.append(seconds)

        try:
            return await Flatten(MAIN, session, lambda _: None, pause=pause).run(PositionMode.ONE_WAY)
        finally:
            await session.close()

    assert asyncio.run(run()).flat
    assert max(waits) == 7
