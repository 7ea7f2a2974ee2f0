"""The list of all open orders: a row that cannot be read hides no other, and is not told as absent."""

import asyncio
from typing import Any

import pytest

from adapters.exchange.binance import calls
from adapters.exchange.binance.events import Parent, UserEvents
from adapters.exchange.binance.normalize import symbol_settings
from adapters.exchange.binance.reader import Reader
from adapters.exchange.outcome import Answered, Ask, Verdict
from adapters.exchange.rows import MalformedError
from adapters.exchange.settings import ExchangeSettings, Wiring
from adapters.exchange.venue import Call
from adapters.secret import Secret
from messages.base import Message
from messages.ids import client_order_id
from messages.reports import OpenOrdersReport, OrderReport, StrayEvent
from messages.requests import FetchOpenOrders
from messages.types import NAMELESS, Symbol, VenueOrderId
from tests.exchange.binance.test_normalize import CONDITIONAL, ORDER
from tests.exchange.desk_side import BTC, JOURNAL, MAIN, WallClock

OURS = client_order_id(JOURNAL, 1, 2)
NEXT = client_order_id(JOURNAL, 1, 3)
STOP = {**CONDITIONAL, "clientAlgoId": OURS}
ALIEN = {**CONDITIONAL, "clientAlgoId": "web_tpsl_1", "symbol": "ETHUSDT", "algoId": 777}
HAND = {**ORDER, "clientOrderId": "web_z", "symbol": "ETHUSDT", "orderId": 9}
SPOILED: list[dict[str, Any]] = [
    {"quantity": None},
    {"quantity": ""},
    {"quantity": "many"},
    {"algoStatus": "PENDING"},
    {"symbol": None},
    {"side": 5},
]


class Lists:
    """A session that knows two lists."""

    def __init__(self, conditional: list[Any], regular: list[Any]) -> None:
        self.conditional = conditional
        self.regular = regular

    async def ask(self, _ask: Ask, call: Call) -> Verdict:
        return Answered(value=self.conditional if call == calls.OPEN_CONDITIONALS else self.regular)


class Desk:
    def __init__(self, conditional: list[Any], regular: list[Any]) -> None:
        self.heard: list[Message] = []
        self.unread: list[Symbol] = []
        self.events = UserEvents()
        settings = ExchangeSettings(exchange="binanceusdm", api_key=Secret("k"), api_secret=Secret("s"))
        wiring = Wiring(account=MAIN, settings=settings, clock=WallClock(), deliver=self.heard.append)
        self.reader = Reader(wiring, Lists(conditional, regular), self.events)  # type: ignore[arg-type]

    def read(self) -> tuple[OrderReport, ...]:
        report = asyncio.run(self.reader.open_orders(FetchOpenOrders(account=MAIN, request_id="r")))
        assert isinstance(report, OpenOrdersReport)
        self.unread = [row.symbol for row in report.unread]
        return report.orders


@pytest.mark.parametrize("spoiled", SPOILED, ids=str)
def test_somebody_elses_conditional_order_that_cannot_be_read_hides_none_of_ours(spoiled: dict[str, Any]) -> None:
    desk = Desk([{**ALIEN, **spoiled}, STOP], [])
    assert [order.client_order_id for order in desk.read()] == [OURS]
    desk.read()
    [stray] = desk.heard
    assert isinstance(stray, StrayEvent)
    assert "cannot be read" in stray.why


@pytest.mark.parametrize("spoiled", [{"status": "PENDING_CANCEL"}, {"origQty": None}, {"orderId": None}], ids=str)
def test_somebody_elses_order_that_cannot_be_read_hides_none_of_ours(spoiled: dict[str, Any]) -> None:
    desk = Desk([STOP], [{**HAND, **spoiled}, HAND])
    assert [order.client_order_id for order in desk.read()] == ["web_z", OURS]


@pytest.mark.parametrize("spoiled", SPOILED, ids=str)
@pytest.mark.parametrize("name", [OURS, None, "", 7])
def test_a_row_that_is_ours_or_names_no_order_and_cannot_be_read_is_unread_and_hides_no_other(
    spoiled: dict[str, Any], name: object
) -> None:
    desk = Desk([{**STOP, **spoiled, "clientAlgoId": name}, {**STOP, "clientAlgoId": NEXT}], [])
    assert [order.client_order_id for order in desk.read()] == [NEXT]
    assert desk.unread == [spoiled.get("symbol", BTC) or NAMELESS]
    assert len(desk.heard) == 1


def test_an_order_of_ours_that_cannot_be_read_is_unread() -> None:
    desk = Desk([STOP], [{**ORDER, "clientOrderId": NEXT, "status": "PENDING_CANCEL"}])
    assert [order.client_order_id for order in desk.read()] == [OURS]
    assert desk.unread == [BTC]


def test_a_child_of_ours_that_cannot_be_read_is_unread_whatever_its_name() -> None:
    desk = Desk([], [{**ORDER, "clientOrderId": "x-77", "status": "PENDING_CANCEL"}])
    assert desk.read() == ()
    assert desk.unread == []
    child = (BTC, VenueOrderId(str(ORDER["orderId"])))
    desk.events.links[child] = Parent(client_order_id=OURS, algo_id=VenueOrderId("1"))
    desk.read()
    assert desk.unread == [BTC]


@pytest.mark.parametrize("row", [None, [], "web_1"])
def test_what_is_no_row_at_all_may_be_about_any_symbol_and_hides_no_order(row: object) -> None:
    desk = Desk([row, STOP], [])
    assert [order.client_order_id for order in desk.read()] == [OURS]
    assert desk.unread == [NAMELESS]


def test_two_rows_of_one_order_that_differ_are_unread_and_the_same_row_twice_is_one() -> None:
    desk = Desk([STOP, STOP], [])
    assert [order.client_order_id for order in desk.read()] == [OURS]
    assert desk.unread == []
    torn = Desk([STOP, {**STOP, "quantity": "7"}, STOP], [])
    assert torn.read() == ()
    assert torn.unread == [BTC]


def test_what_is_no_list_is_evidence_of_nothing() -> None:
    with pytest.raises(MalformedError):
        Desk([STOP], {"code": 0}).read()  # type: ignore[arg-type]


def test_a_symbols_setting_that_cannot_be_read_is_not_known_and_hides_no_other() -> None:
    rows = [
        {"symbol": "ETHUSDT", "marginType": "CROSSED", "leverage": None},
        {"symbol": "BTCUSDT", "marginType": "ISOLATED", "leverage": 5},
    ]
    assert list(symbol_settings(rows)) == [BTC]
