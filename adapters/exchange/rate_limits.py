"""The weight per minute, by which the adapter paces its own requests. Pure."""

from collections.abc import Iterable

from messages.types import RateKind, RateLimit, RateUse

MINUTE_MS = 60_000


def used_weight(said: Iterable[RateUse]) -> int | None:
    """Return the weight used in this minute by all callers at the address; None when not reported."""
    return next((use.used for use in said if use.kind is RateKind.WEIGHT and use.interval_ms == MINUTE_MS), None)


def weight_per_minute(limits: tuple[RateLimit, ...]) -> int:
    """Return the weight limit per minute; 0 when there is none."""
    return next((each.limit for each in limits if (each.kind, each.interval_ms) == (RateKind.WEIGHT, MINUTE_MS)), 0)
