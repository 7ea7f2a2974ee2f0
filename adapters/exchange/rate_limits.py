"""Of the limits that a venue publishes, what the adapter paces itself by: the weight of a minute. Pure."""

from collections.abc import Iterable

from messages.types import RateKind, RateLimit, RateUse

MINUTE_MS = 60_000


def used_weight(said: Iterable[RateUse]) -> int | None:
    """Of the minute, by all callers at the address; None where the venue did not say."""
    return next((use.used for use in said if use.kind is RateKind.WEIGHT and use.interval_ms == MINUTE_MS), None)


def weight_per_minute(limits: tuple[RateLimit, ...]) -> int:
    """0 where there is no such limit."""
    return next((each.limit for each in limits if (each.kind, each.interval_ms) == (RateKind.WEIGHT, MINUTE_MS)), 0)
