"""What an answer to an order tells of its fills."""

from decimal import Decimal

from adapters.exchange.binance.order_answers import submitted
from adapters.exchange.venue import Stamp
from messages.requests import SubmitOpening
from messages.types import ClientOrderId, OrderKind, OrderStatus, PositionSide, Side
from tests.exchange.desk_side import BTC, MAIN


def test_an_answer_tells_fills_only_where_it_counts_them() -> None:
    order = SubmitOpening(
        account=MAIN,
        symbol=BTC,
        client_order_id=ClientOrderId("ab1"),
        side=Side.BUY,
        position_side=PositionSide.LONG,
        kind=OrderKind.MARKET,
        quantity=Decimal("0.01"),
    )
    row = {
        "symbol": "BTCUSDT",
        "clientOrderId": "ab1",
        "orderId": 7,
        "status": "NEW",
        "side": "BUY",
        "origQty": "0.01",
        "executedQty": "0",
    }
    stamp = Stamp(account=MAIN, ts_init=1)
    unfilled = submitted(order, row, stamp)
    assert unfilled is not None
    assert not unfilled.filled_quantity
    assert submitted(order, {"orderId": 7}, stamp) is None
    filled = submitted(order, {**row, "status": "FILLED", "executedQty": "0.01"}, stamp)
    assert filled is not None
    assert (filled.status, filled.filled_quantity) == (OrderStatus.FILLED, Decimal("0.01"))
