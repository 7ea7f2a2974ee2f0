"""Stream events to reports, in any order in which they may come. No I/O."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.exchange.binance.events import UserEvents
from adapters.exchange.venue import FindParent, ReadOrder, Stamp
from messages.ids import client_order_id
from messages.reports import FillReport, LeverageChanged, MarginCall, OrderReport, StrayEvent
from messages.statement import verbatim
from messages.types import AccountId, FillCause, JournalId, OrderStatus, PositionSide, Symbol, VenueOrderId

OURS = client_order_id(JournalId("journal0"), 1, 1)
STAMP = Stamp(account=AccountId("main"), ts_init=7)
BTC = Symbol("BTCUSDT")
KEY = (BTC, VenueOrderId("900"))


def trade(
    client_id: str, *, order_id: int = 900, status: str = "FILLED", execution: str = "TRADE", trade_id: int = 5
) -> dict[str, Any]:
    quantity = "0.010" if execution == "TRADE" else "0"
    return {
        "e": "ORDER_TRADE_UPDATE",
        "E": 1_700_000_000_001,
        "T": 1_700_000_000_000,
        "o": {
            "s": "BTCUSDT", "c": client_id, "S": "SELL", "o": "MARKET", "f": "GTC", "q": "0.010", "p": "0",
            "ap": "60000.10", "sp": "0", "x": execution, "X": status, "i": order_id, "l": quantity,
            "z": quantity, "L": "60000.10", "n": "0.24000040", "N": "USDT", "T": 1_700_000_000_000,
            "t": trade_id, "m": False, "R": True, "ps": "BOTH", "rp": "0",
        },
    }  # fmt: skip


def algo(
    status: str, *, client_id: str = OURS, child: str = "", executed: str = "0.00000", quantity: str = "0.010"
) -> dict[str, Any]:
    return {
        "e": "ALGO_UPDATE",
        "T": 1_700_000_000_000,
        "E": 1_700_000_000_001,
        "o": {
            "caid": client_id, "aid": 77, "at": "CONDITIONAL", "o": "STOP_MARKET", "s": "BTCUSDT", "S": "SELL",
            "ps": "BOTH", "f": "GTC", "q": quantity, "X": status, "ai": child, "ap": "0", "aq": executed,
            "act": "0", "tp": "58000", "p": "0", "cp": False, "R": True, "rm": "",
        },
    }  # fmt: skip


def row(child: str, *, client_id: str = OURS) -> dict[str, Any]:
    return {"algoId": 77, "clientAlgoId": client_id, "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.010",
            "algoStatus": "TRIGGERED", "actualOrderId": child}  # fmt: skip


def test_a_fill_is_exact_and_comes_before_the_state_that_counts_it() -> None:
    fill, report = UserEvents().feed(trade(OURS), STAMP).reports
    assert isinstance(fill, FillReport)
    assert isinstance(report, OrderReport)
    assert (fill.quantity, fill.price, fill.fee) == (Decimal("0.010"), Decimal("60000.10"), Decimal("0.24000040"))
    assert (fill.ts_event, fill.ts_init, fill.trade_id) == (1_700_000_000_000_000_000, 7, "5")
    assert (report.status, report.filled_quantity) == (OrderStatus.FILLED, Decimal("0.010"))


@pytest.mark.parametrize("amount", [None, ""])
def test_a_fill_whose_fee_is_missing_is_read_from_the_venue_and_not_booked_without_one(amount: str | None) -> None:
    event = trade(OURS)
    fed = UserEvents().feed({**event, "o": {**event["o"], "n": amount}}, STAMP)
    assert [type(each) for each in fed.reports] == [StrayEvent]
    assert fed.lookups == (ReadOrder(symbol=BTC, client_order_id=OURS, conditional=False),)


def test_a_fill_without_a_fee_names_neither_amount_nor_currency() -> None:
    """As the venue's documentation of the event has it."""
    event = trade(OURS)
    free = {name: value for name, value in event["o"].items() if name not in ("n", "N")}
    fill, _ = UserEvents().feed({**event, "o": free}, STAMP).reports
    assert isinstance(fill, FillReport)
    assert (fill.fee, fill.fee_currency) == (Decimal(0), "")


