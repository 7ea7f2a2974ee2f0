"""Pauses double from the first to the longest, in whatever unit."""

import pytest

from messages.backoff import backoff


@pytest.mark.parametrize(
    ("doublings", "pause_ms"), [(-1, 250), (0, 250), (1, 500), (5, 8_000), (6, 10_000), (10**9, 10_000)]
)
def test_a_pause_doubles_until_the_longest(doublings: int, pause_ms: int) -> None:
    assert backoff(250, 10_000, doublings) == pause_ms


def test_seconds_stay_seconds() -> None:
    assert [backoff(0.5, 3.0, failures) for failures in range(4)] == [0.5, 1.0, 2.0, 3.0]
