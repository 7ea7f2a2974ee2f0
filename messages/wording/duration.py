"""Durations in their one or two largest units."""

from messages.statement import Statement, Wording

SECOND = 1_000_000_000


class Duration(Wording):
    """Durations in words."""

    SECONDS = "{s} s"
    MINUTES = "{m} min"
    MINUTES_SECONDS = "{m} min {s} s"
    HOURS = "{h} h {m} min"
    DAYS = "{d} d {h} h"


def span(duration_ns: int) -> Statement:
    """Return a duration in its two largest units; at least 0 s."""
    seconds = max(0, duration_ns) // SECOND
    if seconds < 60:
        return Duration.SECONDS(s=seconds)
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if minutes < 60:
        return Duration.MINUTES_SECONDS(m=minutes, s=seconds % 60)
    if hours < 24:
        return Duration.HOURS(h=hours, m=minutes % 60)
    return Duration.DAYS(d=days, h=hours % 24)