def test_a_child_that_comes_before_its_link_waits_and_then_comes_in_order() -> None:
    events = UserEvents()
    first = events.feed(trade("x9", status="NEW", execution="NEW"), STAMP)
    assert (first.reports, first.lookups) == ((), (FindParent(key=KEY),))
    assert events.feed(trade("x9"), STAMP).lookups == ()
    told = events.feed(algo("TRIGGERED", child="900"), STAMP).reports
    assert [type(each) for each in told] == [OrderReport, OrderReport, FillReport, OrderReport]
    assert {each.client_order_id for each in told if isinstance(each, OrderReport | FillReport)} == {OURS}
    statuses = [each.status for each in told if isinstance(each, OrderReport)]
    assert statuses == [OrderStatus.TRIGGERED, OrderStatus.TRIGGERED, OrderStatus.FILLED]
    assert not events.waiting(KEY)


def test_a_child_whose_link_is_known_is_its_parent() -> None:
    events = UserEvents()
    assert events.learn([row("900")], STAMP) == ()
    fill, report = events.feed(trade("x9"), STAMP).reports
    assert isinstance(fill, FillReport)
    assert isinstance(report, OrderReport)
    assert (fill.client_order_id, fill.venue_order_id) == (OURS, "900")
    assert (report.client_order_id, report.venue_order_id) == (OURS, "77")


def test_a_child_of_somebody_elses_stop_and_an_order_without_parent_are_strays() -> None:
    events = UserEvents()
    events.feed(trade("x9"), STAMP)
    *_, told = events.learn([row("900", client_id="web_abc")], STAMP)
    assert isinstance(told, StrayEvent)
    events.feed(trade("x10", order_id=901), STAMP)
    key = (BTC, VenueOrderId("901"))
    fill, given_up = events.give_up(key, verbatim("nobody's"), STAMP, proven=True)
    assert isinstance(fill, FillReport)
    assert isinstance(given_up, StrayEvent)
    assert '"i":901' in given_up.raw
    again = events.feed(trade("x10", order_id=901), STAMP)
    assert ([type(each) for each in again.reports], again.lookups) == ([FillReport, StrayEvent], ())


@pytest.mark.parametrize("field", ["c", "t", "l", "L"])
def test_an_event_of_a_stranger_that_cannot_be_read_is_kept_as_it_came(field: str) -> None:
    events = UserEvents()
    event = trade("x10", order_id=901)
    events.feed({**event, "o": {**event["o"], field: ""}}, STAMP)
    told = events.give_up((BTC, VenueOrderId("901")), verbatim("nobody's"), STAMP, proven=True)
    assert all(isinstance(each, StrayEvent) for each in told)


def test_a_lookup_that_failed_does_not_brand_an_order_as_a_stranger() -> None:
    events = UserEvents()
    events.feed(trade("x9"), STAMP)
    events.give_up(KEY, verbatim("could not be looked up"), STAMP, proven=False)
    assert events.feed(trade("x9"), STAMP).lookups == (FindParent(key=KEY),)


def test_a_finished_conditional_order_is_filled_only_where_its_quantity_was() -> None:
    filled = UserEvents().feed(algo("FINISHED", child="900", executed="0.010"), STAMP)
    assert [each.status for each in filled.reports if isinstance(each, OrderReport)] == [OrderStatus.FILLED]
    for executed in ("0.00000", "0.004"):
        doubtful = UserEvents().feed(algo("FINISHED", child="900", executed=executed), STAMP)
        assert doubtful.reports == ()
        assert doubtful.lookups == (ReadOrder(symbol=BTC, client_order_id=OURS),)
    never_placed = UserEvents().feed(algo("FINISHED"), STAMP)
    assert [each.status for each in never_placed.reports if isinstance(each, OrderReport)] == [OrderStatus.EXPIRED]


