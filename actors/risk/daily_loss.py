"""The daily loss of an account: its definition, and when it holds openings. Pure.

An account's daily loss is the negative result of its positions today: realized, less fees, plus funding, in the
currency of the limits (`actors.money.LIMITS`); unrealized results do not count. An amount belongs to the day of its
event, by our wall time. Days are numbered by `day_of`, from midnight to midnight in the zone of `limits.timezone`,
which is UTC unless it is configured.

Source: at the start the journal's events of the last day (`results_of`), from then on the growth of each position's
`PositionView.result`, which counts the same bookings. A gain makes up for a loss of the same day until the limit is
reached. Then openings are held until the day ends, or until a person resumes them: what was realized by then is
forgiven, and the loss is counted from there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from actors.money import Money, booked
from messages.base import Event
from messages.types import AccountId

ZERO = Decimal(0)
NEAR = Decimal("0.8")
"""A loss above this share of its limit is shown."""
DAY_NS = 86_400_000_000_000
AccountDay = tuple[AccountId, int]
"""An account, and the number of a day."""


@dataclass(frozen=True, slots=True)
class DailyLoss:
    """What an account lost today (less than nothing: it gained), and its limit, None: there is none."""

    lost: Decimal
    limit: Decimal | None

    @property
    def reached(self) -> bool:
        """Whether it holds openings."""
        return self.limit is not None and self.lost >= self.limit

    @property
    def near(self) -> bool:
        return self.limit is not None and self.lost > self.limit * NEAR


@dataclass(slots=True)
class DailyResults:
    """What each account brought in on each day, and how much of that is forgiven."""

    realized: dict[AccountDay, Decimal] = field(default_factory=dict)
    forgiven: dict[AccountDay, Decimal] = field(default_factory=dict)

    def book(self, account: AccountId, day: int, result: Decimal) -> None:
        self.realized[account, day] = self.realized.get((account, day), ZERO) + result

    def forgive(self, day: int, results: Iterable[tuple[AccountId, Decimal]]) -> None:
        """`results` are what the accounts had realized by then; see `OpeningsResumed`."""
        self.forgiven |= {(account, day): result for account, result in results}

    def of(self, account: AccountId, day: int) -> Decimal:
        """Realized on that day, what is forgiven included."""
        return self.realized.get((account, day), ZERO)

    def lost(self, account: AccountId, day: int) -> Decimal:
        """What counts against the limit."""
        return self.forgiven.get((account, day), ZERO) - self.of(account, day)


def results_of(
    events: Iterable[tuple[int, Event]], accounts: Mapping[int, AccountId], day_of: Callable[[int], int]
) -> tuple[tuple[AccountDay, Decimal], ...]:
    """What these events brought in, each with the ordinal of its position. `accounts`: of positions, by ordinal."""
    results = DailyResults()
    for ordinal, event in events:
        account = accounts.get(ordinal)
        if account is not None and isinstance(event, Money):
            results.book(account, day_of(event.ts_init), booked(event).result)
    return tuple(results.realized.items())


def utc_day(time_ns: int) -> int:
    return time_ns // DAY_NS


def days_in(timezone: str) -> Callable[[int], int]:
    """Number the days of wall time, given in ns, as this zone's calendar has them."""
    zone = ZoneInfo(timezone)
    return lambda time_ns: datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).astimezone(zone).toordinal()
