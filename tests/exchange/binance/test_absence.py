"""An order that a query by its id does not find: what other sources make of that, before it is called absent."""

import asyncio
from typing import Any

import pytest

from adapters.exchange.binance.events import UserEvents
from adapters.exchange.binance.reader import Reader
from adapters.exchange.outcome import Answered, Ask, Missing, Verdict
from adapters.exchange.queries import NoSuchOrderError, ReadError
from adapters.exchange.settings import ExchangeSettings, Wiring
from adapters.exchange.venue import Call
from adapters.secret import Secret
from messages.base import Message
from messages.ids import client_order_id
from messages.reports import FillReport, OrderReport
from messages.requests import FetchFills
from tests.exchange.binance.test_normalize import CONDITIONAL, ORDER, TRADE
from tests.exchange.desk_side import BTC, JOURNAL, MAIN, WallClock

OURS = client_order_id(JOURNAL, 1, 2)
MINE = {**ORDER, "clientOrderId": OURS, "orderId": 7}
FOREIGN = {**ORDER, "clientOrderId": "web_z", "orderId": 9, "status": "PENDING_CANCEL"}


class LaggingSession:
    """Every query by an id finds nothing; the lists are as they are given, by the end of their path."""

    def __init__(self, **lists: list[Any]) -> None:
        self.lists = lists

    async def ask(self, ask: Ask, call: Call, *, client_order_id: str | None = None) -> Verdict:
        return (
            Missing(code="-2013", text="no such order")
            if ask is Ask.QUERY
            else Answered(value=self.lists.get(call.path.rsplit("/", 1)[-1], []))
        )


def fills(heard: list[Message], *, conditional: bool = False, **lists: list[Any]) -> list[FillReport]:
    settings = ExchangeSettings(exchange="binanceusdm", api_key=Secret("k"), api_secret=Secret("s"))
    wiring = Wiring(account=MAIN, settings=settings, clock=WallClock(), deliver=heard.append)
    reader = Reader(wiring, LaggingSession(**lists), UserEvents())  # type: ignore[arg-type]
    request = FetchFills(
        account=MAIN, symbol=BTC, client_order_id=OURS, conditional=conditional, since_ns=WallClock().time_ns()
    )
    return asyncio.run(reader.fills(request))


def test_the_list_of_orders_has_it_whatever_cannot_be_read_of_somebody_elses() -> None:
    heard: list[Message] = []
    [fill] = fills(heard, allOrders=[FOREIGN, MINE], userTrades=[{**TRADE, "orderId": 7}])
    [told] = heard
    assert isinstance(told, OrderReport)
    assert (told.client_order_id, told.venue_order_id, fill.venue_order_id) == (OURS, "7", "7")


def test_a_conditional_one_is_in_the_list_of_those() -> None:
    heard: list[Message] = []
    assert fills(heard, conditional=True, allAlgoOrders=[{**CONDITIONAL, "clientAlgoId": OURS}]) == []
    assert [type(message) for message in heard] == [OrderReport]


@pytest.mark.parametrize("conditional", [False, True])
def test_where_no_list_has_it_there_is_none(*, conditional: bool) -> None:
    with pytest.raises(NoSuchOrderError):
        fills([], conditional=conditional, allOrders=[FOREIGN], allAlgoOrders=[])


def test_a_trade_of_an_order_that_nothing_names_proves_nothing() -> None:
    with pytest.raises(ReadError, match="order 7 has traded"):
        fills([], allOrders=[FOREIGN], userTrades=[{**TRADE, "orderId": 7}])
