"""Every reason to refuse an opening, each with the numbers that decide; and what is admitted."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from actors.risk.daily_loss import DailyLoss
from actors.supervisor.holdings import Holdings
from actors.supervisor.pre_trade_risk import Facts, Limits, refusal
from actors.supervisor.registry import Account, Hold, Leg, leg_of
from messages.commands import OpenPosition
from messages.reports import OrderView, PositionView
from messages.statement import verbatim
from messages.types import (
    AccountId,
    ClientOrderId,
    CommandId,
    Instrument,
    Key,
    MarginMode,
    OrderPurpose,
    PositionId,
    PositionMode,
    PositionSide,
    PositionState,
    StrategyId,
    Symbol,
    TrailingBounds,
)

MAIN, BTC = AccountId("main"), Symbol("BTCUSDT")
RULES = Instrument(
    symbol=BTC,
    quantity_step=Decimal("0.001"),
    price_step=Decimal("0.1"),
    min_quantity=Decimal("0.002"),
    max_quantity=Decimal(1000),
    max_market_quantity=Decimal(100),
    min_notional=Decimal(100),
)


def account(**changes: Any) -> Account:
    known: dict[str, Any] = {
        "account": MAIN,
        "venue_up": True,
        "stream_up": True,
        "synced": True,
        "instruments": {BTC: RULES},
        "marks": {BTC: Decimal(60000)},
    }
    return Account(**{**known, **changes})


def opening(**changes: Any) -> OpenPosition:
    known: dict[str, Any] = {
        "command_id": CommandId("c1"),
        "account": MAIN,
        "symbol": BTC,
        "side": PositionSide.LONG,
        "strategy": StrategyId("trend"),
        "quantity": Decimal("0.01"),
    }
    return OpenPosition(**{**known, **changes})


def facts(**changes: Any) -> Facts:
    known: dict[str, Any] = {
        "account": account(),
        "live": (),
        "reserved": (),
        "holds": (),
        "limits": Limits(),
        "openings_last_minute": 0,
    }
    known |= changes
    known.setdefault("daily_loss", DailyLoss(Decimal(0), known["limits"].daily_loss))
    live, reserved = known.pop("live"), known["reserved"]

    def stands_on(leg: Leg) -> Key | None:
        return next((key for key in reserved if leg_of(key) == leg), None)

    return Facts(**known, holdings=Holdings(live), stands_on=stands_on)


def held(**changes: Any) -> PositionView:
    view = PositionView(
        position_id=PositionId("main.BTCUSDT.long.grid.1"),
        ordinal=1,
        account=MAIN,
        symbol=BTC,
        strategy=StrategyId("grid"),
        side=PositionSide.LONG,
        state=PositionState.ACTIVE,
        previous=PositionState.OPENING,
        since_ns=0,
        transitions=2,
        version=5,
        quantity=Decimal("0.1"),
        entry_price=Decimal(59000),
        realized_pnl=Decimal(0),
        fees=Decimal(0),
        leverage=5,
        stop_loss=None,
        take_profit=None,
        protected=False,
        in_doubt=False,
        goal_quantity=None,
        reason=verbatim(""),
    )
    return replace(view, **changes)


def key(side: PositionSide, strategy: str = "grid") -> Key:
    return Key(account=MAIN, symbol=BTC, side=side, strategy=StrategyId(strategy))


def test_an_ordinary_opening_is_admitted() -> None:
    assert refusal(opening(stop_loss=Decimal(58000), take_profit=Decimal(65000)), facts()) == ""


OLD = {(BTC, PositionSide.LONG): Decimal(57_000)}
"""A liquidation price as it was read last."""


def test_a_liquidation_price_of_what_nobody_holds_any_more_refuses_nothing() -> None:
    far = opening(stop_loss=Decimal(55_000))
    assert refusal(far, facts(account=account(liquidations=OLD))) == ""
    still = facts(account=account(liquidations=OLD), live=(held(leverage=None),))
    assert "beyond the liquidation price of 57000" in refusal(far, still)


@pytest.mark.parametrize(
    ("side", "stop", "gone"), [(PositionSide.LONG, 57_000, "57000"), (PositionSide.SHORT, 63_000, "63000")]
)
def test_on_isolated_margin_a_stop_beyond_the_stake_is_refused_before_anything_is_held(
    side: PositionSide, stop: int, gone: str
) -> None:
    isolated = facts(account=account(margin_mode=MarginMode.ISOLATED))
    far = opening(side=side, stop_loss=Decimal(stop), leverage=20)
    assert f"the stop at {stop} is beyond the liquidation price of {gone}" in refusal(far, isolated)
    assert refusal(replace(far, leverage=10), isolated) == ""
    assert refusal(far, facts()) == ""


REFUSED: list[tuple[OpenPosition, Facts, str]] = [
    (opening(), facts(watch_only=True), "phase2.enabled is false"),
    (opening(), facts(holds=(Hold(account=None, symbol=None),)), "openings are paused (all openings)"),
    (opening(), facts(holds=(Hold(account=None, symbol=BTC),)), "openings are paused (BTCUSDT)"),
    (opening(), facts(account=account(venue_up=False, trouble="refused")), "the venue is not reachable: refused"),
    (opening(), facts(account=account(stream_up=False)), "event stream is down"),
    (opening(), facts(account=account(synced=False)), "positions are being read"),
    (opening(symbol=Symbol("BTCUSDC")), facts(), "BTCUSDC is not a perpetual of this venue; did you mean BTCUSDT?"),
    (
        opening(),
        facts(account=account(instruments={BTC: replace(RULES, trading=False)})),
        "BTCUSDT is not trading at this venue now",
    ),
    (
        opening(),
        facts(account=account(foreign_orders={(BTC, ClientOrderId("abzzzzzzzz00000010001"))})),
        "abzzzzzzzz00000010001 on BTCUSDT was sent by Albra from another data directory",
    ),
    (opening(quantity=Decimal("0.0101")), facts(), "0.0101 is not a positive multiple of 0.001"),
    (opening(quantity=Decimal("0.001")), facts(), "0.001 is below the minimum of 0.002"),
    (opening(quantity=Decimal(2001)), facts(), "2001 is above the maximum of 2000"),
    (opening(quantity=Decimal(1001), limit_price=Decimal(60000)), facts(), "1001 is above the maximum of 1000"),
    (
        opening(strategy=StrategyId("grid")),
        facts(reserved={key(PositionSide.LONG)}, live=(held(),)),
        "strategy grid holds BTCUSDT long already (main.BTCUSDT.long.grid.1)",
    ),
    (opening(), facts(reserved={key(PositionSide.SHORT)}), "strategy grid holds BTCUSDT short"),
    (opening(stop_loss=Decimal("58000.05")), facts(), "stop price 58000.05 is not a positive multiple of 0.1"),
    (opening(stop_loss=Decimal(61000)), facts(), "the stop of a long must be below its price: 61000 against 60000"),
    (opening(take_profit=Decimal(59000)), facts(), "the target of a long must be above its price: 59000 against 60000"),
    (
        opening(side=PositionSide.SHORT, stop_loss=Decimal(59000)),
        facts(),
        "the stop of a short must be above its price: 59000 against 60000",
    ),
    (
        opening(limit_price=Decimal(50000), stop_loss=Decimal(55000)),
        facts(),
        "the stop of a long must be below its price: 55000 against 50000",
    ),
    (opening(leverage=10), facts(live=(held(),)), "main.BTCUSDT.long.grid.1 is open with 5, 10 would change that too"),
    (
        opening(quantity=Decimal("0.002"), limit_price=Decimal(40000)),
        facts(),
        "below the venue's minimum notional of 100",
    ),
    (
        opening(quantity=Decimal("0.1")),
        facts(limits=Limits(order_notional=Decimal(5000))),
        "limits.order_notional is 5000, this would make it 6000",
    ),
    (
        opening(),
        facts(limits=Limits(symbol_exposure=Decimal(6500)), live=(held(),)),
        "limits.symbol_exposure is 6500, this would make it 6600",
    ),
    (
        opening(quantity=Decimal("0.02")),
        facts(limits=Limits(account_exposure=Decimal(6500)), live=(held(symbol=Symbol("ETHUSDT")),)),
        "limits.account_exposure is 6500, this would make it 7100",  # without a mark at its entry price
    ),
    (opening(), facts(limits=Limits(openings_per_minute=3), openings_last_minute=3), "this would be number 4"),
    (
        opening(),
        facts(daily_loss=DailyLoss(Decimal("500.5"), Decimal(500))),
        "limits.daily_loss is 500, today's realized loss is 500.5",
    ),
    (
        opening(),
        facts(account=account(marks={}), limits=Limits(order_notional=Decimal(5000))),
        "no mark price of BTCUSDT yet",
    ),
    (opening(stop_loss=Decimal(58000)), facts(account=account(marks={})), "no price of BTCUSDT is known yet"),
    (
        opening(),
        facts(limits=Limits(symbol_exposure=Decimal(1000)), admitted=(opening(),)),
        "limits.symbol_exposure is 1000, this would make it 1200",
    ),
]


@pytest.mark.parametrize(("command", "given", "expected"), REFUSED, ids=[row[2][:48] for row in REFUSED])
def test_what_speaks_against_an_opening_is_named_with_its_numbers(
    command: OpenPosition, given: Facts, expected: str
) -> None:
    assert expected in refusal(command, given)


def test_a_hedged_account_holds_both_sides() -> None:
    given = facts(account=account(mode=PositionMode.HEDGE), reserved={key(PositionSide.SHORT)})
    assert refusal(opening(), given) == ""


def test_another_strategy_on_the_same_side_is_no_obstacle() -> None:
    assert refusal(opening(leverage=5), facts(reserved={key(PositionSide.LONG)}, live=(held(),))) == ""


def test_what_still_waits_in_the_book_counts_as_exposure() -> None:
    order = OrderView(
        client_order_id=ClientOrderId("x"),
        purpose=OrderPurpose.ENTRY,
        phase="working",
        quantity=Decimal("0.1"),
        filled_quantity=Decimal(0),
        price=Decimal(50000),
    )
    waiting = held(quantity=Decimal(0), orders=(order,))
    limits = Limits(symbol_exposure=Decimal(5599))
    assert "this would make it 5600" in refusal(opening(), facts(live=(waiting,), limits=limits))


BOUND = replace(
    RULES, min_price=Decimal(100), max_price=Decimal(100_000), price_up=Decimal("1.05"), price_down=Decimal("0.95")
)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"limit_price": Decimal(63_000)}, ""),
        ({"limit_price": Decimal("63000.1")}, "63000.1 is above the highest that the venue takes now: 63000"),
        ({"limit_price": Decimal("63000.1")}, "1.05 of the mark price 60000"),
        ({"limit_price": Decimal(200)}, ""),
        ({"limit_price": Decimal("99.9")}, "limit price 99.9 is below the venue's minimum of 100"),
        ({"side": PositionSide.SHORT, "limit_price": Decimal(57_000)}, ""),
        ({"side": PositionSide.SHORT, "limit_price": Decimal("56999.9")}, "below the lowest that the venue takes now"),
        ({"stop_loss": Decimal(50)}, "stop price 50 is below the venue's minimum of 100"),
        ({"take_profit": Decimal(100_001)}, "target price 100001 is above the venue's maximum of 100000"),
        ({"side": PositionSide.SHORT, "stop_loss": Decimal(100_001)}, "stop price 100001 is above the venue's maximum"),
    ],
)
def test_prices_that_the_venue_would_refuse_are_refused_before_with_its_numbers(
    asked: dict[str, Any], words: str
) -> None:
    why = refusal(opening(quantity=Decimal(1), **asked), facts(account=account(instruments={BTC: BOUND})))
    assert words in why if words else not why


@pytest.mark.parametrize(("rate", "taken"), [("0.5", True), ("1", True), ("0.4", False), ("3", False), ("0.51", False)])
def test_a_callback_rate_is_one_that_the_venue_declares(rate: str, *, taken: bool) -> None:
    bounds = TrailingBounds(least=Decimal("0.5"), most=Decimal(2), step=Decimal("0.1"))
    why = refusal(opening(trailing=Decimal(rate)), facts(account=account(trailing=bounds)))
    assert ("0.5 to 2 %, in steps of 0.1" in why) is not taken
    assert not refusal(opening(trailing=Decimal(rate)), facts(account=account()))
