"""A stream that is open and brings nothing: noticed by an own order, told, opened anew in another form, and heard."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from adapters.exchange import stream
from adapters.exchange.binance.events import reported_order
from adapters.exchange.hearing import CONDITIONALS, ORDERS, REMEMBERED, Hearing, Missed
from adapters.paper.server import EmbeddedServer
from adapters.paper.venue import PaperModel
from messages.reports import FundingReport, OrderAccepted, StreamDown, StreamHeard, StreamMute, StreamUp
from messages.types import ClientOrderId, OrderKind
from tests.exchange.desk_side import Desk, desk_on, paper, plan

ONE, TWO = ClientOrderId("one"), ClientOrderId("two")
ALL_LOST = {"kind": "EVENT_LOST", "count": 0}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MUTE_AFTER_MS", 300)
    monkeypatch.setattr(stream, "REOPENED_LEAST_NS", 0)


@pytest.fixture
def hasty(server: EmbeddedServer, impatient: None) -> Iterator[Desk]:
    with desk_on(server) as ready:
        yield ready


def limit_order(desk: Desk) -> ClientOrderId:
    order = desk.submit(kind=OrderKind.LIMIT, limit_price=Decimal(50_000))
    desk.ear.wait_for(OrderAccepted, lambda report: report.client_order_id == order.client_order_id)
    return order.client_order_id


def test_a_mute_stream_is_told_opened_anew_and_heard_again(server: EmbeddedServer, hasty: Desk) -> None:
    plan(server, ALL_LOST)
    name = limit_order(hasty)
    told = hasty.ear.wait_for(StreamMute)
    assert (told.kind, told.client_order_id) == (ORDERS, name)
    assert told.since_ns
    assert "mute about orders" in hasty.ear.wait_for(StreamDown).cause
    hasty.ear.wait_for(StreamUp)
    plan(server)
    limit_order(hasty)
    assert hasty.ear.wait_for(StreamHeard).kind == ORDERS


def test_it_is_told_once_however_many_orders_it_does_not_tell_of(server: EmbeddedServer, hasty: Desk) -> None:
    plan(server, ALL_LOST)
    for _ in range(3):
        limit_order(hasty)
        hasty.ear.wait_for(StreamDown)
        hasty.ear.wait_for(StreamUp)
    assert len([each for each in hasty.ear.peek() if isinstance(each, StreamMute)]) == 1


def test_a_funding_of_which_no_event_tells_is_read_when_the_listen_key_is_prolonged() -> None:
    with paper() as server, desk_on(server, listen_key_refresh_ms=300) as desk:
        time_ms = server.call(lambda paper: _paid_in_silence(paper.live.venue))
        told = desk.ear.wait_for(FundingReport)
        assert (told.symbol, told.amount, told.ts_event) == ("ETHUSDT", Decimal("-0.3"), time_ms * 1_000_000)


def test_what_was_paid_while_the_stream_was_mute_is_read_though_it_is_not_opened_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was opened anew a moment ago: once it is found mute again, and once more when it is heard."""
    monkeypatch.setattr(stream, "MUTE_AFTER_MS", 300)
    with paper() as server, desk_on(server) as desk:
        plan(server, ALL_LOST)
        limit_order(desk)
        desk.ear.wait_for(StreamMute)
        desk.ear.wait_for(StreamUp)
        plan(server)
        limit_order(desk)
        desk.ear.wait_for(StreamHeard)
        plan(server, ALL_LOST)
        server.call(lambda paper: _paid_in_silence(paper.live.venue))
        limit_order(desk)
        desk.ear.wait_for(StreamMute)
        assert desk.ear.wait_for(FundingReport).symbol == "ETHUSDT"
        server.call(lambda paper: _paid_days_ago(paper.live.venue, (0, "ADAUSDT")))
        plan(server)
        limit_order(desk)
        desk.ear.wait_for(StreamHeard)
        desk.ear.wait_for(FundingReport, lambda told: told.symbol == "ADAUSDT")


