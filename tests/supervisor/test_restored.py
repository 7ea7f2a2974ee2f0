"""A supervisor on a restored journal: orders of before are ours, what was sent since the backup is a stranger's."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from actors.position.policy import Policy
from actors.recovery import names, unconfigured, unwatched
from actors.supervisor.memory import Restored
from messages import reports as r
from messages.commands import ClosePosition
from messages.ids import Names, client_order_id, parse_client_order_id
from messages.requests import CancelOrder, Notify, Reply, SubmitOpening, SubmitOrder, SubmitProtection
from messages.types import (
    AccountId,
    JournalId,
    OrderStatus,
    PositionState,
    Severity,
    Side,
    StrategyId,
    TradeId,
    VenueOrderId,
)
from tests.position.story import active
from tests.supervisor.house import BTC, MAIN, House

OLD = JournalId("memory00")
GATEWAY = "gateway/main"


def restored_house() -> tuple[House, SubmitProtection]:
    """A position with its stop was in the backup; the house starts from it under a former id."""
    before = House().ready()
    before.open("c1", stop_loss=Decimal(50_000))
    entry = before.all(SubmitOpening, GATEWAY)[-1]
    before.tell(fill(entry, "t1"))
    stop = before.all(SubmitProtection, GATEWAY)[-1]
    before.tell(r.OrderAccepted(venue_order_id=VenueOrderId("9"), **about(stop)))
    known = Names(
        current=JournalId("other000"),
        former=((OLD, 1),),
        known=frozenset({entry.client_order_id, stop.client_order_id}),
        open_then=frozenset({1}),
    )
    return House(before.journal.image, restored=known).ready(), stop


def test_what_an_account_holds_that_is_not_configured_any_more_is_told() -> None:
    positions = (active().position, replace(active().position, state=PositionState.CLOSED))
    past = Restored(positions=positions)
    ((account, number),) = unconfigured(past, {AccountId("another")}).items()
    assert (account, number) == (positions[0].key.account, 1)
    assert "with 1 live position and not in the configuration" in unwatched(account, number)
    assert unconfigured(past, {account}) == {}


def about(order: SubmitOrder) -> dict[str, Any]:
    return {"account": MAIN, "symbol": BTC, "client_order_id": order.client_order_id}


def fill(order: SubmitOrder, trade: str) -> r.FillReport:
    return r.FillReport(
        venue_order_id=VenueOrderId("1"),
        trade_id=TradeId(trade),
        side=order.side,
        quantity=order.quantity,
        price=Decimal(60_000),
        fee=Decimal(0),
        fee_currency="USDT",
        **about(order),
    )


def working(number: int, ordinal: int = 1) -> r.OrderReport:
    return r.OrderReport(
        account=MAIN,
        symbol=BTC,
        client_order_id=client_order_id(OLD, ordinal, number),
        venue_order_id=VenueOrderId("77"),
        status=OrderStatus.WORKING,
        side=Side.SELL,
        quantity=Decimal("0.01"),
        filled_quantity=Decimal(0),
    )


def test_a_stop_from_before_the_backup_closes_its_position_when_it_fills() -> None:
    house, stop = restored_house()
    house.tell(fill(stop, "t2"))
    closed = [notice.text for notice in house.all(Notify, "notifier") if "closed" in notice.text]
    assert any("stop filled" in text for text in closed)


def test_what_was_sent_since_the_backup_is_shown_holds_openings_and_is_never_touched() -> None:
    house, _ = restored_house()
    for number, ordinal in ((3, 1), (1, 2)):
        house.tell(working(number, ordinal))
    told = [n for n in house.all(Notify, "notifier") if "from another data directory" in n.text]
    assert [notice.severity for notice in told] == [Severity.CRITICAL] * 2
    house.open("c2", strategy=StrategyId("second"))
    refusal = next(reply for reply in house.all(Reply) if reply.command_id == "c2")
    assert "sent by Albra from another data directory" in refusal.text
    assert not house.all(CancelOrder, GATEWAY)


def test_new_orders_of_an_old_position_bear_the_new_id() -> None:
    story = active(stop_loss=Decimal(90))
    position = story.position
    assert position.journal_id == "j0urna1x"
    story.policy = Policy(journal_id=JournalId("other000"))
    story.tell(ClosePosition(**story.own()))
    name = parse_client_order_id(story.submitted()[-1].client_order_id)
    assert name is not None
    assert (name.journal_id, name.ordinal, name.number) == ("other000", position.ordinal, len(position.orders) + 1)


def test_a_journal_that_was_never_restored_needs_no_such_list() -> None:
    assert names(OLD, (), Restored()) is None
    position = active().position
    found = names(JournalId("other000"), ((OLD, 9),), Restored(positions=(position,)))
    assert found is not None
    assert found.known == {order.client_order_id for order in position.orders}
    assert found.open_then == {position.ordinal}


class HastyHouse(House):
    """Somebody is at the door before the first word is spoken inside."""

    open_again = True

    def run(self, seconds: float = 0.2) -> None:
        if self.open_again:
            self.open_again = False
            self.system.tell("supervisor", self.opening())
        super().run(seconds)


def test_an_opening_that_is_said_again_right_after_a_start_finds_its_position() -> None:
    """Day seed 2200012, I14: it was refused, since its position had not spoken yet, and it opened all the same."""
    before = House().ready()
    before.open()
    [accepted] = before.all(Reply)
    again = HastyHouse(before.journal.image)
    assert [(reply.accepted, reply.position_id) for reply in again.all(Reply)] == [(True, accepted.position_id)]
