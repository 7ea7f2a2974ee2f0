"""Determinism, prices, saved state, clocks, keys and limits."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.paper.account import AccountSetup
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.faults import Fault, FaultKind, FaultPlan, Moment
from adapters.paper.limits import RateLimits
from adapters.paper.rng import SplitMix64, seed_for
from tests.paper.desk import START_MS, Desk, plan

FAULTS = plan(
    Fault(kind=FaultKind.EVENT_REORDERED, chance_ppm=100_000, count=0),
    Fault(kind=FaultKind.EVENT_LOST, chance_ppm=50_000, count=0),
    Fault(kind=FaultKind.HANG, chance_ppm=100_000, count=0),
    Fault(kind=FaultKind.RESET, chance_ppm=100_000, count=0, moment=Moment.LATER),
    Fault(kind=FaultKind.PARTIAL_FILL, chance_ppm=200_000, count=0),
)


def lively(seed: int, faults: FaultPlan = FAULTS) -> PaperVenue:
    return PaperVenue(seed=seed, now_ms=START_MS, volatility_ppm=2_000, faults=faults)


def trade(venue: PaperVenue, steps: int, choices: SplitMix64) -> list[Any]:
    """A busy, reproducible hour; returns everything the venue said."""
    said: list[Any] = []
    for _ in range(steps):
        now_ms = venue.now_ms + 700
        symbol = ("BTCUSDT", "ETHUSDT", "SOLUSDT")[choices.below(3)]
        side = ("BUY", "SELL")[choices.below(2)]
        last = venue.exchange.markets[symbol].last
        params = {"timestamp": str(now_ms), "symbol": symbol, "side": side, "quantity": f"{1 + choices.below(5)}"}
        kind = choices.below(4)
        path = "/fapi/v1/order"
        if kind == 0:
            params["type"] = "MARKET"
        elif kind == 1:
            offset = Decimal(choices.below(9) - 4) / 1000
            price = str((last * (1 + offset)).quantize(Decimal("0.1")))
            params |= {"type": "LIMIT", "timeInForce": "GTC", "price": price}
        else:
            path = "/fapi/v1/algoOrder"
            trigger = str((last * (Decimal("0.999") if side == "SELL" else Decimal("1.001"))).quantize(Decimal("0.1")))
            params |= {"algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": trigger}
        answer = venue.request("POST", path, params, api_key=venue.default_api_key, now_ms=now_ms)
        venue.advance(now_ms)
        said += [answer, venue.drain_events(), venue.drain_market()]
    return said


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_says_the_same_to_the_byte(seed: int) -> None:
    first, second = lively(seed), lively(seed)
    assert trade(first, 150, SplitMix64(seed)) == trade(second, 150, SplitMix64(seed))
    assert first.snapshot() == second.snapshot()


def test_another_seed_says_something_else() -> None:
    assert trade(lively(1), 20, SplitMix64(1)) != trade(lively(2), 20, SplitMix64(1))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**63), before=st.integers(0, 120))
def test_a_restored_venue_goes_on_as_if_nothing_had_happened(seed: int, before: int) -> None:
    original = lively(seed)
    trade(original, before, SplitMix64(seed))
    document = original.snapshot()
    restored = PaperVenue.restore(json.loads(json.dumps(document)))
    assert restored.snapshot() == document
    assert trade(original, 60, SplitMix64(9)) == trade(restored, 60, SplitMix64(9))
    assert original.snapshot() == restored.snapshot()


def test_a_snapshot_is_not_changed_by_what_comes_after() -> None:
    desk = Desk()
    desk.limit("BUY", "0.010", "59000")
    document = desk.venue.snapshot()
    text = json.dumps(document)
    desk.market("BUY", "0.010")
    desk.price("58000")
    assert json.dumps(document) == text


def test_a_snapshot_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="snapshot format 99"):
        PaperVenue.restore(Desk().venue.snapshot() | {"format": 99})


def test_a_price_walks_in_ticks_whatever_the_pace_of_the_caller() -> None:
    venue = lively(3, FaultPlan())
    seen = set()
    for second in range(1, 2_000):
        venue.advance(START_MS + second * 1_000)
        last = venue.exchange.markets["SOLUSDT"].last
        assert last % Decimal("0.01") == 0
        seen.add(last)
    assert len(seen) > 500
    day_later = lively(3, FaultPlan())
    day_later.advance(START_MS + 86_400_000)
    assert Decimal(15) <= day_later.exchange.markets["SOLUSDT"].last <= Decimal(1_500)


def test_a_fault_drawn_does_not_move_a_price() -> None:
    calm, unlucky = lively(5, FaultPlan()), lively(5)
    for venue in (calm, unlucky):
        for second in range(1, 30):
            key = venue.default_api_key
            venue.request("GET", "/fapi/v1/ping", {}, api_key=key, now_ms=venue.now_ms)
            venue.advance(START_MS + second * 1_000)
    assert unlucky.fault_log
    assert [m.last for m in calm.exchange.markets.values()] == [m.last for m in unlucky.exchange.markets.values()]


def test_time_does_not_run_backwards() -> None:
    desk = Desk()
    desk.wait(5_000)
    desk.venue.advance(START_MS)
    assert desk.must("GET", "/fapi/v1/time") == {"serverTime": START_MS + 5_000}


@pytest.mark.parametrize(
    ("sent", "window", "code"),
    [(0, "", 0), (-5_000, "", 0), (-5_001, "", -1021), (-3_001, "3000", -1021), (999, "", 0), (1_000, "", -1021)],
)
def test_a_request_is_valid_within_its_window_only(sent: int, window: str, code: int) -> None:
    desk = Desk()
    params = {"timestamp": START_MS + sent} | ({"recvWindow": window} if window else {})
    assert desk.ask("GET", "/fapi/v3/positionRisk", **params).code == code


def test_a_window_has_its_maximum_and_a_timestamp_is_mandatory() -> None:
    desk = Desk()
    assert desk.ask("GET", "/fapi/v3/balance", recvWindow="60001").code == -1131
    assert desk.ask("GET", "/fapi/v3/balance", timestamp="").code == -1102


def test_keys_open_their_own_account_only_and_can_be_revoked() -> None:
    setups = (AccountSetup(name="one", api_key="k1"), AccountSetup(name="two", api_key="k2", balance=Decimal(5)))
    venue = PaperVenue(seed=1, now_ms=START_MS, accounts=setups, volatility_ppm=0)

    def wallet(key: str | None) -> Any:
        answer = venue.request("GET", "/fapi/v3/balance", {"timestamp": str(START_MS)}, api_key=key, now_ms=START_MS)
        body = json.loads(answer.body)
        return body[0]["balance"] if answer.status == 200 else (answer.status, body["code"])

    assert wallet("k1") == "100000.00000000"
    assert wallet("k2") == "5.00000000"
    assert wallet(None) == (401, -2014)
    assert wallet("k3") == (401, -2015)
    assert venue.secret_of("k1") == "paper-secret"
    venue.revoke_key("k1")
    assert wallet("k1") == (401, -2015)
    assert venue.secret_of("k1") is None
    assert wallet("k2") == "5.00000000"


def test_an_unknown_path_is_not_found() -> None:
    reply = Desk().ask("GET", "/fapi/v1/nothing")
    assert (reply.answer.status, reply.code) == (404, -5000)


def limited(**limits: int) -> Desk:
    venue = PaperVenue(seed=1, now_ms=START_MS - START_MS % 60_000, volatility_ppm=0, limits=RateLimits(**limits))
    return Desk(venue)


def test_weight_beyond_the_minute_is_answered_429_until_the_minute_is_over() -> None:
    desk = limited(weight_per_minute=10)
    assert dict(desk.ask("GET", "/fapi/v3/balance").answer.headers)["X-MBX-USED-WEIGHT-1M"] == "5"
    desk.must("GET", "/fapi/v3/balance")
    desk.now_ms += 15_000
    refused = desk.ask("GET", "/fapi/v1/ping")
    assert (refused.answer.status, refused.code) == (429, -1003)
    assert dict(refused.answer.headers)["Retry-After"] == "45"
    desk.now_ms += 45_000
    assert desk.ask("GET", "/fapi/v1/ping").answer.status == 200


def test_going_on_after_429_ends_in_a_ban_that_grows() -> None:
    desk = limited(weight_per_minute=5)
    for _ in range(6):
        desk.ask("GET", "/fapi/v3/balance")
    banned = desk.ask("GET", "/fapi/v1/ping")
    assert (banned.answer.status, dict(banned.answer.headers)["Retry-After"]) == (418, "120")
    desk.now_ms += 119_999
    assert desk.ask("GET", "/fapi/v1/ping").answer.status == 418
    desk.now_ms += 1
    assert desk.ask("GET", "/fapi/v1/ping").answer.status == 200
    for _ in range(6):
        desk.ask("GET", "/fapi/v3/balance")
    assert dict(desk.ask("GET", "/fapi/v1/ping").answer.headers)["Retry-After"] == "240"


def test_orders_are_counted_by_themselves_and_a_refused_one_does_nothing() -> None:
    desk = limited(orders_per_10_seconds=2)
    assert dict(desk.market("BUY", "0.010").answer.headers)["X-MBX-ORDER-COUNT-10S"] == "1"
    desk.market("BUY", "0.010")
    assert desk.market("BUY", "0.010").code == -1015
    assert desk.position() == Decimal("0.020")
    desk.now_ms += 10_000
    assert desk.market("BUY", "0.010").code == 0


def test_random_streams_are_independent_and_well_spread() -> None:
    # First outputs of splitmix64 for seed 1234567, as published with its reference implementation.
    source = SplitMix64(1234567)
    assert [source.next() for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert len({seed_for(seed, name) for seed in range(100) for name in ("BTCUSDT", "ETHUSDT", "faults")}) == 300