def test_forced_closes_are_told_with_their_reason_and_need_no_lookup() -> None:
    for client_id, cause in (
        ("autoclose-123", FillCause.LIQUIDATION),
        ("adl_autoclose", FillCause.DELEVERAGING),
        ("settlement_autoclose-9", FillCause.SETTLEMENT),
        ("delivery_autoclose-1", FillCause.SETTLEMENT),
    ):
        fed = UserEvents().feed(trade(client_id), STAMP)
        fill, stray = fed.reports
        assert isinstance(fill, FillReport)
        assert (fill.client_order_id, fill.cause) == (client_id, cause)
        assert isinstance(stray, StrayEvent)
        assert "by force" in stray.why
        assert fed.lookups == ()


def test_what_ccxt_does_not_handle_is_told() -> None:
    events = UserEvents()
    leverage = {"e": "ACCOUNT_CONFIG_UPDATE", "E": 1, "T": 1, "ac": {"s": "BTCUSDT", "l": 25}}
    [changed] = events.feed(leverage, STAMP).reports
    assert isinstance(changed, LeverageChanged)
    assert changed.leverage == 25
    call = {"e": "MARGIN_CALL", "E": 1, "cw": "3", "p": [{"s": "BTCUSDT", "ps": "BOTH", "pa": "-1.3", "mt": "CROSSED",
            "iw": "0", "mp": "187.17", "up": "-1.1", "mm": "1.6"}]}  # fmt: skip
    [margin] = events.feed(call, STAMP).reports
    assert isinstance(margin, MarginCall)
    assert (margin.symbol, margin.side) == (BTC, PositionSide.SHORT)
    expired = events.feed({"e": "listenKeyExpired", "E": 1, "listenKey": "a" * 64}, STAMP)
    assert (bool(expired.gap), expired.reports) == (True, ())
    assert events.feed({"e": "TRADE_LITE", "s": "BTCUSDT"}, STAMP).reports == ()


@pytest.mark.parametrize("broken", [None, {}, {"s": "ETHUSDT", "ps": "LONG", "pa": None}])
def test_a_margin_call_that_cannot_be_read_keeps_nobody_from_hearing_of_the_others(broken: object) -> None:
    row = {"s": "BTCUSDT", "ps": "BOTH", "pa": "1", "mt": "CROSSED", "iw": "0", "mp": "1", "up": "-1", "mm": "1"}
    fed = UserEvents().feed({"e": "MARGIN_CALL", "E": 1, "p": [broken, row]}, STAMP)
    stray, margin = fed.reports
    assert isinstance(stray, StrayEvent)
    assert isinstance(margin, MarginCall)
    assert margin.symbol == BTC


def test_a_stray_shows_no_listen_key() -> None:
    [stray] = UserEvents().feed({"e": "SOMETHING_NEW", "listenKey": "pqia91ma19a5s61cv6"}, STAMP).reports
    assert isinstance(stray, StrayEvent)
    assert "pqia91" not in stray.raw


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["e", "o", "a", "ac", "p", "m", "P", "c", "i", "s", "X", "x", "l"]), inner
            )
        ),
    ),
    st.sampled_from(
        ["ORDER_TRADE_UPDATE", "ALGO_UPDATE", "ACCOUNT_UPDATE", "MARGIN_CALL", "ACCOUNT_CONFIG_UPDATE", "?"]
    ),
)
def test_no_event_raises_and_none_that_is_unreadable_vanishes(event: object, kind: str) -> None:
    for given_ in (event, {"e": kind, "o": event, "a": event, "p": event, "ac": event}):
        fed = UserEvents().feed(given_, STAMP)
        if not fed.reports and not fed.lookups:
            assert isinstance(given_, dict)
            assert given_.get("e") in ("ACCOUNT_UPDATE", "MARGIN_CALL")
        assert not [each for each in fed.reports if isinstance(each, StrayEvent) and "defect" in each.why]
