"""Outages, gaps, resyncs, reads, settings, status."""

from dataclasses import replace
from decimal import Decimal

import pytest

from actors.gateway.actions import MINUTE, MS, SECOND
from actors.gateway.context import ANSWER_LIMIT_NS
from actors.gateway.core import SWEEP_NS
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.priority import PRIORITY
from messages.reconciliation import FetchTrades, TradesReport
from messages.statement import verbatim
from messages.types import ClientOrderId, FillCause, ModeFault, PositionId, PositionSide, RejectReason, Severity
from tests.gateway import stage
from tests.gateway.stage import BTC, ID, MAIN, Stage

LEVERAGE = q.SetLeverage(account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("p"))
BALANCE = q.FetchBalance(account=MAIN, request_id="balance/1")


@pytest.mark.parametrize("up", [True, False])
def test_out_of_reach_an_opening_is_refused_at_once(*, up: bool) -> None:
    play = Stage(up=up)
    play.tell(stage.venue_down(), stage.opening())
    assert play.rejections() == [(ID, RejectReason.NOT_EXECUTED)]
    assert play.said_of(r.OrderRejected)[0].text == "venue unreachable"


def test_before_the_venue_is_ever_up_nothing_leaves_and_nothing_hangs() -> None:
    play = Stage(up=False)
    play.tell(stage.opening(), LEVERAGE, BALANCE, stage.reducing(stage.order_id(2)))
    play.advance(MINUTE)
    assert play.sent == []
    assert [type(m) for m in play.said] == [r.OrderRejected, r.SettingRefused, r.FetchFailed]


@pytest.mark.parametrize("submit", [stage.reducing(), stage.emergency(), stage.protection()])
def test_out_of_reach_what_reduces_waits_and_leaves_when_the_venue_is_back(submit: q.SubmitOrder) -> None:
    play = Stage()
    play.tell(stage.venue_down(), submit)
    play.advance(10 * MINUTE)
    assert play.sent == []
    play.tell(stage.venue_up())
    assert play.sent[0] == submit


def test_openings_waiting_for_another_attempt_are_refused_when_the_venue_goes() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.not_executed(), stage.venue_down())
    assert play.rejections() == [(ID, RejectReason.NOT_EXECUTED)]
    play.tell(stage.venue_up())
    play.advance(10 * SECOND)
    assert len(play.sent_of(q.SubmitOpening)) == 1


def test_after_an_outage_the_newest_emergency_leaves_first() -> None:
    play = Stage()
    play.tell(stage.venue_down(), *(stage.emergency(stage.order_id(1, n)) for n in (1, 2, 3)), stage.venue_up())
    names = [m.client_order_id for m in play.sent_of(q.SubmitEmergency)]
    assert names == [stage.order_id(1, n) for n in (3, 2, 1)]


def test_a_doubt_survives_an_outage_and_is_asked_after_at_once_when_it_ends() -> None:
    play = Stage()
    play.tell(stage.opening(), stage.unknown(), stage.venue_down())
    play.advance(20 * MINUTE)
    assert play.sent_of(q.QueryOrder) == []
    assert any("is unknown for" in notice.text for notice in play.notices)
    play.tell(stage.venue_up())
    assert len(play.sent_of(q.QueryOrder)) == 1


def test_an_outage_is_told_once_louder_when_it_lasts_and_its_end_with_the_duration() -> None:
    play = Stage()
    play.tell(stage.venue_down(), stage.venue_down())
    play.advance(7 * MINUTE)
    play.tell(stage.venue_up())
    assert [notice.severity for notice in play.notices] == [Severity.WARNING, Severity.CRITICAL, Severity.WARNING]
    assert play.notices[-1].text == "main: the venue is back after 7 min."
    assert len({notice.notice_id for notice in play.notices}) == 3


def test_a_start_without_a_venue_is_told_after_a_moment() -> None:
    play = Stage(up=False)
    play.advance(29 * SECOND)
    assert play.notices == []
    play.advance(2 * SECOND)
    assert [notice.severity for notice in play.notices] == [Severity.WARNING]


def test_a_quick_start_is_nothing_to_tell() -> None:
    play = Stage(up=False)
    play.tell(stage.venue_up())
    play.advance(MINUTE)
    assert play.notices == []


def reads(play: Stage) -> list[str]:
    return [type(m).__name__ for m in play.sent if isinstance(m, (q.FetchPositions, q.FetchOpenOrders))]


