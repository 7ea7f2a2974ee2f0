"""The trades of a symbol, whoever's: what a stop of ours sells is ours, whenever it fires while they are read."""

import asyncio
from typing import Any

import pytest

from adapters.exchange.binance.events import UserEvents
from adapters.exchange.binance.reader import Reader
from adapters.exchange.outcome import Accepted, Answered, Ask, Verdict
from adapters.exchange.settings import ExchangeSettings, Wiring
from adapters.exchange.venue import Call
from adapters.secret import Secret
from messages.ids import client_order_id
from messages.reconciliation import FetchTrades
from messages.types import VenueOrderId
from tests.exchange.binance.test_normalize import CONDITIONAL, ORDER, TRADE
from tests.exchange.desk_side import BTC, JOURNAL, MAIN, WallClock

STOP = client_order_id(JOURNAL, 1, 2)
RESTS = {**CONDITIONAL, "clientAlgoId": STOP}
FIRED = {**RESTS, "algoStatus": "FINISHED", "actualOrderId": "7"}
CHILD = {**ORDER, "clientOrderId": "algo_7", "orderId": 7, "status": "FILLED"}
SOLD = {**TRADE, "orderId": 7}
READS = 3
"""Lists that one reading of trades takes."""


class Firing:
    """A session of a venue at which a stop of ours fires and sells after so many answers."""

    def __init__(self, after: int) -> None:
        self.left = after

    async def ask(self, ask: Ask, call: Call, *, client_order_id: str | None = None) -> Verdict:
        fired, self.left = self.left <= 0, self.left - 1
        lists: dict[str, list[Any]] = {
            "allAlgoOrders": [FIRED if fired else RESTS],
            "allOrders": [CHILD] if fired else [],
            "userTrades": [SOLD] if fired else [],
        }
        if ask is Ask.QUERY:
            return Accepted(venue_order_id=VenueOrderId("7"), row=CHILD)
        return Answered(value=lists[call.path.rsplit("/", 1)[-1]])


def traders(session: Firing) -> list[str]:
    settings = ExchangeSettings(exchange="binanceusdm", api_key=Secret("k"), api_secret=Secret("s"))
    wiring = Wiring(account=MAIN, settings=settings, clock=WallClock(), deliver=lambda _: None)
    reader = Reader(wiring, session, UserEvents())  # type: ignore[arg-type]
    report = asyncio.run(reader.trades(FetchTrades(account=MAIN, request_id="r", symbol=BTC, since_ns=0)))
    return [trade.client_order_id for trade in report.trades]


@pytest.mark.parametrize("after", range(READS + 1))
def test_what_a_stop_sells_is_never_told_under_its_childs_own_name(after: int) -> None:
    """Day 2500000705, I6: it fired between two of the lists, and the reconciler booked its trade as a stranger's."""
    assert traders(Firing(after)) in ([STOP], [])


def test_what_a_stop_has_sold_before_is_told_under_its_name() -> None:
    assert traders(Firing(0)) == [STOP]
