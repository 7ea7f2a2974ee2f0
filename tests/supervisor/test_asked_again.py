"""An entry that waits for its leverage is admitted long before it leaves: it is asked again when it would."""

from decimal import Decimal

from messages import reports as r
from messages.commands import PauseOpenings
from messages.requests import Notify, SetLeverage, SubmitOpening, SubmitOrder
from messages.types import CommandId, StrategyId, TradeId, VenueOrderId
from tests.supervisor.house import BTC, MAIN, House

GATEWAY = "gateway/main"


def fill(order: SubmitOrder, trade: str) -> r.FillReport:
    return r.FillReport(
        account=MAIN,
        symbol=BTC,
        client_order_id=order.client_order_id,
        venue_order_id=VenueOrderId(trade),
        trade_id=TradeId(trade),
        side=order.side,
        quantity=order.quantity,
        price=Decimal(60_000),
        fee=Decimal(0),
        fee_currency="USDT",
    )


def leverage_set(house: House) -> r.SettingApplied:
    asked = house.all(SetLeverage, GATEWAY)[-1]
    assert asked.leverage is not None
    return r.SettingApplied(account=MAIN, symbol=BTC, position_id=asked.position_id, leverage=asked.leverage)


def waiting() -> House:
    house = House().ready()
    house.open("waits", leverage=5)
    assert not house.all(SubmitOpening, GATEWAY)
    return house


def test_what_nothing_speaks_against_leaves_when_its_leverage_is_set() -> None:
    house = waiting()
    house.tell(leverage_set(house))
    assert len(house.all(SubmitOpening, GATEWAY)) == 1


def test_openings_that_were_paused_meanwhile_call_off_what_waited_for_its_leverage() -> None:
    house = waiting()
    house.tell(PauseOpenings(command_id=CommandId("p")))
    house.tell(leverage_set(house))
    assert not house.all(SubmitOpening, GATEWAY)
    assert "canceled: it waited for its leverage: openings are paused" in house.all(Notify, "notifier")[-1].text


def test_that_it_was_called_off_is_not_lost_with_a_commit_that_failed() -> None:
    """The leverage is told right behind, and would have it leave (day 40002158)."""
    house = waiting()
    house.tell(PauseOpenings(command_id=CommandId("p")))
    failures = ["no space left on device"]
    house.journal.fault = lambda: failures.pop() if failures else None
    house.tell(leverage_set(house))
    house.run(5)
    assert not failures
    assert not house.all(SubmitOpening, GATEWAY)
    assert "canceled: it waited for its leverage: openings are paused" in house.all(Notify, "notifier")[-1].text


def test_a_leg_that_is_being_cleared_by_then_is_not_opened_on() -> None:
    """The neighbor's stop fired, its target is not canceled yet, and would take what the newcomer buys."""
    house = House().ready()
    house.tell(r.MarkReport(account=MAIN, symbol=BTC, mark_price=Decimal(60_000)))
    house.open("holds", stop_loss=Decimal(59_000), take_profit=Decimal(61_000))
    [entry] = house.all(SubmitOpening, GATEWAY)
    house.tell(fill(entry, "1"))
    house.open("waits", strategy=StrategyId("second"), leverage=5)
    stop = next(each for each in house.all(SubmitOrder, GATEWAY) if each.trigger_price == Decimal(59_000))
    house.tell(fill(stop, "2"))
    house.tell(leverage_set(house))
    assert house.all(SubmitOpening, GATEWAY) == [entry]
