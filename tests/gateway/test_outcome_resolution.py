"""One doubt, driven by hand: what is asked when, and what ends it."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway import outcome_resolution as d
from actors.gateway.actions import MINUTE, MS, SECOND, Action, Later, Say, Send
from actors.gateway.outcome_resolution import Goal, Resolution, Result
from messages import reports as r
from messages import requests as q
from messages.types import OrderStatus, VenueOrderId
from tests.gateway import stage

WINDOW = 6 * SECOND


class Driver:
    """Follows a doubt's timers and hands answers in."""

    def __init__(
        self, goal: Goal = Goal.EXISTENCE, *, seen: bool = False, venue_order_id: VenueOrderId | None = None
    ) -> None:
        self.now = 0
        self.wake_at = 0
        self.asked: list[tuple[int, object]] = []
        self.verdicts: list[r.OrderAbsent] = []
        self.alarms: list[tuple[int, q.Notify]] = []
        self.open = True
        self._take(
            d.begin(
                stage.resolve(),
                goal,
                now_ns=0,
                proof_from_ns=WINDOW,
                wall_ns=stage.START_NS,
                seen=seen,
                venue_order_id=venue_order_id,
            )
        )

    def wake(self, *, reachable: bool = True) -> None:
        self.now = max(self.now, self.wake_at)
        self._take(d.on_due(self.resolution, now_ns=self.now, reachable=reachable))

    def answer(self, *messages: r.AboutOrder, after: int = 10 * MS) -> None:
        for message in messages:
            assert self.open, f"{message} after the verdict"
            self.now += after
            self._take(d.on_message(self.resolution, message, now_ns=self.now))

    def ask_more(self, goal: Goal, proof_from_ns: int = WINDOW) -> None:
        self._take(d.ask_more(self.resolution, goal, now_ns=self.now, proof_from_ns=proof_from_ns))

    @property
    def last(self) -> object:
        return self.asked[-1][1]

    def _take(self, result: Result) -> None:
        after, actions = result
        self.open = after is not None
        if after is not None:
            self.resolution: Resolution = after
        for action in actions:
            self._note(action)

    def _note(self, action: Action) -> None:
        match action:
            case Send(message):
                self.asked.append((self.now, message))
            case Later(_, delay_ns):
                self.wake_at = self.now + delay_ns
            case Say(_, r.OrderAbsent() as verdict):
                self.verdicts.append(verdict)
            case Say(_, q.Notify() as notice):
                self.alarms.append((self.now, notice))
            case _:
                raise AssertionError(action)


def test_it_asks_soon_and_then_ever_more_slowly() -> None:
    driver = Driver()
    for _ in range(9):
        driver.wake()
        driver.answer(stage.query_failed(), after=0)
    times = [at for at, _ in driver.asked]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert times[0] == 250 * MS
    assert gaps == [500 * MS, SECOND, 2 * SECOND, 2_250 * MS, 8 * SECOND, 10 * SECOND, 10 * SECOND, 10 * SECOND]


def test_absence_needs_two_queries_after_the_window_and_no_fills() -> None:
    driver = Driver()
    while not isinstance(driver.asked[-1][1] if driver.asked else None, q.FetchFills):
        driver.wake()
        driver.answer(stage.not_found())
    queries = [at for at, message in driver.asked if isinstance(message, q.QueryOrder) and at >= WINDOW]
    assert len(queries) == d.NOT_FOUND_NEEDED
    assert queries[1] - queries[0] >= d.SPACING_NS
    assert driver.verdicts == []
    driver.answer(stage.not_found())
    assert not driver.open
    (verdict,) = driver.verdicts
    assert verdict.client_order_id == stage.ID
    assert "2 queries begun at 2023-11-14T22:13:26.000+00:00, 2023-11-14T22:13:26.510+00:00" in verdict.evidence
    assert "show no fill" in verdict.evidence


def test_a_doubt_that_is_asked_for_more_begins_with_a_short_pause() -> None:
    driver = Driver()
    while driver.now < 2 * WINDOW:
        driver.wake()
        driver.answer(stage.query_failed())
    driver.ask_more(Goal.CONDITION)
    assert driver.wake_at == driver.now + d.FIRST_DELAY_NS


def test_trades_that_cannot_be_read_are_asked_for_ever_more_slowly() -> None:
    driver = Driver()
    while driver.now < WINDOW + 5 * MINUTE:
        if driver.resolution.pending_query is d.PendingQuery.NOTHING:
            driver.wake()
        driver.answer(stage.query_failed() if isinstance(driver.last, q.FetchFills) else stage.not_found())
    asked = [at for at, message in driver.asked if isinstance(message, q.FetchFills)]
    assert max(later - earlier for earlier, later in pairwise(asked)) >= d.LONGEST_DELAY_NS
    assert len(asked) < 40


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_one_lost_answer_costs_a_proof_a_moment_only(lost: int) -> None:
    """Of either query of the proof, or of the trades; the window has made the pauses long by then."""
    driver = Driver()
    answers = 0
    while driver.open:
        if driver.resolution.pending_query is d.PendingQuery.NOTHING:
            driver.wake()
        answers += driver.now >= WINDOW
        driver.answer(stage.query_failed() if answers == lost else stage.not_found())
    assert driver.now < WINDOW + 3 * SECOND


