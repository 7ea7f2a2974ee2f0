"""The contract of answers: what proves nothing is unknown, what proves that nothing was done may be tried again."""

import pytest

from messages.base import Message
from messages.reports import (
    FetchFailed,
    NotExecuted,
    OpenOrdersReport,
    OrderAccepted,
    OrderRejected,
    OutcomeUnknown,
    PositionsReport,
    QueryFailed,
    SettingRefused,
)
from messages.requests import CancelOrder, FetchBalance, FetchOpenOrders, FetchPositions, QueryOrder, SetLeverage
from messages.types import PositionId
from tests.exchange.contract.venue import Role, VenueUnderTest
from tests.exchange.desk_side import BTC, MAIN, Desk, adapter_up


@pytest.mark.parametrize("done", [False, True])
def test_an_ambiguous_answer_to_an_opening_is_unknown_and_it_was_sent_once(
    venue: VenueUnderTest, ambiguous: str, *, done: bool
) -> None:
    with adapter_up(venue.settings(timeout_ms=300)) as desk:
        venue.spoil(Role.SUBMIT, ambiguous, done=done)
        order = desk.submit()
        doubt = desk.ear.wait_for(OutcomeUnknown)
        assert (doubt.client_order_id, doubt.cancel, doubt.correlation_id) == (order.client_order_id, False, "c1")
        assert doubt.cause
        assert venue.held() == (order.quantity if done else 0)
        assert not [message for message in desk.ear.heard if isinstance(message, OrderAccepted | OrderRejected)]


def test_an_ambiguous_answer_to_a_stop_and_to_a_cancel_is_unknown(desk: Desk, venue: VenueUnderTest) -> None:
    desk.submit()
    venue.spoil(Role.SUBMIT_STOP, "empty_200")
    stop = desk.stop_loss("58000")
    assert desk.ear.wait_for(OutcomeUnknown).client_order_id == stop.client_order_id
    for conditional in (True, False):
        venue.spoil(Role.CANCEL, "reset", times=0)
        desk.venue.request(
            CancelOrder(account=MAIN, symbol=BTC, client_order_id=stop.client_order_id, conditional=conditional)
        )
        doubt = desk.ear.wait_for(OutcomeUnknown)
        assert (doubt.client_order_id, doubt.cancel) == (stop.client_order_id, True)


def test_an_answer_that_proves_nothing_was_done_may_be_tried_again(venue: VenueUnderTest, not_executed: str) -> None:
    with adapter_up(venue.settings()) as desk:
        venue.spoil(Role.SUBMIT, not_executed)
        order = desk.submit()
        report = desk.ear.wait_for(NotExecuted)
        assert (report.client_order_id, report.retry_after_ms > 0) == (order.client_order_id, True)
        assert not venue.held()
        desk.submit(client_order_id=order.client_order_id)
        assert desk.ear.wait_for(OrderAccepted).client_order_id == order.client_order_id


READS: dict[Role, Message] = {
    Role.POSITIONS: FetchPositions(account=MAIN, request_id="r"),
    Role.OPEN_ORDERS: FetchOpenOrders(account=MAIN, request_id="r"),
    Role.BALANCE: FetchBalance(account=MAIN, request_id="r"),
}


@pytest.mark.parametrize("answer", ["reset", "empty_200", "html_200", "truncated_200"])
@pytest.mark.parametrize("role", READS)
def test_a_read_without_a_whole_answer_has_failed_and_is_no_empty_list(
    desk: Desk, venue: VenueUnderTest, role: Role, answer: str
) -> None:
    # aiohttp repeats a GET once where a kept-alive connection is reset under it.
    venue.spoil(role, answer, times=0)
    desk.venue.request(READS[role])
    assert desk.ear.wait_for(FetchFailed).request_id == "r"
    assert not [each for each in desk.ear.heard if isinstance(each, PositionsReport | OpenOrdersReport)]


def test_a_query_and_a_setting_without_an_answer_say_so(desk: Desk, venue: VenueUnderTest) -> None:
    venue.spoil(Role.QUERY, "empty_200", times=0)
    desk.venue.request(QueryOrder(account=MAIN, symbol=BTC, client_order_id=desk.new_id()))
    assert desk.ear.wait_for(QueryFailed).cause
    venue.spoil(Role.LEVERAGE, "empty_200", times=0)
    desk.venue.request(SetLeverage(account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("p")))
    assert desk.ear.wait_for(SettingRefused).unknown


def test_a_request_in_flight_when_the_adapter_stops_is_unknown(venue: VenueUnderTest) -> None:
    with adapter_up(venue.settings()) as desk:
        venue.spoil(Role.SUBMIT, "read_timeout")
        order = desk.submit()
        desk.venue.request(FetchPositions(account=MAIN, request_id="r"))
        # Its answer shows that the order, which was sent before, is on its way.
        desk.ear.wait_for(PositionsReport)
        desk.venue.stop(deadline_ms=0)
        assert desk.ear.wait_for(OutcomeUnknown).client_order_id == order.client_order_id
        late = desk.submit()
        assert desk.ear.wait_for(NotExecuted).client_order_id == late.client_order_id