@pytest.mark.parametrize("signal", [stage.venue_up(), r.StreamUp(account=MAIN)])
def test_after_a_gap_everything_is_read_in_two_bulk_requests(signal: Message) -> None:
    play = Stage()
    play.tell(signal)
    assert reads(play) == ["FetchOpenOrders", "FetchPositions"]


def test_a_silent_stream_is_swept() -> None:
    play = Stage()
    for _ in range(3):
        play.advance(SWEEP_NS)
        play.settle_resync()
        play.sent.clear()
    play.advance(SWEEP_NS)
    assert reads(play) == ["FetchOpenOrders", "FetchPositions"]


def test_a_gap_during_a_resync_starts_another_after_it() -> None:
    play = Stage()
    play.tell(r.StreamUp(account=MAIN), r.StreamUp(account=MAIN), r.StreamUp(account=MAIN))
    assert len(reads(play)) == 2
    play.settle_resync()
    assert len(reads(play)) == 4


def test_a_failed_read_is_repeated_and_a_list_of_orders_that_failed_is_told_to_whoever_watches_over_stops() -> None:
    play = Stage()
    play.tell(r.StreamUp(account=MAIN))
    (orders,) = play.sent_of(q.FetchOpenOrders)
    play.said.clear()
    play.tell(r.FetchFailed(account=MAIN, request_id=orders.request_id, cause=verbatim("timeout")))
    assert [failed.request_id for failed in play.said_of(r.FetchFailed)] == [orders.request_id]
    play.advance(SECOND)
    assert len(play.sent_of(q.FetchOpenOrders)) == 2
    (positions,) = play.sent_of(q.FetchPositions)
    play.said.clear()
    play.tell(r.FetchFailed(account=MAIN, request_id=positions.request_id, cause=verbatim("timeout")))
    assert play.said == []


def test_open_orders_become_reports_of_our_own_with_their_age_and_one_sweep() -> None:
    play = Stage()
    play.tell(r.StreamUp(account=MAIN))
    (read,) = play.sent_of(q.FetchOpenOrders)
    foreign = replace(stage.report(), client_order_id=ClientOrderId("web_1"))
    play.tell(
        r.OpenOrdersReport(account=MAIN, request_id=read.request_id, begun_ns=5, orders=(stage.report(), foreign))
    )
    assert play.said_of(r.OrderReport) == [replace(stage.report(), begun_ns=5)]
    assert [(s.begun_ns, sorted(s.open_orders)) for s in play.said_of(r.Sweep)] == [(5, [ID, "web_1"])]
    assert play.said_of(r.OpenOrdersReport) == []


def test_frequent_sweeps_read_positions_each_time_and_the_dear_list_of_orders_seldom() -> None:
    play = Stage(sweep_ns=2 * SECOND)
    for _ in range(20):
        play.advance(2 * SECOND)
        play.settle_resync()
    assert len(play.sent_of(q.FetchPositions)) == 20
    assert len(play.sent_of(q.FetchOpenOrders)) == 2


def test_a_sweep_while_everything_is_being_read_asks_for_nothing_more() -> None:
    play = Stage(sweep_ns=2 * SECOND)
    play.tell(r.StreamUp(account=MAIN))
    play.advance(10 * SECOND)
    assert len(reads(play)) == 2


def test_what_others_asked_to_read_is_answered_whole_and_failure_too() -> None:
    play = Stage()
    asked = q.FetchOpenOrders(account=MAIN, request_id="reconciler/1")
    answer = r.OpenOrdersReport(account=MAIN, request_id="reconciler/1", begun_ns=1, orders=())
    failure = r.FetchFailed(account=MAIN, request_id="balance/1", cause=verbatim("timeout"))
    play.tell(asked, answer, BALANCE, failure)
    assert play.sent == [asked, BALANCE]
    assert play.said == [answer, failure]


def test_a_setting_and_its_answer_pass() -> None:
    play = Stage()
    applied = r.SettingApplied(account=MAIN, position_id=PositionId("p"), symbol=BTC, leverage=5)
    play.tell(LEVERAGE, LEVERAGE, applied)
    assert play.sent == [LEVERAGE]
    assert play.said == [applied]


