"""A trader at the paper venue: asks, hears events, lets time pass."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.paper.answer import Answer
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.faults import NO_FAULTS, Fault, FaultPlan, Quirks

START_MS = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its JSON read."""

    answer: Answer
    body: Any

    @property
    def code(self) -> int:
        """The venue's error code; 0 for success."""
        return self.body.get("code", 0) if isinstance(self.body, dict) and self.answer.status != 200 else 0


class Desk:
    """Prices stand still unless a test moves them."""

    def __init__(self, venue: PaperVenue | None = None, *, faults: FaultPlan = NO_FAULTS, hedge: bool = False) -> None:
        self.venue = venue or PaperVenue(seed=1, now_ms=START_MS, volatility_ppm=0, faults=faults)
        self.now_ms = self.venue.now_ms
        if hedge:
            self.must("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")

    def raw(self, method: str, path: str, **params: object) -> Answer:
        filled = {"timestamp": str(self.now_ms)} | {name: str(value) for name, value in params.items()}
        key = self.venue.default_api_key
        return self.venue.request(method, path, filled, api_key=key, now_ms=self.now_ms)

    def ask(self, method: str, path: str, **params: object) -> Reply:
        answer = self.raw(method, path, **params)
        return Reply(answer, json.loads(answer.body))

    def must(self, method: str, path: str, **params: object) -> Any:
        """The body of an answer that succeeds."""
        reply = self.ask(method, path, **params)
        assert reply.answer.status == 200, reply.body
        return reply.body

    def market(self, side: str, quantity: str, symbol: str = "BTCUSDT", **params: object) -> Reply:
        return self.ask(
            "POST",
            "/fapi/v1/order",
            symbol=symbol,
            side=side,
            type="MARKET",
            quantity=quantity,
            newOrderRespType="RESULT",
            **params,
        )

    def limit(self, side: str, quantity: str, price: str, symbol: str = "BTCUSDT", **params: object) -> Reply:
        fixed = {"symbol": symbol, "side": side, "type": "LIMIT", "quantity": quantity, "price": price}
        chosen = {"timeInForce": "GTC", "newOrderRespType": "RESULT"} | params
        return self.ask("POST", "/fapi/v1/order", **fixed, **chosen)

    def conditional(self, kind: str, side: str, trigger: str = "", symbol: str = "BTCUSDT", **params: object) -> Reply:
        fixed = {"algoType": "CONDITIONAL", "symbol": symbol, "side": side, "type": kind}
        if trigger:
            fixed["triggerPrice"] = trigger
        return self.ask("POST", "/fapi/v1/algoOrder", **fixed, **params)

    def price(self, price: str, symbol: str = "BTCUSDT", *, mark: str | None = None) -> None:
        self.venue.set_price(symbol, Decimal(price), self.now_ms, mark=Decimal(mark) if mark else None)

    def wait(self, milliseconds: int) -> None:
        self.now_ms += milliseconds
        self.venue.advance(self.now_ms)

    def events(self, *kinds: str) -> list[Any]:
        """User-data events since the last call, all or of some types."""
        drained = [each.event for each in self.venue.drain_events()]
        return [event for event in drained if not kinds or event.get("e") in kinds]

    def position(self, symbol: str = "BTCUSDT", side: str = "BOTH") -> Decimal:
        held = self.venue.account_named().positions.get((symbol, side))
        return held.quantity if held else Decimal(0)

    @property
    def wallet(self) -> Decimal:
        return self.venue.account_named().wallet

    def order(self, client_id: str, symbol: str = "BTCUSDT") -> Any:
        return self.must("GET", "/fapi/v1/order", symbol=symbol, origClientOrderId=client_id)

    def algo(self, client_id: str) -> Any:
        return self.must("GET", "/fapi/v1/algoOrder", clientAlgoId=client_id)


def plan(*faults: Fault, **quirks: Any) -> FaultPlan:
    return FaultPlan(faults=faults, quirks=Quirks(**quirks), seed=7)