def test_what_was_paid_in_a_week_of_absence_is_read_first_and_no_more_than_a_day_after_that() -> None:
    with paper() as server:
        server.call(lambda paper: _paid_days_ago(paper.live.venue, (8, "ADAUSDT"), (6, "ETHUSDT"), (0, "BNBUSDT")))
        with desk_on(server, listen_key_refresh_ms=300) as desk:
            first = [desk.ear.wait_for(FundingReport) for _ in range(2)]
            assert [m.symbol for m in first] == ["ETHUSDT", "BNBUSDT"]
            assert [desk.ear.wait_for(FundingReport).symbol for _ in range(3)] == ["BNBUSDT"] * 3


def _paid_days_ago(venue: PaperModel, *payments: tuple[int, str]) -> None:
    """An hour more than so many days ago."""
    exchange = venue.exchange
    for days, symbol in payments:
        time_ms = exchange.now_ms - (24 * days + 1) * 3_600_000
        exchange.book(venue.account_named(), "FUNDING_FEE", Decimal("-0.3"), symbol, time_ms=time_ms)


def _paid_in_silence(venue: PaperModel) -> int:
    exchange = venue.exchange
    exchange.book(venue.account_named(), "FUNDING_FEE", Decimal("-0.3"), "ETHUSDT")
    return exchange.now_ms


def test_a_venue_that_wants_its_events_named_is_given_their_names(impatient: None) -> None:
    with paper() as server:
        plan(server, events_must_be_named=True)
        with desk_on(server) as desk:
            limit_order(desk)
            desk.ear.wait_for(StreamMute)
            desk.ear.wait_for(StreamDown)
            desk.ear.wait_for(StreamUp)
            limit_order(desk)
            desk.ear.wait_for(StreamHeard)


def test_a_stream_that_is_mute_about_conditional_orders_alone_is_noticed(server: EmbeddedServer, hasty: Desk) -> None:
    plan(server, {**ALL_LOST, "event": "ALGO_UPDATE"})
    hasty.submit()
    hasty.stop_loss("50000")
    assert hasty.ear.wait_for(StreamMute).kind == CONDITIONALS
    hasty.ear.wait_for(StreamUp)
    plan(server)
    hasty.stop_loss("50001")
    assert hasty.ear.wait_for(StreamHeard).kind == CONDITIONALS


def test_one_lost_event_is_a_gap_and_no_mute_stream(server: EmbeddedServer, hasty: Desk) -> None:
    plan(server, {"kind": "EVENT_LOST", "event": "ORDER_TRADE_UPDATE"})
    limit_order(hasty)
    limit_order(hasty)
    assert "is missing" in hasty.ear.wait_for(StreamDown).cause
    hasty.ear.wait_for(StreamUp)
    assert not [each for each in hasty.ear.peek() if isinstance(each, StreamMute)]


def test_an_event_before_its_answer_counts() -> None:
    hearing = Hearing()
    hearing.hear(ORDERS, ONE, 1)
    assert not hearing.expect(ONE, ORDERS, 2)
    assert hearing.missed(ONE) is None


def test_what_was_told_of_others_since_says_whether_it_is_mute() -> None:
    hearing = Hearing()
    hearing.hear(ORDERS, ClientOrderId("somebody's"), 1)
    hearing.expect(ONE, ORDERS, 2)
    hearing.expect(TWO, CONDITIONALS, 2)
    hearing.hear(ORDERS, ClientOrderId("somebody's"), 3)
    assert hearing.missed(ONE) == Missed(kind=ORDERS, mute=False)
    assert hearing.missed(TWO) == Missed(kind=CONDITIONALS, mute=True)


@pytest.mark.parametrize(
    "said", [None, 1, [], {}, {"e": "ORDER_TRADE_UPDATE"}, {"e": [], "o": {}}, {"e": "x", "o": {}}]
)
def test_what_tells_of_no_order_is_no_hearing(said: object) -> None:
    assert reported_order(said) is None


def test_what_is_remembered_is_bounded_and_ends_with_the_socket() -> None:
    hearing = Hearing()
    for number in range(2 * REMEMBERED):
        hearing.hear(ORDERS, ClientOrderId(str(number)), number)
    assert len(hearing.heard) == REMEMBERED
    hearing.expect(ONE, ORDERS, 1)
    hearing.forget()
    assert hearing.missed(ONE) is None
    assert hearing == Hearing()
