"""A moment of wall time as text for people: UTC, rounded up to the second, so that it is not before the event. Pure."""

from datetime import UTC, datetime

SECOND = 1_000_000_000


def clock_time(wall_ns: int) -> str:
    """Return the UTC time of wall time `wall_ns`: `20:31:05`."""
    return _in_seconds(wall_ns).strftime("%H:%M:%S")


def date_time(wall_ns: int) -> str:
    """Return the UTC date and time of wall time `wall_ns`: `2026-11-30 20:31:05`."""
    return _in_seconds(wall_ns).strftime("%Y-%m-%d %H:%M:%S")


def _in_seconds(wall_ns: int) -> datetime:
    return datetime.fromtimestamp(-(-wall_ns // SECOND), UTC)
