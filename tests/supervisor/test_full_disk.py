"""While the disk is full nothing opens, and nobody is trapped in what he has."""

from decimal import Decimal

from messages import commands as c
from messages import reports as r
from messages import requests as q
from messages.ids import client_order_id
from messages.types import CommandId, JournalId, PositionId, PositionState, ReplyCode
from tests.supervisor.house import BTC, EDGE, MAIN, House
from tests.supervisor.test_supervisor import fill

GATEWAY = "gateway/main"


def applied(position_id: PositionId) -> r.SettingApplied:
    return r.SettingApplied(account=MAIN, position_id=position_id, symbol=BTC, leverage=5)


def about_to_open() -> tuple[House, PositionId]:
    """A position whose leverage is confirmed only when the disk is full: its order comes next."""
    house = House().ready()
    house.open(leverage=5)
    (setting,) = house.all(q.SetLeverage, GATEWAY)
    house.journal.short = True
    house.tell(applied(setting.position_id))
    return house, setting.position_id


def test_an_opening_on_a_full_disk_is_refused_and_says_why() -> None:
    house = House().ready()
    house.journal.short = True
    house.open()
    reply = house.all(q.Reply)[-1]
    assert (reply.accepted, reply.code) == (False, ReplyCode.NOT_READY)
    assert "the disk is full" in reply.text
    assert not house.all(q.SubmitOpening, GATEWAY)


def test_a_position_is_closed_on_a_full_disk() -> None:
    house = House().ready()
    house.open()
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1), trade="t1"))
    house.journal.short = True
    house.tell(c.CloseAll(command_id=CommandId("all"), reply_to=EDGE))
    assert len(house.all(q.SubmitEmergency, GATEWAY)) == 1


def test_an_order_that_is_next_waits_for_space_and_then_leaves_once() -> None:
    house, _ = about_to_open()
    house.run(30)
    assert not house.all(q.SubmitOpening, GATEWAY)
    house.journal.short = False
    house.run(3)
    assert len(house.all(q.SubmitOpening, GATEWAY)) == 1


def test_openings_that_were_paused_while_it_waited_for_space_call_it_off() -> None:
    house, position_id = about_to_open()
    house.tell(c.PauseOpenings(command_id=CommandId("p"), reply_to=EDGE))
    house.run(30)
    house.journal.short = False
    house.run(30)
    assert not house.all(q.SubmitOpening, GATEWAY)
    text = house.all(q.Notify, "notifier")[-1].text
    assert f"({position_id}) canceled: it waited for its leverage: openings are paused" in text


def test_a_close_does_not_stand_behind_an_order_that_waits_for_space() -> None:
    house, position_id = about_to_open()
    house.tell(c.ClosePosition(command_id=CommandId("x"), reply_to=EDGE, position_id=position_id))
    assert house.all(q.Reply)[-1].accepted
    house.journal.short = False
    house.run(5)
    assert not house.all(q.SubmitOpening, GATEWAY)
    house.tell(c.ListPositions(command_id=CommandId("l"), reply_to=EDGE, terminal=True))
    (view,) = house.all(r.PositionsAnswer)[-1].views
    assert view.state in (PositionState.CANCELLED, PositionState.CLOSED)


def test_a_fill_is_kept_on_a_full_disk_and_its_stop_leaves() -> None:
    house = House().ready()
    house.open(stop_loss=Decimal(58000))
    house.journal.short = True
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1), trade="t1"))
    assert len(house.all(q.SubmitProtection, GATEWAY)) == 1
