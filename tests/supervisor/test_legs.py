"""Who stands on a leg beside whom: each position is told, in time and only what it does not know yet."""

from dataclasses import replace
from decimal import Decimal

from actors.supervisor.memory import Restored
from adapters.storage.record import RecoveredPosition
from messages import reports as r
from messages.addresses import position_address
from messages.commands import ClosePosition, SettlePosition
from messages.events import LegUpdated
from messages.ids import position_id
from messages.reconciliation import HoldKey, ReleaseKey
from messages.requests import (
    CancelOrder,
    Reply,
    SubmitOpening,
    SubmitOrder,
    SubmitProtection,
    SubmitReducing,
)
from messages.statement import verbatim
from messages.types import (
    CommandId,
    Key,
    OrderStatus,
    PositionId,
    PositionSide,
    ReplyCode,
    StrategyId,
    VenueOrderId,
)
from tests.supervisor.house import BTC, EDGE, MAIN, House
from tests.supervisor.test_asked_again import GATEWAY, fill

FIRST = PositionId("main.BTCUSDT.long.first.1")


def known(house: House) -> dict[int, list[bool]]:
    """What each position has in its history of who shares its leg."""
    return {
        found.ordinal: [event.shared for event in found.events if isinstance(event, LegUpdated)]
        for found in house.journal.recover()
        if isinstance(found, RecoveredPosition) and found.ordinal
    }


def name(house: House, ordinal: int, strategy: str) -> PositionId:
    return position_id(Key(account=MAIN, symbol=BTC, side=PositionSide.LONG, strategy=StrategyId(strategy)), ordinal)


def shared() -> House:
    house = House().ready()
    house.open("c1", strategy=StrategyId("first"))
    assert known(house) == {1: []}
    house.open("c2", strategy=StrategyId("second"))
    return house


def test_both_learn_of_each_other_before_anything_is_filled() -> None:
    assert known(shared()) == {1: [True], 2: [True]}


def test_a_third_is_told_and_the_others_know_already() -> None:
    house = shared()
    house.open("c3", strategy=StrategyId("third"))
    assert known(house) == {1: [True], 2: [True], 3: [True]}


def test_who_is_left_alone_learns_it() -> None:
    house = shared()
    for number, order in enumerate(house.all(SubmitOpening, GATEWAY)):
        house.tell(fill(order, str(number)))
    house.tell(ClosePosition(command_id=CommandId("x"), position_id=name(house, 2, "second")))
    [reduction] = house.all(SubmitReducing, GATEWAY)
    house.tell(fill(reduction, "9"))
    assert known(house) == {1: [True, False]}


def test_after_a_restart_nobody_is_told_what_he_knows() -> None:
    house = House(image=shared().journal.image).ready()
    house.run()
    assert known(house) == {1: [True], 2: [True]}


class Damaged(House):
    """The second position's history cannot be read any more."""

    def _restored(self) -> Restored:
        found = super()._restored()
        silent = tuple((p.position_id, verbatim("a record is damaged")) for p in found.positions if p.ordinal == 2)
        return replace(found, positions=tuple(p for p in found.positions if p.ordinal == 1), silent=silent)


def test_who_stands_beside_a_damaged_position_is_not_alone() -> None:
    """Day 9600749, I8: its part of the leg was taken for nobody's, and a stop that fired beside a close ate of it."""
    house = Damaged(image=shared().journal.image).ready()
    house.run()
    assert known(house)[1] == [True]


def accept(house: House, order: SubmitOrder) -> None:
    house.tell(
        r.OrderAccepted(
            account=MAIN, symbol=BTC, client_order_id=order.client_order_id, venue_order_id=VenueOrderId("s")
        )
    )


