"""User-data events: order, content, and what a stream can do wrong."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.paper.faults import Fault, FaultKind
from adapters.paper.stream_event import StreamEvent
from tests.paper.desk import Desk, plan

HOUR_MS = 3_600_000


def kinds(events: list[Any]) -> list[str]:
    return [event["e"] for event in events]


def test_a_fill_is_told_in_the_venues_order() -> None:
    desk = Desk()
    desk.market("BUY", "0.010")
    assert kinds(desk.events()) == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
    turned = Desk(faults=plan(account_update_first=False, trade_lite=False))
    turned.market("BUY", "0.010")
    assert kinds(turned.events()) == ["ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]


def test_each_fill_has_its_trade_and_cumulative_quantities() -> None:
    desk = Desk()
    desk.market("BUY", "12", newClientOrderId="x")
    fills = [e["o"] for e in desk.events("ORDER_TRADE_UPDATE") if e["o"]["x"] == "TRADE"]
    assert [(o["l"], o["z"], o["L"], o["X"]) for o in fills] == [
        ("5.000", "5.000", "60000.1", "PARTIALLY_FILLED"),
        ("5.000", "10.000", "60000.2", "PARTIALLY_FILLED"),
        ("2.000", "12.000", "60000.3", "FILLED"),
    ]
    rows = desk.must("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
    assert [o["t"] for o in fills] == [row["id"] for row in rows]
    assert [o["n"] for o in fills] == [row["commission"] for row in rows]


def test_an_account_update_carries_only_what_changed() -> None:
    desk = Desk()
    desk.market("BUY", "1", symbol="ETHUSDT")
    desk.events()
    desk.market("BUY", "0.010")
    (update,) = desk.events("ACCOUNT_UPDATE")
    (position,) = update["a"]["P"]
    (balance,) = update["a"]["B"]
    assert (position["s"], position["pa"], position["ps"]) == ("BTCUSDT", "0.010", "BOTH")
    assert Decimal(balance["wb"]) == desk.wallet
    assert Decimal(balance["bc"]) == 0, "the balance change leaves profit and commission out"


def test_a_realized_profit_is_told_with_its_fill() -> None:
    desk = Desk()
    desk.market("BUY", "0.010")
    desk.price("61000.1")
    desk.events()
    desk.market("SELL", "0.010")
    fill = desk.events("ORDER_TRADE_UPDATE")[-1]["o"]
    assert fill["rp"] == "9.99900000"


def test_a_listen_key_lives_an_hour_from_its_last_keepalive() -> None:
    desk = Desk()
    key = desk.must("POST", "/fapi/v1/listenKey")["listenKey"]
    assert desk.must("POST", "/fapi/v1/listenKey")["listenKey"] == key
    assert desk.venue.account_of_listen_key(key) == "main"
    assert desk.venue.account_of_listen_key("") is None
    desk.wait(HOUR_MS - 1)
    desk.must("PUT", "/fapi/v1/listenKey")
    desk.wait(HOUR_MS - 1)
    assert desk.venue.account_of_listen_key(key) == "main"
    assert not desk.events("listenKeyExpired")
    desk.wait(1)
    (expired,) = desk.events("listenKeyExpired")
    assert expired["listenKey"] == key
    assert desk.venue.account_of_listen_key(key) is None
    assert desk.ask("PUT", "/fapi/v1/listenKey").code == -1125
    assert desk.must("POST", "/fapi/v1/listenKey")["listenKey"] != key


def test_a_listen_key_can_be_closed_and_can_be_made_to_expire() -> None:
    desk = Desk()
    key = desk.must("POST", "/fapi/v1/listenKey")["listenKey"]
    desk.venue.expire_listen_key(key, desk.now_ms)
    assert kinds(desk.events()) == ["listenKeyExpired"]
    key = desk.must("POST", "/fapi/v1/listenKey")["listenKey"]
    desk.must("DELETE", "/fapi/v1/listenKey")
    assert desk.venue.account_of_listen_key(key) is None
    assert not desk.events()


def test_a_listen_key_needs_the_api_key_only() -> None:
    desk = Desk()
    key = desk.venue.default_api_key
    answer = desk.venue.request("POST", "/fapi/v1/listenKey", {}, api_key=key, now_ms=desk.now_ms)
    assert answer.status == 200


def struck(kind: FaultKind, **match: Any) -> list[StreamEvent]:
    """What the stream carries of one market order when `kind` strikes its ACCOUNT_UPDATE."""
    fault = Fault(kind=kind, event="ACCOUNT_UPDATE", delay_ms=250, **match)
    desk = Desk(faults=plan(fault))
    desk.must("POST", "/fapi/v1/listenKey")
    desk.market("BUY", "0.010")
    (record,) = desk.venue.fault_log
    assert (record.kind, record.subject, record.effect) == (kind, "ACCOUNT_UPDATE", None)
    return desk.venue.drain_events()


def test_an_event_can_be_lost() -> None:
    told = [each.event["e"] for each in struck(FaultKind.EVENT_LOST)]
    assert told == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE"]


def test_an_event_can_come_twice() -> None:
    told = [each.event["e"] for each in struck(FaultKind.EVENT_DUPLICATED)]
    assert told.count("ACCOUNT_UPDATE") == 2


def test_an_event_can_come_late() -> None:
    assert [each.delay_ms for each in struck(FaultKind.EVENT_DELAYED)] == [0, 0, 250, 0]


def test_an_event_can_be_overtaken() -> None:
    told = [each.event["e"] for each in struck(FaultKind.EVENT_REORDERED)]
    assert told == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]


def test_an_overtaken_event_comes_at_the_latest_when_time_passes() -> None:
    desk = Desk(faults=plan(Fault(kind=FaultKind.EVENT_REORDERED, count=0)))
    desk.market("BUY", "0.010")
    assert desk.events() == []
    desk.wait(1)
    assert len(desk.events()) == 4


def test_a_stream_can_break_in_place_of_an_event() -> None:
    told = struck(FaultKind.STREAM_DISCONNECT)
    assert [(each.disconnect, bool(each.event)) for each in told] == [
        (False, True),
        (False, True),
        (True, False),
        (False, True),
    ]


def test_a_listen_key_can_expire_in_place_of_an_event() -> None:
    told = [each.event["e"] for each in struck(FaultKind.LISTEN_KEY_EXPIRY)]
    assert told == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "listenKeyExpired", "ORDER_TRADE_UPDATE"]


@pytest.mark.parametrize("match", [{"client_id": "mine"}, {"symbol": "ETHUSDT"}])
def test_a_stream_fault_chooses_by_order_and_symbol(match: dict[str, Any]) -> None:
    desk = Desk(faults=plan(Fault(kind=FaultKind.EVENT_LOST, count=0, event="ORDER_TRADE_UPDATE", **match)))
    desk.market("BUY", "0.010", newClientOrderId="other")
    assert len(desk.events("ORDER_TRADE_UPDATE")) == 2
    desk.market("BUY", "1", symbol="ETHUSDT", newClientOrderId="mine-1")
    assert not desk.events("ORDER_TRADE_UPDATE")


def test_market_events_tell_of_every_symbol_that_moved() -> None:
    desk = Desk()
    desk.venue.drain_market()
    desk.price("60123.4", mark="60120.0")
    mark, book = desk.venue.drain_market()
    assert (mark.symbol, mark.event["e"], mark.event["p"]) == ("BTCUSDT", "markPriceUpdate", "60120.00000000")
    assert (book.event["e"], book.event["b"], book.event["a"]) == ("bookTicker", "60123.3", "60123.5")
    assert desk.venue.drain_market() == []
    desk.wait(1_000)
    assert len(desk.venue.drain_market()) == 2 * len(desk.venue.exchange.markets)
