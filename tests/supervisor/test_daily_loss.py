"""A day's loss holds the account's openings until the next day of the configured zone, or until a human goes on."""

from decimal import Decimal

from actors.recovery import restored
from actors.supervisor.pre_trade_risk import Limits
from messages import reports as r
from messages.commands import ClosePosition, ResumeOpenings
from messages.events import AdditionRequested, CloseRequested, FundingBooked, OrderFilled
from messages.requests import Notify, Reply, SubmitOpening, SubmitReducing
from messages.statement import verbatim
from messages.types import ClientOrderId, CommandId, PositionId, Severity, Side, StrategyId, TradeId, VenueOrderId
from tests.supervisor.house import BTC, EDGE, MAIN, House

DAY_S = 86_400
LIMITS = Limits(daily_loss=Decimal(100))


def fill(house: House, order: str, side: Side, price: int) -> None:
    house.tell(
        r.FillReport(
            account=MAIN,
            symbol=BTC,
            client_order_id=ClientOrderId(order),
            venue_order_id=VenueOrderId("1"),
            trade_id=TradeId(f"t{order}"),
            side=side,
            quantity=Decimal("0.01"),
            price=Decimal(price),
            fee=Decimal(1),
            fee_currency="USDT",
        )
    )


def trade(house: House, name: str, out_at: int) -> None:
    """Open 0.01 at 60000 and close it at `out_at`: 100 less per 10000, and two fees."""
    house.open(name, strategy=StrategyId(name))
    opened = house.all(SubmitOpening, "gateway/main")[-1]
    fill(house, opened.client_order_id, Side.BUY, 60_000)
    position_id = [v for v in house.all(Reply) if v.command_id == name][-1].position_id
    assert position_id is not None
    house.tell(ClosePosition(command_id=CommandId(f"close-{name}"), position_id=PositionId(position_id)))
    fill(house, house.all(SubmitReducing, "gateway/main")[-1].client_order_id, Side.SELL, out_at)


def answer(house: House, command_id: str) -> Reply:
    house.open(command_id, strategy=StrategyId(command_id))
    return [reply for reply in house.all(Reply) if reply.command_id == command_id][-1]


def test_a_loss_beyond_the_limit_holds_openings_and_tells_the_owner_the_numbers_once() -> None:
    house = House(limits=LIMITS).ready()
    trade(house, "a", 50_000)
    refused = answer(house, "b")
    assert not refused.accepted
    assert "paused until the next day" in refused.text
    assert "main has lost 102 today, limits.daily_loss is 100" in refused.text
    told = [n for n in house.all(Notify, "notifier") if "daily_loss" in n.text]
    assert [n.severity for n in told] == [Severity.CRITICAL]


def test_the_hold_outlives_a_restart_and_ends_with_the_day() -> None:
    house = House(limits=LIMITS).ready()
    trade(house, "a", 50_000)
    again = House(house.journal.image, limits=LIMITS).ready()
    assert "paused until the next day" in answer(again, "b").text
    again.run(DAY_S)
    again.ready()
    assert answer(again, "c").accepted


def test_a_human_goes_on_from_the_loss_that_was_and_a_further_one_holds_again() -> None:
    house = House(limits=LIMITS).ready()
    trade(house, "a", 50_000)
    house.tell(ResumeOpenings(command_id=CommandId("go"), reply_to=EDGE))
    trade(house, "b", 55_000)
    assert answer(house, "c").accepted
    trade(house, "d", 55_000)
    assert "has lost 104 today" in answer(house, "e").text


def test_what_was_forgiven_is_remembered_across_a_restart() -> None:
    house = House(limits=LIMITS).ready()
    trade(house, "a", 50_000)
    house.tell(ResumeOpenings(command_id=CommandId("go"), reply_to=EDGE))
    again = House(house.journal.image, limits=LIMITS).ready()
    assert answer(again, "b").accepted


def test_a_day_begins_where_the_configuration_says() -> None:
    half_days = House(limits=LIMITS, day_of=lambda ns: ns // (DAY_S // 2 * 1_000_000_000)).ready()
    trade(half_days, "a", 50_000)
    assert not answer(half_days, "b").accepted
    half_days.run(DAY_S // 2)
    half_days.ready()
    assert answer(half_days, "c").accepted


def test_an_account_has_limits_of_its_own() -> None:
    house = House(limits=LIMITS, account_limits={MAIN: Limits(daily_loss=Decimal(1000))}).ready()
    trade(house, "a", 50_000)
    assert answer(house, "b").accepted


def test_fundings_count_in_a_days_loss_as_fees_do() -> None:
    house = House(limits=LIMITS).ready()
    house.open("a", strategy=StrategyId("a"))
    fill(house, house.all(SubmitOpening, "gateway/main")[-1].client_order_id, Side.BUY, 60_000)
    for payment, amount in enumerate((-60, 20, -60)):
        house.tell(
            r.FundingReport(
                account=MAIN,
                symbol=BTC,
                amount=Decimal(amount),
                currency="USDT",
                payment_id=str(payment),
                ts_event=house.dispatcher.clock.time_ns() + payment,
            )
        )
        house.run(2)
        assert answer(house, f"b{payment}").accepted is (payment < 2)
    assert "main has lost 101 today, limits.daily_loss is 100" in answer(house, "c").text


def test_after_a_restart_the_day_begins_with_what_was_realized_paid_and_funded() -> None:
    fees = OrderFilled(
        client_order_id=ClientOrderId("o"),
        trade_id=TradeId("t"),
        quantity=Decimal(1),
        price=Decimal(100),
        fee=Decimal(3),
        fee_currency="USDT",
        realized_pnl=Decimal(-20),
        ts_init=5,
    )
    funding = FundingBooked(amount=Decimal(-7), currency="USDT", ts_init=6)
    finished = ((4, PositionId("main.BTCUSDT.long.a.4")),)
    found = restored((), finished=finished, recent=((4, fees), (4, funding)), highest_ordinal=4, day_of=lambda _: 1)
    assert found.realized_today == (((MAIN, 1), Decimal(-30)),)


def test_what_was_opened_or_enlarged_is_restored_with_its_account_and_time() -> None:
    added = AdditionRequested(command_id=CommandId("m1"), quantity=Decimal(1), ts_init=7)
    closed = CloseRequested(command_id=CommandId("c1"), goal_quantity=Decimal(0), why=verbatim("said so"), ts_init=8)
    finished = ((4, PositionId("main.BTCUSDT.long.a.4")),)
    found = restored((), finished=finished, recent=((4, added), (4, closed)), highest_ordinal=4, day_of=lambda _: 1)
    assert found.openings == ((MAIN, 7),)