def test_whatever_the_port_leaves_unanswered_is_answered_in_its_place() -> None:
    play = Stage()
    play.tell(LEVERAGE, BALANCE, stage.cancel(), stage.fetch_fills(stage.order_id(2)))
    play.advance(ANSWER_LIMIT_NS + 2 * SECOND)
    (setting,) = play.said_of(r.SettingRefused)
    assert setting.unknown
    assert [failed.request_id for failed in play.said_of(r.FetchFailed)] == ["balance/1"]
    assert [said.cancel for said in play.said_of(r.OutcomeUnknown)] == [True]
    assert len(play.sent_of(q.FetchFills)) == 2


@pytest.mark.parametrize(
    "message",
    [
        stage.venue_up(),
        stage.venue_down(),
        r.StreamUp(account=MAIN),
        r.StreamDown(account=MAIN, cause=verbatim("closed")),
        r.MarkReport(account=MAIN, symbol=BTC, mark_price=stage.ONE),
        r.LeverageChanged(account=MAIN, symbol=BTC, leverage=3),
        r.MarginCall(account=MAIN, symbol=BTC, side=PositionSide.LONG, text=verbatim("99 %")),
        r.FundingReport(account=MAIN, symbol=BTC, amount=Decimal("-0.3"), currency="USDT", payment_id="7"),
        r.StrayEvent(account=MAIN, raw="{}", why=verbatim("unknown")),
        replace(stage.fill(), client_order_id=ClientOrderId("autoclose-1"), cause=FillCause.LIQUIDATION),
        replace(stage.report(), client_order_id=ClientOrderId("web_1")),
        r.PositionsReport(account=MAIN, request_id="x", begun_ns=1, positions=()),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_the_venue_says_unasked_is_passed_on(message: Message) -> None:
    play = Stage()
    play.tell(message)
    assert message in play.said


def test_how_busy_it_is_is_told_at_most_every_second() -> None:
    play = Stage()
    play.advance(5 * SECOND)
    play.forget()
    for ordinal in range(1, 150):
        play.tell(stage.opening(stage.order_id(1, ordinal)))
        play.advance(10 * MS)
    assert len(play.statuses) == 1
    play.advance(2 * SECOND)
    assert len(play.statuses) == 2
    assert (play.statuses[-1].outstanding, play.statuses[-1].queued) == (16, 133)


def test_what_was_answered_within_the_second_is_not_told() -> None:
    play = Stage()
    play.advance(5 * SECOND)
    play.forget()
    play.tell(stage.opening())
    play.tell(stage.accepted(), stage.fill())
    play.advance(2 * SECOND)
    assert play.statuses == []


def test_that_the_venue_is_gone_is_told_at_once() -> None:
    play = Stage()
    play.advance(5 * SECOND)
    play.forget()
    play.tell(r.VenueDown(account=MAIN, cause=verbatim("connection refused")))
    assert [status.reachable for status in play.statuses] == [False]


def test_a_venue_that_answers_and_is_set_otherwise_is_not_out_of_reach() -> None:
    play = Stage(up=False)
    unfit = r.VenueDown(account=MAIN, cause=verbatim("another mode"), fault=ModeFault.POSITION_MODE)
    play.tell(unfit)
    play.advance(600 * SECOND)
    play.tell(stage.opening())
    assert (len(play.rejections()), play.notices) == (1, [])
    play.tell(stage.venue_down())
    play.tell(unfit)
    play.advance(600 * SECOND)
    gone, back = (notice.text for notice in play.notices)
    assert "out of reach" in gone
    assert "is back" in back


def test_a_message_that_is_not_for_a_gateway_is_a_bug_that_shows() -> None:
    with pytest.raises(TypeError, match="Recovered is not for a gateway"):
        Stage().tell(r.Recovered())


def test_every_request_and_report_of_the_port_has_a_route() -> None:
    play = Stage()
    not_for_it = {
        q.QueryOrder, q.Notify, q.Wake, q.Reply, r.OrderAbsent, r.Sweep, r.GatewayStatus, r.Recovered,
        r.PositionView, r.PositionsAnswer, r.StatusAnswer, r.HistoryAnswer, r.FundingShare, r.RulesChanged,
        r.LegChanged, r.LegHeld, q.CommandTaken, q.CommandDecided,
    }  # fmt: skip
    said = {kind for kind in PRIORITY if kind.__module__ in (q.__name__, r.__name__)} | {FetchTrades, TradesReport}
    assert set(play.gateway._routes) == said - not_for_it
