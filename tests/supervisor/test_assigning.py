"""What is manual is handed to a strategy by command, with its price and its stops; the net stays what it is."""

from decimal import Decimal

from messages import reports as r
from messages.commands import AdoptPosition, AssignPosition, ListPositions, PausePosition
from messages.reconciliation import HoldKey
from messages.requests import CancelOrder, Notify, Reply, SubmitProtection
from messages.statement import verbatim
from messages.types import MANUAL, CommandId, PositionId, PositionSide, PositionState, StrategyId, VenueOrderId
from tests.supervisor.house import BTC, EDGE, MAIN, RULES, House
from tests.supervisor.test_modify_checks import GATEWAY, held, modify

TREND = StrategyId("trend")


def assign(house: House, position_id: PositionId, strategy: StrategyId = TREND, command_id: str = "a1") -> Reply:
    house.tell(
        AssignPosition(command_id=CommandId(command_id), reply_to=EDGE, position_id=position_id, strategy=strategy)
    )
    return [reply for reply in house.all(Reply) if reply.command_id == command_id][-1]


def live(house: House) -> dict[StrategyId, Decimal]:
    return {view.strategy: view.quantity for view in shown(house) if view.quantity}


def shown(house: House) -> tuple[r.PositionView, ...]:
    house.tell(ListPositions(command_id=CommandId("l"), reply_to=EDGE))
    return house.all(r.PositionsAnswer)[-1].views


def with_its_stop(house: House) -> PositionId:
    position_id = held(house, strategy=MANUAL, stop_loss=Decimal(58_000))
    [stop] = house.all(SubmitProtection, GATEWAY)
    acknowledged = r.OrderAccepted(
        account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, venue_order_id=VenueOrderId("s1")
    )
    house.tell(acknowledged)
    return position_id


def test_what_is_manual_goes_on_as_the_strategys_with_its_price_and_its_stop() -> None:
    house = House().ready()
    position_id = with_its_stop(house)
    answer = assign(house, position_id)
    assert (answer.accepted, answer.position_id) == (True, "main.BTCUSDT.long.trend.2")
    assert live(house) == {TREND: Decimal("0.01")}
    [taken] = [view for view in shown(house) if view.strategy == TREND]
    assert (taken.entry_price, taken.stop_loss, taken.realized_pnl) == (Decimal(60_000), Decimal(58_000), Decimal(0))
    old, new = house.all(SubmitProtection, GATEWAY)
    assert (new.trigger_price, new.quantity) == (Decimal(58_000), Decimal("0.01"))
    assert [cancel.client_order_id for cancel in house.all(CancelOrder, GATEWAY)] == [old.client_order_id]
    told = [notice.text for notice in house.all(Notify, "notifier")]
    assert "main.BTCUSDT.long.manual.1 is trend's now: BTCUSDT long 0.01 at 60000" in told
    assert not any("outside of Albra" in text for text in told)


def test_the_same_command_again_changes_nothing() -> None:
    house = House().ready()
    position_id = with_its_stop(house)
    assert assign(house, position_id) == assign(house, position_id)
    assert live(house) == {TREND: Decimal("0.01")}


def test_what_the_strategy_holds_already_grows_by_it() -> None:
    house = House().ready()
    held(house)
    position_id = held(house, strategy=MANUAL)
    assert assign(house, position_id).accepted
    assert live(house) == {TREND: Decimal("0.02")}
    assert assign(house, position_id) == house.all(Reply)[-2]


def test_a_kill_between_the_two_bookings_leaves_too_much_with_the_manual_one_never_too_little() -> None:
    house = House().ready()
    position_id = with_its_stop(house)
    house.tell(
        AdoptPosition(
            command_id=CommandId("a1"),
            reply_to=EDGE,
            account=MAIN,
            symbol=BTC,
            side=PositionSide.LONG,
            strategy=TREND,
            quantity=Decimal("0.01"),
            entry_price=Decimal(60_000),
            instrument=RULES,
            handed_from=position_id,
        )
    )
    assert live(house) == {MANUAL: Decimal("0.01"), TREND: Decimal("0.01")}


def test_an_adoption_that_is_said_again_is_answered_by_what_it_adopted() -> None:
    """The reconciler says it again where the answer was lost."""
    house = House().ready()
    adopt = AdoptPosition(
        command_id=CommandId("a1"),
        reply_to=EDGE,
        account=MAIN,
        symbol=BTC,
        side=PositionSide.LONG,
        strategy=MANUAL,
        quantity=Decimal("0.01"),
        entry_price=Decimal(60_000),
        instrument=RULES,
    )
    house.tell(adopt)
    first = house.all(Reply)
    house.tell(adopt)
    again = house.all(Reply)[len(first) :]
    assert [(each.accepted, each.position_id) for each in again] == [(True, first[-1].position_id)]
    assert live(house) == {MANUAL: Decimal("0.01")}


def test_only_what_is_manual_and_at_rest_is_handed_on() -> None:
    house = House().ready()
    trend, manual = held(house), held(house, strategy=MANUAL)
    assert "only what is manual" in assign(house, trend, StrategyId("grid"), "1").text
    assert "is manual already" in assign(house, manual, MANUAL, "2").text
    assert "no position" in assign(house, PositionId("main.BTCUSDT.long.manual.9"), TREND, "3").text
    house.tell(HoldKey(account=MAIN, symbol=BTC, why=verbatim("d1")))
    assert "until belief and venue agree: d1" in assign(house, manual, TREND, "4").text
    modify(house, manual, "m", stop_loss=Decimal(58_000))
    house.tell(PausePosition(command_id=CommandId("p"), reply_to=EDGE, position_id=manual))
    paused = assign(house, manual, TREND, "5")
    assert (paused.accepted, f"is {PositionState.PAUSED}" in paused.text) == (False, True)
    assert live(house) == {TREND: Decimal("0.01"), MANUAL: Decimal("0.01")}


def test_nothing_is_handed_over_where_albra_only_watches() -> None:
    house = House(watch_only=True).ready()
    assert "watches and sends nothing" in assign(house, PositionId("main.BTCUSDT.long.manual.1")).text
