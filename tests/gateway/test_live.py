"""The gateway through the real exchange client against a venue that counts, bans and fails."""

import time
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.paper.limits import RateLimits
from adapters.paper.server import EmbeddedServer, PaperServer
from messages import reports as r
from messages import requests as q
from messages.types import AccountId, ClientOrderId, PositionSide, RejectReason, Side
from tests.e2e.process import wait_for
from tests.exchange.desk_side import plan
from tests.gateway import stage
from tests.gateway.live import Live, Seen, gateways, paper_for

QUANTITY = Decimal("0.01")
SMALL = RateLimits(weight_per_minute=600, orders_per_10_seconds=75, orders_per_minute=300)
"""A quarter of Binance's, so that a load of seconds is as far beyond it as one of a minute."""


def an_opening(account: AccountId, name: ClientOrderId) -> q.SubmitOpening:
    return replace(stage.opening(name), account=account, quantity=QUANTITY)


def an_emergency(account: AccountId, name: ClientOrderId) -> q.SubmitEmergency:
    return replace(
        stage.emergency(name), account=account, quantity=QUANTITY, side=Side.SELL, position_side=PositionSide.LONG
    )


def weight_used(server: EmbeddedServer) -> int:
    return server.call(lambda paper: paper.live.venue.exchange.ration.weight.used)


def early_in_a_minute(server: EmbeddedServer) -> None:
    """What the venue counts is of its minute; what a test adds to it should not be forgotten at once."""
    wait_for("a minute that lasts", lambda: server.call(lambda paper: paper.live.now_ms() % 60_000 < 45_000))


def opened(live: Live, name: ClientOrderId) -> None:
    live.tell(an_opening(live.account, name))
    live.wait_for(r.OrderAccepted, lambda m: m.client_order_id == name)


def refused(seen: list[Seen]) -> list[Seen]:
    return [each for each in seen if each.status in (418, 429)]


def test_a_load_far_beyond_the_limit_is_never_turned_away_and_an_emergency_passes_at_once() -> None:
    """What a thousand positions may come to: two orders each to ask after, everything to read every second."""
    with paper_for("main", limits=SMALL) as (server, seen), ExitStack() as stack:
        # Before it connects: its use of the minute before counts here still, when the venue has forgotten it.
        early_in_a_minute(server)
        (live,) = stack.enter_context(gateways(server, "main", sweep_ns=10**9))
        opened(live, stage.order_id(1, 1))
        live.tell(*(replace(stage.resolve(stage.order_id(2, n)), sent_ns=1) for n in range(1_000)))
        live.tell(*(q.FetchPositions(account=live.account, request_id=f"many/{n}") for n in range(100)))
        live.tell(*(q.FetchBalance(account=live.account, request_id=f"many/b{n}") for n in range(100)))
        ceiling = 600 * 80 // 100 * 7 // 8
        status = live.wait_for(r.GatewayStatus, lambda m: m.queued > 300)
        wait_for("the crowd has used what it may", lambda: weight_used(server) >= ceiling - 100)
        begun_s = time.monotonic()
        close = stage.order_id(1, 2)
        live.tell(an_emergency(live.account, close), replace(stage.cancel(stage.order_id(1, 1)), account=live.account))
        live.wait_for(r.OrderAccepted, lambda m: m.client_order_id == close)
        assert time.monotonic() - begun_s < 2
        live.wait_for(r.CancelRejected)
        assert status.queued > 300
        assert refused(seen) == []
        assert weight_used(server) <= 600 * 80 // 100


def test_somebody_elses_use_of_the_address_is_left_room() -> None:
    with paper_for("main", "other", limits=SMALL) as (server, seen), gateways(server, "main") as (live,):
        early_in_a_minute(server)
        server.call(lambda paper: paper.live.venue.exchange.ration.weight.add(250, paper.live.now_ms()))
        live.tell(replace(stage.resolve(stage.order_id(2, 0)), sent_ns=1))  # its answer's header tells
        live.wait_for(r.GatewayStatus, lambda m: any(use.used > 280 for use in m.budget))
        asked = len(seen)
        live.tell(*(q.FetchOpenOrders(account=live.account, request_id=f"many/{n}") for n in range(20)))
        opened(live, stage.order_id(1, 1))
        assert refused(seen) == []
        assert not [each for each in seen[asked:] if each.path.endswith("openAlgoOrders")]


def test_at_a_bans_end_the_emergency_is_the_first_order_at_the_venue_behind_a_lane_of_openings() -> None:
    with paper_for("main") as (server, seen), gateways(server, "main") as (live,):
        opened(live, stage.order_id(1, 1))
        plan(server, {"kind": "STATUS", "status": 418, "code": -1003, "retry_after_s": 3, "path": "/fapi/v3/account"})
        live.tell(q.FetchBalance(account=live.account, request_id="b"))
        live.wait_for(r.FetchFailed)
        asked = len(seen)
        crowd = [an_opening(live.account, stage.order_id(ordinal, 1)) for ordinal in range(2, 62)]
        live.tell(*crowd, *(q.FetchBalance(account=live.account, request_id=f"b{n}") for n in range(50)))
        close = stage.order_id(1, 2)
        live.tell(replace(an_emergency(live.account, close), symbol=stage.BTC))
        live.wait_for(r.OrderAccepted, lambda m: m.client_order_id == close)
        after = [each for each in seen[asked:] if each.path in ("/fapi/v1/order", "/fapi/v3/account")]
        assert after[0].client_id == close
        assert {each.status for each in after} == {200}


