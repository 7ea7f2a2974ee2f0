"""The venue's limits: never gone beyond, never in the way of what reduces, and nobody else forgotten."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.gateway import budget as b
from actors.gateway import request_queue as l
from actors.gateway.actions import MS, SECOND
from actors.gateway.budget import Budget, Cost, Policy
from actors.gateway.lane import Lane
from actors.gateway.request_queue import QueuedRequest, RequestQueue
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.reports import LimitUse
from messages.types import RateKind, RateLimit, RateUse, RequestCost
from tests.gateway import stage
from tests.gateway.stage import MAIN, Stage

WEIGHT = RateLimit(kind=RateKind.WEIGHT, interval_ms=60_000, limit=2_400)
BURST = RateLimit(kind=RateKind.ORDERS, interval_ms=10_000, limit=300)
ORDERS = RateLimit(kind=RateKind.ORDERS, interval_ms=60_000, limit=1_200)
LIMITS = (WEIGHT, BURST, ORDERS)
ORDERS_OF = ("SubmitOpening", "SubmitEmergency", "SubmitProtection")
COSTS = (
    *(RequestCost(request=each, weight=0, orders=1) for each in ORDERS_OF),
    RequestCost(request="CancelOrder", weight=3),
    RequestCost(request="QueryOrder", weight=2),
    RequestCost(request="FetchBalance", weight=80),
)
BALANCE = q.FetchBalance(account=MAIN, request_id="1")
QUERY = q.QueryOrder(account=MAIN, symbol=stage.BTC, client_order_id=stage.ID)
MESSAGES: dict[Lane, Message] = {
    Lane.EMERGENCY: stage.emergency(),
    Lane.PROTECTION: stage.cancel(),
    Lane.REDUCING: stage.cancel(),
    Lane.RESOLUTION: QUERY,
    Lane.OPENING: stage.opening(),
    Lane.ASKED: replace(BALANCE, asked=True),
    Lane.READING: BALANCE,
}


def a_budget() -> Budget:
    return b.on_limits(Budget(), LIMITS, COSTS)


def a_ticket(lane: Lane, number: int) -> QueuedRequest:
    return QueuedRequest(f"{lane.name}/{number}", lane, MESSAGES[lane])


def queued(state: RequestQueue, lane: Lane, count: int) -> RequestQueue:
    for number in range(count):
        state, dropped = l.enqueue(state, a_ticket(lane, number))
        assert not dropped
    return state


def drained(state: RequestQueue, now_ns: int) -> tuple[RequestQueue, list[QueuedRequest]]:
    """What leaves at one instant when every answer comes at once."""
    gone: list[QueuedRequest] = []
    while True:
        state, leaving = l.leave(state, now_ns)
        if not leaving:
            return state, gone
        for queued in leaving:
            state = l.completed(state, queued)
        gone += leaving


def test_reads_yield_first_then_openings_then_doubts_and_the_reserve_is_for_what_reduces() -> None:
    ceilings = [Policy().ceiling(lane, 2_400) for lane in Lane]
    assert ceilings == [2_280, 1_920, 1_920, 1_680, 1_440, 1_296, 960]


@pytest.mark.parametrize("policy", [Policy(share=100, reserve=0), Policy(share=1, reserve=90)])
def test_whatever_is_configured_ceilings_never_rise_as_urgency_falls(policy: Policy) -> None:
    for limit in (1, 300, 2_400):
        ceilings = [policy.ceiling(lane, limit) for lane in Lane]
        assert ceilings == sorted(ceilings, reverse=True)
        assert ceilings[0] <= limit


def test_reads_stop_at_their_ceiling_and_go_on_when_the_minute_has_passed() -> None:
    state = queued(RequestQueue(reachable=True, budget=a_budget()), Lane.READING, 100)
    state, gone = drained(state, 0)
    assert len(gone) == 640 // 80
    state, gone = drained(state, 59 * SECOND)
    assert gone == []
    state, gone = drained(state, 64 * SECOND)
    assert len(gone) == 640 // 80


def test_positions_are_read_on_while_lists_of_all_orders_wait_for_the_minute_to_pass() -> None:
    costs = (*COSTS, RequestCost(request="FetchPositions", weight=10))
    state = queued(RequestQueue(reachable=True, budget=b.on_limits(Budget(), LIMITS, costs)), Lane.READING, 20)
    state, _ = drained(state, 0)
    assert state.queued_total == 12
    positions = QueuedRequest("read/p", Lane.READING, q.FetchPositions(account=stage.MAIN, request_id="p"))
    state, _ = l.enqueue(state, positions)
    state, gone = drained(state, SECOND)
    assert [queued.key for queued in gone] == ["read/p"]
    assert state.queued_total == 12


def test_the_orders_of_one_symbol_are_read_on_while_lists_of_all_orders_wait() -> None:
    costs = (*COSTS, RequestCost(request="FetchOpenOrders", weight=80, of_symbol=2))
    state = RequestQueue(reachable=True, budget=b.on_limits(Budget(), LIMITS, costs))
    for number in range(20):
        for symbol in (None, stage.BTC):
            asked = q.FetchOpenOrders(account=stage.MAIN, request_id=f"{number}", symbol=symbol)
            state, _ = l.enqueue(state, QueuedRequest(f"read/{symbol}/{number}", Lane.READING, asked))
    _, gone = drained(state, 0)
    about = [queued.message.symbol for queued in gone if isinstance(queued.message, q.FetchOpenOrders)]
    assert (about.count(stage.BTC), about.count(None)) == (20, 7)


def test_reads_at_their_ceiling_hold_back_neither_cancels_nor_orders() -> None:
    state = queued(RequestQueue(reachable=True, budget=a_budget()), Lane.READING, 100)
    state, _ = drained(state, 0)
    for lane in (Lane.PROTECTION, Lane.OPENING, Lane.EMERGENCY):
        state = queued(state, lane, 1)
    _, gone = drained(state, 0)
    assert [queued.lane for queued in gone] == [Lane.EMERGENCY, Lane.PROTECTION, Lane.OPENING]


def test_of_the_orders_openings_take_a_third_so_that_the_stop_and_target_of_each_leave_at_once() -> None:
    state = queued(RequestQueue(reachable=True, budget=a_budget()), Lane.OPENING, 400)
    state, gone = drained(state, 0)
    assert len(gone) == 80
    for number in range(160):
        state, _ = l.enqueue(state, QueuedRequest(f"stop/{number}", Lane.PROTECTION, stage.protection()))
    state, gone = drained(state, 0)
    assert len(gone) == 160
    state, gone = drained(state, 12 * SECOND)
    assert [queued.lane for queued in gone] == []
    state, gone = drained(state, 13 * SECOND)
    assert [queued.lane for queued in gone] == [Lane.OPENING] * 80


def test_openings_end_before_the_reserve_of_orders_that_emergencies_use() -> None:
    state = queued(RequestQueue(reachable=True, budget=a_budget()), Lane.EMERGENCY, 180)
    state, gone = drained(state, 0)
    assert len(gone) == 180
    state, gone = drained(queued(state, Lane.OPENING, 10), 0)
    assert gone == []
    state, gone = drained(queued(state, Lane.EMERGENCY, 400), 0)
    assert [queued.lane for queued in gone] == [Lane.EMERGENCY] * (285 - 180)


def test_what_others_use_of_the_limit_is_not_used_again_and_what_costs_nothing_passes_anyway() -> None:
    known = b.on_reported_usage(a_budget(), (RateUse(kind=RateKind.WEIGHT, interval_ms=60_000, used=2_300),), 0)
    state = RequestQueue(reachable=True, budget=known)
    for lane in (Lane.RESOLUTION, Lane.PROTECTION, Lane.OPENING, Lane.EMERGENCY):
        state = queued(state, lane, 1)
    state, gone = drained(state, 0)
    assert [queued.lane for queued in gone] == [Lane.EMERGENCY, Lane.OPENING]
    state, gone = drained(state, 60 * SECOND)
    assert [queued.lane for queued in gone] == [Lane.PROTECTION, Lane.RESOLUTION]


def test_a_lower_word_of_the_venue_replaces_a_higher_one_and_what_left_since_is_added() -> None:
    def told(known: Budget, used: int) -> Budget:
        return b.on_reported_usage(known, (RateUse(kind=RateKind.WEIGHT, interval_ms=60_000, used=used),), 0)

    known = b.charge(told(told(a_budget(), 2_000), 100), Lane.RESOLUTION, Cost(weight=7), 0)
    assert b.limit_uses(known, 0)[0] == LimitUse(kind=RateKind.WEIGHT, interval_ms=60_000, used=107, limit=2_400)
    assert b.limit_uses(told(known, 200), 0)[0].used == 207  # the 7 may be on their way
    assert b.limit_uses(told(b.release(known, Cost(weight=7)), 200), 0)[0].used == 200


def test_without_limits_or_costs_nothing_is_held_back() -> None:
    state = queued(RequestQueue(reachable=True), Lane.READING, 150)
    assert len(drained(state, 0)[1]) == 150
    assert b.on_limits(Budget(), (replace(WEIGHT, limit=0),), COSTS).meters == ()


def test_a_request_dearer_than_its_ceiling_leaves_when_nothing_else_is_used() -> None:
    small = b.on_limits(Budget(), (replace(WEIGHT, limit=50),), COSTS)
    state = queued(RequestQueue(reachable=True, budget=small), Lane.READING, 2)
    state, gone = drained(state, 0)
    assert len(gone) == 1
    assert len(drained(state, 70 * SECOND)[1]) == 1


def test_what_is_used_outlives_the_actor_and_the_venues_return() -> None:
    play = Stage()
    play.tell(replace(stage.venue_up(), limits=LIMITS, costs=COSTS))
    for number in range(1, 81):
        play.tell(stage.opening(stage.order_id(1, number)), stage.accepted(stage.order_id(1, number)))
    assert len(play.sent_of(q.SubmitOpening)) == 80
    play.start()
    play.tell(replace(stage.venue_up(), limits=LIMITS, costs=COSTS), stage.opening(stage.order_id(2)))
    assert len(play.sent_of(q.SubmitOpening)) == 80
    play.advance(14 * SECOND)
    assert len(play.sent_of(q.SubmitOpening)) == 81


def test_what_was_used_before_the_venue_came_up_holds_back_the_reads_that_follow_its_coming_up() -> None:
    """Four starts within a minute: each had begun with the whole limit, and read everything twice."""
    costs = (
        *COSTS,
        RequestCost(request="FetchOpenOrders", weight=80),
        RequestCost(request="FetchPositions", weight=10),
    )
    spent = RateUse(kind=RateKind.WEIGHT, interval_ms=60_000, used=950)
    play = Stage(up=False)
    play.tell(replace(stage.venue_up(), limits=LIMITS, costs=costs, uses=(spent,)))
    assert play.sent_of(q.FetchPositions)
    assert play.sent_of(q.FetchOpenOrders) == []
    play.tell(stage.opening())
    assert play.sent_of(q.SubmitOpening), "it costs no weight"
    play.advance(61 * SECOND)
    assert play.sent_of(q.FetchOpenOrders)


def test_the_status_says_in_words_what_is_used() -> None:
    play = Stage()
    play.tell(replace(stage.venue_up(), limits=LIMITS, costs=COSTS))
    used = RateUse(kind=RateKind.WEIGHT, interval_ms=60_000, used=312)
    play.tell(r.BudgetUsed(account=MAIN, uses=(used,)))
    play.advance(2 * SECOND)
    play.tell(stage.opening())
    play.advance(2 * SECOND)
    told = [(str(use.kind), use.used, use.limit, use.interval_ms) for use in play.statuses[-1].budget]
    assert told[:2] == [("weight", 312, 2_400, 60_000), ("orders", 1, 300, 10_000)]


@dataclass
class CountingVenue:
    """Counts what arrives in windows of its own, which begin at an instant nobody knows."""

    offset_ns: int
    counts: dict[tuple[RateKind, int, int], int] = field(default_factory=dict)

    def arrive(self, cost: Cost, at_ns: int) -> None:
        for limit in LIMITS:
            window = (at_ns + self.offset_ns) // (limit.interval_ms * MS)
            key = (limit.kind, limit.interval_ms, window)
            self.counts[key] = self.counts.get(key, 0) + cost.of(limit.kind)

    def most(self, limit: RateLimit) -> int:
        return max((n for (kind, ms, _), n in self.counts.items() if (kind, ms) == (limit.kind, limit.interval_ms)))

    def used(self, limit: RateLimit, at_ns: int) -> RateUse:
        window = (at_ns + self.offset_ns) // (limit.interval_ms * MS)
        used = self.counts.get((limit.kind, limit.interval_ms, window), 0)
        return RateUse(kind=limit.kind, interval_ms=limit.interval_ms, used=used)


ARRIVALS = st.lists(
    st.tuples(st.sampled_from(Lane), st.integers(1, 150), st.integers(0, 20_000), st.integers(0, 1_900)),
    min_size=1,
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(ARRIVALS, st.integers(0, 59), st.integers(0, 1_000))
def test_no_window_of_the_venue_holds_more_than_the_limit_and_everything_leaves_in_the_end(
    script: list[tuple[Lane, int, int, int]], offset_s: int, foreign: int
) -> None:
    """Bursts of requests, each some milliseconds after the last, each arriving at the venue with a delay.

    `foreign` is weight that somebody else has used just before, which the venue's headers tell.
    """
    venue = CountingVenue(offset_s * SECOND)
    state = RequestQueue(reachable=True, budget=a_budget())
    if foreign:
        venue.arrive(Cost(weight=foreign), 0)
        state = replace(state, budget=b.on_reported_usage(state.budget, (venue.used(WEIGHT, 0),), 0))
    now_ns, wanted, gone = 0, 0, 0
    for lane, count, pause_ms, delay_ms in script:
        now_ns += pause_ms * MS
        for _ in range(count):
            state, dropped = l.enqueue(state, a_ticket(lane, wanted))
            wanted += 1 - len(dropped)
        state, leaving = drained(state, now_ns)
        for queued in leaving:
            venue.arrive(queued.cost, now_ns + delay_ms * MS)
        gone += len(leaving)
    for _ in range(3_000):
        if not state.queued_total:
            break
        now_ns += 4 * SECOND
        state, leaving = drained(state, now_ns)
        for queued in leaving:
            venue.arrive(queued.cost, now_ns)
        gone += len(leaving)
    assert gone == wanted
    for limit in LIMITS:
        assert venue.most(limit) <= limit.limit


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([Lane.READING, Lane.OPENING, Lane.RESOLUTION]), st.integers(1, 150)), max_size=20
    )
)
def test_however_much_else_there_is_to_do_an_emergency_and_a_cancel_leave_at_once(
    script: list[tuple[Lane, int]],
) -> None:
    state = RequestQueue(reachable=True, budget=a_budget())
    for turn, (lane, count) in enumerate(script):
        for number in range(count):
            state, _ = l.enqueue(state, a_ticket(lane, turn * 1_000 + number))
        state, _ = drained(state, turn * SECOND)
    state = queued(queued(state, Lane.EMERGENCY, 1), Lane.PROTECTION, 1)
    _, gone = l.leave(state, len(script) * SECOND)
    assert [queued.lane for queued in gone[:2]] == [Lane.EMERGENCY, Lane.PROTECTION]
