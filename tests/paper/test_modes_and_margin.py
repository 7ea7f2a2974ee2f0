"""One-way and hedge, cross and isolated, leverage, liquidation, funding."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.paper.desk import Desk, plan


def test_one_way_mode_nets_and_flips() -> None:
    desk = Desk()
    desk.market("BUY", "0.010")
    desk.market("SELL", "0.030")
    assert desk.position() == Decimal("-0.020")
    (row,) = desk.must("GET", "/fapi/v3/positionRisk")
    assert (row["positionAmt"], row["entryPrice"], row["notional"]) == ("-0.020", "59999.90000", "-1200.00000000")


def test_flat_positions_are_left_out_by_v3_and_shown_by_v2() -> None:
    desk = Desk()
    desk.market("BUY", "0.010")
    desk.market("SELL", "0.010")
    assert desk.must("GET", "/fapi/v3/positionRisk") == []
    rows = {row["symbol"]: row for row in desk.must("GET", "/fapi/v2/positionRisk")}
    assert set(rows) == set(desk.venue.exchange.markets)
    flat = rows["BTCUSDT"]
    assert {Decimal(flat[name]) for name in ("positionAmt", "entryPrice", "breakEvenPrice", "notional")} == {Decimal(0)}
    desk.limit("BUY", "0.010", "59000")
    (working,) = desk.must("GET", "/fapi/v3/positionRisk")
    assert (working["positionAmt"], working["bidNotional"]) == ("0.000", "590.00000000")


def test_the_entry_price_does_not_move_when_a_position_is_reduced() -> None:
    desk = Desk()
    desk.market("BUY", "0.007")
    desk.price("60300.7")
    desk.market("BUY", "0.004")
    entry = desk.must("GET", "/fapi/v3/positionRisk")[0]["entryPrice"]
    for price in ("60111.1", "59876.5", "60999.9"):
        desk.price(price)
        desk.market("SELL", "0.003", reduceOnly="true")
        assert desk.must("GET", "/fapi/v3/positionRisk")[0]["entryPrice"] == entry


def test_reduce_only_is_cut_to_the_position_or_refused() -> None:
    desk = Desk()
    desk.market("BUY", "0.010")
    assert desk.market("BUY", "0.010", reduceOnly="true").code == -2022
    body = desk.market("SELL", "0.050", reduceOnly="true").body
    assert (body["executedQty"], body["status"]) == ("0.010", "EXPIRED")
    strict = Desk(faults=plan(cap_reduce_only=False))
    strict.market("BUY", "0.010")
    assert strict.market("SELL", "0.050", reduceOnly="true").code == -2022


def test_a_resting_reduce_only_order_expires_with_its_position() -> None:
    desk = Desk()
    desk.market("BUY", "0.010")
    desk.limit("SELL", "0.010", "61000", reduceOnly="true", newClientOrderId="target")
    desk.market("SELL", "0.010")
    assert desk.order("target")["status"] == "EXPIRED"


def test_a_resting_target_can_block_a_close() -> None:
    desk = Desk(faults=plan(reduce_only_sum_check=True))
    desk.market("BUY", "0.010")
    desk.limit("SELL", "0.010", "61000", reduceOnly="true")
    assert desk.market("SELL", "0.010", reduceOnly="true").code == -4118


def test_hedge_mode_keeps_two_legs_apart() -> None:
    desk = Desk(hedge=True)
    assert desk.market("BUY", "0.010").code == -4061
    assert desk.market("BUY", "0.010", positionSide="LONG", reduceOnly="true").code == -1106
    assert desk.market("BUY", "0.010", positionSide="LONG").code == 0
    assert desk.market("SELL", "0.020", positionSide="SHORT").code == 0
    rows = {row["positionSide"]: row["positionAmt"] for row in desk.must("GET", "/fapi/v3/positionRisk")}
    assert rows == {"LONG": "0.010", "SHORT": "-0.020"}
    assert desk.market("SELL", "0.011", positionSide="LONG").code == -2022
    assert desk.market("SELL", "0.010", positionSide="LONG").code == 0
    assert (desk.position(side="LONG"), desk.position(side="SHORT")) == (Decimal(0), Decimal("-0.020"))


def test_a_hedge_leg_is_never_oversold_by_a_resting_close() -> None:
    desk = Desk(hedge=True)
    desk.market("BUY", "0.020", positionSide="LONG")
    desk.limit("SELL", "0.020", "61000", positionSide="LONG", newClientOrderId="target")
    desk.market("SELL", "0.015", positionSide="LONG")
    desk.price("61500")
    assert desk.position(side="LONG") == 0
    assert desk.order("target")["executedQty"] == "0.005"
    assert desk.order("target")["status"] == "EXPIRED"


def test_a_hedge_stop_closes_its_own_leg_only() -> None:
    desk = Desk(hedge=True)
    desk.market("BUY", "0.010", positionSide="LONG")
    desk.market("SELL", "0.010", positionSide="SHORT")
    assert desk.conditional("STOP_MARKET", "BUY", "61000", closePosition="true", positionSide="LONG").code == -4061
    desk.conditional("STOP_MARKET", "SELL", "59000", closePosition="true", positionSide="LONG")
    desk.price("58900")
    assert (desk.position(side="LONG"), desk.position(side="SHORT")) == (Decimal(0), Decimal("-0.010"))


def test_the_position_mode_changes_only_when_nothing_is_open() -> None:
    desk = Desk()
    change = ("POST", "/fapi/v1/positionSide/dual")
    assert desk.ask(*change, dualSidePosition="false").code == -4059
    desk.limit("BUY", "0.010", "59000")
    assert desk.ask(*change, dualSidePosition="true").code == -4067
    desk.must("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")
    desk.market("BUY", "0.010")
    assert desk.ask(*change, dualSidePosition="true").code == -4068
    desk.market("SELL", "0.010")
    desk.must(*change, dualSidePosition="true")
    assert desk.must("GET", "/fapi/v1/positionSide/dual") == {"dualSidePosition": True}


def test_leverage_is_per_symbol_bounded_by_its_brackets_and_told() -> None:
    desk = Desk()
    body = desk.must("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="5")
    assert body == {"leverage": 5, "maxNotionalValue": "150000000", "symbol": "BTCUSDT"}
    (told,) = desk.events("ACCOUNT_CONFIG_UPDATE")
    assert told["ac"] == {"s": "BTCUSDT", "l": 5}
    assert desk.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="126").code == -4028
    assert desk.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="0").code == -4028
    (config,) = desk.must("GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT")
    assert (config["leverage"], config["marginType"]) == (5, "CROSSED")
    assert desk.must("GET", "/fapi/v1/symbolConfig", symbol="ETHUSDT")[0]["leverage"] == 20


def test_leverage_bounds_the_size_of_a_position() -> None:
    desk = Desk()
    desk.must("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="125")
    assert desk.market("BUY", "1").code == -2027
    assert desk.market("BUY", "0.8").code == 0
    desk.must("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="50")
    assert desk.market("BUY", "20").code == 0
    assert desk.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="125").code == -2027
    assert desk.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage="1").code == -2028


def test_the_margin_type_changes_only_when_the_symbol_is_clear() -> None:
    desk = Desk()
    change = ("POST", "/fapi/v1/marginType")
    assert desk.ask(*change, symbol="BTCUSDT", marginType="CROSSED").code == -4046
    desk.market("BUY", "0.010")
    assert desk.ask(*change, symbol="BTCUSDT", marginType="ISOLATED").code == -4048
    desk.limit("BUY", "1", "2900", symbol="ETHUSDT")
    assert desk.ask(*change, symbol="ETHUSDT", marginType="ISOLATED").code == -4047
    desk.must(*change, symbol="SOLUSDT", marginType="ISOLATED")
    assert desk.must("GET", "/fapi/v1/symbolConfig", symbol="SOLUSDT")[0]["marginType"] == "ISOLATED"


def test_isolated_margin_follows_the_position() -> None:
    desk = Desk()
    desk.must("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    desk.market("BUY", "0.200")
    (row,) = desk.must("GET", "/fapi/v3/positionRisk")
    assert row["isolatedWallet"] == "600.00100000"
    assert desk.must("GET", "/fapi/v3/balance")[0]["crossWalletBalance"] == "99393.99899000"
    desk.market("SELL", "0.050")
    assert desk.must("GET", "/fapi/v3/positionRisk")[0]["isolatedWallet"] == "450.00075000"
    desk.must("POST", "/fapi/v1/positionMargin", symbol="BTCUSDT", type="1", amount="50")
    assert desk.must("GET", "/fapi/v3/positionRisk")[0]["isolatedWallet"] == "500.00075000"
    desk.market("SELL", "0.150")
    account = desk.venue.account_named()
    assert account.positions[("BTCUSDT", "BOTH")].isolated_wallet == 0


def test_open_orders_bind_margin_in_their_direction_only() -> None:
    desk = Desk()

    def available() -> Decimal:
        return Decimal(desk.must("GET", "/fapi/v3/account")["availableBalance"])

    before = available()
    desk.limit("BUY", "1", "59000", newClientOrderId="bid")
    assert before - available() == Decimal(2950)
    desk.limit("SELL", "1", "61000", newClientOrderId="ask")
    assert before - available() == Decimal(3050), "the larger side counts, not their sum"
    desk.must("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT")
    assert available() == before


def test_a_position_beyond_the_available_margin_is_refused_and_reducing_never_is() -> None:
    desk = Desk()
    assert desk.market("BUY", "32").code == 0
    assert desk.market("BUY", "5").code == -2019
    desk.price("58000")
    assert Decimal(desk.must("GET", "/fapi/v3/account")["availableBalance"]) == 0
    assert desk.market("SELL", "1").code == 0
    assert desk.market("SELL", "31", reduceOnly="true").code == 0


def test_cross_liquidation_cancels_closes_and_says_so() -> None:
    desk = Desk()
    desk.market("BUY", "32")
    desk.limit("BUY", "0.010", "55000", newClientOrderId="rest")
    desk.conditional("STOP_MARKET", "SELL", "54000", quantity="1", clientAlgoId="stop")
    desk.events()
    desk.price("57000")
    assert desk.position() == 0
    closing = [e["o"] for e in desk.events("ORDER_TRADE_UPDATE") if e["o"]["c"].startswith("autoclose-")]
    assert [(o["x"], o["X"]) for o in closing] == [("NEW", "NEW"), ("CALCULATED", "FILLED")]
    assert desk.order("rest")["status"] == "CANCELED"
    assert desk.algo("stop")["algoStatus"] == "EXPIRED"
    (forced,) = desk.must("GET", "/fapi/v1/forceOrders", autoCloseType="LIQUIDATION")
    assert forced["executedQty"] == "32.000"
    assert desk.wallet >= 0


def test_a_bankrupt_account_ends_at_zero_and_the_insurance_fund_pays() -> None:
    desk = Desk()
    desk.market("BUY", "32")
    desk.price("50000")
    assert desk.wallet == 0
    assert desk.venue.exchange.insurance_fund < 0


def test_isolated_liquidation_takes_its_own_margin_only() -> None:
    desk = Desk()
    desk.must("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    desk.market("BUY", "1")
    desk.market("BUY", "1", symbol="ETHUSDT")
    before = desk.wallet
    desk.price("50000")
    assert desk.position() == 0
    assert desk.position("ETHUSDT") == 1
    assert before - desk.wallet == Decimal("3000.005")


def test_a_margin_call_comes_once_before_liquidation() -> None:
    desk = Desk()
    desk.market("BUY", "32")
    desk.events()
    desk.price("57495")
    desk.price("57490")
    (call,) = desk.events("MARGIN_CALL")
    assert call["p"][0]["s"] == "BTCUSDT"
    assert desk.position() == 32


def test_the_liquidation_price_is_where_liquidation_happens() -> None:
    desk = Desk()
    desk.market("BUY", "32")
    price = Decimal(desk.must("GET", "/fapi/v3/positionRisk")[0]["liquidationPrice"])
    desk.price(str((price + 1).quantize(Decimal("0.1"))))
    assert desk.position() == 32
    desk.price(str((price - 1).quantize(Decimal("0.1"))))
    assert desk.position() == 0


def test_auto_deleveraging_and_delisting_close_by_the_venues_own_orders() -> None:
    desk = Desk()
    desk.market("BUY", "1")
    desk.venue.deleverage("BTCUSDT", Decimal("0.4"), desk.now_ms)
    assert desk.position() == Decimal("0.6")
    desk.venue.delist("BTCUSDT", desk.now_ms)
    assert desk.position() == 0
    own = [e["o"]["c"].split("-")[0] for e in desk.events("ORDER_TRADE_UPDATE") if e["o"]["x"] == "CALCULATED"]
    assert own == ["adl_autoclose", "settlement_autoclose"]
    assert desk.market("BUY", "1").code == -4141
    assert "BTCUSDT" not in {row["symbol"] for row in desk.must("GET", "/fapi/v1/exchangeInfo")["symbols"]}


@pytest.mark.parametrize(("side", "sign"), [("BUY", -1), ("SELL", 1)])
def test_funding_moves_the_wallet_and_never_a_quantity(side: str, sign: int) -> None:
    desk = Desk()
    desk.market(side, "1")
    before, held = desk.wallet, desk.position()
    market = desk.venue.exchange.markets["BTCUSDT"]
    desk.events()
    desk.wait(market.next_funding_ms - desk.now_ms)
    assert desk.wallet - before == sign * Decimal(6)
    assert desk.position() == held
    (told,) = desk.events("ACCOUNT_UPDATE")
    assert (told["a"]["m"], told["a"]["P"], Decimal(told["a"]["B"][0]["bc"])) == ("FUNDING_FEE", [], Decimal(sign * 6))
    (row,) = desk.must("GET", "/fapi/v1/income", incomeType="FUNDING_FEE")
    assert Decimal(row["income"]) == sign * 6


def test_changed_filters_apply_at_once_and_to_this_symbol_only() -> None:
    desk = Desk()
    instrument = desk.venue.exchange.markets["BTCUSDT"].instrument
    desk.venue.set_instrument(replace(instrument, step_size=Decimal("0.01")))
    assert desk.market("BUY", "0.015").code == -1111
    assert desk.market("BUY", "0.02").body["executedQty"] == "0.020"
    assert desk.market("BUY", "0.015", symbol="ETHUSDT").code == 0


def test_what_is_held_is_shown_to_its_last_digit_under_a_coarser_step() -> None:
    desk = Desk()
    desk.market("BUY", "0.015")
    instrument = desk.venue.exchange.markets["BTCUSDT"].instrument
    desk.venue.set_instrument(replace(instrument, step_size=Decimal("0.01")))
    rows = {row["symbol"]: row["positionAmt"] for row in desk.must("GET", "/fapi/v3/positionRisk")}
    assert rows["BTCUSDT"] == "0.015"
    desk.venue.set_instrument(instrument)
    assert desk.market("BUY", "0.015").code == 0