@pytest.mark.parametrize(("status", "code"), [(429, -1003), (418, -1003)])
def test_after_a_silence_all_accounts_close_first_then_the_clock_is_read_then_everything_else(
    status: int, code: int
) -> None:
    """What leaves together arrives in any order, each request on a connection of its own."""
    with paper_for("one", "two") as (server, seen), gateways(server, "one", "two") as both:
        for number, live in enumerate(both, 1):
            opened(live, stage.order_id(number, 1))
        plan(server, {"kind": "STATUS", "status": status, "code": code, "retry_after_s": 3, "path": "/fapi/v3/account"})
        both[0].tell(q.FetchBalance(account=both[0].account, request_id="b"))
        both[0].wait_for(r.FetchFailed)
        both[1].wait_for(r.GatewayStatus, lambda m: m.throttled_until_ns > 0)
        asked = len(seen)
        for number, live in enumerate(both, 1):
            reads = [q.FetchPositions(account=live.account, request_id=f"p{n}") for n in range(4)]
            live.tell(*reads, an_opening(live.account, stage.order_id(10 + number, 1)))
            live.tell(an_emergency(live.account, stage.order_id(number, 2)))
        for live in both:
            live.wait_for(r.PositionsReport, lambda m: m.request_id == "p3")
        after = seen[asked:]
        assert {each.client_id for each in after[:2]} == {stage.order_id(1, 2), stage.order_id(2, 2)}
        clocks = [n for n, each in enumerate(after) if each.path == "/fapi/v1/time"]
        assert not clocks or max(clocks) < min(n for n, each in enumerate(after) if "positionRisk" in each.path)
        assert {each.status for each in after} == {200}


def test_one_accounts_open_circuit_touches_no_other_and_closes_when_the_venue_answers() -> None:
    with paper_for("one", "two") as (server, seen), gateways(server, "one", "two") as (one, two):
        opened(one, stage.order_id(1, 1))
        plan(server, {"kind": "STATUS", "status": 502, "account": "one", "method": "POST", "path": "/order",
                      "count": 0, "moment": "BEFORE_EFFECT", "body": "<html>502</html>"})  # fmt: skip
        one.tell(*(an_emergency(one.account, stage.order_id(1, n)) for n in range(2, 7)))
        notice = one.wait_for(q.Notify, lambda m: "does not answer orders" in m.text)
        assert "closing, protecting and canceling are tried on" in notice.text
        one.tell(an_opening(one.account, stage.order_id(2, 1)))
        reason = one.wait_for(r.OrderRejected, lambda m: m.client_order_id == stage.order_id(2, 1))
        assert reason.reason is RejectReason.NOT_EXECUTED
        assert not [each for each in seen if each.client_id == stage.order_id(2, 1)]
        opened(two, stage.order_id(3, 1))
        plan(server)
        one.wait_for(
            r.GatewayStatus, lambda m: any(each.half_open and each.channel.startswith("orders") for each in m.breaker)
        )
        opened(one, stage.order_id(4, 1))
        one.wait_for(q.Notify, lambda m: "answers orders again" in m.text)
        assert not [m for m in two.heard if isinstance(m, q.Notify)]


def test_more_than_a_thousand_fundings_at_one_moment_are_read_together_and_none_is_missed() -> None:
    """Every symbol is paid at the same hour, each with an event of its own, and a read of the ledger weighs 30."""

    def pay(paper: PaperServer) -> None:
        exchange = paper.live.venue.exchange
        account = paper.live.venue.account_named("main")
        for number in range(1_200):
            exchange.now_ms += number % 2  # 600 moments, each of two
            exchange.book(account, "FUNDING_FEE", Decimal("-0.01"), f"S{number}USDT")
            exchange.emit_account(account, (), reason="FUNDING_FEE", change=Decimal("-0.01"))

    with paper_for("main") as (server, seen), gateways(server, "main") as (live,):
        server.call(pay)
        server.tell("price", "BTCUSDT", "60000")  # what happened is told with the next input
        live.wait_for(r.FundingReport, lambda m: m.symbol == "S1199USDT")
        reads = [each for each in seen if each.path == "/fapi/v1/income"]
        assert len(reads) <= 5  # one when the stream opened, then pages of a thousand
        told = {m.symbol for m in live.heard if isinstance(m, r.FundingReport)}
        assert len(told | {"S1199USDT"}) == 1_200
        assert refused(seen) == []
