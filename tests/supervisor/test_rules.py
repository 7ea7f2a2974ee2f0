"""The venue changes its rules while positions are open: each learns them, the owner hears of what is held."""

from dataclasses import replace
from decimal import Decimal

from adapters.storage.record import RecoveredPosition
from messages import reports as r
from messages.addresses import RECONCILER
from messages.commands import Reconcile
from messages.events import RulesUpdated
from messages.requests import Notify, Reply, SubmitOpening
from messages.types import Instrument, PositionMode, StrategyId, Symbol, TradeId, VenueOrderId
from tests.supervisor.house import BTC, MAIN, RULES, House, _edge

ETH = Symbol("ETHUSDT")
OTHER = replace(RULES, symbol=ETH)


def told(house: House, *rules: Instrument) -> list[str]:
    """What the owner hears of these rules."""
    before = len(house.all(Notify, "notifier"))
    house.tell(r.RulesReport(account=MAIN, instruments=rules))
    return [notice.text for notice in house.all(Notify, "notifier")[before:]]


def holding() -> House:
    house = House().ready()
    house.tell(r.RulesReport(account=MAIN, instruments=(RULES, OTHER)))
    house.tell(r.MarkReport(account=MAIN, symbol=ETH, mark_price=Decimal(60000)))
    house.open("c1")
    order = house.all(SubmitOpening, "gateway/main")[-1]
    house.tell(
        r.FillReport(
            account=MAIN,
            symbol=BTC,
            client_order_id=order.client_order_id,
            venue_order_id=VenueOrderId("1"),
            trade_id=TradeId("t1"),
            side=order.side,
            quantity=order.quantity,
            price=Decimal(60_000),
            fee=Decimal(0),
            fee_currency="USDT",
        )
    )
    return house


def learned(house: House) -> list[Instrument]:
    """The rules that the position has in its history beyond its first."""
    [found] = [found for found in house.journal.recover() if found.ordinal == 1]
    assert isinstance(found, RecoveredPosition)
    return [event.instrument for event in found.events if isinstance(event, RulesUpdated)]


def accepted(house: House, command_id: str) -> Reply:
    return next(reply for reply in house.all(Reply) if reply.command_id == command_id)


def test_a_halted_symbol_is_isolated_its_position_held_with_a_notice_and_the_others_trade_on() -> None:
    house = holding()
    [notice] = told(house, replace(RULES, trading=False), OTHER)
    assert "BTCUSDT: the venue does not trade it any more: what is held stays as it is" in notice
    assert "main.BTCUSDT.long.trend.1" in notice
    house.open("c2", strategy=StrategyId("second"))
    assert "BTCUSDT is not trading at this venue now" in accepted(house, "c2").text
    house.open("c3", symbol=ETH)
    assert accepted(house, "c3").accepted
    [again] = told(house, RULES, OTHER)
    assert "the venue trades it again" in again


def test_a_symbol_that_the_venue_names_no_more_is_not_trading_and_known_by_its_name() -> None:
    house = holding()
    [notice] = told(house, OTHER)
    assert "BTCUSDT: the venue does not trade it any more" in notice
    house.open("c2", strategy=StrategyId("second"))
    assert "BTCUSDT is not trading" in accepted(house, "c2").text


def test_changed_filters_reach_the_position_and_are_told_with_their_numbers() -> None:
    house = holding()
    changed = replace(RULES, quantity_step=Decimal("0.01"), max_market_quantity=Decimal(50))
    [notice] = told(house, changed, OTHER)
    assert "quantity step is 0.01, it was 0.001" in notice
    assert "max market quantity is 50, it was 100" in notice
    assert learned(house) == [changed]


def test_rules_that_stay_as_they_are_and_those_of_what_nobody_holds_are_no_news() -> None:
    house = holding()
    assert told(house, RULES, OTHER) == []
    assert told(house, RULES, replace(OTHER, trading=False)) == []
    assert learned(house) == []


def test_a_reconnection_brings_changed_rules_as_well() -> None:
    house = holding()
    changed = replace(RULES, price_step=Decimal(1))
    up = r.VenueUp(
        account=MAIN,
        venue_identity="v",
        position_mode=PositionMode.ONE_WAY,
        instruments=(changed, OTHER),
        validity_window_ms=5000,
    )
    house.tell(up)
    house.tell(up)
    assert learned(house) == [changed]


def test_whoever_compares_with_the_venue_hears_of_new_rules() -> None:
    house = House().ready()
    heard: list[object] = []
    house.system.subscribe(r.RulesReport, heard.append)
    coarser = replace(RULES, quantity_step=Decimal("0.01"))
    report = r.RulesReport(account=MAIN, instruments=(coarser,))
    house.tell(report)
    assert heard == [report]


class WithReconciler(House):
    """Hears what the reconciler is asked."""

    def furnish(self) -> None:
        self.heard["reconciler"] = []
        self.system.spawn("reconciler", _edge(self.heard["reconciler"].append))


def test_a_symbol_that_is_listed_is_compared_since_somebody_may_hold_it() -> None:
    house = WithReconciler(reconciler=RECONCILER).ready()
    told(house, RULES)
    before = len(house.all(Reconcile, "reconciler"))
    told(house, RULES, OTHER)
    told(house, RULES, replace(OTHER, trading=False))
    assert [asked.symbol for asked in house.all(Reconcile, "reconciler")[before:]] == [ETH]
