"""One rule says what a fee, a funding or a result in any currency comes to: while running, and after a restart."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from actors import money
from actors.recovery import restored
from actors.supervisor.memory import Restored
from actors.supervisor.pre_trade_risk import Limits, refusal
from adapters.control import wire
from adapters.storage.record import as_replayed
from messages import reports as r
from messages.commands import AdjustPosition, AdoptPosition, ClosePosition
from messages.events import FundingBooked, OrderFilled, QuantityAdjusted
from messages.journal import Replayed
from messages.requests import Notify, Reply, SubmitOpening, SubmitReducing
from messages.statement import verbatim
from messages.types import (
    MANUAL,
    ClientOrderId,
    CommandId,
    Fee,
    Instrument,
    PositionId,
    PositionSide,
    PositionState,
    Side,
    StrategyId,
    Symbol,
    TradeId,
    VenueOrderId,
    Worth,
)
from tests.supervisor import test_pre_trade_risk as admission
from tests.supervisor.house import BTC, MAIN, House

D = Decimal
BNB = Symbol("BNBUSDT")
MARKS = {BNB: D(600), BTC: D(50_000), Symbol("ETHBTC"): D("0.05")}
LIMITS = Limits(daily_loss=D(50))


@pytest.mark.parametrize(
    ("currency", "into", "expected"),
    [
        ("USDT", "USDT", D(1)),
        ("USDC", "USDT", D(1)),
        ("BNFCR", "USDC", D(1)),
        ("BNB", "USDT", D(600)),
        ("BNB", "USDC", D(600)),
        ("BTC", "USDT", D(50_000)),
        ("USDT", "BTC", D(1) / 50_000),
        ("BNB", "BTC", D(600) / 50_000),
        ("DOGE", "USDT", None),
        ("USDT", "DOGE", None),
        ("", "USDT", None),
    ],
)
def test_dollars_are_one_for_one_and_coins_go_by_their_mark(currency: str, into: str, expected: Decimal | None) -> None:
    assert money.rate(currency, into, MARKS) == expected


@pytest.mark.parametrize(
    ("symbol", "quote"),
    [("BTCUSDT", "USDT"), ("ETHBTC", "BTC"), ("1000SHIBUSDC", "USDC"), ("BTCFDUSD", "FDUSD"), ("BTCEUR", "")],
)
def test_the_name_tells_the_quote_where_the_venue_does_not(symbol: str, quote: str) -> None:
    assert money.quote_of(Symbol(symbol), None) == quote


class Home(House):
    """Starts again as the process does: from what the journal holds."""

    def _restored(self) -> Restored:
        found = tuple((each.position_id, as_replayed(each)) for each in self.journal.recover())
        return restored(
            found,
            finished=tuple((e.ordinal, e.position_id) for e in self.journal.terminal()),
            recent=self.journal.recent_events(1_000_000),
            highest_ordinal=self.journal.max_ordinal(),
            day_of=lambda ns: ns // 86_400_000_000_000,
        )


def home(marks: dict[Symbol, Decimal] | None = None) -> Home:
    house = Home(limits=LIMITS)
    house.ready()
    for symbol, price in ({BNB: D(600)} if marks is None else marks).items():
        house.tell(r.MarkReport(account=MAIN, symbol=symbol, mark_price=price))
    return house


def fill(house: House, order: str, side: Side, fee: str, currency: str) -> None:
    report = r.FillReport(
        account=MAIN,
        symbol=BTC,
        client_order_id=ClientOrderId(order),
        venue_order_id=VenueOrderId("1"),
        trade_id=TradeId(f"t{order}"),
        side=side,
        quantity=D("0.01"),
        price=D(60_000),
        fee=D(fee),
        fee_currency=currency,
    )
    house.tell(report)


def round_trip(house: House, fee: str, currency: str) -> r.PositionView:
    """Opened and closed at one price: all that it comes to is two fees."""
    house.open("a", strategy=StrategyId("a"))
    fill(house, house.all(SubmitOpening, "gateway/main")[-1].client_order_id, Side.BUY, fee, currency)
    name = PositionId("main.BTCUSDT.long.a.1")
    house.tell(ClosePosition(command_id=CommandId("close"), position_id=name))
    fill(house, house.all(SubmitReducing, "gateway/main")[-1].client_order_id, Side.SELL, fee, currency)
    return house.known.book.views[1]


def accepted(house: House) -> bool:
    house.ready()
    house.open("z", strategy=StrategyId("z"))
    return [reply for reply in house.all(Reply) if reply.command_id == "z"][-1].accepted


FEES = [
    ("26", "USDT", "52", ()),
    ("26", "BNFCR", "52", ()),
    ("26", "USDC", "52", ()),
    ("0.05", "BNB", "60", ()),
    ("-0.001", "BNB", "-1.2", ()),
    ("-0.6", "USDT", "-1.2", ()),
    ("26", "DOGE", "0", (("DOGE", D(52)),)),
    ("26", "", "0", (("a currency without a name", D(52)),)),
    ("1000", "BNB", "0", (("BNB", D(2000)),)),
    ("-0.002", "BNB", "0", (("BNB", D("-0.004")),)),
]


@pytest.mark.parametrize(("fee", "currency", "cost", "uncounted"), FEES)
def test_position_daily_loss_and_restart_count_a_fee_alike(
    fee: str, currency: str, cost: str, uncounted: money.Amounts
) -> None:
    house = home()
    view = round_trip(house, fee, currency)
    assert (view.fees, view.result, view.uncounted) == (D(cost), -D(cost), uncounted)
    again = home_again(house)
    assert again.known.realized == house.known.realized
    assert sum(house.known.realized.values()) == -D(cost)
    assert again.known.book.views[1].fees == view.fees
    assert again.known.book.views[1].uncounted == uncounted
    assert accepted(again) is accepted(house) is (D(cost) < 50)


def home_again(house: House) -> Home:
    """What marks are later changes nothing of what was booked."""
    again = Home(house.journal.image, limits=LIMITS)
    again.tell(r.MarkReport(account=MAIN, symbol=BNB, mark_price=D(1)))
    return again


@pytest.mark.parametrize(("fee", "currency", "cost", "uncounted"), FEES)
def test_the_report_counts_it_as_the_limits_do(fee: str, currency: str, cost: str, uncounted: money.Amounts) -> None:
    house = home()
    round_trip(house, fee, currency)
    kinds = (OrderFilled, QuantityAdjusted, FundingBooked)
    found = [event for _, event in house.journal.recent_events(1000) if isinstance(event, kinds)]
    total = sum((money.booked(event) for event in found), money.Booked())
    assert (total.fees, total.result, total.uncounted) == (D(cost), -D(cost), uncounted)


def test_what_is_not_counted_is_told_once_a_day_and_shown_with_the_position() -> None:
    house = home()
    view = round_trip(house, "26", "DOGE")
    told = [n for n in house.all(Notify, "notifier") if "not counted" in n.text]
    assert {n.notice_id for n in told} == {told[0].notice_id}
    assert "what BTCUSDT takes in DOGE" in told[0].text
    row = wire.position(view, None)
    assert (row["currency"], row["fees"]) == ("USDT", "0")
    assert row["uncounted"] == [{"currency": "DOGE", "amount": "52"}]


@pytest.mark.parametrize("fee", ["1000", "-0.002"])
def test_a_fee_that_no_trade_costs_is_told_and_closes_nothing(fee: str) -> None:
    house = home()
    round_trip(house, fee, "BNB")
    told = [n.text for n in house.all(Notify, "notifier") if "no trade costs that" in n.text]
    text = f"main: a fee of {fee} BNB for a trade of 600.00 USDT on BTCUSDT is not counted in limits and reports: "
    assert told == [text + "no trade costs that"] * 2
    assert accepted(house)


def test_a_fee_whose_mark_is_not_known_yet_stays_uncounted_when_it_is() -> None:
    house = home(marks={})
    view = round_trip(house, "0.05", "BNB")
    assert view.uncounted == (("BNB", D("0.10")),)
    house.tell(r.MarkReport(account=MAIN, symbol=BNB, mark_price=D(600)))
    assert sum(house.known.realized.values()) == sum(home_again(house).known.realized.values()) == 0


def test_fundings_and_changes_from_outside_follow_the_same_rule() -> None:
    house = home()
    house.open("a", strategy=StrategyId("a"))
    fill(house, house.all(SubmitOpening, "gateway/main")[-1].client_order_id, Side.BUY, "0", "USDT")
    now = house.dispatcher.clock.time_ns()
    paid = r.FundingReport(
        account=MAIN, symbol=BTC, amount=D("-0.01"), currency="BNB", payment_id="1", ts_event=now + 1
    )
    house.tell(paid)
    house.run(2)
    by_hand = AdjustPosition(
        command_id=CommandId("h"),
        position_id=PositionId("main.BTCUSDT.long.a.1"),
        quantity_delta=D("-0.01"),
        price=D(60_000),
        why=verbatim("sold by hand"),
        fee=D("0.02"),
        fee_currency="BNB",
    )
    house.tell(by_hand)
    view = house.known.book.views[1]
    assert (view.funding, view.fees, view.result) == (D(-6), D(12), D(-18))
    assert sum(home_again(house).known.realized.values()) == -18


def test_an_adoption_whose_trades_took_several_currencies_counts_each() -> None:
    house = home()
    adopt = AdoptPosition(
        command_id=CommandId("h"),
        account=MAIN,
        symbol=BTC,
        side=PositionSide.LONG,
        strategy=MANUAL,
        quantity=D("0.01"),
        entry_price=D(60_000),
        fee=D(1),
        fee_currency="USDT",
        fees=(Fee(amount=D("0.02"), currency="BNB"), Fee(amount=D(3), currency="DOGE")),
    )
    house.tell(adopt)
    house.tell(adopt)
    view = house.known.book.views[1]
    assert (view.quantity, view.entry_price, view.state) == (D("0.01"), D(60_000), PositionState.ACTIVE)
    assert (view.fees, view.uncounted) == (D(13), (("DOGE", D(3)),))
    assert sum(home_again(house).known.realized.values()) == sum(house.known.realized.values()) == -13


def test_a_damaged_position_takes_its_part_of_the_day_with_it_into_the_next_life() -> None:
    house = home()
    round_trip(house, "26", "USDT")
    events = tuple(house.journal.recent_events(1000))
    damaged = Replayed(ordinal=1, snapshot=None, snapshot_version=0, events=(), damage=verbatim("a checksum"))
    found = restored(
        ((PositionId("main.BTCUSDT.long.a.1"), damaged),),
        finished=(),
        recent=events,
        highest_ordinal=1,
        day_of=lambda _: 1,
    )
    assert found.realized_today == (((MAIN, 1), D(-52)),)


def test_what_was_journalled_before_there_was_a_worth_counts_where_it_needs_none() -> None:
    def old(currency: str) -> money.Booked:
        return money.booked(FundingBooked(amount=D(-7), currency=currency))

    assert [old("USDT").result, old("BNFCR").result, old("BNB").result] == [-7, -7, 0]
    assert old("BNB").uncounted == (("BNB", D(7)),)


ETHBTC = Symbol("ETHBTC")
RULES = {
    **admission.account().instruments,
    ETHBTC: Instrument(
        symbol=ETHBTC,
        quantity_step=D("0.001"),
        price_step=D("0.00001"),
        min_quantity=D("0.001"),
        max_quantity=D(100_000),
        max_market_quantity=D(100_000),
        min_notional=D("0.001"),
        quote="BTC",
    ),
}


def limited(name: str) -> Limits:
    given: dict[str, Any] = {name: D(5000)}
    return Limits(**given)


@pytest.mark.parametrize("name", ["order_notional", "symbol_exposure", "account_exposure", "daily_loss"])
def test_a_coin_quoted_contract_is_held_against_limits_in_dollars(name: str) -> None:
    command = admission.opening(symbol=ETHBTC, quantity=D(1000))  # 50 BTC
    known = admission.account(instruments=RULES, marks=MARKS)
    why = refusal(command, admission.facts(account=known, limits=limited(name)))
    assert why == ("" if name == "daily_loss" else f"limits.{name} is 5000, this would make it 2500000")
    blind = admission.account(instruments=RULES, marks={ETHBTC: D("0.05")})
    why = refusal(command, admission.facts(account=blind, limits=limited(name)))
    assert why.startswith(f"limits.{name} is in USDT, and no mark price of BTCUSDT is known to convert BTC with")
    assert refusal(command, admission.facts(account=blind)) == ""


def test_what_is_held_in_another_currency_counts_in_the_exposure_of_the_account() -> None:
    held = admission.held(symbol=ETHBTC, quantity=D(10), entry_price=D("0.05"))
    known = admission.account(instruments=RULES, marks=MARKS)
    limits = Limits(account_exposure=D(10_000))
    why = refusal(admission.opening(), admission.facts(account=known, limits=limits, live=(held,)))
    assert why == "limits.account_exposure is 10000, this would make it 25500"


def test_the_result_of_a_coin_quoted_contract_is_in_the_currency_of_the_limits() -> None:
    filled = OrderFilled(
        client_order_id=ClientOrderId("o"),
        trade_id=TradeId("t"),
        quantity=D(1),
        price=D("0.05"),
        fee=D("0.0001"),
        fee_currency="BTC",
        realized_pnl=D("-0.01"),
        worth=Worth(quote="BTC", rate=D(50_000), value=D("0.0001")),
    )
    assert money.booked(filled).result == D("-505")
    blind = money.booked(replace(filled, worth=Worth(quote="BTC", rate=None, value=D("0.0001"))))
    assert (blind.result, blind.uncounted) == (D(0), (("BTC", D("0.0101")),))