def test_nobody_joins_a_leg_while_a_stop_and_the_one_in_its_place_rest_on_it() -> None:
    house = House().ready()
    house.open("c1", strategy=StrategyId("first"), stop_loss=Decimal(59_000), limit_price=Decimal(60_000))
    [entry] = house.all(SubmitOpening, GATEWAY)
    part = fill(entry, "1").quantity / 4
    house.tell(replace(fill(entry, "1"), quantity=part))
    [small] = house.all(SubmitProtection, GATEWAY)
    accept(house, small)
    house.tell(replace(fill(entry, "2"), quantity=part))
    large = house.all(SubmitProtection, GATEWAY)[-1]
    house.open("c2", strategy=StrategyId("second"))
    [refused] = [reply for reply in house.all(Reply) if not reply.accepted]
    assert "main.BTCUSDT.long.first.1 has its stops replaced on BTCUSDT just now" in refused.text
    accept(house, large)
    [cancel] = house.all(CancelOrder, GATEWAY)
    house.tell(
        r.OrderReport(
            account=MAIN,
            symbol=BTC,
            client_order_id=cancel.client_order_id,
            venue_order_id=VenueOrderId("s"),
            status=OrderStatus.CANCELED,
            side=small.side,
            quantity=small.quantity,
            filled_quantity=Decimal(0),
        )
    )
    house.open("c3", strategy=StrategyId("second"))
    assert house.all(Reply)[-1].accepted


class Strangers(House):
    """Each of the positions that a start finds believes to be alone on its leg."""

    def _restored(self) -> Restored:
        found = super()._restored()
        return replace(found, positions=tuple(replace(p, shared_leg=False) for p in found.positions))


def handled_by_a_start(positions: int) -> int:
    """Messages, with those by which each learns that it is not alone."""
    house = House().ready()
    for number in range(positions):
        house.open(f"c{number}", strategy=StrategyId(f"s{number}"))
    start = Strangers(image=house.journal.image).ready()
    start.run()
    assert all(told[-1] for told in known(start).values())
    return sum(lane.processed for lane in start.system.metrics().lanes)


def test_a_start_costs_each_position_of_a_leg_the_same_however_many_they_are() -> None:
    few, many = handled_by_a_start(10), handled_by_a_start(40)
    assert many <= few * 4


def test_an_opening_waits_while_belief_and_venue_are_compared() -> None:
    house = House().ready()
    house.tell(HoldKey(account=MAIN, symbol=BTC, why=verbatim("flat believed, long 1 reported"), passing=True))
    house.open("c1", strategy=StrategyId("first"))
    [waits] = house.all(Reply)
    told = "BTCUSDT is being compared with the venue: flat believed, long 1 reported; try again soon"
    assert (waits.text, waits.code) == (told, ReplyCode.NOT_READY)
    house.tell(HoldKey(account=MAIN, symbol=BTC, why=verbatim("d1")))
    house.open("c2", strategy=StrategyId("first"))
    assert house.all(Reply)[-1].code is ReplyCode.DECIDED
    house.tell(ReleaseKey(account=MAIN, symbol=BTC))
    house.open("c3", strategy=StrategyId("first"))
    assert house.all(Reply)[-1].accepted


def test_nobody_joins_a_position_that_was_settled_by_hand_before_it_was_compared() -> None:
    """A stop of it that was written off may rest all the same, for what it held then."""
    house = House().ready()
    house.open("c1", strategy=StrategyId("first"), stop_loss=Decimal(59_000))
    [entry] = house.all(SubmitOpening, GATEWAY)
    house.tell(fill(entry, "1"))
    [stop] = house.all(SubmitProtection, GATEWAY)
    house.tell(r.OutcomeUnknown(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, cause=verbatim("504")))
    house.run(31)
    settle = SettlePosition(command_id=CommandId("s"), reply_to=EDGE, position_id=FIRST)
    house.tell(settle)
    assert house.all(Reply)[-1].accepted
    house.open("c2", strategy=StrategyId("second"))
    waits = house.all(Reply)[-1]
    told = f"{FIRST} was settled by hand and is not compared with the venue yet; try again soon"
    assert (waits.text, waits.code) == (told, ReplyCode.NOT_READY)
    house.run(1)
    now_ns, quantity = house.dispatcher.clock.time_ns(), fill(entry, "1").quantity
    house.system.tell(position_address(1), r.LegHeld(position_id=FIRST, quantity=quantity, begun_ns=now_ns))
    house.run()
    house.open("c3", strategy=StrategyId("second"))
    assert house.all(Reply)[-1].accepted
