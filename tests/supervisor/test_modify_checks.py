"""Changes of what is held meet the account's limits, the neighbors on the symbol, and the price of liquidation."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from actors.supervisor.pre_trade_risk import Limits
from messages import reports as r
from messages.commands import CancelEntries, ModifyPosition
from messages.requests import CancelOrder, Notify, Reply, SetLeverage, SubmitOpening
from messages.types import (
    ClientOrderId,
    CommandId,
    OrderStatus,
    PositionId,
    PositionMode,
    PositionSide,
    Severity,
    Side,
    StrategyId,
    TradeId,
    TrailingBounds,
    VenueOrderId,
)
from tests.supervisor.house import BTC, EDGE, MAIN, RULES, House

GATEWAY = "gateway/main"


def held(house: House, strategy: str = "trend", **more: Any) -> PositionId:
    """0.01 at 60000."""
    house.open(f"open-{strategy}", strategy=StrategyId(strategy), **more)
    order = house.all(SubmitOpening, GATEWAY)[-1]
    house.tell(
        r.FillReport(
            account=MAIN,
            symbol=BTC,
            client_order_id=order.client_order_id,
            venue_order_id=VenueOrderId("1"),
            trade_id=TradeId(f"t-{strategy}"),
            side=order.side,
            quantity=order.quantity,
            price=Decimal(60_000),
            fee=Decimal(0),
            fee_currency="USDT",
        )
    )
    [answer] = [reply for reply in house.all(Reply) if reply.command_id == f"open-{strategy}"]
    assert answer.position_id
    return answer.position_id


def modify(house: House, position_id: PositionId, command_id: str = "m", **changes: Any) -> Reply:
    house.tell(ModifyPosition(command_id=CommandId(command_id), reply_to=EDGE, position_id=position_id, **changes))
    return [reply for reply in house.all(Reply) if reply.command_id == command_id][-1]


def row(liquidation: str, side: PositionSide = PositionSide.LONG) -> r.PositionRow:
    return r.PositionRow(
        symbol=BTC,
        side=side,
        quantity=Decimal("0.01"),
        entry_price=Decimal(60_000),
        mark_price=Decimal(60_000),
        unrealized_pnl=Decimal(0),
        liquidation_price=Decimal(liquidation),
    )


def told_positions(house: House, *rows: r.PositionRow) -> None:
    house.tell(r.PositionsReport(account=MAIN, request_id="2", begun_ns=8, positions=rows))


def test_an_addition_within_the_limits_is_sent() -> None:
    house = House(limits=Limits(symbol_exposure=Decimal(2000))).ready()
    position_id = held(house)
    assert modify(house, position_id, add=Decimal("0.02")).accepted
    assert [order.quantity for order in house.all(SubmitOpening, GATEWAY)] == [Decimal("0.01"), Decimal("0.02")]


def test_an_addition_beyond_a_limit_is_refused_with_the_numbers() -> None:
    house = House(limits=Limits(symbol_exposure=Decimal(1000), openings_per_minute=5)).ready()
    position_id = held(house)
    answer = modify(house, position_id, add=Decimal("0.02"))
    assert not answer.accepted
    assert answer.text == "limits.symbol_exposure is 1000, this would make it 1800"
    below = modify(house, position_id, "m2", add=Decimal("0.00001"))
    assert "below the minimum of 0.001" in below.text


def test_additions_count_among_the_openings_of_a_minute_and_hold_where_openings_are_paused() -> None:
    house = House(limits=Limits(openings_per_minute=2)).ready()
    position_id = held(house)
    assert modify(house, position_id, "m1", add=Decimal("0.001")).accepted
    assert "openings_per_minute is 2" in modify(house, position_id, "m2", add=Decimal("0.001")).text


def test_the_openings_of_a_minute_count_over_a_restart() -> None:
    before = House(limits=Limits(openings_per_minute=1)).ready()
    held(before)
    house = House(before.journal.image, limits=Limits(openings_per_minute=1)).ready()
    house.open("c2", strategy=StrategyId("swing"))
    assert "openings_per_minute is 1" in house.all(Reply)[-1].text
    house.run(61)
    house.open("c3", strategy=StrategyId("swing"))
    assert house.all(Reply)[-1].accepted


def test_a_repeated_addition_is_not_held_against_the_limits_again() -> None:
    house = House(limits=Limits(openings_per_minute=2)).ready()
    position_id = held(house)
    assert modify(house, position_id, "m1", add=Decimal("0.001")).accepted
    assert modify(house, position_id, "m1", add=Decimal("0.001")).accepted
    assert len(house.all(SubmitOpening, GATEWAY)) == 2


def test_leverage_under_a_neighbors_open_position_is_refused_by_name() -> None:
    house = House().ready()
    mine, neighbor = held(house, "trend"), held(house, "swing")
    answer = modify(house, mine, leverage=7)
    assert not answer.accepted
    assert neighbor in answer.text
    assert house.all(SetLeverage, GATEWAY) == []


def test_leverage_of_the_only_position_of_a_symbol_is_set() -> None:
    house = House().ready()
    assert modify(house, held(house), leverage=7).accepted
    assert [setting.leverage for setting in house.all(SetLeverage, GATEWAY)] == [7]


def test_our_own_change_of_leverage_is_no_news_when_the_stream_tells_of_it() -> None:
    house = House().ready()
    position_id = held(house)
    modify(house, position_id, leverage=5)
    house.tell(r.SettingApplied(account=MAIN, position_id=position_id, symbol=BTC, leverage=5))
    modify(house, position_id, "m2", leverage=7)
    house.tell(r.LeverageChanged(account=MAIN, symbol=BTC, leverage=7))
    assert [told.text for told in house.all(Notify, "notifier") if "leverage" in told.text] == []


def test_a_stop_beyond_the_liquidation_price_is_refused_with_both() -> None:
    house = House().ready()
    position_id = held(house)
    told_positions(house, row("55000"))
    answer = modify(house, position_id, stop_loss=Decimal(54_000))
    assert not answer.accepted
    assert "the stop at 54000 is beyond the liquidation price of 55000" in answer.text
    assert modify(house, position_id, "m2", stop_loss=Decimal(56_000)).accepted


def test_a_stop_or_target_that_the_price_has_passed_is_refused_and_closes_nothing() -> None:
    house = House().ready()
    position_id = held(house)
    house.tell(r.MarkReport(account=MAIN, symbol=BTC, mark_price=Decimal(60_000)))
    stop = modify(house, position_id, "stop", stop_loss=Decimal(61_000))
    target = modify(house, position_id, "target", take_profit=Decimal(59_000))
    assert not stop.accepted
    assert stop.text == "the stop of a long must be below its price: 61000 against 60000"
    assert not target.accepted
    assert target.text == "the target of a long must be above its price: 59000 against 60000"
    assert modify(house, position_id, "off", stop_loss=Decimal(0), take_profit=Decimal(0)).accepted
    assert modify(house, position_id, "well", stop_loss=Decimal(59_000), take_profit=Decimal(61_000)).accepted


def test_a_liquidation_price_that_moves_past_a_stop_is_told_once() -> None:
    house = House().ready()
    held(house, stop_loss=Decimal(54_000))
    for _ in range(3):
        told_positions(house, row("55000"))
    told = [n for n in house.all(Notify, "notifier") if "beyond the liquidation price" in n.text]
    assert [n.severity for n in told] == [Severity.CRITICAL]


def test_a_short_is_liquidated_above() -> None:
    house = House().ready()
    position_id = held(house, side=PositionSide.SHORT)
    told_positions(house, row("66000", PositionSide.SHORT))
    assert not modify(house, position_id, stop_loss=Decimal(67_000)).accepted
    assert modify(house, position_id, "m2", stop_loss=Decimal(65_000)).accepted


def test_an_orderly_stop_calls_off_what_rests_and_nothing_else() -> None:
    house = House().ready()
    held(house, "swing")
    house.open("rest", limit_price=Decimal(50_000))
    resting = house.all(SubmitOpening, GATEWAY)[-1]
    house.tell(
        r.OrderReport(
            account=MAIN,
            symbol=BTC,
            client_order_id=ClientOrderId(resting.client_order_id),
            venue_order_id=VenueOrderId("5"),
            status=OrderStatus.WORKING,
            side=Side.BUY,
            quantity=resting.quantity,
            filled_quantity=Decimal(0),
        )
    )
    house.tell(CancelEntries(command_id=CommandId("stop")))
    assert [order.client_order_id for order in house.all(CancelOrder, GATEWAY)] == [resting.client_order_id]


def test_a_stop_or_target_that_the_venue_has_no_room_for_is_refused_with_its_bound() -> None:
    house = House().ready()
    bound = replace(RULES, min_price=Decimal(100), max_price=Decimal(200_000))
    house.tell(
        r.VenueUp(
            account=MAIN,
            venue_identity="v",
            position_mode=PositionMode.ONE_WAY,
            instruments=(bound,),
            validity_window_ms=5000,
        )
    )
    position_id = held(house)
    low = modify(house, position_id, "low", stop_loss=Decimal(50))
    high = modify(house, position_id, "high", take_profit=Decimal(300_000))
    assert (low.accepted, high.accepted) == (False, False)
    assert "stop price 50 is below the venue's minimum of 100" in low.text
    assert "target price 300000 is above the venue's maximum of 200000" in high.text
    assert modify(house, position_id, "off", stop_loss=Decimal(0), take_profit=Decimal(150_000)).accepted


def test_a_callback_rate_beyond_what_the_venue_declares_is_no_change() -> None:
    house = House().ready()
    position_id = held(house, stop_loss=Decimal(58000))
    house.tell(
        r.VenueUp(
            account=MAIN,
            venue_identity="v",
            position_mode=PositionMode.ONE_WAY,
            instruments=(RULES,),
            validity_window_ms=5000,
            trailing=TrailingBounds(least=Decimal("0.5"), most=Decimal(2), step=Decimal("0.1")),
        )
    )
    answer = modify(house, position_id, trailing=Decimal(3))
    assert (answer.accepted, "0.5 to 2 %, in steps of 0.1" in answer.text) == (False, True)
    assert modify(house, position_id, "n", trailing=Decimal(1)).accepted
