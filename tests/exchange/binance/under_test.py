"""Binance USDⓈ-M as the contract wants it: the paper server over HTTP and WebSocket, spoken to by unmodified ccxt."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from adapters.exchange.settings import ExchangeSettings
from adapters.paper.binance.answers import ANSWERS, Proof
from adapters.paper.faults import FaultKind, Moment
from adapters.paper.server import EmbeddedServer
from tests.exchange.contract.venue import Role
from tests.exchange.desk_side import held, paper, settings_for, trade_by_hand, venue_answers

PLACES: dict[Role, tuple[str, str]] = {
    Role.SUBMIT: ("POST", "/order"),
    Role.SUBMIT_STOP: ("POST", "/algoOrder"),
    Role.CANCEL: ("DELETE", ""),
    Role.QUERY: ("GET", "/order"),
    Role.POSITIONS: ("GET", "/positionRisk"),
    Role.OPEN_ORDERS: ("GET", "/openOrders"),
    Role.BALANCE: ("GET", "/account"),
    Role.LEVERAGE: ("POST", "/leverage"),
}
_OF_ORDERS = {"cancel_unknown_2011", "query_not_found_2013"}


class BinanceOnPaper:
    ambiguous: Collection[str] = sorted(
        name for name, row in ANSWERS.items() if row.proves is Proof.UNKNOWN and name not in _OF_ORDERS
    )
    not_executed: Collection[str] = sorted(name for name, row in ANSWERS.items() if row.proves is Proof.NOT_EXECUTED)

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server

    def settings(self, **fields: Any) -> ExchangeSettings:
        return settings_for(self._server, **fields)

    def spoil(self, role: Role, answer: str, *, done: bool = False, times: int = 1) -> None:
        method, path = PLACES[role]
        moment = Moment.AFTER_EFFECT if done else Moment.BEFORE_EFFECT
        self._plan(ANSWERS[answer].at(moment, method=method, path=path, count=times).to_dict())

    def lose_events(self) -> None:
        self._plan({"kind": FaultKind.EVENT_LOST.value, "count": 0})

    def cut_stream(self) -> None:
        self._server.call(lambda server: server.streams.disconnect())

    def price(self, price: str) -> None:
        self._server.tell("price", "BTCUSDT", price)

    def trade_by_hand(self, side: str, quantity: str) -> None:
        trade_by_hand(self._server, symbol="BTCUSDT", side=side.upper(), quantity=quantity)

    def leverage_by_hand(self, times: int) -> None:
        venue_answers(self._server, "POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=str(times))

    def hedge(self) -> None:
        venue_answers(self._server, "POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")

    def coarser(self) -> None:
        self._server.tell("rules", "BTCUSDT", {"step_size": "0.01"})

    def fund(self) -> None:
        self._server.call(lambda server: server.live.venue.fund("BTCUSDT", server.live.now_ms()))
        self._server.tell("advance")

    def deleverage(self, quantity: str) -> None:
        self._server.tell("deleverage", "BTCUSDT", quantity, "", "BOTH")

    def settle(self) -> None:
        self._server.tell("delist", "BTCUSDT")

    def held(self) -> Decimal:
        return held(self._server)

    def resting(self) -> int:
        lists = ("/fapi/v1/openOrders", "/fapi/v1/openAlgoOrders")
        return sum(len(venue_answers(self._server, "GET", path)) for path in lists)

    def _plan(self, *faults: dict[str, Any]) -> None:
        self._server.tell("faults", {"faults": list(faults)})


@contextmanager
def binance() -> Iterator[BinanceOnPaper]:
    with paper() as server:
        yield BinanceOnPaper(server)
