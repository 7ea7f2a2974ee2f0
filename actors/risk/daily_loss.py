"""The daily loss of an account: its definition, and when it holds openings. Pure.

An account's daily loss is the negative result of its positions today: realized, less fees, plus funding, in the
currency of the limits (`messages.types.LIMITS_CURRENCY`); unrealized results do not count. An amount belongs to the day
of its event, by our wall time. Days are numbered by `day_of`, from midnight to midnight in the zone of
`limits.timezone` (default UTC).

Source: at the start the journal's events of the last day (`results_of`), then the growth of each position's
`PositionView.result`, which counts the same bookings. A gain offsets a loss of the same day until the limit is reached.
Then openings are held until the day ends or the owner resumes them; resuming forgives what was realized by then, and
the loss counts from there.
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
    """An account's loss today (negative: a gain) and its limit (None: there is none), in the currency of the limits."""

    lost: Decimal
    limit: Decimal | None

    @property
    def reached(self) -> bool:
        """Whether openings are held."""
        return self.limit is not None and self.lost >= self.limit

    @property
    def near(self) -> bool:
        """Whether the loss is above NEAR of its limit."""
        return self.limit is not None and self.lost > self.limit * NEAR


@dataclass(slots=True)
class DailyResults:
    """The result of each account and day, and how much of it is forgiven."""

    realized: dict[AccountDay, Decimal] = field(default_factory=dict)
    forgiven: dict[AccountDay, Decimal] = field(default_factory=dict)

    def book(self, account: AccountId, day: int, result: Decimal) -> None:
        """Add a result to an account's day."""
        self.realized[account, day] = self.realized.get((account, day), ZERO) + result

    def forgive(self, day: int, results: Iterable[tuple[AccountId, Decimal]]) -> None:
        """Forgive what the accounts had realized by then (`results`); see `OpeningsResumed`."""
        self.forgiven |= {(account, day): result for account, result in results}

    def of(self, account: AccountId, day: int) -> Decimal:
        """Return the day's result, forgiven amounts included."""
        return self.realized.get((account, day), ZERO)

    def lost(self, account: AccountId, day: int) -> Decimal:
        """Return the loss that counts against the limit."""
        return self.forgiven.get((account, day), ZERO) - self.of(account, day)


def results_of(
    events: Iterable[tuple[int, Event]], accounts: Mapping[int, AccountId], day_of: Callable[[int], int]
) -> tuple[tuple[AccountDay, Decimal], ...]:
    """Return the results of these (ordinal, event) by account and day. `accounts`: by position ordinal."""
    results = DailyResults()
    for ordinal, event in events:
        account = accounts.get(ordinal)
        if account is not None and isinstance(event, Money):
            results.book(account, day_of(event.ts_init), booked(event).result)
    return tuple(results.realized.items())


def utc_day(time_ns: int) -> int:
    """Return the UTC day number of wall time (ns)."""
    return time_ns // DAY_NS


def days_in(timezone: str) -> Callable[[int], int]:
    """Return the function from wall time (ns) to the day number in this zone's calendar.

    Raises ZoneInfoNotFoundError for an unknown zone.
    """
    zone = ZoneInfo(timezone)
    return lambda time_ns: datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).astimezone(zone).toordinal()
