"""Request weight, order counts, 429 and the ban.

As exchanges do: weight
counts per address, orders per account; 429 on breach with Retry-After, 418 after repeated breaches, bans
from two minutes to three days.
"""

from dataclasses import dataclass, field

from messages.backoff import backoff

MINUTE_MS = 60_000
TEN_SECONDS_MS = 10_000
BAN_MAX_MS = 3 * 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Limits that the venue enforces and publishes in exchangeInfo; 0 = none."""

    weight_per_minute: int = 2400
    orders_per_10_seconds: int = 300
    orders_per_minute: int = 1200


USUAL_LIMITS = RateLimits()
NO_LIMITS = RateLimits(weight_per_minute=0, orders_per_10_seconds=0, orders_per_minute=0)


@dataclass(slots=True, kw_only=True)
class Window:
    """A fixed window aligned to the clock, as the venue's headers count."""

    length_ms: int
    opened_ms: int = 0
    used: int = 0

    def add(self, amount: int, now_ms: int) -> int:
        """Count and return what is used in the window of `now_ms`."""
        opened = now_ms - now_ms % self.length_ms
        if opened != self.opened_ms:
            self.opened_ms, self.used = opened, 0
        self.used += amount
        return self.used

    def left_s(self, now_ms: int) -> int:
        """Whole seconds until the window closes, at least one."""
        return max(1, -(-(self.opened_ms + self.length_ms - now_ms) // 1000))


@dataclass(slots=True, kw_only=True)
class Ration:
    """What has been used: one weight window per venue (all callers share an address), two per account."""

    limits: RateLimits = USUAL_LIMITS
    weight: Window = field(default_factory=lambda: Window(length_ms=MINUTE_MS))
    violations: Window = field(default_factory=lambda: Window(length_ms=MINUTE_MS))
    orders_10s: dict[str, Window] = field(default_factory=dict)
    orders_1m: dict[str, Window] = field(default_factory=dict)
    banned_until_ms: int = 0
    bans: int = 0

    def ban_left_s(self, now_ms: int) -> int:
        """Whole seconds of ban left; 0 when not banned."""
        return max(0, -(-(self.banned_until_ms - now_ms) // 1000))

    def use_weight(self, amount: int, now_ms: int) -> bool:
        """Count; False when the request breaks the limit."""
        used = self.weight.add(amount, now_ms)
        return not self.limits.weight_per_minute or used <= self.limits.weight_per_minute

    def use_orders(self, account: str, amount: int, now_ms: int) -> bool:
        """Count orders of an account; False when they break a limit."""
        ten = _window(self.orders_10s, account, TEN_SECONDS_MS).add(amount, now_ms)
        minute = _window(self.orders_1m, account, MINUTE_MS).add(amount, now_ms)
        limits = self.limits
        return (not limits.orders_per_10_seconds or ten <= limits.orders_per_10_seconds) and (
            not limits.orders_per_minute or minute <= limits.orders_per_minute
        )

    def violate(self, now_ms: int, *, tolerated: int, ban_ms: int) -> None:
        """Remember a 429; too many within a minute become a ban that doubles each time."""
        if self.violations.add(1, now_ms) >= tolerated:
            self.banned_until_ms = now_ms + backoff(ban_ms, BAN_MAX_MS, self.bans)
            self.bans += 1


def _window(windows: dict[str, Window], account: str, length_ms: int) -> Window:
    found = windows.get(account)
    if found is None:
        found = windows[account] = Window(length_ms=length_ms)
    return found