def test_a_query_that_spans_the_end_of_the_window_is_soon_repeated() -> None:
    driver = Driver()
    while driver.now < WINDOW:
        driver.wake()
        driver.answer(stage.not_found(), after=WINDOW - driver.now if driver.now > WINDOW // 2 else 0)
    assert driver.resolution.not_found_ns == ()
    assert driver.wake_at - driver.now == d.SPACING_NS


def test_not_found_within_the_window_proves_nothing() -> None:
    driver = Driver()
    while driver.wake_at < WINDOW:
        driver.wake()
        driver.answer(stage.not_found())
    assert driver.resolution.not_found_ns == ()


def test_failed_queries_prove_nothing_however_many() -> None:
    driver = Driver()
    for _ in range(500):
        driver.wake()
        driver.answer(stage.query_failed())
    assert driver.open
    assert driver.verdicts == []


def test_fills_that_show_up_in_the_last_check_prevent_the_verdict() -> None:
    driver = Driver()
    while not driver.asked or not isinstance(driver.last, q.FetchFills):
        driver.wake()
        driver.answer(stage.not_found())
    driver.answer(stage.fill(), stage.fills_fetched(filled=stage.ONE))
    assert driver.open
    driver.wake()
    assert isinstance(driver.last, q.QueryOrder)


@pytest.mark.parametrize("order_id", [None, VenueOrderId("7")])
def test_the_last_check_that_finds_the_order_prevents_the_verdict(order_id: VenueOrderId | None) -> None:
    """A limit order that rests has no trades, and is there; by its venue id trades are read whether it is or not."""
    driver = Driver(venue_order_id=order_id)
    while not driver.asked or not isinstance(driver.last, q.FetchFills):
        driver.wake()
        driver.answer(stage.not_found())
    driver.answer(stage.fills_fetched())
    assert driver.open is (order_id is None)
    assert len(driver.verdicts) == (0 if order_id is None else 1)


def test_an_order_that_was_seen_needs_more_patience_before_it_is_given_up() -> None:
    driver = Driver(Goal.CONDITION, seen=True)
    while not driver.asked or not isinstance(driver.last, q.FetchFills):
        driver.wake()
        driver.answer(stage.not_found())
    assert len(driver.resolution.not_found_ns) == d.NOT_FOUND_NEEDED_ONCE_SEEN
    driver.answer(stage.not_found())
    assert "knew it once" in driver.verdicts[0].evidence


@pytest.mark.parametrize(
    ("status", "filled", "reads_fills"),
    [
        (OrderStatus.WORKING, 0, False),
        (OrderStatus.WORKING, 1, True),
        (OrderStatus.FILLED, 1, True),
        (OrderStatus.CANCELED, 0, True),  # fault 11: canceled with nothing filled, and yet filled
        (OrderStatus.EXPIRED, 0, True),
        (OrderStatus.REJECTED, 0, False),
        (OrderStatus.TRIGGERED, 0, False),
    ],
)
def test_a_described_order_ends_the_doubt_after_its_fills_where_it_may_have_any(
    status: OrderStatus, filled: int, *, reads_fills: bool
) -> None:
    driver = Driver()
    driver.wake()
    driver.answer(stage.report(status=status, filled=Decimal(filled), queried=True))
    assert isinstance(driver.last, q.FetchFills) is reads_fills
    assert driver.open is reads_fills
    if reads_fills:
        assert isinstance(driver.last, q.FetchFills)
        assert driver.last.venue_order_id == "7"
        driver.answer(stage.fills_fetched(filled=Decimal(filled)))
    assert not driver.open
    assert driver.verdicts == []


@pytest.mark.parametrize("evidence", [stage.accepted(), stage.report(), stage.fill()])
def test_any_sign_of_the_order_ends_a_doubt_about_its_existence(evidence: r.AboutOrder) -> None:
    driver = Driver(Goal.EXISTENCE)
    driver.answer(evidence)
    assert not driver.open


def test_a_doubt_about_its_condition_needs_an_answer_to_its_own_question() -> None:
    driver = Driver(Goal.CONDITION)
    driver.answer(stage.report(), stage.fill(), stage.accepted())
    assert driver.open
    driver.answer(stage.report(status=OrderStatus.CANCELED))
    assert not driver.open


def test_an_answer_to_an_older_question_is_not_taken_for_the_new_one() -> None:
    driver = Driver(Goal.EXISTENCE)
    driver.wake()
    driver.ask_more(Goal.CONDITION)
    driver.answer(stage.report(queried=True))
    assert driver.open
    driver.wake()
    driver.answer(stage.report(queried=True))
    assert not driver.open


def test_not_found_of_an_older_question_does_not_count() -> None:
    driver = Driver()
    driver.now = driver.wake_at = WINDOW
    driver.wake()
    driver.ask_more(Goal.CONDITION)
    driver.answer(stage.not_found())
    assert driver.resolution.not_found_ns == ()


def test_a_later_possible_sending_voids_what_was_not_found_before() -> None:
    driver = Driver()
    driver.now = driver.wake_at = WINDOW
    driver.wake()
    driver.answer(stage.not_found())
    before = len(driver.resolution.not_found_ns)
    driver.ask_more(Goal.EXISTENCE, proof_from_ns=driver.now + WINDOW)
    assert (before, len(driver.resolution.not_found_ns)) == (1, 0)


def test_out_of_reach_it_waits_without_asking_and_still_alarms() -> None:
    driver = Driver()
    while driver.now < 40 * MINUTE:
        driver.wake(reachable=False)
    assert driver.asked == []
    assert [at // MINUTE for at, _ in driver.alarms] == [5, 35]
    assert "unknown for 5 minutes" in driver.alarms[0][1].text


def test_only_fills_wanted_reads_only_fills_and_repeats_failed_reads() -> None:
    driver = Driver(Goal.FILLS)
    driver.wake()
    assert driver.now == 0
    driver.answer(stage.query_failed())
    driver.wake()
    assert [type(message) for _, message in driver.asked] == [q.FetchFills, q.FetchFills]
    driver.answer(stage.fill(), stage.fills_fetched(filled=stage.ONE))
    assert not driver.open


def test_fills_wanted_during_a_doubt_are_read_after_it() -> None:
    driver = Driver()
    driver.ask_more(Goal.FILLS)
    driver.answer(stage.report())
    assert isinstance(driver.last, q.FetchFills)
    driver.answer(stage.fills_fetched())
    assert not driver.open


def test_the_venue_may_ask_for_a_longer_pause() -> None:
    driver = Driver()
    driver.wake()
    driver.answer(stage.query_failed(retry_after_ms=90_000), after=0)
    assert driver.wake_at == driver.now + 90 * SECOND


ANSWERS = st.sampled_from(["fails", "nothing", "fills fail"])


@given(script=st.lists(ANSWERS, max_size=40), exists_from=st.none() | st.integers(0, WINDOW), lag=st.integers(0, 3_000))
def test_an_honest_venue_brings_exactly_one_right_verdict(script: list[str], exists_from: int | None, lag: int) -> None:
    """Failures in any order, then honest answers. An order that arrives within the window is never called absent."""
    driver = Driver()
    turns = iter(script)
    for _ in range(200):
        if not driver.open:
            break
        driver.wake()
        fails = next(turns, "honest") in ("fails", "fills fail")
        existed = exists_from is not None and driver.now >= exists_from
        if fails:
            driver.answer(stage.query_failed(), after=lag * MS)
        elif isinstance(driver.last, q.FetchFills):
            driver.answer(stage.fills_fetched() if existed else stage.not_found(), after=lag * MS)
        elif existed:
            driver.answer(stage.report(queried=True), after=lag * MS)
        else:
            driver.answer(stage.not_found(), after=lag * MS)
            if driver.open and isinstance(driver.last, q.FetchFills) and not driver.resolution.described:
                driver.answer(stage.not_found(), after=lag * MS)
    assert not driver.open
    assert len(driver.verdicts) == (1 if exists_from is None else 0)


MESSAGES = st.sampled_from(
    [
        stage.accepted(),
        stage.report(),
        stage.report(queried=True),
        stage.report(status=OrderStatus.CANCELED, queried=True),
        stage.report(status=OrderStatus.FILLED, filled=stage.ONE),
        stage.fill(),
        stage.fills_fetched(),
        stage.not_found(),
        stage.query_failed(),
        "wake",
        *Goal,
    ]
)


@given(st.lists(MESSAGES, max_size=60))
def test_whatever_is_heard_absence_is_concluded_only_from_two_late_spaced_queries(
    script: list[r.AboutOrder | Goal | str],
) -> None:
    driver = Driver()
    clean: list[int] = []  # begin of each query since the last sign of life that found nothing
    for heard in script:
        if not driver.open:
            break
        if heard == "wake":
            driver.wake()
        elif isinstance(heard, Goal):
            driver.ask_more(heard)
        elif isinstance(heard, r.AboutOrder):
            asked_ns, pending_query = driver.resolution.asked_ns, driver.resolution.pending_query
            if isinstance(heard, r.OrderNotFound) and pending_query is d.PendingQuery.ORDER:
                clean.append(asked_ns)
            elif isinstance(heard, (r.OrderAccepted, r.OrderReport, r.FillReport)):
                clean.clear()
            driver.answer(heard, after=700 * MS)
    if driver.verdicts:
        late = [at for at in clean if at >= WINDOW]
        assert len(late) >= d.NOT_FOUND_NEEDED
        assert late[-1] - late[0] >= d.SPACING_NS
    assert len(driver.verdicts) <= 1


def test_a_sign_of_life_during_the_last_check_prevents_the_verdict() -> None:
    driver = Driver()
    while not driver.asked or not isinstance(driver.last, q.FetchFills):
        driver.wake()
        driver.answer(stage.not_found())
    driver.answer(stage.accepted(), stage.fills_fetched())
    assert driver.open
    assert driver.verdicts == []
