"""An address whose request weight is used up, by neighbors or strangers: whoever waits for it is told as that."""

import http.client
from contextlib import closing

import pytest

from actors.gateway.actions import MINUTE, SECOND
from actors.gateway.shared_budget import SharedBudget
from adapters.paper.limits import RateLimits
from messages import reports as r
from messages import requests as q
from messages.types import RejectReason, Severity
from tests.gateway import stage
from tests.gateway.live import LeapingClock, gateways, paper_for
from tests.gateway.stage import MAIN, START_NS, Stage

WAITS = r.TurnAwaited(account=MAIN, since_ns=START_NS)
TURN = r.TurnAwaited(account=MAIN, since_ns=0)
LIMITS = RateLimits(weight_per_minute=600)


def test_to_wait_for_a_turn_is_no_outage_however_long_it_takes() -> None:
    play = Stage(up=False)
    play.tell(WAITS)
    play.advance(30 * MINUTE)
    play.tell(TURN, stage.venue_up())
    assert play.notices == []


def test_what_follows_the_turn_may_be_an_outage() -> None:
    play = Stage(up=False)
    play.tell(WAITS)
    play.advance(10 * MINUTE)
    play.tell(TURN)
    play.advance(29 * SECOND)
    assert play.notices == []
    play.advance(2 * SECOND)
    assert [notice.text for notice in play.notices] == [
        "main: the venue is out of reach for 30 s (not connected yet). Nothing is opened meanwhile."
    ]


def test_an_outage_ends_where_the_venue_answers_and_a_turn_is_waited_for() -> None:
    play = Stage()
    play.tell(stage.venue_down())
    play.advance(MINUTE)
    play.tell(WAITS)
    play.advance(30 * MINUTE)
    assert [notice.severity for notice in play.notices] == [Severity.WARNING] * 2
    assert "the venue is back" in play.notices[1].text


def test_a_new_life_of_the_gateway_knows_that_its_turn_is_waited_for() -> None:
    play = Stage(up=False)
    play.tell(WAITS)
    play.start()
    play.advance(10 * MINUTE)
    assert play.notices == []


def test_meanwhile_openings_and_reads_are_refused_for_that_reason() -> None:
    play = Stage(up=False)
    play.tell(WAITS, stage.opening(), q.FetchBalance(account=MAIN, request_id="b"))
    assert play.rejections() == [(stage.ID, RejectReason.NOT_EXECUTED)]
    assert play.said_of(r.OrderRejected)[0].text == "waits for its turn in the request budget"
    assert play.said_of(r.FetchFailed)[0].cause == "waits for its turn in the request budget"


@pytest.fixture
def clock() -> LeapingClock:
    return LeapingClock()


def test_an_account_that_waits_for_its_address_says_so_and_connects_in_its_turn(clock: LeapingClock) -> None:
    address = SharedBudget(clock)
    address.learn(600)
    address.left(530)
    with (
        paper_for("main", limits=LIMITS) as (server, _),
        gateways(server, "main", address=address, connected=False) as (live,),
    ):
        assert live.wait_for(r.TurnAwaited).since_ns > 0
        clock.ahead_ns = 63 * SECOND
        assert live.wait_for(r.TurnAwaited).since_ns == 0
        live.wait_for(r.VenueUp)
        assert [message for message in live.heard if isinstance(message, r.VenueDown)] == []


def test_another_program_that_uses_up_the_weight_is_told_with_the_figures(clock: LeapingClock) -> None:
    address = SharedBudget(clock)
    with (
        paper_for("main", limits=LIMITS) as (server, _),
        gateways(server, "main", address=address) as (live,),
    ):
        clock.ahead_ns = 63 * SECOND
        with closing(http.client.HTTPConnection(server.http_url.removeprefix("http://"))) as stranger:
            for _ in range(12):
                stranger.request("GET", "/fapi/v1/ticker/24hr")  # all symbols: 40
                assert stranger.getresponse().read()
        live.tell(q.CancelOrder(account=live.account, symbol=stage.BTC, client_order_id=stage.ID))
        notice = live.wait_for(q.Notify)
        assert notice.severity is Severity.WARNING
        assert "main: other programs behind the same address use up the venue's request weight: " in notice.text
        assert " of 600 a minute, besides " in notice.text
