"""What the supervisor does for a position whose actor failed: it tells what is bare, and has orders asked after."""

from decimal import Decimal
from typing import Any

import pytest

from messages import lifecycle
from messages import requests as q
from messages.addresses import NOTIFIER, position_address
from messages.ids import client_order_id
from messages.reports import OrderAccepted
from messages.types import ClientOrderId, JournalId, Severity, VenueOrderId
from tests.supervisor.house import BTC, MAIN, House
from tests.supervisor.test_supervisor import fill

NAME = "main.BTCUSDT.long.trend.1"
ABOUT: dict[str, Any] = {"address": position_address(1), "reason": "ValueError: no"}
FAILED = lifecycle.ActorFailed(**ABOUT, trace="", attempt=1, backoff_ns=100_000_000)
PARKED = lifecycle.MessageParked(**ABOUT, message_type="FillReport", attempt=3)
QUARANTINED = lifecycle.ActorQuarantined(**ABOUT, attempt=6)
BARE = "0.01 open, not covered by its stop"


def name_of(number: int) -> ClientOrderId:
    return client_order_id(JournalId("memory00"), 1, number)


def held(*, protected: bool) -> House:
    """A position whose stop is on its way, or rests."""
    house = House().ready()
    house.open(stop_loss=Decimal(59000))
    house.tell(fill(name_of(1)))
    if protected:
        resting = OrderAccepted(
            account=MAIN,
            symbol=BTC,
            client_order_id=name_of(2),
            venue_order_id=VenueOrderId("2"),
        )
        house.tell(resting)
    return house


def alarms(house: House) -> list[q.Notify]:
    return [n for n in house.all(q.Notify, "notifier") if n.severity is Severity.CRITICAL]


@pytest.mark.parametrize("failure", [FAILED, PARKED, QUARANTINED])
def test_a_failure_of_an_unprotected_position_says_so_and_names_it(failure: lifecycle.Lifecycle) -> None:
    house = held(protected=False)
    house.tell(failure)
    (notice,) = alarms(house)
    assert (notice.position_id, notice.account) == (NAME, MAIN)
    assert NAME in notice.text
    assert BARE in notice.text


def test_a_failure_while_the_stop_rests_wakes_nobody() -> None:
    house = held(protected=True)
    house.tell(FAILED)
    assert not alarms(house)


@pytest.mark.parametrize("failure", [PARKED, QUARANTINED])
def test_a_notice_about_an_actor_names_the_position_though_it_is_protected(failure: lifecycle.Lifecycle) -> None:
    house = held(protected=True)
    house.tell(failure)
    (notice,) = alarms(house)
    assert notice.position_id == NAME
    assert BARE not in notice.text


def test_one_failure_after_another_is_one_notice() -> None:
    house = held(protected=False)
    house.tell(FAILED)
    house.tell(FAILED)
    assert len({notice.notice_id for notice in alarms(house)}) == 1
    assert alarms(house)[0].notice_id


def test_an_actor_that_is_no_position_is_told_by_its_address() -> None:
    house = held(protected=False)
    house.tell(lifecycle.MessageParked(address=NOTIFIER, reason="x", message_type="Notify", attempt=3))
    (notice,) = alarms(house)
    assert (notice.position_id, notice.text) == (None, "notifier cannot handle a message, it was put aside: x")


def test_after_a_parked_message_the_position_asks_after_its_orders() -> None:
    house = held(protected=True)
    house.tell(PARKED)
    assert {message.client_order_id for message in house.all(q.ResolveOrder, "gateway/main")} >= {name_of(2)}


def test_a_parked_request_to_ask_after_orders_is_not_repeated() -> None:
    house = held(protected=True)
    asked = len(house.all(q.ResolveOrder, "gateway/main"))
    house.tell(lifecycle.MessageParked(**ABOUT, message_type="Sweep", attempt=3))
    assert len(house.all(q.ResolveOrder, "gateway/main")) == asked
