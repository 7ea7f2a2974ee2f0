"""Times of the next reading, and its depth. Pure; monotonic nanoseconds."""

from dataclasses import dataclass

from actors.reconciler.policy import SECOND, Policy
from messages.backoff import backoff
from messages.reconciliation import CheckKind

VERIFY_NS, REPAIR_MOST_NS = SECOND, 256 * SECOND
"""First and longest pause before a repair is verified: the command has to become durable and the venue to answer."""
ESCALATED_FIRST_NS = 10 * SECOND
ESCALATED_MOST_NS = 600 * SECOND
"""First and longest pause between looks at an escalated discrepancy."""
RETRY_FIRST_NS = SECOND
RETRY_MOST_NS = 30 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """When an account was last compared, with orders, and deeply; None: never."""

    any_ns: int | None = None
    orders_ns: int | None = None
    deep_ns: int | None = None


def next_check(looked: Looked, policy: Policy, now_ns: int, *, exposed: bool) -> tuple[int, CheckKind]:
    """Return the pause until an account's next check, and its kind.

    Fast while positions are live; orders at the normal interval; trades and settings at the slow one.
    """
    waits = [(_due(looked.deep_ns, policy.slow_ns, now_ns), CheckKind.SLOW)]
    waits.append((_due(looked.orders_ns, policy.normal_ns, now_ns), CheckKind.NORMAL))
    if exposed:
        waits.append((_due(looked.any_ns, policy.fast_ns, now_ns), CheckKind.FAST))
    delay_ns = min(wait for wait, _ in waits)
    return delay_ns, next(kind for wait, kind in waits if wait == delay_ns)


def _due(last_ns: int | None, interval_ns: int, now_ns: int) -> int:
    return interval_ns if last_ns is None else max(0, last_ns + interval_ns - now_ns)


def look_again(looks: int) -> int:
    """Return the pause after look number `looks` at an escalated discrepancy: 10, 20, 40 ... at most 600 s."""
    return backoff(ESCALATED_FIRST_NS, ESCALATED_MOST_NS, looks)


def repair_again(attempts: int) -> int:
    """Return the pause after attempt number `attempts`: 1, 2, 4 ... at most 256 s."""
    return backoff(VERIFY_NS, REPAIR_MOST_NS, attempts - 1)


def retry_read(failures: int) -> int:
    """Return the pause after `failures` failed readings in a row: 1, 2, 4 ... at most 30 s."""
    return backoff(RETRY_FIRST_NS, RETRY_MOST_NS, failures)
