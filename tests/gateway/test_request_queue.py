import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway import request_queue as l
from actors.gateway.lane import Lane
from actors.gateway.request_queue import LIMITS, QueuedRequest, RequestQueue
from messages import requests as q
from messages.base import Message
from tests.gateway import stage


def a_ticket(lane: Lane, number: int) -> QueuedRequest:
    return QueuedRequest(f"{lane.name}/{number}", lane, stage.cancel())


def filled(*lane_counts: tuple[Lane, int], up: bool = True) -> RequestQueue:
    state = RequestQueue(reachable=up)
    for lane, count in lane_counts:
        for number in range(count):
            state, _ = l.enqueue(state, a_ticket(lane, number))
    return state


def test_the_more_urgent_lane_leaves_first() -> None:
    state = filled(*((lane, 1) for lane in reversed(Lane)))
    _, leaving = l.leave(state, 0)
    assert [queued.lane for queued in leaving] == sorted(Lane)


def test_each_lane_is_bounded_and_the_rest_waits_in_order() -> None:
    state, leaving = l.leave(filled((Lane.OPENING, 100)), 0)
    bound = LIMITS[Lane.OPENING].outstanding
    assert [t.key for t in leaving] == [f"OPENING/{n}" for n in range(bound)]
    state = l.completed(state, leaving[0])
    _, leaving = l.leave(state, 0)
    assert [t.key for t in leaving] == [f"OPENING/{bound}"]


def test_openings_and_reads_leave_room_for_what_stops_a_loss() -> None:
    crowd = filled(*((lane, 200) for lane in (Lane.READING, Lane.OPENING, Lane.RESOLUTION, Lane.REDUCING)))
    state, _ = l.leave(crowd, 0)
    state, _ = l.enqueue(state, a_ticket(Lane.EMERGENCY, 0))
    state, leaving = l.leave(state, 0)
    assert [t.lane for t in leaving] == [Lane.EMERGENCY]


def test_ceilings_fall_with_urgency_so_that_a_reserve_is_left() -> None:
    ceilings = [LIMITS[lane].ceiling for lane in Lane]
    assert ceilings == sorted(set(ceilings), reverse=True)
    for lane in Lane:
        assert LIMITS[lane].ceiling > sum(LIMITS[other].outstanding for other in Lane if other > lane), lane


def test_the_newest_emergency_leaves_first() -> None:
    _, leaving = l.leave(filled((Lane.EMERGENCY, 3)), 0)
    assert [t.key for t in leaving] == ["EMERGENCY/2", "EMERGENCY/1", "EMERGENCY/0"]


@pytest.mark.parametrize("lane", list(Lane))
def test_a_full_queue_gives_up_its_oldest(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(l, "LIMITS", {lane: l.Limit(outstanding=1, ceiling=1, queued=2)})
    state = filled((lane, 2))
    state, dropped = l.enqueue(state, a_ticket(lane, 2))
    assert [t.key for t in dropped] == [f"{lane.name}/0"]
    assert {t.key for t in state.queues[lane]} == {f"{lane.name}/1", f"{lane.name}/2"}


def test_while_the_venue_asks_for_silence_not_even_an_emergency_leaves() -> None:
    state = l.quiet(filled((Lane.EMERGENCY, 1)), 1_000)
    assert l.leave(state, 999)[1] == ()
    assert len(l.leave(state, 1_000)[1]) == 1


def test_a_shorter_silence_does_not_end_a_longer_one() -> None:
    assert l.quiet(l.quiet(RequestQueue(), 1_000), 10).quiet_until_ns == 1_000


def test_nothing_leaves_for_a_venue_out_of_reach() -> None:
    state = filled((Lane.EMERGENCY, 1), up=False)
    assert l.leave(state, 0)[1] == ()
    assert len(l.leave(l.reachable(state, now=True), 0)[1]) == 1


def test_more_answers_than_requests_are_a_bug_that_shows() -> None:
    with pytest.raises(ValueError, match="more DOUBT answers than requests"):
        l.completed(RequestQueue(), a_ticket(Lane.RESOLUTION, 0))


@pytest.mark.parametrize(
    ("message", "lane"),
    [
        (stage.emergency(), Lane.EMERGENCY),
        (stage.protection(), Lane.PROTECTION),
        (stage.cancel(), Lane.PROTECTION),
        (stage.reducing(), Lane.REDUCING),
        (stage.fetch_fills(), Lane.RESOLUTION),
        (stage.opening(), Lane.OPENING),
        (q.FetchBalance(account=stage.MAIN, request_id="1"), Lane.READING),
        (q.FetchBalance(account=stage.MAIN, request_id="1", asked=True), Lane.ASKED),
    ],
)
def test_every_request_has_its_lane(message: Message, lane: Lane) -> None:
    assert l.queued("k", message).lane is lane


@given(st.lists(st.one_of(st.sampled_from(Lane), st.none(), st.integers(0, 5)), max_size=120))
def test_whatever_comes_and_goes_nothing_is_lost_and_no_bound_is_broken(script: list[Lane | int | None]) -> None:
    """A lane: a request arrives; None: what may leave does; a number: one of the outstanding is answered."""
    state = RequestQueue(reachable=True)
    waiting, out = 0, 0
    for turn, step in enumerate(script):
        if isinstance(step, Lane):
            state, dropped = l.enqueue(state, a_ticket(step, turn))
            waiting += 1 - len(dropped)
        elif step is None:
            state, leaving = l.leave(state, 0)
            waiting, out = waiting - len(leaving), out + len(leaving)
        elif state.outstanding[step]:
            state, out = l.completed(state, a_ticket(Lane(step), 0)), out - 1
        assert (state.queued_total, state.outstanding_total) == (waiting, out)
        assert all(state.outstanding[lane] <= LIMITS[lane].outstanding for lane in Lane)
