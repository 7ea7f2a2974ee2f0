"""A moment of wall time in a sentence for people. Pure."""

from datetime import UTC, datetime

SECOND = 1_000_000_000


def clock_time(wall_ns: int) -> str:
    """`20:31:05`, in UTC, rounded up: by then it is so."""
    return datetime.fromtimestamp(-(-wall_ns // SECOND), UTC).strftime("%H:%M:%S")
