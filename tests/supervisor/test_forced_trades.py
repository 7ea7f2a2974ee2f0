"""Liquidation, deleveraging, settlement: whoever is on the leg books its part, exactly, once."""

from decimal import Decimal

from actors.supervisor.forced_trades import leg_of
from messages import reports as r
from messages.commands import ListPositions
from messages.requests import CancelOrder, Notify, SubmitOpening, SubmitReducing
from messages.statement import verbatim
from messages.types import (
    ClientOrderId,
    CommandId,
    FillCause,
    OrderStatus,
    PositionMode,
    PositionSide,
    PositionState,
    Severity,
    Side,
    StrategyId,
    TradeId,
    VenueOrderId,
)
from tests.supervisor.house import BTC, EDGE, MAIN, House

STEP = Decimal("0.001")
LIQUIDATION, DELEVERAGING, SETTLEMENT = FillCause


def fill(
    order: str,
    trade: str,
    quantity: str,
    *,
    side: Side,
    price: str = "60000",
    fee: str = "0",
    cause: FillCause | None = None,
) -> r.FillReport:
    return r.FillReport(
        account=MAIN,
        symbol=BTC,
        client_order_id=ClientOrderId(order),
        venue_order_id=VenueOrderId("9"),
        trade_id=TradeId(trade),
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_currency="USDT",
        cause=cause,
    )


def held(house: House, quantity: str, strategy: str, **more: object) -> None:
    """Open and fill one position."""
    house.open(f"open-{strategy}", strategy=StrategyId(strategy), quantity=Decimal(quantity), **more)
    order = house.all(SubmitOpening, "gateway/main")[-1]
    house.tell(fill(order.client_order_id, f"t-{strategy}", quantity, side=order.side))


def views(house: House) -> dict[str, r.PositionView]:
    house.heard[EDGE].clear()
    house.tell(ListPositions(command_id=CommandId("list"), reply_to=EDGE, terminal=True))
    [answer] = house.all(r.PositionsAnswer)
    return {view.strategy: view for view in answer.views}


def test_a_liquidation_closes_the_only_position_on_the_leg_with_its_cause_and_its_fee() -> None:
    house = House().ready()
    held(house, "0.01", "trend", stop_loss=Decimal(58000))
    stop = house.heard["gateway/main"][-1]
    house.tell(fill("autoclose-77", "liq", "0.01", side=Side.SELL, price="50000", fee="1.5", cause=LIQUIDATION))
    view = views(house)["trend"]
    assert view.quantity == 0
    assert "liquidated by the venue" in view.reason
    assert (view.realized_pnl, view.fees) == (Decimal(-100), Decimal("1.5"))
    assert any(n.severity is Severity.CRITICAL and "liquidated" in n.text for n in house.all(Notify, "notifier"))
    assert house.all(SubmitReducing, "gateway/main") == []
    ours = stop.client_order_id  # type: ignore[attr-defined]
    # Called back while it may still wait in the gateway, and again when the venue turns out to have it.
    assert [c.client_order_id for c in house.all(CancelOrder, "gateway/main")] == [ours]
    house.tell(
        r.OrderReport(
            account=MAIN,
            symbol=BTC,
            client_order_id=ours,
            venue_order_id=VenueOrderId("5"),
            status=OrderStatus.WORKING,
            side=Side.SELL,
            quantity=Decimal("0.01"),
            filled_quantity=Decimal(0),
        )
    )
    assert [c.client_order_id for c in house.all(CancelOrder, "gateway/main")] == [ours, ours]
    assert len(house.all(SubmitOpening, "gateway/main")) == 1


def test_deleveraging_of_a_shared_leg_is_borne_by_quantity_and_a_repeated_trade_once() -> None:
    house = House().ready()
    held(house, "0.03", "trend")
    held(house, "0.01", "swing")
    taken = fill("adl_autoclose-1", "adl", "0.02", side=Side.SELL, cause=DELEVERAGING)
    house.tell(taken)
    house.tell(taken)
    after = views(house)
    assert (after["trend"].quantity, after["swing"].quantity) == (Decimal("0.015"), Decimal("0.005"))
    assert after["trend"].state is PositionState.MODIFIED


def test_parts_of_one_forced_order_that_come_at_once_never_take_more_than_there_is() -> None:
    house = House().ready()
    held(house, "0.02", "trend")
    held(house, "0.01", "swing")
    for trade in ("a", "b", "c"):
        house.system.tell("supervisor", fill("settlement_autoclose-1", trade, "0.01", side=Side.SELL, cause=SETTLEMENT))
    house.run()
    assert {view.state for view in views(house).values()} == {PositionState.CLOSED}


def test_the_other_leg_of_a_hedge_account_is_not_concerned() -> None:
    house = House().ready(mode=PositionMode.HEDGE)
    held(house, "0.02", "trend")
    held(house, "0.02", "hedge", side=PositionSide.SHORT)
    house.tell(fill("autoclose-1", "liq", "0.02", side=Side.BUY, cause=LIQUIDATION))
    after = views(house)
    assert (after["trend"].quantity, after["hedge"].quantity) == (Decimal("0.02"), Decimal(0))


def test_what_nobody_holds_is_said_to_belong_to_nobody() -> None:
    house = House().ready()
    house.tell(fill("autoclose-1", "liq", "0.02", side=Side.SELL, cause=LIQUIDATION))
    [notice] = house.all(Notify, "notifier")
    assert "0.02 of it belong to no position" in notice.text


def test_a_margin_call_reaches_the_owner_with_the_positions_it_threatens() -> None:
    house = House().ready()
    held(house, "0.02", "trend")
    house.tell(r.MarginCall(account=MAIN, symbol=BTC, side=PositionSide.LONG, text=verbatim("maintenance margin 12")))
    notice = house.all(Notify, "notifier")[-1]
    assert notice.severity is Severity.CRITICAL
    assert "main.BTCUSDT.long.trend.1" in notice.text


def test_the_leg_of_a_forced_order_is_the_one_it_makes_smaller() -> None:
    assert leg_of(fill("autoclose-1", "x", "1", side=Side.SELL, cause=LIQUIDATION)) is PositionSide.LONG
    assert leg_of(fill("autoclose-1", "x", "1", side=Side.BUY, cause=LIQUIDATION)) is PositionSide.SHORT
