"""The daily and the weekly report: what was opened, closed, earned, found and restarted. Pure."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from actors.language.words import amounts, money, signed
from actors.money import Booked, booked
from messages.base import Message
from messages.events import FundingBooked, OrderFilled, PositionAdopted, QuantityAdjusted, StateChanged
from messages.lifecycle import ActorRestarted
from messages.reconciliation import DiscrepancyDetected
from messages.statement import Statement
from messages.types import PositionState
from messages.wording import Notifier
from messages.wording.duration import span

SECOND_NS = 1_000_000_000
DAYS_KEPT = 8
COUNTED = (
    OrderFilled,
    QuantityAdjusted,
    PositionAdopted,
    FundingBooked,
    StateChanged,
    DiscrepancyDetected,
    ActorRestarted,
)
"""The events that tallies count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The totals of a period; money in the currency of the limits.

    Outside opens and closes count too: they are the owner's money.
    """

    opened: int = 0
    closed: int = 0
    failed: int = 0
    money: Booked = Booked()
    discrepancies: int = 0
    restarts: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            opened=self.opened + other.opened,
            closed=self.closed + other.closed,
            failed=self.failed + other.failed,
            money=self.money + other.money,
            discrepancies=self.discrepancies + other.discrepancies,
            restarts=self.restarts + other.restarts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When reports are sent, in `zone`: a minute of the day, a weekday (0: Monday); None: never."""

    daily_minute: int | None = None
    weekly_day: int | None = None
    zone: tzinfo = UTC

    @property
    def days(self) -> int:
        """Return the days that reports cover, today included; 0: no reports."""
        if self.daily_minute is None:
            return 0
        return DAYS_KEPT if self.weekly_day is not None else 2


class Tallies:
    """Tallies of the latest days, by the calendar of the report's zone."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._days: deque[tuple[int, Tally]] = deque(maxlen=DAYS_KEPT)

    def note(self, message: Message) -> None:
        """Count an event that has a time."""
        counted = _counted(message)
        if counted is None:
            return
        day = self.day(getattr(message, "ts_init", 0))
        for place, (known, tally) in enumerate(self._days):
            if known == day:
                self._days[place] = (day, tally + counted)
                return
        if not self._days or day > self._days[-1][0]:
            self._days.append((day, counted))

    def day(self, time_ns: int) -> int:
        return datetime.fromtimestamp(time_ns // SECOND_NS, self._zone).date().toordinal()

    def of(self, first_day: int, last_day: int) -> Tally:
        return sum((tally for day, tally in self._days if first_day <= day <= last_day), Tally())


def due(schedule: Schedule, now_ns: int, since_ns: int = 0) -> tuple[tuple[str, int, int], ...]:
    """Return the due reports as (name, first day, last day); the name identifies sent ones.

    `since_ns`: when recording began; a report time before it waits for the next day.
    """
    if schedule.daily_minute is None:
        return ()
    now = datetime.fromtimestamp(now_ns // SECOND_NS, schedule.zone)
    at = _hour_of(now, schedule.daily_minute)
    if now < at or at <= datetime.fromtimestamp(since_ns // SECOND_NS, schedule.zone):
        return ()
    today = now.date().toordinal()
    found = [(f"report-day-{now.date().isoformat()}", today - 1, today - 1)]
    if schedule.weekly_day == now.weekday():
        found.append((f"report-week-{now.date().isoformat()}", today - 7, today - 1))
    return tuple(found)


def next_due_ns(schedule: Schedule, now_ns: int) -> int:
    """Return when `due` next changes; 0: never."""
    if schedule.daily_minute is None:
        return 0
    now = datetime.fromtimestamp(now_ns // SECOND_NS, schedule.zone)
    at = _hour_of(now, schedule.daily_minute)
    if at <= now:
        at += timedelta(days=1)
    return int(at.timestamp()) * SECOND_NS


def _hour_of(now: datetime, daily_minute: int) -> datetime:
    """Return that day's report time."""
    return now.replace(hour=daily_minute // 60, minute=daily_minute % 60, second=0, microsecond=0)


def _counted(message: Message) -> Tally | None:
    match message:
        case OrderFilled() | QuantityAdjusted() | PositionAdopted() | FundingBooked():
            return Tally(money=booked(message))
        case StateChanged(before=PositionState.OPENING | PositionState.PENDING, after=PositionState.ACTIVE):
            return Tally(opened=1)
        case StateChanged(after=PositionState.CLOSED):
            return Tally(closed=1)
        case StateChanged(after=PositionState.FAILED):
            return Tally(failed=1)
        case DiscrepancyDetected():
            return Tally(discrepancies=1)
        case ActorRestarted():
            return Tally(restarts=1)
        case _:
            return None


def reported(tally: Tally, first: date, last: date, uptime_ns: int) -> Statement:
    """Return the report of one day, or of the days from `first` to `last`."""
    counts: dict[str, str | int] = {
        "opened": tally.opened,
        "closed": tally.closed,
        "failed": tally.failed,
        "realized": signed(tally.money.realized),
        "fees": money(tally.money.fees),
        "funding": signed(tally.money.funding),
        "discrepancies": tally.discrepancies,
        "restarts": tally.restarts,
    }
    uptime = span(uptime_ns)
    if first == last:
        said = Notifier.DAY(date=last.isoformat(), uptime=uptime, **counts)
    else:
        said = Notifier.WEEK(first=first.isoformat(), last=last.isoformat(), uptime=uptime, **counts)
    if not tally.money.uncounted:
        return said
    return Notifier.NOT_COUNTED(report=said, amounts=amounts(tally.money.uncounted))
