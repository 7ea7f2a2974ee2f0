import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime import RestartPolicy
from actors.runtime.supervision import Quarantine, Restart, is_poison, judge
from tests.runtime.world import MS, SECOND


def test_backoff_doubles_up_to_its_maximum() -> None:
    policy = RestartPolicy(backoff_initial_ns=100 * MS, backoff_max_ns=500 * MS, max_restarts=9, window_ns=60 * SECOND)
    failures: tuple[int, ...] = ()
    delays = []
    for n in range(5):
        verdict = judge(policy, failures, n * SECOND)
        failures = verdict.failures_ns
        assert isinstance(verdict.action, Restart)
        delays.append(verdict.action.delay_ns // MS)
    assert delays == [100, 200, 400, 500, 500]


def test_one_failure_more_than_the_maximum_within_the_window_quarantines() -> None:
    policy = RestartPolicy(max_restarts=3, window_ns=10 * SECOND)
    failures: tuple[int, ...] = ()
    for n in range(3):
        verdict = judge(policy, failures, n * SECOND)
        assert isinstance(verdict.action, Restart)
        failures = verdict.failures_ns
    assert isinstance(judge(policy, failures, 3 * SECOND).action, Quarantine)


@given(st.lists(st.integers(min_value=0, max_value=20), min_size=1, max_size=60))
def test_quarantine_comes_exactly_when_the_window_holds_too_many(gaps_s: list[int]) -> None:
    policy = RestartPolicy(max_restarts=4, window_ns=30 * SECOND)
    failures: tuple[int, ...] = ()
    now, history = 0, []
    for gap in gaps_s:
        now += gap * SECOND
        history.append(now)
        verdict = judge(policy, failures, now)
        within = sum(1 for at in history if now - at < policy.window_ns)
        assert isinstance(verdict.action, Quarantine) == (within > policy.max_restarts)
        assert verdict.attempt == within
        failures = verdict.failures_ns


def test_a_message_is_poison_after_its_first_delivery_and_every_redelivery_failed() -> None:
    policy = RestartPolicy(redeliveries=2)
    assert [is_poison(policy, attempts) for attempts in (1, 2, 3)] == [False, False, True]


@pytest.mark.parametrize(
    "wrong",
    [{"redeliveries": 6}, {"backoff_max_ns": 1}, {"backoff_initial_ns": -1}],
)
def test_a_policy_that_contradicts_itself_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        RestartPolicy(**wrong)
