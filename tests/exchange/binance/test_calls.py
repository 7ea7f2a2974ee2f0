"""What leaves for the venue: each intent as the one request that means it."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from adapters.exchange.binance.calls import MAX_WEEKS, submit, trade_windows
from messages.requests import SubmitEmergency, SubmitOpening, SubmitOrder, SubmitProtection, SubmitReducing
from messages.types import (
    AccountId,
    ClientOrderId,
    OrderKind,
    PositionMode,
    PositionSide,
    Side,
    Symbol,
    TriggerPrice,
)

WEEK_MS = 7 * 24 * 3600 * 1000


def order(intent: type[SubmitOrder], **fields: Any) -> SubmitOrder:
    values: dict[str, Any] = {
        "account": AccountId("main"),
        "symbol": Symbol("BTCUSDT"),
        "client_order_id": ClientOrderId("abjournal000000010001"),
        "side": Side.SELL,
        "position_side": PositionSide.LONG,
        "kind": OrderKind.MARKET,
        "quantity": Decimal("0.0100"),
    }
    return intent(**{**values, **fields})


STOP = {"kind": OrderKind.STOP_MARKET, "trigger_price": Decimal("58000.10"), "conditional": True}


@pytest.mark.parametrize("intent", [SubmitReducing, SubmitEmergency, SubmitProtection])
def test_reducing_is_a_flag_in_one_way_mode_and_a_leg_in_hedge_mode(intent: type[SubmitOrder]) -> None:
    fields = STOP if intent is SubmitProtection else {}
    one_way = submit(order(intent, **fields), PositionMode.ONE_WAY).params
    assert one_way["reduceOnly"] == "true"
    assert "positionSide" not in one_way
    hedge = submit(order(intent, **fields), PositionMode.HEDGE).params
    assert hedge["positionSide"] == "LONG"
    assert "reduceOnly" not in hedge


def test_an_opening_never_carries_reduce_only() -> None:
    for mode in PositionMode:
        assert "reduceOnly" not in submit(order(SubmitOpening), mode).params


def test_a_limit_order_names_price_and_time_in_force() -> None:
    call = submit(order(SubmitOpening, kind=OrderKind.LIMIT, limit_price=Decimal("50000.50")), PositionMode.ONE_WAY)
    assert (call.method, call.path) == ("POST", "/fapi/v1/order")
    assert {name: call.params[name] for name in ("type", "price", "timeInForce", "quantity")} == {
        "type": "LIMIT",
        "price": "50000.5",
        "timeInForce": "GTC",
        "quantity": "0.01",
    }


@pytest.mark.parametrize(
    ("kind", "trigger", "type_", "working"),
    [
        (OrderKind.STOP_MARKET, TriggerPrice.MARK, "STOP_MARKET", "MARK_PRICE"),
        (OrderKind.TARGET_MARKET, TriggerPrice.LAST, "TAKE_PROFIT_MARKET", "CONTRACT_PRICE"),
    ],
)
def test_a_conditional_order_goes_to_its_own_service_with_quantity_and_trigger(
    kind: OrderKind, trigger: TriggerPrice, type_: str, working: str
) -> None:
    call = submit(order(SubmitProtection, **{**STOP, "kind": kind, "trigger": trigger}), PositionMode.ONE_WAY)
    assert call.path == "/fapi/v1/algoOrder"
    assert call.params == {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": type_,
        "quantity": "0.01",
        "newOrderRespType": "RESULT",
        "reduceOnly": "true",
        "algoType": "CONDITIONAL",
        "clientAlgoId": "abjournal000000010001",
        "triggerPrice": "58000.1",
        "workingType": working,
    }


@pytest.mark.parametrize("kind", [OrderKind.LIMIT, OrderKind.STOP_MARKET])
def test_an_order_that_lacks_its_price_is_not_written(kind: OrderKind) -> None:
    with pytest.raises(ValueError, match="needs its"):
        submit(order(SubmitOpening, kind=kind), PositionMode.ONE_WAY)


def test_trades_of_an_old_order_are_read_week_by_week_up_to_now() -> None:
    now_ms = 100 * WEEK_MS
    assert trade_windows(0, now_ms) == (None,)
    assert trade_windows(now_ms - WEEK_MS // 2, now_ms) == (None,)
    windows = [window for window in trade_windows(now_ms - 3 * WEEK_MS, now_ms) if window is not None]
    assert windows[0].start_ms <= now_ms - 3 * WEEK_MS
    assert windows[-1].end_ms >= now_ms
    assert all(window.end_ms - window.start_ms < WEEK_MS for window in windows)
    assert all(b.start_ms == a.end_ms + 1 for a, b in pairwise(windows))
    assert len(trade_windows(1, now_ms)) <= MAX_WEEKS + 1
