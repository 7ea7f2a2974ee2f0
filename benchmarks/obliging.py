"""A venue that does at once whatever it is asked: what a position hears after each of its requests."""

import itertools
from decimal import Decimal
from typing import Any

from messages import requests as q
from messages.base import Message
from messages.reports import FillReport, OrderAccepted, OrderReport
from messages.types import (
    AccountId,
    Instrument,
    OrderStatus,
    PositionSide,
    Side,
    StrategyId,
    Symbol,
    TradeId,
    VenueOrderId,
)

ACCOUNT, STRATEGY = AccountId("main"), StrategyId("grid")
QUANTITY, PRICE, STOP, TIGHTER, TARGET = (
    Decimal(text) for text in ("0.010", "60000.0", "58000.0", "59000.0", "66000.0")
)
SYMBOL = Symbol("BTCUSDT")
BTC = Instrument(
    symbol=SYMBOL,
    quantity_step=Decimal("0.001"),
    price_step=Decimal("0.1"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(1200),
    max_market_quantity=Decimal(120),
    min_notional=Decimal(100),
)
FEE_RATE = Decimal("0.0005")
LONG = PositionSide.LONG


class ObligingVenue:
    """Acknowledges every order, fills market orders in `parts`, cancels what is to be canceled."""

    def __init__(self, parts: int = 1) -> None:
        self._parts = parts
        self._trades = itertools.count(1)

    def answers(self, request: Message, now_ns: int) -> tuple[Message, ...]:
        """Nothing for what is not about an order."""
        match request:
            case q.SubmitOrder():
                accepted = OrderAccepted(venue_order_id=_venue_id(request), **_about(request, now_ns))
                return (accepted,) if request.kind.conditional else (accepted, *self._fills(request, now_ns))
            case q.CancelOrder():
                canceled = OrderReport(
                    venue_order_id=_venue_id(request),
                    status=OrderStatus.CANCELED,
                    side=Side.SELL,
                    quantity=QUANTITY,
                    filled_quantity=Decimal(0),
                    **_about(request, now_ns),
                )
                return (canceled,)
            case _:
                return ()

    def _fills(self, order: q.SubmitOrder, now_ns: int) -> tuple[FillReport, ...]:
        part = order.quantity / self._parts
        return tuple(
            FillReport(
                venue_order_id=_venue_id(order),
                trade_id=TradeId(str(next(self._trades))),
                side=order.side,
                quantity=part,
                price=PRICE,
                fee=part * PRICE * FEE_RATE,
                fee_currency="USDT",
                **_about(order, now_ns),
            )
            for _ in range(self._parts)
        )


def _venue_id(request: q.OrderRequest) -> VenueOrderId:
    return VenueOrderId(f"8{int(request.client_order_id[-11:], 36):010d}")


def _about(request: q.OrderRequest, now_ns: int) -> dict[str, Any]:
    return {
        "account": request.account,
        "symbol": request.symbol,
        "client_order_id": request.client_order_id,
        "ts_event": now_ns,
        "ts_init": now_ns,
    }
