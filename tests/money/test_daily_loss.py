"""What an account lost today, and what that is held against."""

from decimal import Decimal

import pytest

from actors.risk.daily_loss import DAY_NS, DailyLoss, DailyResults, days_in, utc_day
from messages.types import AccountId

MAIN, OTHER = AccountId("main"), AccountId("other")


@pytest.mark.parametrize(
    ("lost", "limit", "is_so"),
    [
        ("79", 100, ()),
        ("80", 100, ()),
        ("80.01", 100, ("near",)),
        ("100", 100, ("near", "reached")),
        ("-5", 100, ()),
        ("100", None, ()),
    ],
)
def test_a_loss_is_near_its_limit_and_then_at_it(lost: str, limit: int | None, is_so: tuple[str, ...]) -> None:
    loss = DailyLoss(Decimal(lost), None if limit is None else Decimal(limit))
    assert tuple(name for name in ("near", "reached") if getattr(loss, name)) == is_so


def test_each_day_and_account_is_counted_by_itself_and_a_gain_makes_up_for_a_loss() -> None:
    results = DailyResults()
    for account, day, result in ((MAIN, 1, -30), (MAIN, 1, 10), (MAIN, 2, -7), (OTHER, 1, -1)):
        results.book(account, day, Decimal(result))
    assert [results.lost(MAIN, 1), results.lost(MAIN, 2), results.lost(OTHER, 1)] == [20, 7, 1]
    assert results.lost(OTHER, 2) == 0


def test_what_is_forgiven_counts_no_more_on_its_day() -> None:
    results = DailyResults()
    results.book(MAIN, 1, Decimal(-100))
    results.forgive(1, ((MAIN, results.of(MAIN, 1)),))
    results.book(MAIN, 1, Decimal(-5))
    results.book(MAIN, 2, Decimal(-3))
    assert [results.lost(MAIN, 1), results.lost(MAIN, 2)] == [5, 3]


def test_a_day_begins_at_midnight_of_the_zone() -> None:
    midnight_in_seoul = 15 * 3_600_000_000_000  # 1970-01-01 15:00 UTC
    seoul = days_in("Asia/Seoul")
    assert seoul(midnight_in_seoul) == seoul(midnight_in_seoul - 1_000_000_000) + 1
    assert (utc_day(DAY_NS - 1), utc_day(DAY_NS)) == (0, 1)
    assert days_in("UTC")(DAY_NS) == days_in("UTC")(DAY_NS - 1_000_000_000) + 1
